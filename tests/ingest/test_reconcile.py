"""Columns are mapped as pilot.toml says, and every row that was read is kept or accounted for."""

import pytest

from pilot_analysis import load_pilot
from pilot_analysis.errors import DataError

HEADER = """\
[pilot]
id = "long"
title = "One long file"

[groups.program]
label = "children in the program"
value = "in"
reference_label = "other children"

"""
LONG = """\
ID, Sch ,Year,Score,Lunch,program
007,1,2,510,F,in
007,1,1,480,N,in
008,1,1,490,,out
009,2,1,,F,out
009,2,2,505,F,out
010,2,3,600,N,in
"""
SCHOOLS = """
[sources.schools]
file = "long.csv"
columns = { school_id = "sch" }
templates = { name = "School {sch}" }
where = { year = ["1", "2"] }
keep = "distinct"
"""
STUDENTS = """
[sources.students]
file = "long.csv"
columns = { student_id = "id", school_id = "sch", economically_disadvantaged = "lunch" }
recode.economically_disadvantaged = { F = "yes", N = "no" }
where = { year = ["1", "2"] }
keep = "first"
"""
TESTS = """
[sources.assessments]
file = "long.csv"
columns = { student_id = "id", window = "year", score = "score" }
values = { outcome_id = "math" }
"""


@pytest.fixture
def load(tmp_path):
    def load(*sources, text=LONG):
        (tmp_path / "pilot.toml").write_text(HEADER + "".join(sources), encoding="utf-8")
        (tmp_path / "long.csv").write_text(text, encoding="utf-8")
        return load_pilot(tmp_path)

    return load


def steps(pilot, table):
    rows = pilot.ledger[pilot.ledger["table"] == table]
    return [tuple(row) for row in rows[["step", "reason", "rows"]].itertuples(index=False)]


def test_one_file_can_feed_several_tables(load):
    pilot = load(SCHOOLS.replace("{sch}", "{sch} again"), STUDENTS, TESTS)
    assert list(pilot.tables["schools"]["name"]) == ["School 1 again", "School 2 again"]
    assert list(pilot.files["table"]) == ["schools", "students", "assessments"]
    assert pilot.files["sha256"].nunique() == 1


def test_a_template_may_name_a_column_with_a_dot_and_must_name_one_that_is_there(load):
    dotted = SCHOOLS.replace("{sch}", "{Lunch.1}")
    with pytest.raises(DataError, match=r"no column \"Lunch\.1\"; did you mean 'Lunch'"):
        load(dotted, STUDENTS)
    text = LONG.replace("Lunch", "Lunch.1").replace(",,out", ",N,out")
    with pytest.raises(DataError, match=r'column "Sch": the key school_id "1" stands here'):
        load(dotted, STUDENTS.replace('"lunch"', '"lunch.1"'), text=text)


def test_of_several_rows_with_the_same_key_the_first_in_the_order_of_where_is_used(load):
    students = load(SCHOOLS, STUDENTS).tables["students"]
    flags = students.set_index("student_id")["economically_disadvantaged"]
    assert not flags["007"]  # year 1, although year 2 stands first in the file
    assert flags.isna()["008"]
    turned = STUDENTS.replace('["1", "2"]', '["2", "1"]')
    students = load(SCHOOLS, turned).tables["students"]
    assert students.set_index("student_id")["economically_disadvantaged"]["007"]


def test_a_group_column_that_the_configuration_names_is_read(load):
    students = load(SCHOOLS, STUDENTS).tables["students"]
    assert list(students["program"]) == ["in", "out", "out"]


def test_the_ledger_says_where_every_row_went(load):
    pilot = load(SCHOOLS, STUDENTS, TESTS)
    wanted = "not asked for (wanted: year 1 or 2)"
    assert steps(pilot, "schools") == [
        ("read", "", 6),
        ("set aside", wanted, 1),
        ("set aside", "the same as an earlier row", 3),
        ("kept", "", 2),
    ]
    assert steps(pilot, "students") == [
        ("read", "", 6),
        ("set aside", wanted, 1),
        ("set aside", "another row of the same student_id is used", 2),
        ("kept", "", 3),
    ]
    assert steps(pilot, "assessments") == [
        ("read", "", 6),
        ("set aside", "blank: no score", 1),
        ("set aside", "student not on the roster", 1),
        ("kept", "", 4),
    ]


def test_several_sources_of_one_table_stand_under_one_another(load, tmp_path):
    (tmp_path / "later.csv").write_text("student_id,window,score\n008,2,512\nX,2,1\n")
    later = """
[[sources.assessments]]
file = "later.csv"
values = { outcome_id = "math" }
"""
    first = TESTS.replace("[sources.assessments]", "[[sources.assessments]]")
    pilot = load(SCHOOLS, STUDENTS, first, later)
    tests = pilot.tables["assessments"]
    assert len(tests) == 5
    assert tests["score"].iloc[-1] == 512
    rows = pilot.ledger[(pilot.ledger["table"] == "assessments")].set_index(["file", "step"])[
        "rows"
    ]
    assert rows["later.csv", "read"] == 2
    assert rows["later.csv", "set aside"] == 1
    assert rows["later.csv", "kept"] == 1


def test_the_first_source_wins_where_rows_repeat(load, tmp_path):
    (tmp_path / "office.csv").write_text("student_id,school_id,sex\n008,1,female\n")
    office = '\n[[sources.students]]\nfile = "office.csv"\nkeep = "first"\n'
    long = STUDENTS.replace("[sources.students]", "[[sources.students]]")
    students = load(SCHOOLS, office, long).tables["students"]
    assert list(students["student_id"]) == ["008", "007", "009"]
    assert students["sex"].notna().tolist() == [True, False, False]


def test_a_name_made_from_a_blank_cell_is_blank(load):
    template = SCHOOLS.replace("School {sch}", "School {lunch}")
    with pytest.raises(
        DataError, match=r'"name, made in pilot\.toml": is blank, and every row needs'
    ):
        load(template, STUDENTS)


def test_a_recode_of_a_column_that_is_not_there_is_no_recode_forgotten(load):
    with pytest.raises(DataError, match='there is no column "sex"'):
        load(SCHOOLS, STUDENTS + 'recode.sex = { F = "female" }\n')


def test_rows_without_a_key_are_faults_and_no_repeats(load):
    text = LONG.replace("008,1,1", ",1,1").replace("009,2,1", ",2,1")
    with pytest.raises(DataError, match=r'column "ID": is blank, .*; 2 rows like this'):
        load(SCHOOLS, STUDENTS, text=text)


def test_dates_with_slashes_are_read_as_the_source_says(small_pilot, edit, complaint):
    path = small_pilot / "usage.csv"
    path.write_text(path.read_text().replace("2025-10-06", "06/10/2025"))
    assert "may be month/day or day/month" in complaint()[0]
    edit("pilot.toml", '"usage.csv" }', '"usage.csv", dates = "day first" }')
    assert load_pilot(small_pilot).tables["usage"]["period_start"].min().isoformat()[:10] == (
        "2025-10-06"
    )


def test_a_value_of_where_that_no_row_has_is_no_slip_unseen(load):
    with pytest.raises(DataError, match=r'column "Year": `where` wants "4", and no row has it'):
        load(SCHOOLS.replace('["1", "2"]', '["1", "2", "4"]'), STUDENTS)
