# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""DynamicFrameCollection: frames by name."""


class DynamicFrameCollection:
    """A dictionary of DynamicFrames; the keys are their names."""

    def __init__(self, dynamic_frames, glue_ctx=None):
        self._frames = dict(dynamic_frames)
        self._glue_ctx = glue_ctx

    def select(self, key, transformation_ctx=""):
        if key not in self._frames:
            raise KeyError("the collection has no frame %r; it has %s" % (key, list(self._frames)))
        return self._frames[key]

    def keys(self):
        return list(self._frames)

    def values(self):
        return list(self._frames.values())

    def items(self):
        return list(self._frames.items())

    def map(self, callable, transformation_ctx=""):
        """callable(frame, transformation context) gives the frame that takes the frame's place."""
        return self._made({
            key: callable(frame, _context(transformation_ctx, key)) for key, frame in self._frames.items()
        })

    def flatmap(self, f, transformation_ctx=""):
        """f(frame, transformation context) gives a frame, or a collection, whose names follow the frame's."""
        made = {}
        for key, frame in self._frames.items():
            result = f(frame, _context(transformation_ctx, key))
            if isinstance(result, DynamicFrameCollection):
                made.update({"%s_%s" % (key, name): value for name, value in result.items()})
            else:
                made[key] = result
        return self._made(made)

    def _made(self, frames):
        return DynamicFrameCollection(frames, self._glue_ctx)

    def __getitem__(self, key):
        return self.select(key)

    def __iter__(self):
        return iter(self._frames)

    def __contains__(self, key):
        return key in self._frames

    def __len__(self):
        return len(self._frames)


def _context(transformation_ctx, key):
    return transformation_ctx + key if transformation_ctx else ""
