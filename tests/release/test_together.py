"""`pilot audit RUN RUN`: runs of one pilot, in the order of their release."""

import json
import shutil

import pytest
from click.testing import CliRunner

from pilot_analysis.cli import main
from pilot_analysis.release import audit


@pytest.fixture
def both(made, made_for_team, tmp_path):
    """Copies of the runs for the public and for the team, beside each other."""
    home = tmp_path / "reports" / "small"
    return [shutil.copytree(folder, home / folder.name) for folder in (made[1], made_for_team)]


@pytest.fixture
def without_the_attack(monkeypatch):
    """Leave out the attacker, who takes most of the time, where files alone are at fault."""
    monkeypatch.setattr(audit, "find_given_away", lambda *_: [])


def call(*arguments):
    return CliRunner().invoke(main, ["audit", *(str(argument) for argument in arguments)])


def of_other_data(run, edit):
    """Copy a run as if it were of other data."""
    other = shutil.copytree(run, run.with_name("public-other"))
    edit(other / "manifest.json", lambda m: m["inputs"][0].update(keyed_hash="0" * 16))
    return other


def test_a_run_for_the_public_and_one_for_the_team_pass_together(both):
    done = call(*both)
    assert done.exit_code == 0, done.output
    public, team = both
    assert f"No finding in {public.name}, {team.name}." in done.stdout
    assert "Of the headline numbers" in done.stdout
    for run in both:
        kept = json.loads((run / "_private" / "audit.json").read_text(encoding="utf-8"))
        assert kept["runs"] == [public.name, team.name]


def test_runs_of_other_data_pass_together(both, edit):
    done = call(of_other_data(both[0], edit), both[1])
    assert done.exit_code == 0, done.output


@pytest.mark.usefixtures("without_the_attack")
def test_two_runs_for_the_public_that_differ_by_one_student_do_not(both, edit):
    public = both[0]
    other = of_other_data(public, edit)

    def one_more(rows):
        row = next(r for r in rows if r["population"] == "students" and r["n"] and r["school_id"])
        row["n"] += 1
        changed.append(row["result_id"])

    changed = []
    assert call(public, other).exit_code == 0  # nothing but the hash of an input has changed
    edit(other / "schools" / "S1" / "results.json", one_more)
    done = call(public, other)
    assert done.exit_code == 1
    assert f"small difference: {changed[0]}" in done.stdout
    assert f"differs from the release {public.name}" in done.stdout


@pytest.mark.usefixtures("without_the_attack")
def test_a_finding_in_one_of_them_is_told_and_noted_for_both(both):
    public, team = both
    (team / "notes.txt").write_text("")
    done = call(public, team)
    assert done.exit_code == 1
    assert done.stdout.startswith("unknown file: notes.txt\n")
    for run in both:
        kept = json.loads((run / "_private" / "audit.json").read_text(encoding="utf-8"))
        assert [finding["kind"] for finding in kept["findings"]] == ["unknown file"]


def test_runs_of_several_pilots_are_refused(both, tmp_path):
    elsewhere = shutil.copytree(both[1], tmp_path / "reports" / "other" / both[1].name)
    done = call(both[0], elsewhere)
    assert done.exit_code == 2
    assert "give those of one pilot" in done.stderr


def test_runs_that_name_another_pilot_are_refused_wherever_they_stand(both, edit):
    edit(both[1] / "manifest.json", lambda manifest: manifest.update(pilot="other"))
    done = call(*both)
    assert done.exit_code == 2
    assert "give those of one pilot" in done.stderr


def test_one_that_cannot_be_read_stops_the_audit_of_all(both):
    (both[1] / "network" / "claims.json").unlink()
    done = call(*both)
    assert done.exit_code == 2
    assert "claims.json is missing" in done.stderr
    assert "Traceback" not in done.output
