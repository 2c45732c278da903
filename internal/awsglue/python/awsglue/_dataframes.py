# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""What glueContext.create_data_frame and write_data_frame are: names for the context's own methods."""


class DataFrameReader:
    def __init__(self, glue_context):
        self._glue_context = glue_context

    def from_options(self, connection_type, connection_options=None, format=None, format_options=None,
                     transformation_ctx="", **kwargs):
        return self._glue_context.create_data_frame_from_options(
            connection_type, connection_options or {}, format, format_options or {}, transformation_ctx, **kwargs)

    def from_catalog(self, database=None, table_name=None, redshift_tmp_dir="", transformation_ctx="",
                     push_down_predicate="", additional_options=None, catalog_id=None, name_space=None, **kwargs):
        return self._glue_context.create_data_frame_from_catalog(
            database or name_space, table_name, transformation_ctx, additional_options or {}, redshift_tmp_dir,
            push_down_predicate, catalog_id, **kwargs)


class DataFrameWriter:
    def __init__(self, glue_context):
        self._glue_context = glue_context

    def from_options(self, frame, connection_type, connection_options=None, format=None, format_options=None,
                     transformation_ctx=""):
        return self._glue_context.write_data_frame_from_options(
            frame, connection_type, connection_options or {}, format, format_options or {}, transformation_ctx)

    def from_catalog(self, frame, database=None, table_name=None, redshift_tmp_dir="", transformation_ctx="",
                     additional_options=None, catalog_id=None, name_space=None):
        return self._glue_context.write_data_frame_from_catalog(
            frame, database or name_space, table_name, redshift_tmp_dir, transformation_ctx, additional_options or {},
            catalog_id)
