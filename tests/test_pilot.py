"""A pilot that is loaded has every column, every row accounted for, and known counts for STAR."""

import copy
import hashlib
import pickle
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from pilot_fixtures import write_small_pilot

from pilot_analysis import Pilot, PilotConfig, load_pilot
from pilot_analysis.errors import ConfigError, DataError
from pilot_analysis.schema import TABLES, pandera_schema

RAW = Path(__file__).parent.parent / "data" / "raw"


@pytest.fixture(scope="module", autouse=True)
def _own_key(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PILOT_ANALYSIS_KEY_FILE", str(tmp_path_factory.mktemp("key") / "key"))
        yield


@pytest.fixture(scope="module")
def star():
    return load_pilot(RAW / "star")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return load_pilot(write_small_pilot(tmp_path_factory.mktemp("small")))


@pytest.fixture
def small_folder(tmp_path):
    return write_small_pilot(tmp_path / "small")


def edit(folder, file, old, new):
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")


def test_the_parts_of_a_pilot(small):
    assert isinstance(small, Pilot)
    assert isinstance(small.config, PilotConfig)
    assert small.schools == ("S1", "S2")
    assert small.products == ("readwell",)
    assert small.school("S2")["name"] == "School S2"
    assert small.product("readwell")["name"] == "Readwell"


def test_an_unknown_school_or_product_or_table_names_the_nearest(small):
    with pytest.raises(ConfigError, match=r"no school 'S3'; known here: S1, S2"):
        small.school("S3")
    with pytest.raises(ConfigError, match=r"no product 'redwell'; did you mean 'readwell'\?"):
        small.product("redwell")
    with pytest.raises(ConfigError, match=r"no clean table 'observation'; did you mean"):
        small.has("observation")


def test_a_table_that_was_not_given_is_empty_and_has_its_columns(small):
    assert small.has("usage")
    assert not small.has("observations")
    assert "observations" not in small.tables
    usage = small.table("usage")
    usage["more"] = 1  # a caller's column is the caller's
    assert "more" not in small.tables["usage"]
    assert small.table("observations").empty
    pandera_schema("observations").validate(small.table("observations"))


@pytest.mark.parametrize("name", ["small", "star"])
def test_every_table_has_every_column_in_its_dtype(name, request):
    pilot = request.getfixturevalue(name)
    for table, frame in pilot.tables.items():
        assert list(frame.columns)[: len(TABLES[table].fields)] == list(TABLES[table].by_name)
        for item in TABLES[table].fields:
            assert str(frame[item.name].dtype) == item.dtype, f"{table}.{item.name}"
        assert list(frame.index) == list(range(len(frame)))


@pytest.mark.parametrize("name", ["small", "star"])
def test_the_ledger_balances_for_every_table_and_file(name, request):
    pilot = request.getfixturevalue(name)
    rows = pilot.ledger.pivot_table(
        index=["table", "file"], columns="step", values="rows", aggfunc="sum", fill_value=0
    )
    aside = rows.get("set aside", 0)
    assert (rows["read"] == aside + rows["kept"]).all()
    kept = rows["kept"].groupby("table").sum()
    assert kept.to_dict() == {table: len(frame) for table, frame in pilot.tables.items()}


def test_files_are_hashed_as_they_were_read(small):
    for row in small.files.itertuples():
        data = (small.config.folder / row.file).read_bytes()
        assert row.sha256 == hashlib.sha256(data).hexdigest()
        assert row.bytes == len(data)
        assert len(row.keyed_hash) == 16
    assert small.files["keyed_hash"].nunique() == small.files["sha256"].nunique()


def test_a_pilot_can_be_copied_to_another_process(small):
    twin = pickle.loads(pickle.dumps(small))
    pd.testing.assert_frame_equal(twin.tables["students"], small.tables["students"])
    assert copy.copy(small).config is small.config


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("assessments.csv", ",reading,", ",redding,",
         "outcomes.reading.assessment: no test has the outcome_id 'reading'; did you mean 'redd"),
        ("assessments.csv", ",fall,", ",Fall,",
         "outcomes.reading.pre_window: 'reading' has no test in the window 'fall'; did you mean"),
        ("assessments.csv", ",spring,", ",winter,", "outcomes.reading.post_window: "),
        ("assignments.csv", "2025-26", "2025-2026",
         "outcomes.reading.assignment_window: nothing was assigned for the window '2025-26'; did"),
        ("pilot.toml", "[groups.english_learner]", "[groups.english_lerner]",
         "groups.english_lerner: the table students has no such column; did you mean 'english_l"),
        ("pilot.toml", "[groups.english_learner]", '[groups.english_learner]\nvalue = "yes"',
         "groups.english_learner.value: no student has 'yes' in this column; known here: false"),
        ("pilot.toml", "[groups.english_learner]", '[groups.grade]\nvalue = "5"',
         "groups.grade.value: no student has '5' in this column; known here: 4"),
    ],
)  # fmt: skip
def test_a_configuration_that_does_not_fit_the_data(small_folder, file, old, new, expected):
    edit(small_folder, file, old, new)
    with pytest.raises(ConfigError) as caught:
        load_pilot(small_folder)
    assert f"\n  {expected}" in str(caught.value)


def test_a_row_of_somebody_off_the_roster_is_set_aside_and_counted(small_folder):
    edit(small_folder, "usage.csv", "S1-C2-1,", "S1-C2-9,")
    edit(small_folder, "enrollments.csv", "S2-T1", "S2-T9")
    pilot = load_pilot(small_folder)
    aside = pilot.ledger[pilot.ledger["step"] == "set aside"]
    assert aside[["table", "reason", "rows"]].to_numpy().tolist() == [
        ["enrollments", "teacher not on the list", 6],
        ["usage", "student not on the roster", 3],
    ]
    assert len(pilot.tables["usage"]) == 69


