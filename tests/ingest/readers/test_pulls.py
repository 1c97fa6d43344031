"""Totals of the year so far: one export gives months, exports a week apart give weeks."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pilot_analysis.config import Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.columns import clean_columns
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import formats
from pilot_analysis.ingest.readers.pulls import read_pulls
from pilot_analysis.schema import TABLES

MONTHS = (
    "July", "August", "September", "October", "November", "December", "January", "February",
    "March", "April", "May", "June",
)  # fmt: skip
ROSTER = (
    "Last Name", "First Name", "Student ID", "Student Grade", "Academic Year", "School",
    "Enrolled", "User Name", "Sex", "Hispanic or Latino", "Race", "English Language Learner",
    "Special Education", "Economically Disadvantaged", "Migrant", "Class(es)",
    "Class Teacher(s)", "Report Group(s)", "Subject",
)  # fmt: skip
DOMAINS = ("Number and Operations", "Algebra and Algebraic Thinking", "Measurement and Data",
           "Geometry")  # fmt: skip
OF_MONTH = ("Total Time on Task (min)", "Weekly Average Time on Task (min)", "Lessons Passed",
            "Lessons Completed", "% Lessons Passed")  # fmt: skip
OF_YEAR = ("Time on Task (min)", "Lessons Passed", "Lessons Completed", "% Lessons Passed")
COLUMNS = (
    *ROSTER, "Last Week Start Date", "Last Week End Date", "Last Week Time on Task (min)",
    "Last Week Lessons Passed", "Last Week Lessons Completed", "Last Week % Lessons Passed",
    *(f"{month} {what}" for month in MONTHS for what in OF_MONTH),
    "First Lesson Completion Date", "Most Recent Lesson Completion Date",
    *(f"Year-to-Date {of} {what}" for of in ("Overall", *DOMAINS) for what in OF_YEAR),
)  # fmt: skip
YTD = ("Year-to-Date Overall Time on Task (min)", "Year-to-Date Overall Lessons Completed",
       "Year-to-Date Overall Lessons Passed")  # fmt: skip


def write(path, rows):
    """Write an export; each row is the cells that are not blank."""
    path.parent.mkdir(exist_ok=True)
    known = {"Last Name": "Ngo", "First Name": "Ann", "Academic Year": "2025-2026"}
    lines = [",".join(COLUMNS)]
    for row in rows:
        cells = dict.fromkeys(COLUMNS, "") | known | row
        assert len(cells) == len(COLUMNS), "a column that the export does not have"
        lines.append(",".join(f'"{cells[name]}"' if cells[name] != "" else "" for name in COLUMNS))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")


def total(student, end, minutes, completed="", passed="", **more):
    cells = {"Student ID": student, "Last Week End Date": end}
    return cells | dict(zip(YTD, (minutes, completed, passed), strict=True)) | more


def read(folder, file, **source):
    settings = {"file": file, "format": "iready_instruction", "values": {"product_id": "iready"}}
    source = Source(**(settings | source))
    files = Files(folder)
    reading = read_pulls(files, source, formats()[source.format], TABLES["usage"], None)
    sheet, faults = clean_columns(reading, TABLES["usage"], ())
    assert not faults, faults
    (step,) = reading.steps
    return sheet, step, files.reads(source)


def weeks(sheet):
    frame = sheet.frame
    columns = ["student_id", "period_start", "minutes", "lessons_passed"]
    return [(s, f"{d:%m-%d}", m, p) for s, d, m, p in frame[columns].itertuples(index=False)]


def test_one_export_has_the_columns_of_the_vendor():
    assert len(COLUMNS) == 107


def test_one_export_gives_months_by_its_school_year(tmp_path):
    row = {
        "Student ID": "A", "Last Week End Date": "02/08/2026",
        "September Total Time on Task (min)": "120", "September Lessons Passed": 5,
        "September Lessons Completed": 6, "January Total Time on Task (min)": "1,080",
        "February Total Time on Task (min)": 0, "March Total Time on Task (min)": 0,
    }  # fmt: skip
    write(tmp_path / "m.csv", [row, {"Student ID": "B", "Last Week End Date": "02/08/2026"}])
    sheet, step, (found,) = read(tmp_path, "m.csv")
    frame = sheet.frame
    assert set(frame["period"]) == {"month"}
    assert [f"{d:%Y-%m-%d}" for d in frame["period_start"]] == [
        "2025-09-01", "2026-01-01", "2026-02-01",
    ]  # fmt: skip
    assert frame["minutes"].tolist() == [120, 1080, 0]
    assert frame["lessons_attempted"].tolist()[0] == 6
    assert (step.read, step.kept, found.rows) == (2, 2, 2)
    assert sheet.aside == {
        "month after the export was made": 8, "no use recorded in the month": 13,
    }  # fmt: skip
    assert len(frame) + sum(sheet.aside.values()) == 24
    assert set(sheet.origin.rows) == {2}
    assert "Ngo" not in frame.to_csv()


def test_the_school_year_must_be_one(tmp_path):
    write(tmp_path / "m.csv", [{"Student ID": "A", "Academic Year": "2025-2027",
                                "May Total Time on Task (min)": 1,
                                "Last Week End Date": "05/31/2026"}])  # fmt: skip
    with pytest.raises(DataError) as caught:
        read(tmp_path, "m.csv")
    assert str(caught.value).startswith(
        'm.csv, row 2, column "Academic Year": "2025-2027" is no school year such as 2025-2026.'
    )
    sheet, _, _ = read(
        tmp_path, "m.csv", values={"product_id": "iready", "period_start": "2025-26"},
        pulled_on=date(2026, 6, 1),
    )  # fmt: skip
    assert [f"{d:%Y-%m}" for d in sheet.frame["period_start"]] == ["2026-05"]


def test_where_chooses_among_subjects(tmp_path):
    rows = [{"Student ID": "A", "Subject": s, "May Total Time on Task (min)": m,
             "Last Week End Date": "05/31/2026"}
            for s, m in (("Math", 10), ("Reading", 20))]  # fmt: skip
    write(tmp_path / "m.csv", rows)
    sheet, _, _ = read(tmp_path, "m.csv", where={"Subject": ["Math"]})
    assert sheet.frame["minutes"].tolist() == [10]
    assert sheet.aside["not asked for (wanted: Subject Math)"] == 1
    both, _, _ = read(tmp_path, "m.csv", values={}, templates={"product_id": "iready {Subject}"})
    assert set(both.frame["product_id"]) == {"iready Math", "iready Reading"}


def test_months_that_were_still_to_come_are_no_months_without_use(tmp_path):
    row = {"Student ID": "A", "May Total Time on Task (min)": 9} | {
        f"{month} Total Time on Task (min)": 0 for month in MONTHS if month != "May"
    }
    write(tmp_path / "m.csv", [row])
    with pytest.raises(DataError, match=r"m\.csv: does not say when it was made.* pulled_on = "):
        read(tmp_path, "m.csv")
    with pytest.raises(DataError) as caught:
        read(tmp_path, "m.csv", pulled_on=date(2026, 4, 30))
    assert str(caught.value) == (
        "m.csv, row 2: May has use, and the totals reach to 2026-04-30 only. Correct pulled_on, or "
        "the school year."
    )
    sheet, _, _ = read(tmp_path, "m.csv", pulled_on=date(2026, 5, 1))
    assert sheet.frame["minutes"].tolist() == [0] * 10 + [9]
    assert sheet.aside == {
        "month after the export was made": 1, "no use recorded in the month": 0,
    }  # fmt: skip
    # The export says the day in any of its rows: it was made once.
    write(tmp_path / "m.csv", [row, {"Student ID": "B", "Last Week End Date": "05/31/2026"}])
    sheet, _, _ = read(tmp_path, "m.csv")
    assert (len(sheet.frame), sheet.aside["month after the export was made"]) == (11, 2)


def test_one_export_without_months_tells_of_no_week(tmp_path):
    (tmp_path / "m.csv").write_text(
        'Student ID,Academic Year,Last Week End Date,"Year-to-Date Overall Time on Task (min)"\n'
        "A,2025-2026,10/12/2025,5\n"
    )
    with pytest.raises(DataError, match=r"m\.csv, row 1: there is no column of a month, and the"):
        read(tmp_path, "m.csv")


def test_exports_a_week_apart_give_weeks(tmp_path):
    write(tmp_path / "p" / "a.csv", [total("A", "10/05/2025", 100, 10, 8),
                                     total("B", "10/05/2025", 50, 5, 5)])  # fmt: skip
    write(tmp_path / "p" / "b.csv", [total("A", "10/12/2025", 130.5, 13, 10),
                                     total("B", "10/12/2025", 50, 5, 5),
                                     total("C", "10/12/2025", 20, 2, 1)])  # fmt: skip
    write(tmp_path / "p" / "c.csv", [total("A", "10/19/2025", 120, 13, 10),
                                     total("C", "10/19/2025", 60, 4, 3)])  # fmt: skip
    sheet, step, reads = read(tmp_path, "p")
    assert set(sheet.frame["period"]) == {"week"}
    assert weeks(sheet) == [("A", "10-06", 30.5, 2), ("B", "10-06", 0, 0), ("C", "10-13", 40, 2)]
    assert sheet.frame["lessons_attempted"].tolist() == [3, 0, 2]
    assert step.read == sum(r.rows for r in reads) == 7
    assert step.aside == {
        "the student's first export, from which the next is counted": 3,
        "a total below that of the export before": 1,
    }
    assert step.kept == 3


def test_a_gap_is_never_spread_over_its_weeks(tmp_path):
    for name, end, minutes in (("a", "10/05/2025", 10), ("b", "10/19/2025", 90),
                               ("c", "10/26/2025", 95)):  # fmt: skip
        write(tmp_path / f"{name}.csv", [total("A", end, minutes)])
    sheet, step, _ = read(tmp_path, "*.csv")
    assert weeks(sheet)[0][:3] == ("A", "10-20", 5)
    assert step.aside["14 days after the export before, so no week is known"] == 1
    (tmp_path / "c.csv").unlink()
    with pytest.raises(DataError) as caught:
        read(tmp_path, "*.csv")
    assert str(caught.value) == (
        "*.csv: no week is known: 1 the student's first export, from which the next is counted; "
        "1 14 days after the export before, so no week is known. Add the exports of the weeks "
        "between, or name one export alone to have months."
    )


def test_a_new_school_year_begins_again(tmp_path):
    write(tmp_path / "a.csv", [total("A", "06/28/2026", 900)])
    write(tmp_path / "b.csv", [total("A", "07/05/2026", 4, **{"Academic Year": "2026-2027"}),
                               total("B", "07/05/2026", 4)])  # fmt: skip
    write(tmp_path / "c.csv", [total("B", "07/12/2026", 5)])
    sheet, step, _ = read(tmp_path, "*.csv")
    assert weeks(sheet)[0][:2] == ("B", "07-06")
    assert step.aside == {"the student's first export, from which the next is counted": 3}


def test_a_total_that_is_not_there_is_not_nothing(tmp_path):
    write(tmp_path / "a.csv", [total("A", "10/05/2025", ""), total("B", "10/05/2025", 1)])
    write(tmp_path / "b.csv", [total("A", "10/12/2025", 30), total("B", "10/12/2025", 2)])
    sheet, step, _ = read(tmp_path, "*.csv")
    assert len(sheet.frame) == 1
    assert step.aside["no total in this export or the one before"] == 1


def test_a_student_twice_in_one_week(tmp_path):
    rows = [total("A", "10/05/2025", 1), total("A", "10/05/2025", 2)]
    write(tmp_path / "a.csv", rows)
    write(tmp_path / "b.csv", [total("A", "10/12/2025", 5)])
    with pytest.raises(DataError) as caught:
        read(tmp_path, "*.csv")
    assert str(caught.value).startswith(
        'a.csv, row 3, column "student_id": the same student has totals to 2025-10-05 here and in '
        "a.csv, row 2."
    )
    write(tmp_path / "c.csv", [total("A", "10/12/2025", 5)])
    write(tmp_path / "a.csv", rows[:1])
    sheet, step, _ = read(tmp_path, "*.csv", keep="distinct")
    assert weeks(sheet)[0][:3] == ("A", "10-06", 4)
    assert step.aside["the same as an earlier row"] == 1


def test_a_week_that_begins_on_sunday_and_a_number_that_is_none_are_told_together(tmp_path):
    write(tmp_path / "a.csv", [total("A", "10/05/2025", 1)])
    write(tmp_path / "b.csv", [total("A", "10/11/2025", 2), total("B", "10/12/2025", "x")])
    with pytest.raises(DataError) as caught:
        read(tmp_path, "*.csv")
    lines = [line.strip() for line in str(caught.value).splitlines()]
    assert lines[0].startswith(
        'b.csv, row 3, column "Year-to-Date Overall Time on Task (min)": "x" is not a number.'
    )
    assert lines[1].startswith(
        'b.csv, row 2, column "Last Week End Date": 2025-10-05 to 2025-10-11 is no week. Export'
    )
    assert len(lines) == 2


def test_rows_without_a_student_or_a_week_and_those_not_asked_for_are_counted(tmp_path):
    math, reading = {"Subject": "Math"}, {"Subject": "Reading"}
    write(tmp_path / "a.csv", [total("A", "10/05/2025", 1, **math),
                               total("A", "10/05/2025", 7, **reading)])  # fmt: skip
    write(tmp_path / "b.csv", [total("A", "10/12/2025", 4, **math),
                               total("", "10/12/2025", 4, **math),
                               total("A", "10/12/2025", "bad", **reading),
                               total("D", "", 4, **math)])  # fmt: skip
    sheet, step, _ = read(tmp_path, "*.csv", where={"Subject": ["Math"]})
    assert weeks(sheet)[0][:3] == ("A", "10-06", 3)
    assert step.aside == {
        "not asked for (wanted: Subject Math)": 2, "no student named": 1,
        "no last week named": 1, "the student's first export, from which the next is counted": 1,
    }  # fmt: skip
    assert (step.read, step.kept) == (6, 1)


def test_the_school_year_may_be_written_in_two_ways(tmp_path):
    write(tmp_path / "a.csv", [total("A", "10/05/2025", 10)])
    write(tmp_path / "b.csv", [total("A", "10/12/2025", 15, **{"Academic Year": "2025-26"})])
    assert weeks(read(tmp_path, "*.csv")[0])[0][:3] == ("A", "10-06", 5)


def complaint(folder, file="*.csv", **source):
    with pytest.raises(DataError) as caught:
        read(folder, file, **source)
    return [line.strip() for line in str(caught.value).splitlines()]


def test_exports_that_are_not_alike_are_refused_by_name(tmp_path):
    write(tmp_path / "a.csv", [total("A", "10/05/2025", 10)])
    (tmp_path / "b.csv").write_text(
        "Student ID,Academic Year,Last Week End Date,Year-to-Date Overall Lessons Passed\n"
        "A,2025-2026,10/12/2025,4\n"
    )
    (line,) = complaint(tmp_path)
    assert line.startswith(f'b.csv, row 1: there is no column "{YTD[0]}" or "{YTD[1]}". Every')
    text = (tmp_path / "a.csv").read_text(encoding="utf-8-sig")
    (tmp_path / "b.csv").write_text(text.replace("Academic Year", "Academic Yeer"))
    (line,) = complaint(tmp_path)
    assert line.startswith('b.csv, row 1: there is no column "Academic Year"; did you mean')


def test_what_pilot_toml_names_must_be_there(tmp_path):
    for name, end, minutes in (("a", "10/05/2025", 1), ("b", "10/12/2025", 4)):
        write(tmp_path / f"{name}.csv", [total("A", end, minutes, Subject="Math"),
                                         total("B", end, minutes, Subject="Reading")])  # fmt: skip
    lines = complaint(tmp_path, where={"Subjct": ["Math"]})
    assert [line.split(". ")[0] for line in lines] == [
        f"{name}.csv, row 1: there is no column \"Subjct\"; did you mean 'Subject'?"
        " Every export of the folder needs it: export them alike, and keep other files elsewhere."
        for name in "ab"
    ]
    (line,) = complaint(tmp_path, where={"Subject": ["Math", "Readng"]})
    assert line.startswith('*.csv, column "Subject": `where` wants "Readng", and no row has it;')
    lines = complaint(tmp_path, values={}, templates={"product_id": "iready {Subjct}"})
    assert all('there is no column "Subjct"' in line for line in lines)
    (line,) = complaint(tmp_path, blanks={"minutes": "0"})
    assert line.startswith("*.csv: recode and blanks mean nothing for minutes, which is what")


def test_a_product_is_not_named_after_a_blank(tmp_path):
    for name, end, minutes in (("a", "10/05/2025", 1), ("b", "10/12/2025", 4)):
        write(tmp_path / f"{name}.csv", [total("A", end, minutes, Subject="Math"),
                                         total("B", end, minutes)])  # fmt: skip
    sheet, _, _ = read(tmp_path, "*.csv", values={}, templates={"product_id": "iready {Subject}"})
    assert set(sheet.frame["product_id"].dropna()) == {"iready Math"}
    assert sheet.frame["product_id"].isna().sum() == 1


ENDS = [f"2025-{m:02}-{d:02}" for m, d in ((9, 7), (9, 14), (9, 21), (9, 28), (10, 5), (10, 12))]


@settings(max_examples=25, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    st.dictionaries(
        st.tuples(st.sampled_from("AB"), st.integers(0, len(ENDS) - 1)), st.integers(0, 50)
    ).filter(lambda totals: len({week for _, week in totals}) > 1)
)
def test_every_week_is_the_growth_of_two_exports_a_week_apart(tmp_path, totals):
    for path in tmp_path.glob("*.csv"):
        path.unlink()
    header = f"Student ID,Academic Year,Last Week End Date,{YTD[0]}\n"
    for week in {week for _, week in totals}:
        rows = [f"{s},2025-2026,{ENDS[w]},{m}\n" for (s, w), m in totals.items() if w == week]
        (tmp_path / f"{week}.csv").write_text(header + "".join(rows))
    growth = {
        (student, week): total - totals[student, week - 1]
        for (student, week), total in totals.items()
        if total >= totals.get((student, week - 1), float("inf"))
    }
    if not growth:
        with pytest.raises(DataError, match="no week is known"):
            read(tmp_path, "*.csv")
        return
    sheet, step, _ = read(tmp_path, "*.csv")
    found = {
        (student, (day + pd.Timedelta(days=6)).strftime("%Y-%m-%d")): minutes
        for student, day, minutes in sheet.frame[
            ["student_id", "period_start", "minutes"]
        ].itertuples(index=False)
    }
    assert found == {(student, ENDS[week]): grown for (student, week), grown in growth.items()}
    assert (step.read, step.kept) == (len(totals), len(growth))
