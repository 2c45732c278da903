# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""The base of the transform classes."""

import inspect

# What every transform's common arguments mean.
_COMMON = {
    "frame": ("DynamicFrame", "The frame to transform"),
    "dfc": ("DynamicFrameCollection", "The collection to transform"),
    "transformation_ctx": ("String", "A unique name of the transformation, for its state"),
    "info": ("String", "A text that goes with the errors of the transformation"),
    "stageThreshold": ("Integer", "The number of errors in the transformation at which it fails; 0 is no limit"),
    "totalThreshold": ("Integer", "The number of errors so far at which processing fails; 0 is no limit"),
}


class GlueTransform:
    """A transform is called by its class: SelectFields.apply(frame, paths)."""

    # What describeReturn says.
    returns = ("DynamicFrame", "The transformed frame")

    @classmethod
    def apply(cls, *args, **kwargs):
        return cls()(*args, **kwargs)

    @classmethod
    def name(cls):
        return cls.__name__

    @classmethod
    def describeArgs(cls):
        if cls.__call__ is GlueTransform.__call__:
            raise NotImplementedError("describeArgs")
        parameters = list(inspect.signature(cls.__call__).parameters.values())[1:]
        return [_describe(p) for p in parameters if p.kind is not p.VAR_KEYWORD]

    @classmethod
    def describeReturn(cls):
        if cls is GlueTransform:
            raise NotImplementedError("describeReturn")
        return {"type": cls.returns[0], "description": cls.returns[1]}

    @classmethod
    def describeTransform(cls):
        if cls is GlueTransform:
            raise NotImplementedError("describeTransform")
        return inspect.getdoc(cls)

    @classmethod
    def describeErrors(cls):
        return []

    @classmethod
    def describe(cls):
        return {"transform": {
            "name": cls.name(), "args": cls.describeArgs(), "returns": cls.describeReturn(),
            "raises": cls.describeErrors(), "location": "internal",
        }}

    def __call__(self, *args, **kwargs):
        raise NotImplementedError("%s has no __call__" % self.name())


def _describe(parameter):
    kind, description = _COMMON.get(parameter.name, ("", ""))
    optional = parameter.default is not parameter.empty
    return {
        "name": parameter.name, "type": kind, "description": description, "optional": optional,
        "defaultValue": str(parameter.default) if optional and parameter.default is not None else None,
    }
