"""The real notebooks on the demo pilot, for two schools, as a person would start them."""

import contextlib
import html
import json
import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from click.testing import CliRunner
from pilot_fixtures import write_small_pilot
from raw_people import people_of_exports, persons_in

from pilot_analysis.batch import run, run_briefs
from pilot_analysis.cli import main
from pilot_analysis.pilot import load_pilot
from pilot_analysis.release import people_of

DEMO = Path(__file__).parent.parent.parent / "data" / "raw" / "demo"


@pytest.fixture(scope="module")
def done(zygote, tmp_path_factory):
    """What the command printed, and the run's folder."""
    out = tmp_path_factory.mktemp("reports")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PILOT_ANALYSIS_KEY_FILE", str(out / "key"))
        patch.setattr(run, "Zygote", lambda: contextlib.nullcontext(zygote))
        arguments = ["brief", str(DEMO), "--school", "S03", "--school", "S07", "--out", str(out)]
        called = CliRunner().invoke(main, arguments)
    assert called.exit_code == 0, called.output
    (folder,) = (out / "demo").iterdir()
    return called, folder


def test_the_command_tells_of_each_brief_and_where_to_start(done):
    called, folder = done
    assert re.search(r"schools/S03 +made +\d", called.stdout)
    assert called.stdout.rstrip().endswith(str(folder / "index.html"))
    assert "[2 of 2]" in called.stderr


@pytest.mark.parametrize("school", ["S03", "S07"])
def test_a_brief_of_the_demo_is_clean_and_traced(done, school):
    folder = done[1] / "schools" / school
    notebook = nbformat.read(folder / "brief.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [o for o in outputs if o.output_type in ("error", "stream")]
    claims = json.loads((folder / "claims.json").read_text(encoding="utf-8"))
    assert len(claims) > 10
    page = (folder / "brief.html").read_text(encoding="utf-8")
    assert "imulated" in page
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=\"https?:", page)


def test_no_school_stands_in_the_results_of_another(done):
    rows = json.loads((done[1] / "schools" / "S03" / "results.json").read_text(encoding="utf-8"))
    # of other schools there are values without a name, which the figures draw, and nothing else
    others = {row["school_id"] for row in rows} - {"", "S03"}
    assert all(re.fullmatch(r"another school \d+", name) for name in others)


def released_files(folder):
    return [p for p in folder.rglob("*") if p.is_file() and "_private" not in p.parts]


@pytest.fixture(scope="module")
def people():
    """Everyone in the exports of the demo, and the ids that the clean tables have for them."""
    raw = people_of_exports(DEMO)
    return raw._replace(ids=raw.ids | people_of(load_pilot(DEMO)))


def test_no_released_file_names_anybody_of_the_exports(done, people):
    assert min(map(len, people)) > 20
    assert {path.name: persons_in(path, people) for path in released_files(done[1])} == {
        path.name: set() for path in released_files(done[1])
    }


@pytest.mark.parametrize("kind", ["ids", "names", "families"])
@pytest.mark.parametrize("name", ["brief.html", "brief.ipynb"])
def test_a_person_who_is_named_is_found(done, people, tmp_path, kind, name):
    person = sorted(getattr(people, kind))[-1]
    path = next(path for path in released_files(done[1]) if path.name == name)
    text = path.read_text(encoding="utf-8")
    if name == "brief.html":
        text = text.replace("</svg>", f"<desc>see {html.escape(person)}!</desc></svg>", 1)
    else:
        text = json.dumps(json.loads(text) | {"note": f"see {person}!"})
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert person in persons_in(tmp_path / name, people)


def test_everybody_is_found(people, tmp_path):
    path = tmp_path / "page.html"
    for kind in people:
        path.write_text("; ".join(html.escape(person) for person in kind), encoding="utf-8")
        assert kind <= persons_in(path, people)


@pytest.mark.parametrize("audience", ["internal", "public"])
def test_every_page_of_a_whole_run_is_made(zygote, tmp_path, monkeypatch, audience):
    monkeypatch.setenv("PILOT_ANALYSIS_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setattr(run, "Zygote", lambda: contextlib.nullcontext(zygote))
    pilot = write_small_pilot(tmp_path / "pilot")
    made = run_briefs(pilot, tmp_path / "reports", audience)
    assert not made.failed
    quality = ("quality",) if audience == "internal" else ()
    assert made.made == ("network", *quality, "schools/S1", "schools/S2")


def test_a_product_that_nobody_used_still_gets_a_brief(zygote, tmp_path, monkeypatch):
    monkeypatch.setenv("PILOT_ANALYSIS_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setattr(run, "Zygote", lambda: contextlib.nullcontext(zygote))
    pilot = write_small_pilot(tmp_path / "pilot")
    usage = pd.read_csv(pilot / "usage.csv", dtype=str)
    usage.assign(minutes="0").to_csv(pilot / "usage.csv", index=False)
    made = run_briefs(pilot, tmp_path / "reports")
    assert not made.failed
