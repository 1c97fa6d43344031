import subprocess
import sys

import pytest
from click.testing import CliRunner
from pilot_fixtures import write_small_pilot

from pilot_analysis.cli import main
from pilot_analysis.schema import data_dictionary


@pytest.fixture
def pilot(tmp_path, monkeypatch):
    monkeypatch.setenv("PILOT_ANALYSIS_KEY_FILE", str(tmp_path / "key"))
    return write_small_pilot(tmp_path / "pilot")


def call(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from pilot_analysis.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print(sorted({'pandas', 'matplotlib', 'papermill'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_check_prints_the_ledger_and_what_was_collected(pilot, tmp_path):
    done = call("check", pilot, "--out", tmp_path / "reports")
    assert done.exit_code == 0
    assert "assessments.csv" in done.output
    assert "NOT COLLECTED\n  licenses" in done.output


def test_a_fault_in_the_pilot_is_a_message_and_no_traceback(pilot):
    (pilot / "pilot.toml").unlink()
    done = call("check", pilot)
    assert done.exit_code == 2
    assert done.stderr.startswith("Error: ")
    assert "pilot.toml: not found" in done.stderr
    assert "Traceback" not in done.output


def test_brief_refuses_an_unknown_school(pilot, tmp_path):
    done = call("brief", pilot, "--school", "S7", "--out", tmp_path / "reports")
    assert done.exit_code == 2
    assert "no school 'S7'" in done.stderr
    assert not (tmp_path / "reports").exists()


def test_an_interrupt_is_a_message_and_no_traceback(pilot, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("pilot_analysis.batch.run_briefs", interrupt)
    done = call("brief", pilot)
    assert done.exit_code == 130
    assert done.stderr.splitlines()[-1] == "Interrupted: nothing was written."


def test_an_unknown_audience_is_a_usage_error(pilot):
    assert call("brief", pilot, "--audience", "all").exit_code == 2


def test_dictionary_prints_the_data_dictionary():
    assert call("dictionary").output == data_dictionary()


def test_simulate_writes_exports_and_does_not_write_over_them(tmp_path):
    first = call("simulate", tmp_path / "new", "--seed", 3, "--schools", 1)
    assert first.exit_code == 0
    roster = (tmp_path / "new" / "oneroster.zip").read_bytes()
    again = call("simulate", tmp_path / "new", "--seed", 4, "--schools", 1)
    assert again.exit_code == 2
    assert "--replace" in again.stderr
    assert (tmp_path / "new" / "oneroster.zip").read_bytes() == roster
    assert (
        call("simulate", tmp_path / "new", "--seed", 3, "--schools", 1, "--replace").exit_code == 0
    )
    assert (tmp_path / "new" / "oneroster.zip").read_bytes() == roster


def test_a_run_tells_how_many_headline_numbers_are_left(pilot, tmp_path):
    done = call("brief", pilot, "--school", "S1", "--out", tmp_path / "reports")
    assert done.exit_code == 0, done.output
    assert "Of the headline numbers, " in done.stdout
    assert "; of all numbers about people, " in done.stdout
