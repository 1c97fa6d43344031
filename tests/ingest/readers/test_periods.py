"""A period is a week or a month that the export names, and never one that was made up."""

from datetime import date

import pytest

from pilot_analysis.config import Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.columns import clean_columns
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import formats
from pilot_analysis.ingest.readers import READERS
from pilot_analysis.ingest.readers.periods import period_of
from pilot_analysis.ingest.reconcile import Ledger, drop_repeats, stack
from pilot_analysis.pilot import load_pilot
from pilot_analysis.schema import TABLES

DREAMBOX = (
    "start_date,end_date,user_id,student_id,first_name,last_name,grade,school_name,mins,ext_mins,"
    "lessons_completed,lessons_passed,growth\n"
)
LEXIA = (
    "district_id,District_name,school_id,school_name,classes,class_names,staff,Lexia_ID,username,"
    "fname,lname,grade_label,Predictor_date,Predictor,risk_level,activity_id,activity_name,"
    "reading_focus,struggling_indicator,accuracy,rate,percent_completed,current_unit,max_unit,"
    "status_flag_complete,advanced,activity_start_time,activity_end_time,activity_time,"
    "attempts_at_standard,attempts_at_practice,attempts_at_instruction,levelname,"
    "grade_level_material,units_to_benchmark,today_mins,today_units,week_time,weekly_usage_target,"
    "meeting_target_usage,week_units,weekly_units_target,certificate_delivered,"
    "skillbuilder_delivered,lessons_delivered,date_of_birth,gender,race,hispanic_latino,"
    "meal_status,IDEA,esl_ell,title_I,studentrefid,schoolrefid,classrefid\n"
)


def read(folder, table="usage", **source):
    source = Source(**source)
    form = formats()[source.format]
    reading = READERS[form.reader](Files(folder), source, form, TABLES[table], None)
    sheet, faults = clean_columns(reading, TABLES[table], ())
    assert not faults, faults
    ledger = Ledger()
    ledger.read_sheet(table, reading, sheet)
    kept = drop_repeats(stack(TABLES[table], [(reading.source, sheet)]), ledger)
    ledger.keep(kept)
    lines = ledger.frame()
    aside = lines[lines["step"].eq("set aside")].set_index("reason")["rows"].to_dict()
    return kept.frame, aside


def dreambox(folder, *spans, **source):
    rows = [f"{span},u{i},A{i},Ann,Ngo,4,North,40,5,6,4,.1\n" for i, span in enumerate(spans)]
    (folder / "d.csv").write_text(DREAMBOX + "".join(rows))
    source = {"values": {"product_id": "dreambox"}} | source
    return read(folder, file="d.csv", format="dreambox", **source)


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ((2025, 10, 6), (2025, 10, 12), ((2025, 10, 6), "week")),
        ((2025, 10, 6), (2025, 10, 10), ((2025, 10, 6), "week")),
        ((2025, 10, 8), (2025, 10, 8), ((2025, 10, 6), "week")),
        ((2025, 10, 5), (2025, 10, 11), None),  # Sunday to Saturday: two weeks that begin on Monday
        ((2025, 10, 6), (2025, 10, 13), None),
        ((2025, 10, 6), (2025, 10, 5), None),
        ((2025, 10, 1), (2025, 10, 31), ((2025, 10, 1), "month")),
        ((2025, 2, 1), (2025, 2, 28), ((2025, 2, 1), "month")),
        ((2024, 2, 1), (2024, 2, 28), None),
        ((2025, 12, 1), (2025, 12, 31), ((2025, 12, 1), "month")),
        ((2025, 10, 1), (2025, 11, 30), None),
        ((2025, 10, 2), (2025, 11, 1), None),
    ],
)
def test_two_days_are_a_week_a_month_or_neither(first, last, found):
    expected = found and (date(*found[0]), found[1])
    assert period_of(date(*first), date(*last)) == expected


def test_dreambox_rows_are_weeks_or_months(tmp_path):
    frame, aside = dreambox(tmp_path, "2025-10-06,2025-10-12", "10/01/2025,10/31/2025",
                            dates="month first")  # fmt: skip
    assert list(frame["period"]) == ["week", "month"]
    assert frame["period_start"].dt.strftime("%m-%d").tolist() == ["10-06", "10-01"]
    assert frame.loc[0, ["minutes", "lessons_attempted", "lessons_passed"]].tolist() == [40, 6, 4]
    assert not aside
    assert "Ngo" not in frame.to_csv()


def test_other_spans_are_refused_with_their_row_and_never_spread(tmp_path):
    with pytest.raises(DataError) as caught:
        dreambox(
            tmp_path, "2025-10-06,2025-10-12", "2025-10-01,2025-12-20", "2025-10-01,2025-12-19"
        )
    assert str(caught.value) == (
        'd.csv, row 3, column "end_date": 2025-10-01 to 2025-12-20 is neither within one week nor '
        "a whole month. Export week by week, Monday to Sunday, or month by month: use is never "
        "spread; 2 rows like this."
    )


