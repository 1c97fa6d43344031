"""The clean tables are declared without contradiction, and pandera enforces what they say."""

import pandas as pd
import pandera.errors
import pytest

from pilot_analysis.schema import TABLES, data_dictionary, pandera_schema


@pytest.fixture(params=TABLES.values(), ids=TABLES)
def table(request):
    return request.param


def test_keys_and_measures_are_columns(table):
    assert set(table.key) <= set(table.by_name)
    assert set(table.measures) <= set(table.by_name)
    assert not set(table.measures) & set(table.key)


def test_columns_are_named_once_and_described_in_a_sentence(table):
    assert len(table.by_name) == len(table.fields)
    for item in table.fields:
        assert item.description.endswith("."), item.name


def test_references_point_to_the_key_of_a_table(table):
    for item in table.fields:
        if item.references:
            assert TABLES[item.references].key == (item.name,)


def test_unknown_people_are_set_aside_and_unknown_schools_and_products_refused(table):
    for item in table.fields:
        if item.references:
            people = item.references in ("students", "teachers")
            assert (item.unknown == "set aside") == people, item.name


def test_ids_are_text(table):
    for item in table.fields:
        if item.name.endswith("_id"):
            assert item.dtype == "str", item.name


def test_an_empty_table_with_all_columns_fits_its_schema(table):
    frame = pd.DataFrame({f.name: pd.array([], dtype=f.dtype) for f in table.fields})
    assert pandera_schema(table.name).validate(frame, lazy=True).empty


def test_a_column_that_is_not_declared_is_refused_except_in_students(table):
    frame = pd.DataFrame({f.name: pd.array([], dtype=f.dtype) for f in table.fields})
    frame["extra"] = pd.array([], dtype="str")
    if table.name == "students":
        pandera_schema(table.name).validate(frame, lazy=True)
    else:
        with pytest.raises(pandera.errors.SchemaErrors):
            pandera_schema(table.name).validate(frame, lazy=True)


def test_every_failure_of_a_table_is_collected():
    teachers = pd.DataFrame(
        {
            "teacher_id": pd.array(["T1", "T1", None], dtype="str"),
            "school_id": pd.array(["S1", None, "S1"], dtype="str"),
            "role": pd.array(["teacher", "teacher", "head"], dtype="str"),
            "motivation": [1.0, 6.0, 0.0],
        }
    )
    with pytest.raises(pandera.errors.SchemaErrors) as caught:
        pandera_schema("teachers").validate(teachers, lazy=True)
    faults = caught.value.failure_cases
    assert set(faults["column"]) >= {"school_id", "role", "motivation"}
    assert (faults["column"] == "motivation").sum() == 2


def test_the_dictionary_has_a_row_for_every_column():
    text = data_dictionary()
    for name, table in TABLES.items():
        section = text.split(f"\n## {name}\n")[1].split("\n## ")[0]
        for item in table.fields:
            assert f"| `{item.name}` | {item.kind} |" in section
