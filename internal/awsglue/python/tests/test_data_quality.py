# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""DQDL, and the machine learning transforms that are refused."""

import pytest

from awsglueml.transforms import EntityDetector, FillMissingValues, FindIncrementalMatches, FindMatches
from awsgluedq import _dqdl
from awsgluedq.transforms import EvaluateDataQuality
from awsglue.transforms import SelectFromCollection
from conftest import rows
from docs_page import documented

PEOPLE = [
    {"id": 1, "name": "Ada", "age": 36, "country": "UK"},
    {"id": 2, "name": "Bob", "age": 20, "country": "US"},
    {"id": 2, "name": "Cleo", "age": None, "country": " "},
    {"id": 4, "name": None, "age": 41, "country": ""},
]

# rule: whether it passes on PEOPLE, and its metrics.
RULES = {
    "RowCount = 4": (True, {"Dataset.*.RowCount": 4}),
    "RowCount between 4 and 9": (False, {"Dataset.*.RowCount": 4}),
    'RowCount > 2 where "age > 30"': (False, {"Dataset.*.RowCount": 2}),
    "ColumnCount in [3, 4]": (True, {"Dataset.*.ColumnCount": 4}),
    'ColumnExists "id"': (True, {}),
    'ColumnExists "nope"': (False, {}),
    'IsComplete "id"': (True, {"Column.id.Completeness": 1}),
    'IsComplete "nope"': (False, {}),
    "IsComplete name": (False, {"Column.name.Completeness": 0.75}),
    'IsComplete "name" where "id < 3"': (True, {"Column.name.Completeness": 1}),
    'Completeness "age" > 0.7': (True, {"Column.age.Completeness": 0.75}),
    'IsUnique "name"': (True, {"Column.name.Uniqueness": 1}),
    'Uniqueness "id" >= 0.5': (True, {"Column.id.Uniqueness": 0.5}),
    'IsUnique "id"': (False, {"Column.id.Uniqueness": 0.5}),
    'IsPrimaryKey "name"': (False, {"Column.name.Uniqueness": 1, "Column.name.Completeness": 0.75}),
    'IsPrimaryKey "id" "country"': (True, {"Multicolumn.id,country.Uniqueness": 1, "Multicolumn.id,country.Completeness": 1}),
    'DistinctValuesCount "id" = 3': (True, {"Column.id.DistinctValuesCount": 3}),
    'UniqueValueRatio "id" > 0.6': (True, {"Column.id.UniqueValueRatio": 2 / 3}),
    'Mean "id" = 2.25': (True, {"Column.id.Mean": 2.25}),
    'Sum "id" < 9': (False, {"Column.id.Sum": 9}),
    'StandardDeviation "id" between 1 and 1.5': (True, {"Column.id.StandardDeviation": 1.0897247358851685}),
    'ColumnCorrelation "id" "id" > 0.99': (True, {"Multicolumn.id,id.ColumnCorrelation": 1}),
    'ColumnValues "id" in [1, 2, 4]': (True, {"Column.id.ColumnValues.Compliance": 1}),
    'ColumnValues "id" not in [3]': (True, {"Column.id.ColumnValues.Compliance": 1}),
    'ColumnValues "age" > 19': (False, {"Column.age.ColumnValues.Compliance": 0.75}),
    'ColumnValues "age" > 19 with threshold > 0.5': (True, {"Column.age.ColumnValues.Compliance": 0.75}),
    'ColumnValues "age" != 21': (True, {"Column.age.ColumnValues.Compliance": 1}),
    'ColumnValues "age" != NULL': (False, {"Column.age.ColumnValues.Compliance": 0.75}),
    'ColumnValues "id" between 0 and 5': (True, {"Column.id.ColumnValues.Compliance": 1}),
    'ColumnValues "country" in ["UK", "US", EMPTY, WHITESPACES_ONLY]': (True, {"Column.country.ColumnValues.Compliance": 1}),
    'ColumnValues "name" matches "[A-Z][a-z]*" where "id < 4"': (True, {"Column.name.ColumnValues.Compliance": 1}),
    'ColumnLength "name" <= 4': (True, {"Column.name.ColumnLength.Compliance": 1}),
    'ColumnDataType "country" = "INTEGER"': (False, {"Column.country.ColumnDataType.Compliance": 0}),
    'ColumnNamesMatchPattern "[a-z]+"': (True, {"Dataset.*.ColumnNamesPatternMatchRatio": 1}),
    'CustomSql "select count(*) from primary where age > 30" = 2': (True, {"Dataset.*.CustomSQL": 2}),
    '(RowCount > 9) or ((IsComplete "id") and (ColumnCount = 4))': (
        True, {"Dataset.*.RowCount": 4, "Column.id.Completeness": 1, "Dataset.*.ColumnCount": 4}
    ),
    '(ColumnValues "age" > 19) OR (ColumnValues "age" = NULL)': (False, {"Column.age.ColumnValues.Compliance": 0.25}),
}


@documented("awsgluedq.EvaluateDataQuality.apply", "differs",
            "nothing is published; rule types that compare with other data, files or earlier runs are refused")