@pytest.mark.parametrize(
    ("span", "told"),
    [
        ("2025-10-06,soon", 'column "end_date": "soon" is not a date.'),
        ("10/06/2025,2025-10-12", 'column "start_date": "10/06/2025" may be month/day or day/mon'),
        (",2025-10-12", 'column "start_date": is blank, and every row needs a day.'),
    ],
)
def test_a_day_that_cannot_be_read_is_told(tmp_path, span, told):
    with pytest.raises(DataError) as caught:
        dreambox(tmp_path, "2025-10-06,2025-10-12", span)
    assert str(caught.value).startswith(f"d.csv, row 3, {told}")


def test_spans_of_rows_that_are_not_asked_for_do_not_matter(tmp_path):
    frame, aside = dreambox(tmp_path, "2025-10-06,2025-10-12", "2025-10-01,2025-12-20",
                            where={"student_id": ["A0"]})  # fmt: skip
    assert (len(frame), aside) == (1, {"not asked for (wanted: student_id A0)": 1})


def test_columns_of_dreambox_that_are_not_there_are_named(tmp_path):
    (tmp_path / "d.csv").write_text("start_date,student_id,mins\n2025-10-06,A,4\n")
    source = Source(file="d.csv", format="dreambox", values={"product_id": "p"})
    reading = READERS["spans"](
        Files(tmp_path), source, formats()["dreambox"], TABLES["usage"], None
    )
    _, faults = clean_columns(reading, TABLES["usage"], ())
    assert len(faults) == 1
    assert 'there is no column "end_date"' in faults[0]


def lexia(folder, rows, table="usage", **source):
    """`rows`: Lexia_ID, activity, minutes and units of the week, target."""
    names = LEXIA.strip().split(",")
    lines = []
    for student, activity, minutes, units, target in rows:
        cells = dict.fromkeys(names, "") | {
            "Lexia_ID": f"L{student}", "studentrefid": student, "fname": "Ann", "lname": "Ngo",
            "activity_name": activity, "week_time": minutes, "week_units": units,
            "weekly_usage_target": target, "date_of_birth": "2015-02-03", "today_mins": "9",
        }  # fmt: skip
        lines.append(",".join(str(cells[name]) for name in names) + "\n")
    (folder / "lexia.csv").write_text(LEXIA + "".join(lines))
    source = {"values": {"product_id": "lexia"}} | source
    return read(folder, table, file="lexia.csv", format="lexia", **source)


ROWS = [("A", "x", 31, 4, 60), ("A", "y", 31, 4, 60), ("B", "x", "", "", 40), ("C", "x", 0, 0, 80)]


def test_lexia_gives_the_week_in_which_it_was_pulled_once_for_each_student(tmp_path):
    frame, aside = lexia(tmp_path, ROWS, pulled_on=date(2025, 10, 10))
    assert frame[["student_id", "minutes", "lessons_passed"]].to_numpy().tolist() == [
        ["A", 31, 4], ["C", 0, 0],
    ]  # fmt: skip
    assert set(frame["period_start"].dt.strftime("%Y-%m-%d")) == {"2025-10-06"}
    assert set(frame["period"]) == {"week"}
    assert aside == {"no use recorded": 1, "the same as an earlier row": 1}


def test_a_blank_of_lexia_is_nothing_or_what_pilot_toml_says(tmp_path):
    day = date(2025, 10, 10)
    frame, aside = lexia(tmp_path, ROWS, pulled_on=day, blanks={"minutes": "0"})
    assert frame.set_index("student_id")["minutes"].to_dict() == {"A": 31, "B": 0, "C": 0}
    assert aside == {"the same as an earlier row": 1}
    source = Source(file="lexia.csv", format="lexia", pulled_on=day,
                    values={"product_id": "lexia"}, columns={"minutes": "weektime"})  # fmt: skip
    reading = READERS["snapshot"](
        Files(tmp_path), source, formats()["lexia"], TABLES["usage"], None
    )
    _, (line,) = clean_columns(reading, TABLES["usage"], ())
    assert "there is no column \"weektime\"; did you mean 'week_time'?" in line


def test_lexia_has_each_students_own_target(tmp_path):
    frame, aside = lexia(tmp_path, ROWS, "licenses")
    assert frame.set_index("student_id")["target_minutes_per_week"].to_dict() == {
        "A": 60, "B": 40, "C": 80,
    }  # fmt: skip
    assert aside == {"the same as an earlier row": 1}
    assert "Ngo" not in frame.to_csv()


def test_lexia_without_its_day_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"lexia\.csv: does not say of which week it is\. Say when"):
        lexia(tmp_path, ROWS)


def test_rows_of_one_student_that_do_not_agree_are_told(small_pilot, complaint):
    toml = (small_pilot / "pilot.toml").read_text()
    entry = (
        '{ file = "lexia.csv", format = "lexia", pulled_on = 2025-10-10, '
        'values = { product_id = "readwell" } }'
    )
    (small_pilot / "pilot.toml").write_text(toml.replace('{ file = "usage.csv" }', entry))
    lexia(small_pilot, [("S1-C2-1", "x", 31, 4, 60)], pulled_on=date(2025, 10, 10))
    assert load_pilot(small_pilot).table("usage")["minutes"].tolist() == [31]
    rows = [("S1-C2-1", "x", 31, 4, 60), ("S1-C2-1", "y", 32, 4, 60)]
    lexia(small_pilot, rows, pulled_on=date(2025, 10, 10))
    (line,) = complaint()
    assert line.startswith("lexia.csv, row 3, ")
    assert "stands here and in lexia.csv, row 2" in line
