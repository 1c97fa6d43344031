"""Every bad input of a school's export is told with place, rule, finding and next step."""

import re

import pandas as pd
import pytest

from pilot_analysis import load_pilot
from pilot_analysis.errors import ConfigError


def only(lines):
    assert len(lines) == 1, lines
    return lines[0]


def test_the_small_pilot_is_valid(small_pilot):
    assert load_pilot(small_pilot).schools == ("S1", "S2")


def test_a_score_of_11_on_the_recommend_item(edit, complaint):
    edit("survey_responses.csv", "readwell,8\n", "readwell,11\n")
    assert only(complaint()) == (
        'survey_responses.csv, row 2, column "value": 11 is outside 0-10 (item "recommend"). Check '
        "the export's scale."
    )


def test_a_0_where_the_scale_is_said_to_begin_with_1(edit, complaint):
    edit("pilot.toml", "low = 0\nhigh = 10\n", "low = 0\nhigh = 10\noffered_from = 1\n")
    edit("survey_responses.csv", "readwell,8\n", "readwell,0\n")
    assert only(complaint()) == (
        'survey_responses.csv, row 2, column "value": 0 is outside 1-10 (item "recommend"). Check '
        "the export's scale."
    )


def test_the_same_fault_in_several_rows_is_one_line_with_their_number(small_pilot, complaint):
    path = small_pilot / "survey_responses.csv"
    path.write_text(path.read_text().replace("readwell,4\n", "readwell,7\n"))
    assert only(complaint()) == (
        'survey_responses.csv, row 3, column "value": 7 is outside 1-5 (item "easy"). Check the '
        "export's scale; 4 rows like this."
    )


def test_an_answer_between_two_whole_numbers_on_the_recommend_item(edit, complaint):
    edit("survey_responses.csv", "readwell,8\n", "readwell,8.5\n")
    assert "8.5 is not a whole number from 0 to 10" in only(complaint())


def test_an_unknown_item(edit, complaint):
    edit("survey_responses.csv", ",recommend,", ",recomend,")
    assert only(complaint()) == (
        'survey_responses.csv, row 2, column "item_id": "recomend" is not an item of pilot.toml; '
        "did you mean 'recommend'? Correct it, or describe the item under [items]."
    )


def test_an_unknown_school_in_a_survey(edit, complaint):
    edit("survey_responses.csv", "teacher,S1,", "teacher,S11,")
    assert only(complaint()) == (
        'survey_responses.csv, row 2, column "school_id": "S11" is not in the table schools; did '
        "you mean 'S1'? Correct it, or add it to schools."
    )


def test_a_repeated_key_names_the_key_and_the_rows(edit, complaint):
    edit("students.csv", "S1-C1-2,", "S1-C1-1,")
    line = complaint()[0]
    assert line.startswith(
        'students.csv, row 3, column "student_id": the key student_id "S1-C1-1" stands here and in '
        "students.csv, row 2."
    )


def test_a_repeated_key_of_several_columns(edit, complaint):
    edit("assessments.csv", "spring,", "fall,")
    key = 'the key student_id "S1-C1-1" and outcome_id "reading" and window "fall"'
    assert f"{key} stands here and in assessments.csv, row 2." in only(complaint())


def test_a_missing_column_names_the_nearest_one(edit, complaint):
    edit("students.csv", "school_id", "school")
    lines = complaint()
    assert lines[0] == (
        "students.csv, row 1: there is no column \"school_id\"; did you mean 'school'? Rename it, "
        "or say what it is called: columns.school_id in pilot.toml."
    )


