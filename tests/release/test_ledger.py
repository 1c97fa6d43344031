"""What was handed out stays known, and nothing is handed out twice or beside what it gives away."""

import json
import shutil
from datetime import date

import pytest
from click.testing import CliRunner

from pilot_analysis.cli import main
from pilot_analysis.errors import DisclosureError, RunError
from pilot_analysis.release import audit_and_note, release_run, withdraw_run
from pilot_analysis.release.ledger import known_releases

DAY = date(2026, 6, 1)


def ledger(run):
    return json.loads((run.parent / "released" / "ledger.json").read_text(encoding="utf-8"))


def again(run, name="public-again", **changes):
    """Copy a run as another, of which `changes` of the manifest are made."""
    other = run.with_name(name)
    shutil.copytree(run, other)
    manifest = json.loads((other / "manifest.json").read_text(encoding="utf-8"))
    (other / "manifest.json").write_text(json.dumps(manifest | changes), encoding="utf-8")
    return other


def known_file(run):
    return run.parent / "released" / "_private" / f"{run.name}.json"


def test_a_release_holds_all_but_what_is_private(run):
    folder, audit = release_run(run, "first", today=DAY)
    assert audit.findings == ()
    assert folder == run.parent / "released" / run.name
    names = {p.relative_to(run).as_posix() for p in run.rglob("*") if "_private" not in p.parts}
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*")} == names
    assert ledger(run) == [{
        "run": run.name, "readers": "public", "released": "2026-06-01", "reason": "first",
        "replaces": "", "withdrawn": "", "why_withdrawn": "",
    }]  # fmt: skip
    assert not list(folder.parent.glob(".*"))


def test_the_same_run_is_not_released_twice(run):
    release_run(run, today=DAY)
    with pytest.raises(RunError, match="released before"):
        release_run(run, today=DAY)


def test_a_run_for_internal_readers_is_not_released(run, edit):
    edit(run / "manifest.json", lambda m: m["parameters"].update(audience="internal"))
    with pytest.raises(RunError, match="internal"):
        release_run(run)
    assert not (run.parent / "released").exists()


def test_a_draft_with_a_finding_is_not_released(run):
    (run / "students.csv").write_text("")
    with pytest.raises(RunError, match="unknown file"):
        release_run(run)
    assert not (run.parent / "released").exists()


def test_the_same_results_once_more_give_nothing_away(run):
    release_run(run, today=DAY)
    assert audit_and_note([again(run)]).findings == ()


def one_student_more(values):
    values |= {"source": "other data", "relations": []}
    row = next(r for r in values["rows"] if r["population"] == "students" and r["n"])
    row["n"] += 1


def test_a_release_that_differs_by_one_student_is_refused(run, edit):
    release_run(run, today=DAY)
    edit(known_file(run), one_student_more)
    with pytest.raises(RunError, match="small difference"):
        release_run(again(run))


def test_a_withdrawn_release_is_gone_and_still_known(run, edit):
    folder, _ = release_run(run, today=DAY)
    edit(known_file(run), one_student_more)
    withdraw_run(run, "a wrong roster", today=DAY)
    assert not folder.exists()
    assert ledger(run)[0]["why_withdrawn"] == "a wrong roster"
    kinds = {f.kind for f in audit_and_note([again(run)]).findings}
    assert kinds == {"small difference"}
    with pytest.raises(RunError, match="not released"):
        withdraw_run(run, "once more")


def test_a_correction_says_what_it_replaces_and_why(run):
    release_run(run, today=DAY)
    with pytest.raises(RunError, match="nothing can replace"):
        release_run(again(run, "public-1"), "new", replaces="public-0")
    with pytest.raises(RunError, match="why"):
        release_run(again(run, "public-2"), replaces=run.name)
    release_run(again(run, "public-3"), "a typing error", replaces=run.name, today=DAY)
    assert ledger(run)[1]["replaces"] == run.name


@pytest.mark.parametrize("lost", ["ledger.json", "_private"])
def test_without_the_record_of_what_readers_know_nothing_is_released(run, lost):
    release_run(run, today=DAY)
    path = run.parent / "released" / lost
    path.unlink() if path.is_file() else shutil.rmtree(path)
    with pytest.raises(DisclosureError, match="cannot be read"):
        known_releases(again(run))


def call(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_command_audit_tells_what_it_found(run, made):
    clean = call("audit", run, "--pilot", made[0])
    assert (clean.exit_code, "No finding in" in clean.stdout) == (0, True)
    (run / "students.csv").write_text("")
    found = call("audit", run)
    assert found.exit_code == 1
    assert found.stdout.startswith("unknown file: students.csv\n")
    assert json.loads((run / "_private" / "audit.json").read_text())["findings"]
    (run / "schools" / "S1" / "results.json").write_text("{")
    broken = call("audit", run)
    assert broken.exit_code == 2
    assert "is no JSON" in broken.stderr
    assert call("audit", run.parent).exit_code == 2


def test_the_command_release_hands_out_and_takes_back(run):
    done = call("release", run, "--reason", "for the board")
    assert done.exit_code == 0
    assert f"Released: {run.parent / 'released' / run.name}" in done.stdout
    assert call("release", run).exit_code == 2
    assert call("release", run, "--withdraw", "").exit_code == 2
    assert call("release", run, "--withdraw", "a mistake").exit_code == 0
    assert ledger(run)[0]["withdrawn"]
