"""Exports of tests: windows by day, by the vendor's marks or by a column; nothing lost."""

import pytest

from pilot_analysis.errors import DataError
from pilot_analysis.pilot import load_pilot

SCHOOLS = "school_id,name\nS1,North\nS2,South\n"
STUDENTS = "student_id,school_id\n1,S1\n2,S1\n3,S2\n"
HEAD = """
[pilot]
id = "tested"
title = "Tested"

[sources]
schools = { file = "schools.csv" }
students = { file = "students.csv" }
"""
COMBINED = """TermName,DistrictName,SchoolName,StudentID,Subject,Course,GrowthMeasureYN,TestStartDate,TestRITScore,TestStandardError,TestPercentile,FallToSpringProjectedGrowth,FallToSpringMetProjectedGrowth
Fall 2025-2026,D,North,1,Mathematics,Math K-12,TRUE,09/20/2025,201,3.1,45,9,
Fall 2025-2026,D,North,1,Mathematics,Math K-12,FALSE,09/12/2025,188,3.3,20,9,
Spring 2025-2026,D,North,1,Mathematics,Math K-12,TRUE,05/04/2026,212,3.2,51,9,Yes*
Fall 2025-2026,D,South,9,Mathematics,Math K-12,TRUE,09/20/2025,190,3.1,22,9,
"""  # noqa: E501
SPLIT = """TermName,StudentID,MeasurementScale,Discipline,TestStartDate,TestRITScore,TestStandardError,TestPercentile
Fall 2015-2016,1,Mathematics,Mathematics,2015-09-20,201,3.1,45
Fall 2015-2016,2,Reading,Reading,2015-09-21,195,3.0,33
"""  # noqa: E501
BY_SCHOOL = """TermName,DistrictName,SchoolName,StudentLastName,StudentFirstName,StudentMI,StudentID,StudentDateOfBirth,StudentEthnicGroup,StudentGender,Grade
Fall 2015-2016,D,S1,Pupil,Pat,Q,1,2006-01-02,White,F,4
Fall 2015-2016,D,S2,Pupil,Quin,R,2,2006-03-04,Asian,M,4
"""  # noqa: E501
DIAGNOSTIC = (
    "\ufeffLast Name,First Name,Student ID,Student Grade,Academic Year,School,Start Date,"
    "Completion Date,{baseline},{recent},Overall Scale Score,Overall Placement,Percentile,"
    "Annual Typical Growth Measure\n"
    "Pupil,Pat,1,4,2025-2026,S1,08/26/2025,08/27/2025,Y,N,450,Level 3,30,24\n"
    "Pupil,Pat,1,4,2025-2026,S1,12/01/2025,12/01/2025,N,N,461,Level 3,33,24\n"
    "Pupil,Pat,1,4,2025-2026,S1,05/11/2026,05/12/2026,N,Y,480,Early 4,50,24\n"
    "Pupil,Quin,2,4,2025-2026,S1,08/26/2025,08/26/2025,Y,Y,440,Level 3,25,24\n"
)
SIDE_BY_SIDE = (
    "Last Name,First Name,Student ID,Student Grade,School,Subject,Annual Typical Growth Measure,"
    "Diagnostic: Completion Date (Most Recent),Diagnostic: Overall Scale Score (Most Recent),"
    "Diagnostic: Completion Date (1),Diagnostic: Overall Scale Score (1),"
    "Diagnostic: Completion Date (2),Diagnostic: Overall Scale Score (2)\n"
    "Pupil,Pat,1,4,S1,Math,24,05/12/2026,480,08/27/2025,450,12/01/2025,461\n"
    "Pupil,Quin,2,4,S1,Math,24,08/26/2025,440,,,,\n"
    "Pupil,Ray,3,4,S2,Math,24,,,,,,\n"
)
WINDOWS = "windows = { fall = [2025-08-01, 2025-10-31], spring = [2026-04-01, 2026-06-30] }\n"


@pytest.fixture
def load(tmp_path):
    """`load(text, source)`: a pilot whose assessments come from one file with this text."""

    def make(text, source, students=STUDENTS):
        (tmp_path / "schools.csv").write_text(SCHOOLS)
        (tmp_path / "students.csv").write_text(students)
        (tmp_path / "tests.csv").write_text(text, encoding="utf-8")
        toml = f'{HEAD}\n[sources.assessments]\nfile = "tests.csv"\n{source}'
        (tmp_path / "pilot.toml").write_text(toml)
        return load_pilot(tmp_path)

    return make


def scores(pilot):
    rows = pilot.table("assessments")[["student_id", "window", "score"]]
    return sorted(rows.itertuples(index=False, name=None))


def aside(pilot, unit="rows"):
    ledger = pilot.ledger
    lines = ledger[
        ledger["table"].eq("assessments") & ledger["unit"].eq(unit) & ledger["step"].eq("set aside")
    ]
    return dict(zip(lines["reason"], lines["rows"], strict=True))