def test_a_column_that_the_table_does_not_have_is_no_optional_column_lost(edit, complaint):
    edit("usage.csv", "minutes", "minutes,sesions")
    path_rows = complaint()
    assert path_rows  # the rows are now ragged, which is told first
    edit("usage.csv", "minutes,sesions", "mins")
    told = only(complaint())
    assert told.startswith('usage.csv, row 1: the table usage has no column "mins"; did you mean')


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("schools.csv", "School S1", "", 'row 2, column "name": is blank, and every row needs'),
        ("teachers.csv", ",teacher,4", ",principal,4",
         '"principal" is not one of teacher, point_person, coach'),
        ("teachers.csv", ",teacher,4", ",teacher,9", 'column "motivation": 9 is outside 1-5'),
        ("usage.csv", ",week,10", ",week,-10", "-10 is outside 0-44640"),
        ("usage.csv", ",week,10", ",week,*", '"*" is a suppressed value, not a missing one'),
        ("usage.csv", ",week,10", ",week,ten", '"ten" is not a number'),
        ("usage.csv", "2025-10-06", "10/06/2025", '"10/06/2025" may be month/day or day/month'),
        ("usage.csv", "2025-10-06", "", 'column "period_start": is blank'),
        ("schools.csv", "5,yes", "-1,yes", "-1 is outside the range: at least 0"),
        ("schools.csv", "5,yes", "5,perhaps", '"perhaps" is neither yes nor no'),
        ("students.csv", ",S1,", ",S9,", '"S9" is not in the table schools'),
        ("assignments.csv", ",readwell,readwell", ",readwell,redwell",
         "\"redwell\" is not in the table products; did you mean 'readwell'?"),
    ],
)  # fmt: skip
def test_one_bad_cell_is_one_line(edit, complaint, file, old, new, expected):
    edit(file, old, new)
    line = only(complaint())
    assert line.startswith(f"{file}, row ")
    assert expected in line
    assert line.endswith(".")


def test_every_fault_of_every_file_is_told_at_once(edit, complaint, small_pilot):
    edit("schools.csv", "5,yes", "five,yes")
    edit("survey_responses.csv", "readwell,8\n", "readwell,11\n")
    edit("students.csv", ",S1,", ",S9,")
    (small_pilot / "usage.csv").write_bytes(b"student_id,minutes\nJos\xe9,1\n")
    lines = complaint()
    assert [line.split(",")[0] for line in lines] == [
        "schools.csv", "usage.csv", "students.csv", "survey_responses.csv",
    ]  # fmt: skip


def test_a_table_with_no_row_is_an_error(small_pilot, complaint):
    (small_pilot / "usage.csv").write_text("student_id,product_id,period_start,period,minutes\n")
    assert "usage.csv: there is a header and no row below it" in only(complaint())


def test_a_table_whose_rows_are_all_set_aside_is_an_error(small_pilot, complaint):
    (small_pilot / "usage.csv").write_text(
        "student_id,product_id,period_start,period,minutes\nX,readwell,2025-10-06,week,5\n"
    )
    assert only(complaint()) == (
        "usage.csv: no row is left for the table usage: 1 student not on the roster. Check that "
        "the ids are those of the other files."
    )


def test_a_where_that_matches_no_row_is_an_error(edit, complaint):
    edit("pilot.toml", '"usage.csv" }', '"usage.csv", where = { period = ["Week"] } }')
    assert only(complaint()) == (
        'usage.csv, column "period": no row has period in Week. Check `where` in pilot.toml; the '
        "column holds week."
    )


def test_a_where_on_a_column_that_is_not_there(edit, complaint):
    edit("pilot.toml", '"usage.csv" }', '"usage.csv", where = { priod = ["week"] } }')
    assert "there is no column \"priod\"; did you mean 'period'?" in only(complaint())


def test_a_value_that_recode_does_not_name_is_refused(edit, complaint):
    edit("pilot.toml", '"usage.csv" }', '"usage.csv", recode = { period = { w = "week" } } }')
    line = only(complaint())
    assert '"week" is not named in recode.period' in line
    assert line.endswith("72 rows like this.")


def test_an_arm_that_the_configuration_does_not_have(edit, complaint):
    edit("assignments.csv", ",readwell,readwell", ",readwel,readwell")
    assert only(complaint()) == (
        'assignments.csv, row 3, column "arm": "readwel" is not in design.arms of pilot.toml; did '
        "you mean 'readwell'? Correct it, or add it there."
    )


def test_units_that_no_enrollment_knows(small_pilot, complaint):
    path = small_pilot / "assignments.csv"
    path.write_text(path.read_text().replace("-C", "-K"))
    assert only(complaint()) == (
        'assignments.csv, row 2, column "unit_id": no class of the table enrollments is assigned; '
        "did you mean 'S1-C1'? Use the same ids in both files."
    )


