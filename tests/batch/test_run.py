"""Whole runs on the small pilot, with short notebooks in place of the project's."""

import contextlib
import json
import re
import stat
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from pilot_fixtures import write_small_pilot

from pilot_analysis.batch import run, run_briefs
from pilot_analysis.batch.forking import Zygote
from pilot_analysis.errors import ConfigError, DisclosureError, RunError

PARAMETERS = """pilot: str = "data/raw/demo"
school_id: str | None = None
audience: str = "team"
prepared: str | None = None
"""
SETUP = """from pilot_analysis.report import open_brief
brief = open_brief(pilot, school_id, audience=audience, prepared=prepared)
"""
FAILING = """if school_id == "S2":
    raise ValueError("the secret of " + "Anna " + "Example in row 12")
"""
PUBLIC = ("brief.html", "brief.ipynb", "claims.json", "results.json")


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module", autouse=True)
def shared_zygote(zygote, monkeypatch_module):
    """Let all runs of this module use one warm process, except those that end it."""
    monkeypatch_module.setattr(run, "Zygote", lambda: contextlib.nullcontext(zygote))


@pytest.fixture(scope="module")
def place(tmp_path_factory, monkeypatch_module):
    """A folder with a pilot, two notebooks of which one fails for S2, and a key."""
    folder = tmp_path_factory.mktemp("place {with} braces")
    monkeypatch_module.setenv("PILOT_ANALYSIS_KEY_FILE", str(folder / "key"))
    write_small_pilot(folder / "pilot")
    write_notebooks(folder / "notebooks", FAILING)
    return folder


