"""A log becomes weekly rows that add up, and every row of it is accounted for."""

import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from usage_log import HEADER, LOG, only, read_log, weeks

from pilot_analysis.config import Source
from pilot_analysis.errors import DataError
from pilot_analysis.pilot import load_pilot


def test_days_become_weeks_that_begin_on_monday(read):
    frame, step, _ = read(LOG, dates="month first")
    assert weeks(frame) == [
        ("A", "2025-10-06", 12.5), ("A", "2025-10-13", 7.0), ("B", "2025-10-06", 1000.0),
    ]  # fmt: skip
    assert list(frame["sessions"]) == [2, 2, 1]
    assert set(frame["period"]) == {"week"}
    assert (step.unit, step.read, step.kept) == ("events", 7, 5)
    assert step.aside == {"no student named": 1, "no day named": 1}


def test_a_measure_that_is_missing_in_every_row_of_a_week_is_missing(read):
    frame, _, _ = read(HEADER + "A,p,2025-10-06,NA,1\nA,p,2025-10-07,,\nB,p,2025-10-07,0,\n")
    assert frame["minutes"].isna().tolist() == [True, False]
    assert frame["sessions"].isna().tolist() == [False, True]


def test_seconds_become_minutes_by_the_name_of_the_column_or_as_declared(read):
    text = "student_id,product_id,date,{}\nA,p,2025-10-06,90\nA,p,2025-10-06,30.0\n"
    assert read(text.format("duration_seconds"))[0]["minutes"].sum() == 2
    mapped = {"columns": {"minutes": "duration"}, "units": {"minutes": "hours"}}
    assert read(text.format("duration"), **mapped)[0]["minutes"].sum() == 7200
    # Naming a column that says its unit does not make minutes of seconds.
    mapped = {"columns": {"minutes": "Seconds"}}
    assert read(text.format("seconds"), **mapped)[0]["minutes"].sum() == 2


def test_constants_templates_recodes_and_blanks(read):
    text = "student_id,app,level,date,result\nA,x,1,2025-10-06,ok\nA,,1,2025-10-06,ok\n"
    frame, step, _ = read(
        text + "A,x,1,2025-10-07,no\nB,x,2,2025-10-07,\n",
        templates={"product_id": "{app}-{level}"},
        values={"sessions": "1"},
        columns={"lessons_passed": "result"},
        recode={"lessons_passed": {"ok": "1", "no": "0"}},
        blanks={"lessons_passed": "0"},
    )
    assert frame["product_id"].tolist() == ["x-1", "x-2"]
    assert frame["sessions"].tolist() == [2, 1]
    assert frame["lessons_passed"].tolist() == [1, 0]
    assert step.aside == {"no product named": 1}


def test_where_sets_rows_aside_and_must_match_some(read, complaint):
    text = "student_id,product_id,date,minutes,Subject\nA,p,2025-10-06,1,Math\nA,p,bad,x, ELA \n"
    frame, step, _ = read(text, where={"subject": ["Math"]})
    assert frame["minutes"].sum() == 1
    assert step.aside == {"not asked for (wanted: subject Math)": 1}
    assert only(complaint(text, where={"subject": ["Reading"]})) == (
        'log.csv, column "Subject": no row has subject in Reading. Check `where` in pilot.toml; '
        "the column holds ELA, Math."
    )
    assert "did you mean 'Subject'?" in only(complaint(text, where={"sujet": ["Math"]}))
    assert only(
        complaint(text.replace("bad,x", "2025-10-06,1"), where={"subject": ["Math", "EL"]})
    ) == (
        'log.csv, column "Subject": `where` wants "EL", and no row has it; did you mean \'ELA\'? '
        "Correct it in pilot.toml, or take it out."
    )
    both = text.replace("bad,x", "2025-10-06,1") + "A,p,2025-10-06,1,Art\n"
    frame, step, _ = read(both, where={"subject": ["Math", "ELA"]})
    assert (frame["minutes"].tolist(), step.kept) == ([2], 2)


