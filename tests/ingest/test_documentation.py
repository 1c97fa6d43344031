"""docs/formats.md names every format and setting, and its example of a new format is read."""

import re
import tomllib
from pathlib import Path

import pytest

from pilot_analysis.config import ItemConfig, Source
from pilot_analysis.ingest.formats import Format, formats
from pilot_analysis.pilot import load_pilot
from pilot_analysis.schema import TABLES

TEXT = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")


def keys_under(heading):
    """Return the names in the first column of the table under a heading."""
    part = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_every_format_has_its_heading():
    assert set(re.findall(r"^### (\w+)$", TEXT, re.MULTILINE)) == set(formats())


@pytest.mark.parametrize(
    ("heading", "section"), [("What a source can say", Source), ("Items of a survey", ItemConfig)]
)
def test_every_key_is_described_and_no_other(heading, section):
    assert keys_under(heading) == set(section.model_fields)


def test_the_sources_of_the_examples_are_valid():
    blocks = [tomllib.loads(block.split("```")[0]) for block in TEXT.split("```toml\n")[1:]]
    sources = [(t, s) for block in blocks for t, s in block.get("sources", {}).items()]
    assert len(sources) >= 3
    for table, source in sources:
        said = Source.model_validate(source)
        assert said.format in formats()
        named = {*said.columns, *said.values, *said.templates, *said.recode, *said.units}
        assert named <= set(TABLES[table].by_name)


def test_the_new_format_of_the_documentation_reads_a_file(tmp_path, monkeypatch):
    part = TEXT.split("\n## Add a format\n")[1].split("\n## ")[0]
    form = Format.of("mathbridge", tomllib.loads(part.split("```toml\n")[1].split("```")[0]))
    monkeypatch.setattr(
        "pilot_analysis.ingest.sheets.formats", lambda: formats() | {"mathbridge": form}
    )
    (tmp_path / "schools.csv").write_text("school_id,name\nS1,North\n")
    (tmp_path / "scores.csv").write_text(
        "Student Number,MB Student,Taken,MB Score,Void,Fall test,Spring test\n"
        "900,1,9/22/2025,210,no,Y,N\n"
        "901,2,9/22/2025,190,Yes,Y,N\n"
        "900,1,5/4/2026,222,no,N,Y\n"
        "900,1,1/12/2026,215,no,N,N\n"
    )
    (tmp_path / "pilot.toml").write_text(
        '[pilot]\nid = "new"\ntitle = "New"\n[sources]\nschools = { file = "schools.csv" }\n'
        'assessments = { file = "scores.csv", format = "mathbridge" }\n'
    )
    pilot = load_pilot(tmp_path)
    rows = pilot.table("assessments")
    assert list(rows[["student_id", "outcome_id", "window", "score"]].itertuples(index=False)) == [
        ("1", "math", "fall", 210.0),
        ("1", "math", "spring", 222.0),
    ]
    assert rows["taken_on"].dt.strftime("%Y-%m-%d").to_list() == ["2025-09-22", "2026-05-04"]
    aside = pilot.ledger.query("table == 'assessments' and step == 'set aside'")
    assert dict(zip(aside["reason"], aside["rows"], strict=True)) == {
        "voided by the teacher": 1,
        "neither fall nor spring test": 1,
    }
    assert form.fits(["mb student", " MB Score"])
    assert not form.fits(["MB Student"])