def test_a_file_with_a_byte_order_mark_and_spreadsheet_habits(small_folder):
    path = small_folder / "schools.csv"
    text = path.read_text().replace("school_id,name", " School_ID ,NAME").replace(",5,", ",N/A,")
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() + b",,,\r\n")
    schools = load_pilot(small_folder).tables["schools"]
    assert list(schools["school_id"]) == ["S1", "S2"]
    assert schools["teachers_invited"].isna().all()


def test_importing_the_package_does_not_import_matplotlib():
    code = "import sys, pilot_analysis; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_of_a_hundred_thousand_rows_of_use_none_is_lost(small_folder):
    students = pd.read_csv(small_folder / "students.csv")["student_id"]
    days = pd.date_range("2020-01-06", periods=2084, freq="D").strftime("%Y-%m-%d")
    lines = [f"{s},readwell,{d},week,{i % 90}" for s in students for i, d in enumerate(days)]
    header = "student_id,product_id,period_start,period,minutes"
    (small_folder / "usage.csv").write_text("\n".join([header, *lines]) + "\n")
    pilot = load_pilot(small_folder)
    assert len(pilot.tables["usage"]) == 100_032


# STAR: the counts that are published for it and that the reference models were fitted to.


def scores(star, window):
    tests = star.tables["assessments"]
    return tests[tests["window"] == window]


def classes(star, window):
    """Class, school and arm of each child in a window."""
    arms = star.tables["assignments"]
    arms = arms[arms["window"] == window].rename(columns={"unit_id": "class_id"})
    return star.tables["enrollments"].merge(arms[["class_id", "arm"]], on="class_id")


def test_star_has_the_rows_of_kindergarten_and_grade_1(star):
    sizes = {name: len(frame) for name, frame in star.tables.items()}
    assert sizes == {
        "schools": 80, "students": 8638, "enrollments": 13154, "assignments": 710,
        "assessments": 12471,
    }  # fmt: skip
    reasons = star.ledger.set_index(["table", "reason"])["rows"]
    assert reasons["assessments", "blank: no score"] == 683


def test_star_kindergarten_mathematics(star):
    frame = scores(star, "K").merge(classes(star, "K"), on="student_id")
    assert len(frame) == 5871
    assert frame["school_id_x"].nunique() == 79
    assert frame["class_id"].nunique() == 337
    assert (frame["school_id_x"] == frame["school_id_y"]).all()
    assert set(frame["arm"]) == set(star.config.design.arms)


def test_star_grade_1_mathematics_after_kindergarten(star):
    pairs = scores(star, "K").merge(scores(star, "1"), on="student_id")
    frame = pairs.merge(classes(star, "1"), on="student_id")
    assert len(frame) == 4165
    assert frame["school_id_y"].nunique() == 76
    assert frame["class_id"].nunique() == 349
    assert (frame["school_id_x"] != frame["school_id_y"]).sum() == 169
    before = classes(star, "K").set_index("student_id")["arm"]
    assert (before[frame["student_id"]].to_numpy() != frame["arm"].to_numpy()).sum() == 1636
    assert len(scores(star, "K")) - len(frame) == 1706


def test_star_children_are_described_by_their_first_year(star):
    students = star.tables["students"].set_index("student_id")
    assert students["grade"].value_counts().to_dict() == {"K": 6325, "1": 2313}
    enrolled = classes(star, "K").set_index("student_id")["school_id"]
    assert (students.loc[enrolled.index, "school_id"] == enrolled).all()
    assert set(students["race_ethnicity"].dropna()) == {
        "white", "Black", "Asian", "Hispanic", "American Indian", "other",
    }  # fmt: skip


def test_star_was_randomized_in_kindergarten_only(star):
    randomized = star.tables["assignments"].groupby("window")["randomized"].agg(["min", "max"])
    assert randomized.loc["K"].all()
    assert not randomized.loc["1"].any()


def test_star_is_the_file_that_its_readme_describes(star):
    readme = (RAW / "star" / "README.md").read_text(encoding="utf-8")
    assert f"`{star.files['sha256'][0]}`" in readme
    assert "CC0 1.0" in readme


def test_star_has_no_product(star):
    assert star.products == ()
    assert not star.has("usage")
    assert not star.config.pilot.simulated


def test_an_end_before_its_begin_is_refused(small_folder):
    path = small_folder / "enrollments.csv"
    lines = path.read_text().splitlines()
    lines = [f"{lines[0]},begin,end", *(f"{line},2025-10-01,2026-05-29" for line in lines[1:])]
    lines[3] = lines[3].replace("2025-10-01,2026-05-29", "2026-05-29,2025-10-01")
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=r'row 4, column "end": 2025-10-01 is before begin'):
        load_pilot(small_folder)


def test_consent_of_a_school_that_is_not_there_is_refused_with_the_nearest(small_folder):
    with (small_folder / "pilot.toml").open("a", encoding="utf-8") as config:
        config.write('\n[disclosure]\nrole_consent = ["S1", "S02"]\n')
    with pytest.raises(ConfigError, match=r"role_consent: there is no school 'S02'; did you mean"):
        load_pilot(small_folder)
    edit(small_folder, "pilot.toml", '["S1", "S02"]', '["S1"]')
    assert load_pilot(small_folder).config.disclosure.role_consent == ("S1",)