def test_repeats_are_counted_where_they_are_not_wanted(read):
    text = "student_id,product_id,date,minutes,lesson,Last Name\n"
    rows = ["A,p,2025-10-06,5,L1,Ng\n"] * 3 + ["A,p,2025-10-06,5,L2,Ng\n", ",p,2025-10-06,5,,\n"]
    files = {"log/a.csv": text + "".join(rows), "log/b.csv": text + rows[0]}
    frame, step, _ = read(files, file="log")
    assert frame["minutes"].tolist() == [25]
    frame, step, reads = read(files, file="log", keep="distinct")
    assert frame["minutes"].tolist() == [10]
    assert step.read == 6
    assert step.aside == {"no student named": 1, "the same as an earlier row": 3}
    assert [r.rows for r in reads] == [5, 1]


@pytest.mark.filterwarnings("default")
def test_clever_days_and_iready_lessons_are_all_accounted_for(shared_data):
    clever = Source(
        file="clever/daily_participation_students.csv",
        format="clever_daily",
        values={"product_id": "clever"},
    )
    frame, step, (read,) = read_log(shared_data, clever)
    raw = pd.read_csv(shared_data / clever.file)
    assert (step.unit, step.read, step.aside) == ("days", 15_000, {"no use that day": 7_500})
    assert read.rows == len(raw) == 15_000
    assert frame["sessions"].sum() == raw["num_logins"].sum()
    assert frame["minutes"].isna().all()
    lessons = Source(
        file="iready/personalized_instruction_by_lesson_math.csv",
        format="iready_lessons",
        values={"product_id": "iready"},
        where={"Subject": ["Math"]},
    )
    frame, step, _ = read_log(shared_data, lessons)
    raw = pd.read_csv(shared_data / lessons.file, escapechar="\\")
    assert (step.unit, step.read, step.kept) == ("lessons", len(raw), len(raw))
    assert frame["lessons_attempted"].sum() == len(raw) == 7_767
    assert frame["lessons_passed"].sum() == raw["Passed or Not Passed"].eq("Passed").sum()
    assert frame["minutes"].sum() == raw["Total Time on Lesson (min)"].sum()
    assert frame["student_id"].nunique() == raw["Student ID"].nunique()


JOINED = """
[pilot]
id = "iready"
title = "i-Ready"
[sources]
schools = { file = "schools.csv" }
products = { file = "products.csv" }
students = [
  { file = "diagnostic_results_math.csv", format = "iready_diagnostic", keep = "first" },
  { file = "diagnostic_results_ela.csv", format = "iready_diagnostic", keep = "first" },
]
[[sources.usage]]
file = "personalized_instruction_by_lesson_math.csv"
format = "iready_lessons"
values = { product_id = "iready" }
[[sources.usage]]
file = "daily_participation_students.csv"
format = "clever_daily"
values = { product_id = "clever" }
"""