def test_rules(frame):
    result = EvaluateDataQuality.apply(frame=frame(*PEOPLE), ruleset="Rules = [%s]" % ",\n".join(RULES))
    assert result.schema().treeString() == """\
root
|-- Rule: string
|-- Outcome: string
|-- FailureReason: string
|-- EvaluatedMetrics: map
|    |-- keyType: string
|    |-- valueType: double
"""
    got = {r["Rule"]: (r["Outcome"] == "Passed", r["EvaluatedMetrics"]) for r in rows(result)}
    assert got == RULES
    reasons = {r["Rule"]: r["FailureReason"] for r in rows(result)}
    assert reasons['ColumnValues "age" > 19'] == "Value: NULL does not meet the constraint requirement!"
    assert reasons['Sum "id" < 9'] == "Value: 9.0 does not meet the constraint requirement!"
    assert "does not include column nope" in reasons['IsComplete "nope"']
    assert reasons["RowCount = 4"] is None


@documented("awsgluedq.EvaluateDataQuality.process_rows", "differs", "as apply")
def test_rows(frame):
    ruleset = 'Rules = [IsComplete "name", ColumnValues "id" > 1 where "age > 0", IsUnique "id", RowCount > 0]'
    results = EvaluateDataQuality().process_rows(
        frame=frame(*PEOPLE), ruleset=ruleset,
        publishing_options={"dataQualityEvaluationContext": "people", "enableDataQualityResultsPublishing": True},
        additional_options={"observations.scope": "ALL", "performanceTuning.caching": "CACHE_NOTHING"},
    )
    assert results.keys() == ["originalData", "ruleOutcomes", "rowLevelOutcomes"]
    assert rows(SelectFromCollection.apply(dfc=results, key="originalData")) == PEOPLE
    assert [r["Outcome"] for r in rows(results["ruleOutcomes"])] == ["Failed", "Failed", "Failed", "Passed"]
    by_row = {(r["id"], r["name"]): r for r in rows(results["rowLevelOutcomes"])}
    ada, bob, cleo, none = (by_row[k] for k in ((1, "Ada"), (2, "Bob"), (2, "Cleo"), (4, None)))
    assert ada["DataQualityRulesFail"] == ['ColumnValues "id" > 1 where "age > 0"']
    assert ada["DataQualityRulesPass"] == ['IsComplete "name"', 'IsUnique "id"']
    assert bob["DataQualityRulesFail"] == cleo["DataQualityRulesFail"] == ['IsUnique "id"']
    assert none["DataQualityRulesFail"] == ['IsComplete "name"']
    assert {r["DataQualityEvaluationResult"] for r in by_row.values()} == {"Failed"}
    assert all(r["DataQualityRulesSkip"] == ["RowCount > 0"] for r in by_row.values())


def test_default_ruleset_of_glue_studio(frame):
    ruleset = """
        Rules = [
            ColumnCount > 0
        ]
    """
    result = EvaluateDataQuality().process_rows(frame=frame(*PEOPLE), ruleset=ruleset)
    assert rows(result["ruleOutcomes"])[0]["Outcome"] == "Passed"
    assert {r["DataQualityEvaluationResult"] for r in rows(result["rowLevelOutcomes"])} == {"Passed"}


def test_other_data_and_dates(frame, spark):
    orders = frame({"at": "2020-01-01", "n": 1}).apply_mapping([("at", "string", "at", "timestamp"), ("n", "int", "n", "int")])
    ruleset = '''Rules = [
        # comments are skipped
        ColumnValues "at" > (now() - 3 days), ColumnValues "at" <= now(),
        CustomSql "select count(*) from primary join people on n = id" > 0
    ]'''
    result = EvaluateDataQuality.apply(frame=orders, ruleset=ruleset, additional_data_sources={"people": frame(*PEOPLE)})
    assert [r["Outcome"] for r in rows(result)] == ["Failed", "Passed", "Passed"]


@pytest.mark.parametrize("ruleset, message", [
    ("Rules = [DetectAnomalies RowCount]", "rule type DetectAnomalies is not evaluated here"),
    ("Analyzers = [RowCount]", "section Analyzers is not evaluated here"),
    ("Rules = [RowCount > 0] Analyzers = [RowCount]", "section Analyzers"),
    ("Rules = [RowCount > avg(last(3))]", "dynamic rules"), ("Rules = [RowCount]", "needs an expression"),
    ("Rules = [RowCount > 1", "expected ]"), ("Rules = [RowCount > 1; ]", "cannot read"),
    ("Rules = [IsComplete]", "needs a column"), ('Rules = [RowCount > "x"]', "compared with a number"),
    ('Rules = [(IsComplete "a") and (IsUnique "a") or (RowCount > 1)]', "parentheses"),
])
def test_refuses(frame, ruleset, message):
    with pytest.raises(ValueError, match=message):
        EvaluateDataQuality.apply(frame=frame({"a": 1}), ruleset=ruleset)


def test_quotes_in_strings():
    rule = _dqdl.parse(r'Rules = [CustomSql "select \"a\" from primary" = 1]')[0]
    assert rule.parameters == ['select "a" from primary']


@documented("awsglueml.FillMissingValues", "missing", "refused by name")
@documented("awsglueml.FindMatches", "missing", "refused by name")
@documented("awsglueml.FindIncrementalMatches", "missing", "refused by name")
@documented("awsglueml.EntityDetector", "missing", "refused by name")
def test_machine_learning_is_refused_by_name(frame):
    for transform in (FillMissingValues, FindMatches, FindIncrementalMatches):
        with pytest.raises(NotImplementedError, match=transform.__name__ + " is a machine learning transform"):
            transform.apply(frame=None, transformId="t")
    with pytest.raises(NotImplementedError, match="EntityDetector"):
        EntityDetector().detect(None, ["EMAIL"], "DetectedEntities")