def test_nwea_combined_takes_the_test_that_counts_for_growth(load):
    pilot = load(COMBINED, 'format = "nwea_map"\n')
    assert scores(pilot) == [("1", "Fall 2025-2026", 201), ("1", "Spring 2025-2026", 212)]
    assert aside(pilot) == {
        "not the test that NWEA counts for growth": 1, "student not on the roster": 1,
    }  # fmt: skip
    spring = pilot.table("assessments").query("window == 'Spring 2025-2026'").iloc[0]
    assert (spring["typical_growth"], spring["met_growth"]) == (9, True)
    assert spring["taken_on"].isoformat() == "2026-05-04T00:00:00"
    assert set(pilot.table("assessments")["outcome_id"]) == {"Mathematics"}


def test_nwea_split_files_with_the_old_names(load, tmp_path):
    (tmp_path / "by_school.csv").write_text(BY_SCHOOL)
    pilot = load(SPLIT, 'format = "nwea_map"\n')
    assert scores(pilot) == [("1", "Fall 2015-2016", 201), ("2", "Fall 2015-2016", 195)]
    toml = (tmp_path / "pilot.toml").read_text()
    toml = toml.replace(
        '{ file = "students.csv" }', '{ file = "by_school.csv", format = "nwea_map" }'
    )
    (tmp_path / "pilot.toml").write_text(toml)
    students = load_pilot(tmp_path).table("students")
    assert list(students["student_id"]) == ["1", "2"]
    assert list(students["sex"]) == ["F", "M"]
    assert "Pupil" not in students.to_csv()


@pytest.mark.parametrize(
    ("baseline", "recent"),
    [
        ("Baseline Diagnostic (Y/N)", "Most Recent Diagnostic YTD (Y/N)"),
        ("Diagnostic used to establish Growth Measures (Y/N)", "Most Recent Diagnostic (Y/N)"),
    ],
)
def test_i_ready_marks_the_baseline_and_the_most_recent_test(load, baseline, recent):
    text = DIAGNOSTIC.format(baseline=baseline, recent=recent)
    pilot = load(text, 'format = "iready_diagnostic"\nvalues = { outcome_id = "math" }\n')
    # A student's only test is the baseline: it is no test of afterwards.
    assert scores(pilot) == [
        ("1", "baseline", 450),
        ("1", "most recent", 480),
        ("2", "baseline", 440),
    ]
    assert aside(pilot) == {"neither baseline nor most recent test": 1}


def test_windows_by_the_day_of_the_test(load):
    text = DIAGNOSTIC.format(baseline="Baseline Diagnostic (Y/N)", recent="x")
    source = f'format = "iready_diagnostic"\nvalues = {{ outcome_id = "math" }}\n{WINDOWS}'
    pilot = load(text, source)
    assert scores(pilot) == [("1", "fall", 450), ("1", "spring", 480), ("2", "fall", 440)]
    assert aside(pilot) == {"outside every window": 1}
    assert aside(load(text.replace("08/26/2025,08/26/2025", ","), source)) == {
        "no day of the test, so no window": 1, "outside every window": 1,
    }  # fmt: skip


def test_tests_side_by_side_are_put_under_one_another(load):
    pilot = load(SIDE_BY_SIDE, f'format = "iready_diagnostic_and_instruction"\n{WINDOWS}')
    assert scores(pilot) == [("1", "fall", 450), ("1", "spring", 480), ("2", "fall", 440)]
    steps = pilot.ledger.query("table == 'assessments'")[["unit", "step", "rows"]]
    assert list(steps.itertuples(index=False, name=None)) == [
        ("students", "read", 3), ("students", "kept", 3),
        ("rows", "read", 4), ("rows", "set aside", 1), ("rows", "kept", 3),
    ]  # fmt: skip


def test_of_two_tests_side_by_side_in_a_window_the_first_is_the_earliest(load):
    text = SIDE_BY_SIDE.replace("05/12/2026,480", "10/02/2025,455")
    source = f'format = "iready_diagnostic_and_instruction"\n{WINDOWS}keep = "first"\n'
    assert scores(load(text, source)) == [("1", "fall", 450), ("2", "fall", 440)]


def test_an_export_without_a_column_for_each_test_ends_in_a_sentence(load):
    text = SIDE_BY_SIDE.replace(" (", " [")
    with pytest.raises(DataError, match=r"tests\.csv, row 1: there is no column whose name ends"):
        load(text, f'format = "iready_diagnostic_and_instruction"\n{WINDOWS}')


def test_a_subject_that_no_column_names_must_be_said(load):
    text = DIAGNOSTIC.format(
        baseline="Baseline Diagnostic (Y/N)", recent="Most Recent Diagnostic (Y/N)"
    )
    with pytest.raises(DataError, match='there is no column "Subject"'):
        load(text, 'format = "iready_diagnostic"\n')


