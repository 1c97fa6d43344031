"""`pilot new` writes a folder that can be read, and proposes what exports can give."""

import tomllib

import openpyxl
import pytest

from pilot_analysis.config import read_config
from pilot_analysis.errors import DataError
from pilot_analysis.pilot import load_pilot
from pilot_analysis.scaffold import new_pilot

QUALTRICS = (
    "StartDate,EndDate,Status,IPAddress,Progress,RecordedDate,ResponseId,RecipientEmail,Q1,Q2,Q2\n"
    "Start,End,Type,IP,Progress,Recorded,Id,E-mail,How likely are you to recommend it?,Useful,Why\n"
    + ",".join(
        f'"{{""ImportId"":""{name}""}}"'
        for name in (
            "startDate",
            "endDate",
            "status",
            "ipAddress",
            "progress",
            "recordedDate",
            "_recordId",
            "recipientEmail",
            "QID1",
            "QID2",
            "QID3_TEXT",
        )
    )
    + "\n2026-05-01 10:00:00,2026-05-01 10:05:00,IP Address,1.2.3.4,100,2026-05-01 10:05:01,R_1,"
    "a@example.org,9,Agree,Because it helps my students see what they have learned every week\n"
    "2026-05-01 11:00:00,2026-05-01 11:05:00,IP Address,1.2.3.5,100,2026-05-01 11:05:01,R_2,"
    "b@example.org,4,Disagree,\n"
)


def test_a_new_folder_needs_only_its_schools(tmp_path):
    made = new_pilot(tmp_path / "My Pilot (fall)")
    assert {"pilot.toml", "README.md", "schools.csv"} <= set(made.written)
    config = read_config(made.folder)
    assert config.pilot.id == "my-pilot-fall"
    assert list(config.sources) == ["schools"]
    with pytest.raises(DataError, match=r"schools\.csv: there is a header and no row below it"):
        load_pilot(made.folder)
    with (made.folder / "schools.csv").open("a") as file:
        file.write("S1,North,,,,,\n")
    assert load_pilot(made.folder).schools == ("S1",)


