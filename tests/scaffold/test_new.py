"""`pilot new` writes a folder that can be read, and proposes what exports can give."""

import tomllib

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
    assert values["items"]["q2_qid2"]["answers"] == ["Agree", "Disagree"]
    assert values["items"]["q2_qid3_text"]["kind"] == "comment"
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