@pytest.mark.filterwarnings("default")
def test_lessons_and_clever_days_are_matched_with_the_students_of_both_diagnostics(
    shared_data, tmp_path
):
    for path in (*(shared_data / "iready").glob("*.csv"), *(shared_data / "clever").glob("*.csv")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    tests = [pd.read_csv(path) for path in tmp_path.glob("diagnostic_results_*.csv")]
    known = set(pd.concat(tests)["Student ID"])
    schools = sorted(set(pd.concat(tests)["School"]))
    (tmp_path / "schools.csv").write_text(
        "school_id,name\n" + "".join(f"{s},{s}\n" for s in schools)
    )
    (tmp_path / "products.csv").write_text("product_id,name\niready,i-Ready\nclever,Clever\n")
    (tmp_path / "pilot.toml").write_text(JOINED)
    pilot = load_pilot(tmp_path)
    assert set(pilot.table("students")["student_id"]) == known
    assert len(known) == 500
    clever = pd.read_csv(tmp_path / "daily_participation_students.csv").query("active")
    mondays = pd.to_datetime(clever["date"]).dt.to_period("W-SUN")
    n_weeks = len(pd.DataFrame({"s": clever["sis_id"], "w": mondays}).drop_duplicates())
    assert not known & set(clever["sis_id"])  # nobody of the one is in the other, and it shows
    ledger = pilot.ledger.query("table == 'usage' and unit == 'rows'").set_index(["file", "step"])
    assert ledger["rows"].to_dict() == {
        ("personalized_instruction_by_lesson_math.csv", "read"): 3_461,
        ("personalized_instruction_by_lesson_math.csv", "kept"): 3_461,
        ("daily_participation_students.csv", "read"): n_weeks,
        ("daily_participation_students.csv", "set aside"): n_weeks,
        ("daily_participation_students.csv", "kept"): 0,
    }
    assert set(ledger["reason"]) == {"", "student not on the roster"}
    assert pilot.table("usage")["lessons_attempted"].sum() == 7_767
    assert pilot.table("usage")["student_id"].nunique() == 471


CELLS = st.tuples(
    st.sampled_from(["A", "B", " A ", "", "na", "C\t"]),
    st.sampled_from(["p", "q", "q "]),
    st.dates(pd.Timestamp("2025-09-20").date(), pd.Timestamp("2025-10-20").date()),
    st.sampled_from(["", " 09:30", "T23:59:59.999999Z", " 12:05:00 PM", " 00:00 +05:30"]),
    st.one_of(
        st.sampled_from(["", "NA", "-", "1,234", "+.5", "7.", "1e2"]),
        st.integers(0, 600).map(str),
        st.decimals(0, 600, places=3).map(str),
    ),
    st.sampled_from(["", "0", "1", "2.0", "1,000"]),
    st.text(st.sampled_from('ab,";\n'), max_size=6),
)


def write_part(part, path, kind, end):
    if kind == "parquet":
        part.to_parquet(path.with_suffix(".parquet"), index=False)
        return
    text = part.to_csv(index=False, lineterminator=end).encode("utf-8-sig")
    if kind == "gz":
        path.with_suffix(".csv.gz").write_bytes(gzip.compress(text))
    else:
        path.with_suffix(".csv").write_bytes(text)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(CELLS, min_size=1, max_size=60),
    st.lists(
        st.tuples(
            st.sampled_from(["csv", "gz", "parquet"]),
            st.permutations(["student_id", "product_id", "date", "minutes", "sessions", "note"]),
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from(["", "seconds"]),
)
def test_weekly_sums_are_those_of_a_plain_computation(tmp_path, rows, parts, end, once, unit):
    plain = pd.DataFrame(
        [(s, p, f"{d}{t}", m, n, note) for s, p, d, t, m, n, note in rows],
        columns=["student_id", "product_id", "date", "minutes", "sessions", "note"],
    )
    for path in tmp_path.glob("log*"):
        path.unlink()
    for i, (kind, order) in enumerate(parts):
        write_part(plain.loc[i :: len(parts), order], tmp_path / f"log{i}", kind, end)
    source = Source(
        file="log*", format="usage_events", delimiter="comma", keep="distinct" if once else "all",
        units={"minutes": unit} if unit else {},
    )  # fmt: skip
    # A line end inside a cell of a text is read as a space.
    is_text = np.resize([kind != "parquet" for kind, _ in parts], len(plain))
    spaced = plain["note"].str.replace("\n+", " ", regex=True)
    whole = plain.assign(note=spaced.where(is_text, plain["note"]))
    repeated = whole.duplicated() if once else pd.Series(data=False, index=plain.index)
    named = ~plain["student_id"].str.strip().isin(["", "na"])
    wanted = plain[named & ~repeated]
    if wanted.empty:
        with pytest.raises(DataError, match="no row is left"):
            read_log(tmp_path, source)
        return
    frame, step, reads = read_log(tmp_path, source)
    assert step.read == len(rows) == sum(r.rows for r in reads)
    assert step.kept == len(wanted)
    assert step.aside.get("the same as an earlier row", 0) == (named & repeated).sum()
    number = {name: pd.to_numeric(wanted[name].str.replace(",", ""), "coerce")
              for name in ("minutes", "sessions")}  # fmt: skip
    number["minutes"] /= 60 if unit else 1
    days = pd.to_datetime(wanted["date"].str[:10]).rename("period_start")
    mondays = days - pd.to_timedelta(days.dt.day_of_week, unit="D")
    keys = [wanted["student_id"].str.strip(), wanted["product_id"].str.strip(), mondays]
    expected = wanted.assign(**number).groupby(keys)[["minutes", "sessions"]].sum(min_count=1)
    found = frame.set_index(["student_id", "product_id", "period_start"])
    pd.testing.assert_frame_equal(
        found[["minutes", "sessions"]].astype(float), expected.astype(float),
        check_index_type=False, check_dtype=False, rtol=1e-9,
    )  # fmt: skip
