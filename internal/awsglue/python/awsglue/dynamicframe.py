# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""DynamicFrame: a Spark DataFrame whose fields may have several types, with Glue's transforms."""

from awsglue import _spark

_spark.require(__name__)

import json  # noqa: E402

from pyspark.sql import DataFrame, SparkSession  # noqa: E402

from awsglue import _combine, _mapping, _nesting, _paths, _python, _records, _resolve, _schema, _unbox  # noqa: E402
from awsglue._collection import DynamicFrameCollection  # noqa: E402
from awsglue._errors import Errors  # noqa: E402
from awsglue._readwrite import DynamicFrameReader, DynamicFrameWriter  # noqa: E402

__all__ = ["DynamicFrame", "DynamicFrameCollection", "DynamicFrameReader", "DynamicFrameWriter", "ResolveOption"]


class ResolveOption:
    """What toDF does with the choice at a path: Project, Cast (both to target) or KeepAsStruct."""

    def __init__(self, path, action, target=None):
        self.path, self.action, self.target = path, action, target

    def spec(self):
        action = self.action.lower()
        if action == "keepasstruct":
            return self.path, "make_struct"
        if action not in ("project", "cast") or self.target is None:
            raise ValueError("ResolveOption %r: give KeepAsStruct, or Project or Cast with a type" % self.action)
        return self.path, "%s:%s" % (action, _schema.to_spark(self.target).simpleString())