def test_every_table_that_is_switched_on_by_hand_can_be_read(tmp_path):
    made = new_pilot(tmp_path / "pilot")
    toml = made.folder / "pilot.toml"
    text = toml.read_text()
    for table in ("teachers", "products", "goals", "whys", "decisions"):
        off = f'# [sources.{table}]\n# file = "{table}.csv"'
        assert off in text
        text = text.replace(off, off.replace("# ", ""))
    toml.write_text(text)
    with pytest.raises(DataError) as caught:
        load_pilot(made.folder)
    assert str(caught.value).count("there is a header and no row below it") == 6


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    new_pilot(tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"
    with pytest.raises(DataError, match=r"has a pilot\.toml already"):
        new_pilot(tmp_path)


def test_exports_are_recognised_and_their_sources_and_items_proposed(tmp_path):
    exports = tmp_path / "exports"
    (exports / "tests").mkdir(parents=True)
    (exports / "survey.csv").write_text(QUALTRICS)
    (exports / "survey_again.csv").write_text(QUALTRICS)
    (exports / "tests" / "map.csv").write_text(
        "TermName,StudentID,Subject,TestStartDate,TestRITScore,TestStandardError,TestPercentile\n"
        "Fall 2025-2026,1,Math,09/01/2025,200,3,50\n"
    )
    (exports / "photo.jpg").write_bytes(b"\xff\xd8")
    (exports / "odd.csv").write_text("a,b\n1,2\n")
    made = new_pilot(tmp_path / "pilot", exports)
    taken = {r.file: (r.format, r.tables) for r in made.recognised}
    assert taken["exports/survey.csv"] == ("qualtrics", ("survey_responses",))
    assert taken["exports/tests/map.csv"] == ("nwea_map", ("assessments",))
    assert taken["exports/odd.csv"] == ("", ())
    assert "exports/photo.jpg: not recognised. This kind of file is not read." in made.told()
    values = tomllib.loads((made.folder / "pilot.toml").read_text())
    assert values["items"]["q1"]["kind"] == "recommend"
    assert values["items"]["qid2"]["question"] == "Useful"
    assert values["items"]["qid3_text"]["kind"] == "comment"
    assert values["sources"]["survey_responses"][0]["items"]["q1"] == "Q1"
    told = (made.folder / "pilot.toml").read_text() + made.told()
    for private in ("example.org", "1.2.3.4"):
        assert private not in told
    assert (exports / "survey.csv").is_file()


def test_exports_inside_the_folder_stay_where_they_are(tmp_path):
    (tmp_path / "survey.csv").write_text(QUALTRICS)
    made = new_pilot(tmp_path, tmp_path)
    assert [r.file for r in made.recognised] == ["survey.csv"]
    assert not (tmp_path / "exports").exists()
    read_config(tmp_path)


FORM = (
    "Timestamp,Your name,Useful,Easy,How often?,Where?\n"
    "5/25/2026 9:00:00,Pat,Disagree,Neutral,Daily,Home\n"
    "5/4/2026 9:00:00,Quin,Strongly agree,Agree,Weekly,\n"
    "5/4/2026 9:01:00,Ray,Strongly agree,Strongly disagree,Weekly,\n"
)


def proposed(tmp_path, **files):
    exports = tmp_path / "from"
    for name, text in files.items():
        path = exports / name.replace("__", "/").replace("_csv", ".csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    made = new_pilot(tmp_path / "pilot", exports)
    return (made.folder / "pilot.toml").read_text(), made


def test_words_are_put_in_order_only_where_the_order_is_known(tmp_path):
    text, _ = proposed(tmp_path, form_csv=FORM)
    made = tomllib.loads(text)
    # Of five answers each question met two or three: the survey as a whole met them all.
    for item in ("useful", "easy"):
        assert made["items"][item]["answers"] == "agreement_neutral"
        assert (made["items"][item]["low"], made["items"][item]["high"]) == (1, 5)
    assert made["answers"]["agreement_neutral"][::4] == ["Strongly disagree", "Strongly agree"]
    assert "answers" not in made["items"]["how_often"]
    assert '# answers = ["Daily", "Weekly"]' in text


def test_two_words_do_not_tell_how_long_a_scale_is(tmp_path):
    form = FORM.replace("Strongly a", "A").replace("Strongly d", "D").replace("Neutral", "")
    text, made = proposed(tmp_path, form_csv=form)
    assert '# answers = ["Disagree", "Agree"]' in text
    assert "answers" not in tomllib.loads(text)["items"]["useful"]
    (made.folder / "schools.csv").write_text("school_id,name\nS1,North\n")
    toml = text.replace('school_id = ""', 'school_id = "S1"').replace('wave = ""', 'wave = "w"')
    (made.folder / "pilot.toml").write_text(toml.replace('_role = ""', '_role = "teacher"'))
    with pytest.raises(DataError, match=r'"Disagree" is not a number\. Say its answers from the'):
        load_pilot(made.folder)


def test_a_question_of_two_surveys_is_one_item(tmp_path):
    text, _ = proposed(tmp_path, survey_csv=QUALTRICS, form_csv=FORM)
    sources = tomllib.loads(text)["sources"]["survey_responses"]
    assert [source["items"].get("useful") for source in sources] == ["Useful", "Q2 [QID2]"]


def test_a_private_column_is_no_item_and_its_answers_are_not_written_down(tmp_path):
    survey = QUALTRICS.replace(",Useful,", ",Your name,").replace("Agree", "Quin")
    text, made = proposed(tmp_path, survey_csv=survey.replace("Disagree", "Quin"), form_csv=FORM)
    assert {"useful", "qid3_text"} <= {*tomllib.loads(text)["items"]}
    assert "qid2" not in tomllib.loads(text)["items"]
    for private in ("Quin", "Ray"):
        assert private not in text + made.told()


def test_dates_are_proposed_where_the_file_leaves_no_doubt(tmp_path):
    text, _ = proposed(tmp_path, form_csv=FORM)
    assert tomllib.loads(text)["sources"]["survey_responses"]["dates"] == "month first"
    text, _ = proposed(tmp_path / "b", form_csv=FORM.replace("5/25/2026", "5/5/2026"))
    assert "dates" not in tomllib.loads(text)["sources"]["survey_responses"]
    assert '# dates = "month first"          # or "day first": the file does not tell' in text


TESTS = (
    "Last Name,Student ID,School,Completion Date,Overall Scale Score,Overall Placement,Percentile\n"
    "Pupil,1,North,05/12/2026,480,Early 4,50\n"
)


def test_what_the_file_does_not_say_is_left_blank_and_told(tmp_path):
    text, made = proposed(tmp_path, **{"deep__deeper__tests (1) [2]_csv": TESTS})
    source = tomllib.loads(text)["sources"]["assessments"]
    assert source["file"] == "exports/deep/deeper/tests (1) [2].csv"
    assert source["values"] == {"outcome_id": "", "window": ""}
    with pytest.raises(DataError) as caught:
        load_pilot(made.folder)
    assert (
        "pilot.toml, sources.assessments.values: outcome_id is blank for exports/deep/deeper/"
        "tests (1) [2].csv. Fill it in, map it with `columns`, or take it out." in str(caught.value)
    )


def test_a_roster_is_taken_from_one_roster_before_tests(tmp_path):
    text, _ = proposed(tmp_path, a_csv=TESTS, z__users_csv="sourcedId\n", z__orgs_csv="sourcedId\n")
    assert tomllib.loads(text)["sources"]["students"]["file"] == "exports/z"
    alone = tomllib.loads(proposed(tmp_path / "b", a_csv=TESTS)[0])["sources"]["students"]
    assert (alone["file"], alone["keep"]) == ("exports/a.csv", "distinct")


def test_every_sheet_of_a_workbook_is_looked_at(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Read me"
    book.active.append(["Made by the team"])
    for name, rows in (("Schools", ("school_id", "name")), ("Odd", ("a", "b"))):
        sheet = book.create_sheet(name)
        sheet.append(rows)
        sheet.append(["S1", "North"])
    (tmp_path / "from").mkdir()
    book.save(tmp_path / "from" / "team.xlsx")
    made = new_pilot(tmp_path / "pilot", tmp_path / "from")
    taken = {r.sheet: r.tables for r in made.recognised}
    assert taken == {"Read me": (), "Schools": ("schools",), "Odd": ()}
    assert load_pilot(made.folder).schools == ("S1",)


def test_logs_that_differ_in_digits_only_are_one_source(tmp_path):
    log = "date,sis_id,clever_user_id,active,num_logins\n2026-01-05,1,u,true,2\n"
    files = {f"clever__days_2026-0{n}_csv": log for n in (1, 2)}
    text, _ = proposed(tmp_path, **files)
    assert tomllib.loads(text)["sources"]["usage"]["file"] == "exports/clever/days_*-*.csv"


def test_nothing_that_is_there_is_written_over(tmp_path):
    folder = tmp_path / "pilot"
    folder.mkdir()
    for name in ("schools.csv", "README.md"):
        (folder / name).write_text("mine")
    assert not {"schools.csv", "README.md"} & {*new_pilot(folder).written}
    assert (folder / "schools.csv").read_text() == (folder / "README.md").read_text() == "mine"
    with pytest.raises(DataError, match=r"has a pilot\.toml already, and nothing is written over"):
        new_pilot(folder)


def test_a_pilot_inside_its_exports_would_copy_itself(tmp_path):
    (tmp_path / "form.csv").write_text(FORM)
    with pytest.raises(DataError, match="so the copy would copy itself"):
        new_pilot(tmp_path / "pilot", tmp_path)
    assert not list((tmp_path / "pilot").glob("*"))
