# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
import pytest

from awsglue.utils import GlueArgumentError, getResolvedOptions
from docs_page import documented


@documented("utils.getResolvedOptions", "works")
def test_get_resolved_options():
    argv = ["script.py", "--JOB_NAME", "j", "--when=now", "--JOB_RUN_ID", "jr_1", "--unasked", "x"]
    options = getResolvedOptions(argv, ["JOB_NAME", "when"])
    assert (options["JOB_NAME"], options["when"], options["JOB_RUN_ID"]) == ("j", "now", "jr_1")
    with pytest.raises(GlueArgumentError, match="--absent"):
        getResolvedOptions(argv, ["absent"])