class DynamicFrame:
    """See the AWS Glue documentation of the class; docs/awsglue.md says what differs.

    transformation_ctx and info name the transformation in error records and in
    bookmarks. Records for which a function of the script raises are left out and
    kept as error records; when they reach stageThreshold (of this transformation)
    or totalThreshold (of all so far), the next action raises. Zero is no limit.
    """

    def __init__(self, jdf, glue_ctx, name="", errors=None):
        if not isinstance(jdf, DataFrame):
            session = getattr(glue_ctx, "spark_session", None) or SparkSession.builder.getOrCreate()
            jdf = DataFrame(jdf, session)
        self._df = jdf
        self.glue_ctx = glue_ctx
        self.name = name
        self._errors = errors or Errors()

    @classmethod
    def fromDF(cls, dataframe, glue_ctx, name=""):
        return cls(dataframe, glue_ctx, name)

    def _then(self, df, ctx="", stage=None, limits=(0, 0), others=(), name=None):
        """The frame after a transformation of this one."""
        errors = self._errors.then(stage, limits[0], limits[1], [o._errors for o in others])
        return DynamicFrame(df, self.glue_ctx, name or ctx or self.name, errors)

    # Information

    def toDF(self, options=None):
        """The records as a DataFrame; a choice that no option resolves is a struct of its types."""
        self._errors.check()
        if not options:
            return self._df
        specs = [option.spec() for option in options]
        return _resolve.resolve(self._df, specs, "", None)

    def schema(self):
        return _schema.from_spark(self._df.schema)

    def printSchema(self):
        print(self.schema().treeString())

    def count(self):
        self._errors.check()
        return self._df.count()

    def show(self, num_rows=20):
        """Print records as JSON, a line each, without the fields that have no value."""
        self._errors.check()
        decode = _records.decoder(self.schema())
        for row in self._df.take(num_rows):
            print(json.dumps(_present(decode(row)), default=str, ensure_ascii=False))
        print()

    def getNumPartitions(self):
        return self._df.rdd.getNumPartitions()

    def repartition(self, num_partitions, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        limits = stageThreshold, totalThreshold
        return self._then(self._df.repartition(num_partitions), transformation_ctx, None, limits)

    def coalesce(self, num_partitions, shuffle=False, transformation_ctx="", info="", stageThreshold=0,
                 totalThreshold=0):
        df = self._df.repartition(num_partitions) if shuffle else self._df.coalesce(num_partitions)
        return self._then(df, transformation_ctx, None, (stageThreshold, totalThreshold))

    # Fields

    def apply_mapping(self, mappings, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0,
                      case_sensitive=True):
        df = _mapping.apply_mapping(self._df, mappings, case_sensitive)
        return self._then(df, transformation_ctx, None, (stageThreshold, totalThreshold))

    def select_fields(self, paths, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        df = _mapping.select_fields(self._df, paths)
        return self._then(df, transformation_ctx, None, (stageThreshold, totalThreshold))

    def drop_fields(self, paths, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        df = _mapping.drop_fields(self._df, paths)
        return self._then(df, transformation_ctx, None, (stageThreshold, totalThreshold))

    def rename_field(self, oldName, newName, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        df = _mapping.rename_field(self._df, oldName, newName)
        return self._then(df, transformation_ctx, None, (stageThreshold, totalThreshold))

    def resolveChoice(self, specs=None, choice="", database=None, table_name=None, transformation_ctx="", info="",
                      stageThreshold=0, totalThreshold=0, catalog_id=None, option=""):
        """Resolve choices by specs (path, action), or all of them by choice (option is its old name)."""

        def catalog_types():
            from awsglue import _catalog

            if not database or not table_name:
                raise ValueError("resolveChoice with match_catalog needs database and table_name")
            return _catalog.column_types(self.glue_ctx, database, table_name, catalog_id)

        df = _resolve.resolve(self._df, specs, choice or option, catalog_types)
        return self._then(df, transformation_ctx, None, (stageThreshold, totalThreshold))

    def unnest(self, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        df = _nesting.unnest(self._df)
        return self._then(df, transformation_ctx, None, (stageThreshold, totalThreshold))

    def unnest_ddb_json(self, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        df = _nesting.unnest_ddb_json(self._df)
        return self._then(df, transformation_ctx, None, (stageThreshold, totalThreshold))

    def simplify_ddb_json(self, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        df = _nesting.simplify_ddb_json(self._df)
        return self._then(df, transformation_ctx, None, (stageThreshold, totalThreshold))

    def unbox(self, path, format, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0, **options):
        df, errors = _unbox.unbox(self._df, path, format, options, info)
        return self._then(df, transformation_ctx, errors, (stageThreshold, totalThreshold))

    def relationalize(self, root_table_name, staging_path=None, options=None, transformation_ctx="", info="",
                      stageThreshold=0, totalThreshold=0):
        tables = _nesting.relationalize(self._df, root_table_name, staging_path)
        limits = stageThreshold, totalThreshold
        return self._collection({
            name: self._then(df, transformation_ctx, None, limits, name=name) for name, df in tables.items()
        })

    # Records

    def filter(self, f, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        df, errors = _python.filter_frame(self._df, self.schema(), f, info)
        return self._then(df, transformation_ctx, errors, (stageThreshold, totalThreshold))

    def map(self, f, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        df, errors = _python.map_frame(self._df, self.schema(), f, info)
        return self._then(df, transformation_ctx, errors, (stageThreshold, totalThreshold))

    def join(self, paths1, paths2, frame2, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        df = _combine.join(self._df, frame2._df, paths1, paths2)
        return self._then(df, transformation_ctx, None, (stageThreshold, totalThreshold), [frame2])

    def union(self, frame1, frame2=None, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        """The records of frame1 and frame2; of this frame and frame1 when there is no frame2."""
        first, second = (frame1, frame2) if frame2 is not None else (self, frame1)
        df = _combine.union(first._df, second._df)
        return first._then(df, transformation_ctx, None, (stageThreshold, totalThreshold), [second])

    def mergeDynamicFrame(self, stage_dynamic_frame, primary_keys, transformation_ctx="", options=None, info="",
                          stageThreshold=0, totalThreshold=0):
        df = _combine.merge(self._df, stage_dynamic_frame._df, primary_keys)
        limits = stageThreshold, totalThreshold
        return self._then(df, transformation_ctx, None, limits, [stage_dynamic_frame])

    def split_fields(self, paths, name1, name2, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        limits = stageThreshold, totalThreshold
        one, two = _mapping.select_fields(self._df, paths), _mapping.drop_fields(self._df, paths)
        return self._collection({
            name: self._then(df, transformation_ctx, None, limits, name=name) for name, df in ((name1, one), (name2, two))
        })

    def split_rows(self, comparison_dict, name1, name2, transformation_ctx="", info="", stageThreshold=0,
                   totalThreshold=0):
        limits = stageThreshold, totalThreshold
        holds = _combine.condition(self._df, comparison_dict)
        one, two = self._df.where(holds), self._df.where(~holds)
        return self._collection({
            name: self._then(df, transformation_ctx, None, limits, name=name) for name, df in ((name1, one), (name2, two))
        })

    def spigot(self, path, options=None, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        """Write sample records as JSON below the path, now; the frame itself is unchanged."""
        options = options or {}
        sample = self._df
        if options.get("prob") is not None:
            sample = sample.sample(fraction=float(options["prob"]))
        if options.get("topk") is not None:
            sample = sample.limit(int(options["topk"]))
        self._errors.check()
        plain = _paths.frame(sample, [i for i in _paths.items(sample) if i.field.dataType.typeName() != "void"])
        plain.coalesce(1).write.mode("append").json(path)
        return self._then(self._df, transformation_ctx, None, (stageThreshold, totalThreshold))

    def write(self, connection_type, connection_options=None, format=None, format_options=None, accumulator_size=0,
              transformation_ctx=""):
        self._errors.check()
        return self.glue_ctx.write_dynamic_frame_from_options(
            frame=self, connection_type=connection_type, connection_options=connection_options or {}, format=format,
            format_options=format_options or {}, transformation_ctx=transformation_ctx,
        )

    # Errors

    def errorsCount(self):
        return self._errors.total_count()

    def stageErrorsCount(self):
        return self._errors.stage_count()

    def errorsAsDynamicFrame(self):
        return DynamicFrame(self._errors.frame(self._df.sparkSession), self.glue_ctx, self.name)

    def assertErrorThreshold(self):
        self._errors.check()

    def _collection(self, frames):
        return DynamicFrameCollection(frames, self.glue_ctx)


def _present(value):
    if isinstance(value, dict):
        return {k: _present(v) for k, v in value.items() if v is not None}
    return [_present(v) for v in value] if isinstance(value, list) else value
