# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Glue Studio's own transforms."""

from conftest import rows


def test_studio_transforms(frame):
    import gs_concat  # noqa: F401
    import gs_derived  # noqa: F401
    import gs_explode  # noqa: F401
    import gs_flatten  # noqa: F401
    import gs_now  # noqa: F401

    lines = frame(
        {"sku": "k1", "size": "L", "pieces": 2, "tags": ["a", "b"], "maker": {"name": "acme"}},
        {"sku": "k2", "size": None, "pieces": 1, "tags": [], "maker": {"name": "zeta"}},
    )
    made = lines.gs_derived(colName="twice", expr="pieces * 2").gs_concat(colName="label", colList=["sku", "size"], spacer="/")
    assert [(r["twice"], r["label"]) for r in rows(made)] == [(4, "k1/L"), (2, "k2")]
    assert [r["tag"] for r in rows(made.gs_explode(colName="tags", newCol="tag"))] == ["a", "b"]
    assert [r["tag"] for r in rows(made.gs_explode("tags", "tag", outer=True))] == ["a", "b", None]
    assert "maker.name" in made.gs_flatten().toDF().columns
    assert len(rows(made.gs_now("day", "%Y-%m-%d"))[0]["day"]) == 10