@pytest.mark.parametrize("window", ["baseline", "most recent"])
def test_a_mark_that_the_export_lacks_is_told_and_its_tests_are_not_set_aside(load, window):
    columns = {
        "baseline": "Baseline Diagnostic (Y/N)",
        "most recent": "Most Recent Diagnostic (Y/N)",
    }
    lacking = columns | {window: "x"}
    text = DIAGNOSTIC.format(baseline=lacking["baseline"], recent=lacking["most recent"])
    with pytest.raises(DataError, match=rf'no column "[^"]+", which would mark the {window} test'):
        load(text, 'format = "iready_diagnostic"\nvalues = { outcome_id = "math" }\n')


def test_a_test_twice_in_a_window_is_never_chosen_between_in_silence(load):
    text = DIAGNOSTIC.format(baseline="Baseline Diagnostic (Y/N)", recent="x")
    text += "Pupil,Quin,2,4,2025-2026,S1,09/02/2025,09/02/2025,N,N,466,Level 3,35,24\n"
    source = f'format = "iready_diagnostic"\nvalues = {{ outcome_id = "math" }}\n{WINDOWS}'
    with pytest.raises(DataError, match=r'row 6, column "window": the key .* and window "fall"'):
        load(text, source)
    with pytest.raises(DataError, match=r'row 6, column "window": the key'):
        load(text, f'{source}keep = "distinct"\n')  # re-taken: not the same row
    pilot = load(text, f'{source}keep = "first"\n')
    assert ("2", "fall", 440) in scores(pilot)
    assert aside(pilot)["another row of the same student_id and outcome_id and window is used"] == 1


def test_a_score_of_zero_is_a_score_and_a_blank_is_none(load):
    text = COMBINED.replace(",201,3.1,45,", ",0,3.1,,").replace(",212,3.2,51,9,Yes*", ",,,,9,")
    pilot = load(text, 'format = "nwea_map"\n')
    assert scores(pilot) == [("1", "Fall 2025-2026", 0)]
    assert aside(pilot)["blank: no score or percentile or met_growth"] == 1


def test_a_percentile_is_never_a_share(load):
    text = COMBINED.replace(",201,3.1,45,", ",201,3.1,45%,")
    pilot = load(text, 'format = "nwea_map"\n').table("assessments")
    assert pilot.set_index("window")["percentile"].to_dict()["Fall 2025-2026"] == 45


def test_a_pattern_of_files_is_for_logs_of_use(load, tmp_path):
    load(SPLIT, 'format = "nwea_map"\n')
    toml = tmp_path / "pilot.toml"
    toml.write_text(toml.read_text().replace('"tests.csv"', '"test*.csv"'))
    with pytest.raises(DataError, match="is a pattern, and only logs of use are read from several"):
        load_pilot(tmp_path)


def test_the_real_i_ready_exports_agree_with_one_another(load, shared_data, tmp_path):
    folder = shared_data / "iready"
    wide = (folder / "diagnostic_and_instruction_math.csv").read_text(encoding="utf-8-sig")
    ids = sorted({line.split(",")[2] for line in wide.splitlines()[1:]})
    students = "student_id,school_id\n" + "".join(f"{i},S1\n" for i in ids)
    windows = "windows = { fall = [2021-08-01, 2021-10-31], winter = [2021-11-01, 2022-01-15] }\n"
    keep = 'keep = "first"\n'
    from_wide = load(
        wide, f'format = "iready_diagnostic_and_instruction"\n{windows}{keep}', students
    )
    from_long = load(
        (folder / "diagnostic_results_math.csv").read_text(encoding="utf-8-sig"),
        f'format = "iready_diagnostic"\nvalues = {{ outcome_id = "Math" }}\n{windows}{keep}',
        students,
    )
    assert len(ids) == 500
    assert len(scores(from_wide)) == 968
    assert [row[:2] for row in scores(from_wide)] == [row[:2] for row in scores(from_long)]
    assert scores(from_wide) == scores(from_long)


def test_the_real_ela_diagnostics(load, shared_data):
    text = (shared_data / "iready" / "diagnostic_results_ela.csv").read_text(encoding="utf-8-sig")
    ids = sorted({line.split(",")[2] for line in text.splitlines()[1:]})
    students = "student_id,school_id\n" + "".join(f"{i},S1\n" for i in ids)
    source = 'format = "iready_diagnostic"\nvalues = { outcome_id = "ELA" }\nkeep = "first"\n'
    pilot = load(text, source, students)
    rows = pilot.ledger.query("table == 'assessments' and step == 'read'")["rows"].tolist()
    assert rows == [1022]
    assert {window for _, window, _ in scores(pilot)} == {"baseline", "most recent"}
    assert len(pilot.table("students")) == 500