def write_notebooks(folder, *sources):
    folder.mkdir(exist_ok=True)
    for name in ("02_school_brief", "03_pilot_brief"):
        cells = [
            nbformat.v4.new_markdown_cell("# A brief", id="title"),
            nbformat.v4.new_code_cell(PARAMETERS, id="p", metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell(SETUP, id="s", metadata={"tags": ["setup"]}),
            nbformat.v4.new_code_cell("brief.header()", id="h", metadata={"tags": ["header"]}),
            nbformat.v4.new_markdown_cell("## Who took part?", id="about"),
            nbformat.v4.new_code_cell("brief.participation()", id="part"),
            *(nbformat.v4.new_code_cell(s, id=f"c{i}") for i, s in enumerate(sources)),
        ]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(notebook, folder / f"{name}.ipynb")


def start(place, **options):
    options = {"out": place / "reports", "notebooks": place / "notebooks"} | options
    return run_briefs(place / "pilot", **options)


@pytest.fixture(scope="module")
def runs(place):
    return start(place), start(place, jobs=1)


def public_files(folder):
    return sorted(
        path for path in folder.rglob("*") if path.is_file() and "_private" not in path.parts
    )


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found.append(dict(attrs)["href"])


def test_a_school_that_fails_leaves_the_others_alone(runs):
    first, _ = runs
    assert first.made == ("network", "schools/S1")
    assert list(first.failed) == ["schools/S2"]
    assert "ValueError: the secret" in first.failed["schools/S2"]
    assert first.exit_status == 1
    assert first.peak_bytes > 50e6
    assert "schools/S2" in first.table()
    assert str(first.folder / "index.html") in first.table()


def test_a_run_has_the_files_that_the_design_names(runs):
    folder = runs[0].folder
    names = [str(path.relative_to(folder)) for path in public_files(folder)]
    briefs = [f"{brief}/{name}" for brief in ("network", "schools/S1") for name in PUBLIC]
    assert names == sorted(["index.html", "manifest.json", *briefs])
    assert folder.parent.name == "small"
    assert re.fullmatch(r"team-[0-9a-f]{12}", folder.name)


def test_what_failed_is_kept_in_private_only(runs):
    private = runs[0].folder / "_private"
    assert sorted(path.name for path in (private / "errors").iterdir()) == [
        "schools-S2.ipynb",
        "schools-S2.txt",
    ]
    assert "Anna Example" in (private / "errors" / "schools-S2.txt").read_text()
    events = [json.loads(line) for line in (private / "log.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["start", *["brief"] * 3]
    assert {len(row["sha256"]) for row in json.loads((private / "inputs.json").read_text())} == {64}
    assert (private / "prepared").is_dir()
    assert json.loads((private / "timings.json").read_text())["network"]["seconds"]["execute"] > 0
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


def test_nothing_private_stands_outside_private(runs, place):
    clock = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\d\d:\d\d:\d\d")
    secret = ("Anna Example", "Traceback", str(place), place.name, f"{Path.home()}/", ".partial")
    inputs = json.loads((runs[0].folder / "_private" / "inputs.json").read_text())
    for path in public_files(runs[0].folder):
        text = path.read_text(encoding="utf-8")
        assert not clock.search(text), path
        assert not [word for word in secret if word in text], path
        assert not [row for row in inputs if row["sha256"] in text], path


def test_the_same_run_again_gives_the_same_bytes_beside_the_first(runs):
    first, second = (run.folder for run in runs)
    assert second.name == f"{first.name}-2"
    paths = [path.relative_to(first) for path in public_files(first)]
    assert paths == [path.relative_to(second) for path in public_files(second)]
    for path in paths:
        assert (first / path).read_bytes() == (second / path).read_bytes(), path


def test_the_index_links_what_was_made_and_nothing_else(runs):
    folder = runs[0].folder
    page = (folder / "index.html").read_text(encoding="utf-8")
    parser = Links()
    parser.feed(page)
    assert parser.found == ["#main", "network/brief.html", "schools/S1/brief.html"]
    assert "No brief could be made in this run for School S2." in page
    assert "Simulated data" in page


def test_an_executed_notebook_shows_its_parameters_without_folders(runs):
    notebook = nbformat.read(runs[0].folder / "schools" / "S1" / "brief.ipynb", as_version=4)
    injected = next(
        c for c in notebook.cells if "injected-parameters" in c.metadata.get("tags", ())
    )
    assert injected.source.splitlines()[1:] == [
        "pilot = 'small'", "school_id = 'S1'", "audience = 'team'",
    ]  # fmt: skip
    assert "papermill" not in notebook.metadata


def test_every_claim_is_in_the_results(runs):
    folder = runs[0].folder / "schools" / "S1"
    claims = json.loads((folder / "claims.json").read_text())
    results = {row["result_id"]: row for row in json.loads((folder / "results.json").read_text())}
    assert claims
    assert all(claim["result_id"] in results for claim in claims)


def test_the_manifest_says_what_the_run_was_made_from(runs):
    manifest = json.loads((runs[0].folder / "manifest.json").read_text())
    assert manifest["parameters"] == {"audience": "team", "schools": None}
    assert {"python", "pandas", "papermill"} <= manifest["versions"].keys()
    assert all(re.fullmatch("[0-9a-f]{16}", row["keyed_hash"]) for row in manifest["inputs"])


def test_no_unfinished_folder_is_left(runs, place):
    assert not list((place / "reports").rglob("*.partial"))


FAULTS = """from IPython.display import HTML
import os, warnings
if school_id is None:
    os.kill(os.getpid(), 9)
if school_id == "S1":
    warnings.warn("look out")
HTML('<data class="claim" value="7" data-result="made.up">seven</data>')
"""


def test_a_brief_that_does_not_pass_is_not_made(place, tmp_path):
    write_notebooks(tmp_path / "notebooks", FAULTS)
    failed = start(place, out=tmp_path / "reports", notebooks=tmp_path / "notebooks")
    assert "died" in failed.failed["network"]
    assert "Cell 8 wrote to the error stream" in failed.failed["schools/S1"]
    assert "cannot be traced" in failed.failed["schools/S2"]
    assert failed.made == ()
    public = [path.name for path in public_files(failed.folder)]
    assert public == ["index.html", "manifest.json"]
    index = (failed.folder / "index.html").read_text(encoding="utf-8")
    assert "All schools together</a>" not in index


def test_an_interrupted_run_leaves_nothing_behind(place, tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "Zygote", Zygote)  # its own: an interrupted run ends it
    monkeypatch.setattr(run.Progress, "finish", interrupt)
    with pytest.raises(KeyboardInterrupt):
        start(place, out=tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["small"]


def test_why_a_run_was_given_up_is_kept_until_a_run_passes(place, tmp_path, monkeypatch):
    def fault(error):
        def broken(*_, **__):
            raise error

        return broken

    kept = tmp_path / "small" / "_private" / "failed_run.txt"
    with monkeypatch.context() as patch:
        patch.setattr(run, "_make_all", fault(KeyError("S1-C2-3")))
        with pytest.raises(RunError, match="given up"):
            start(place, out=tmp_path, schools=["S1"])
    assert "KeyError: 'S1-C2-3'" in kept.read_text(encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr("pilot_analysis.release.require_safe", fault(DisclosureError("found")))
        with pytest.raises(DisclosureError, match="found"):
            start(place, out=tmp_path, schools=["S1"])
    assert kept.exists()
    assert start(place, out=tmp_path, schools=["S1"]).made == ("schools/S1",)
    assert not kept.exists()


def test_what_cannot_start_says_why_and_writes_nothing(place, tmp_path):
    with pytest.raises(ConfigError, match="no school 'S9'"):
        start(place, out=tmp_path / "none", schools=["S9"])
    with pytest.raises(RunError, match="no audience 'everyone'"):
        start(place, out=tmp_path / "none", audience="everyone")
    with pytest.raises(RunError, match="at least one"):
        start(place, out=tmp_path / "none", jobs=0)
    with pytest.raises(RunError, match="No brief was asked for"):
        start(place, out=tmp_path / "none", schools=[])
    with pytest.raises(RunError, match="no such notebook"):
        start(place, out=tmp_path / "none", notebooks=tmp_path)
    assert not (tmp_path / "none").exists()
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be written there"):
        start(place, out=tmp_path / "file")
