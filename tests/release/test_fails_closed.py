"""Whatever goes wrong: nothing leaves `_private/`, and the command says so in a sentence."""

import stat

import nbformat
import pytest
from click.testing import CliRunner

from pilot_analysis.cli import main
from pilot_analysis.disclosure import DisclosurePolicy
from pilot_analysis.evaluation import evaluate
from pilot_analysis.release import NOTEBOOK_METADATA, audit
from pilot_analysis.results import KINDS, Results, result

PARAMETERS = "pilot: str = ''\nschool_id: str = ''\naudience: str = ''\nprepared: str = ''"
RAW_BARS = """import pandas as pd
from IPython.display import HTML
scores = pd.read_csv(f"{pilot}/assessments.csv")["score"].head(5)
bars = "".join(f'<li><span class="fill" style="width:{s / 4:.1f}%"></span></li>' for s in scores)
HTML(f'<figure class="bars"><ul>{bars}</ul></figure>')
"""
RAW_DRAWING = """import pandas as pd
from IPython.display import HTML
scores = pd.read_csv(f"{pilot}/assessments.csv")["score"].head(5)
words = "".join(f'<text x="{s}" y="10">{s}</text>' for s in scores)
HTML(f'<svg role="img" aria-label="Scores">{words}</svg>')
"""
DYING = "import os\nos.kill(os.getpid(), 9)"


@pytest.fixture
def refused(pilot, tmp_path):
    """`refused(*arguments)`: make the brief of S1 for the public; what the command said."""

    def refuse(*arguments):
        home = tmp_path / "reports" / "small"
        asked = ["brief", pilot, "--school", "S1", "--audience", "public", "--out", home.parent]
        done = CliRunner().invoke(main, [str(word) for word in (*asked, *arguments)])
        assert done.exit_code == 2, done.output
        assert "Error: " in done.stderr
        assert "Traceback" not in done.output
        for path in home.rglob("*"):
            assert path.relative_to(home).parts[0] == "_private", path
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
        return done.stderr

    return refuse


@pytest.fixture
def notebooks(tmp_path):
    """`notebooks(source)`: a folder of a notebook that ends in a cell of this source."""

    def write(source):
        folder = tmp_path / "notebooks"
        folder.mkdir()
        cells = [
            nbformat.v4.new_code_cell(PARAMETERS, id="p", metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell(source, id="c"),
        ]
        notebook = nbformat.v4.new_notebook(cells=cells, metadata=NOTEBOOK_METADATA)
        nbformat.write(notebook, folder / "02_school_brief.ipynb")
        return folder

    return write


def test_a_mistyped_key_of_a_policy(refused, pilot):
    text = "\n".join(
        f"{key} = {{ value = {_toml(setting.value)}, source = 'ours' }}"
        for key, setting in DisclosurePolicy.named("public").settings.items()
    )
    own = f"name = 'ours'\ndescription = 'everyone'\n{text}\n"
    (pilot / "ours.toml").write_text(own.replace("minimum_n.students", "minimum_n.student"))
    with (pilot / "pilot.toml").open("a") as file:
        file.write('\n[disclosure]\npublic = "ours.toml"\n')
    assert "did you mean 'minimum_n.students'" in refused()


def _toml(value):
    return f'"{value}"' if isinstance(value, str) else str(value)


@pytest.mark.parametrize("is_declared", [False, True])
def test_a_new_kind_of_result(refused, monkeypatch, is_declared):
    def evaluate_more(pilot):
        rows = evaluate(pilot).frame.to_dict("records")
        new = result("usage", "guess", "count", "students", 30, n=30) | {"kind": "guess"}
        return Results.from_rows([*rows, new])

    if is_declared:  # as a new version of the package might, without a rule for it
        monkeypatch.setattr("pilot_analysis.results.KINDS", ("guess", *KINDS))
    monkeypatch.setattr("pilot_analysis.report.prepared.evaluate", evaluate_more)
    assert "guess" in refused()


@pytest.mark.parametrize(("source", "kind"), [(RAW_BARS, "drawn"), (RAW_DRAWING, "not accounted")])
def test_a_figure_of_raw_data(refused, notebooks, source, kind):
    assert f"  {kind}" in refused("--notebooks", notebooks(source))


@pytest.mark.parametrize("function", ["protect", "relations_of"])
def test_an_exception_in_the_gate(refused, monkeypatch, tmp_path, function):
    def broken(*_):
        raise KeyError("S1-C2-3")

    monkeypatch.setattr(f"pilot_analysis.report.prepared.{function}", broken)
    assert "The run was given up, and nothing was handed out (KeyError" in refused()
    kept = tmp_path / "reports" / "small" / "_private" / "failed_run.txt"
    assert "Traceback" in kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("function", ["read_run", "find_in_brief", "find_given_away"])
def test_an_exception_in_the_audit(refused, monkeypatch, function):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(audit, function, broken)
    assert "the audit could not be done (ZeroDivisionError" in refused()


def test_an_audit_that_cannot_note_what_it_did(refused, monkeypatch):
    def broken(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(audit, "write_audit", broken)
    assert "nothing was handed out (OSError: no space" in refused()


def test_a_worker_that_dies_leaves_nothing_of_its_brief(pilot, notebooks, tmp_path):
    asked = ["brief", pilot, "--school", "S1", "--out", tmp_path / "r", "--notebooks"]
    done = CliRunner().invoke(main, [str(word) for word in (*asked, notebooks(DYING))])
    assert done.exit_code == 1
    assert "died" in done.stdout
    (run,) = (tmp_path / "r" / "small").iterdir()
    outside = {path.name for path in run.rglob("*") if "_private" not in path.parts}
    assert outside == {"index.html", "manifest.json"}  # neither has a number of a result