def test_a_class_in_two_schools_is_two_classes_with_one_id(edit, complaint):
    edit("enrollments.csv", "S2-C1-1,S2-C1", "S2-C1-1,S1-C1")
    assert only(complaint()) == (
        'enrollments.csv, row 26, column "class_id": the class "S1-C1" is in the schools S1 and '
        "S2. Give each class an id of its own, for instance with a template."
    )


def test_a_why_about_a_slip_of_the_pen(edit, complaint, small_pilot):
    edit("pilot.toml", "[sources]\n", '[sources]\nwhys = { file = "whys.csv" }\n')
    header = "school_id,why_id,kind,statement,outcome_id,group\n"
    (small_pilot / "whys.csv").write_text(
        header + "S1,1,growth,We stagnate.,readin,english_lerner\nS1,2,engagement,No joy.,joy,\n"
    )
    lines = complaint()
    assert len(lines) == 2
    assert lines[0].startswith(
        'whys.csv, row 2, column "outcome_id": "readin" is neither an outcome'
    )
    assert "did you mean 'reading'?" in lines[0]
    assert "did you mean 'english_learner'?" in lines[1]


def test_a_missing_file_is_told_with_the_nearest_one(small_pilot):
    (small_pilot / "usage.csv").rename(small_pilot / "usages.csv")
    with pytest.raises(ConfigError, match=r"sources\.usage\.file: .*did you mean 'usages\.csv'"):
        load_pilot(small_pilot)


def test_a_broken_file_does_not_make_its_ids_look_unknown(small_pilot, complaint):
    (small_pilot / "students.csv").write_bytes(b"")
    assert only(complaint()) == "students.csv: the file is empty. Export it again."


@pytest.mark.parametrize(
    "file",
    ["students", "assessments", "survey_responses"],
)
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"S1", b"S\x00"),
        lambda data: data.replace(b"1", b"\xff"),
        lambda data: data.replace(b",", b',"', 1),
        lambda data: data.replace(b"_id", b"", 1),
        lambda data: data + data,
        lambda data: b"\n".join(data.splitlines()[::-1]),
        lambda data: b"\xff\xd8\xff\xe0" + bytes(range(256)),
    ],
)
def test_every_damage_is_told_with_the_file(small_pilot, complaint, file, damage):
    path = small_pilot / f"{file}.csv"
    path.write_bytes(damage(path.read_bytes()))
    lines = complaint()
    assert lines
    assert all(line.startswith(f"{file}.csv, row ") for line in lines), lines


@pytest.mark.parametrize("file", ["students", "assessments", "survey_responses"])
def test_semicolons_in_the_place_of_all_commas_change_nothing(small_pilot, file):
    before = load_pilot(small_pilot)
    path = small_pilot / f"{file}.csv"
    path.write_bytes(path.read_bytes().replace(b",", b";"))
    after = load_pilot(small_pilot)
    pd.testing.assert_frame_equal(after.table(file), before.table(file))
    pd.testing.assert_frame_equal(after.ledger, before.ledger)


@pytest.mark.parametrize("school", ["S/1", "S\\1", "..", ".S1", "S1.", "S:1", "x" * 101])
def test_a_school_id_that_cannot_name_a_folder(edit, complaint, school):
    edit("schools.csv", "S1,", f"{school},")
    line = complaint()[0]
    assert line.startswith(
        f'schools.csv, row 2, column "school_id": "{school}" cannot name a folder of the reports'
    )


def test_a_product_id_that_cannot_name_a_folder(edit, complaint):
    edit("products.csv", "readwell,Readwell", "read/well,Readwell")
    found = 'products.csv, row 2, column "product_id": "read/well" cannot name a folder'
    assert any(line.startswith(found) for line in complaint())


@pytest.mark.parametrize("school", ["Lincoln High", "Peña 3", "it's #1", "x" * 100])
def test_a_school_id_with_spaces_or_accents_names_a_folder(small_pilot, school):
    for file in small_pilot.glob("*.csv"):
        text = re.sub(r"(?m)(?<![^,\n])S1(?=,|$)", school, file.read_text())
        file.write_text(text, encoding="utf-8")
    assert school in load_pilot(small_pilot).schools
