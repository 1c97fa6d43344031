"""`pilot check`: one report of everything, in the terminal and as a page for those inside."""

import os
import re
import stat
import subprocess

import pytest
from click.testing import CliRunner
from page_in_browser import look_at
from page_parser import PageParser
from pilot_fixtures import write_small_pilot

from pilot_analysis.check import check_pilot
from pilot_analysis.cli import main
from pilot_analysis.errors import ConfigError, RunError

PARTS = ("files", "joins", "coverage", "odd", "missing", "unread", "absent")


@pytest.fixture
def pilot(tmp_path, monkeypatch):
    monkeypatch.setenv("PILOT_ANALYSIS_KEY_FILE", str(tmp_path / "key"))
    return write_small_pilot(tmp_path / "pilot")


@pytest.fixture
def odd_pilot(pilot):
    """With something to see: an untested student, a long week, a stranger, a school with <>."""
    tests = (pilot / "assessments.csv").read_text().splitlines()
    tests = [line for line in tests if not line.startswith("S1-C2-3,reading,spring")]
    tests.append("nobody,reading,fall,200,2025-09-15")
    (pilot / "assessments.csv").write_text("\n".join(tests) + "\n")
    use = (pilot / "usage.csv").read_text() + "S1-C2-1,readwell,2025-11-03,week,4000\n"
    (pilot / "usage.csv").write_text(use)
    schools = (pilot / "schools.csv").read_text().replace("School S2", "School <S2>")
    (pilot / "schools.csv").write_text(schools)
    return pilot


@pytest.fixture
def faulty(pilot):
    """Three faults in two files, one in pilot.toml."""
    tests = (pilot / "assessments.csv").read_text()
    tests = tests.replace("fall,184,", "fall,many,", 1).replace("2026-05-11", "2026-13-11", 1)
    (pilot / "assessments.csv").write_text(tests)
    students = (pilot / "students.csv").read_text().replace(",S2,", ",S<9>,", 1)
    (pilot / "students.csv").write_text(students)
    return pilot


def test_a_sound_pilot_is_told_in_eighty_columns(odd_pilot, tmp_path):
    checked = check_pilot(odd_pilot, tmp_path / "out")
    assert checked.n_faults == 0
    assert checked.page == tmp_path / "out" / "small" / "_private" / "check.html"
    lines = checked.text.splitlines()
    assert lines[0] == "A small pilot (small)"
    assert lines[1].startswith("Internal: for those who hold the data.")
    assert all(len(line) <= 80 for line in lines if str(tmp_path) not in line)
    text = re.sub(r"\s+", " ", checked.text)
    assert "No fault. 292 rows read = 291 kept + 1 set aside." in text
    assert "assessments, assessments.csv: 96 tests -> 95 kept" in text
    assert "1 set aside: student not on the roster" in text
    assert "assessments with students: 96 rows = 95 matched + 1 not" in text
    assert "enrollments with what was assigned: all 48 rows matched" in text
    assert "survey_responses with teachers: all 8 rows matched" in text
    assert "Weeks that are too long to be true: 1 row of 1 student at 1 school" in text
    assert "reading: 1 no test after" in text
    assert "whys, calendar" in text


def test_what_a_pilot_lacks_is_no_part_of_the_coverage(odd_pilot, tmp_path):
    text = check_pilot(odd_pilot, tmp_path).text
    coverage = text[text.index("COVERAGE") : text.index("ODD,")]
    assert "assessments: complete at all 2 schools" in coverage
    assert "goals" not in coverage


@pytest.mark.parametrize("kind", ["odd_pilot", "faulty"])
def test_the_page_is_sound_internal_and_needs_nothing(request, kind, tmp_path):
    page = check_pilot(request.getfixturevalue(kind), tmp_path / "out").page
    html = page.read_text(encoding="utf-8")
    parsed = PageParser(html)
    assert parsed.headings.count(1) == 1
    for before, after in zip(parsed.headings, parsed.headings[1:], strict=False):
        assert after <= before + 1
    assert len(parsed.ids) == len(set(parsed.ids))
    assert set(parsed.referred) <= set(parsed.ids)
    assert '<html lang="en">' in html
    assert "<script" not in html
    assert not re.search(r'(src|href)="(?!#)', html)
    assert html.index("Internal: for those who hold the data") < html.index("<main")
    assert "Simulated data" in html
    assert len(re.findall("<table[ >]", html)) == html.count("<caption>")
    assert set(re.findall(r"<th(?!ead)(.*?)>", html)) <= {
        f' scope="{scope}"{words}' for scope in ("col", "row") for words in ("", ' class="words"')
    }


def test_the_page_has_all_lists(odd_pilot, tmp_path):
    html = check_pilot(odd_pilot, tmp_path / "out").page.read_text(encoding="utf-8")
    for part in PARTS:
        assert f'<h2 id="{part}">' in html
    missing = html[html.index('<h2 id="missing">') : html.index('<h2 id="unread">')]
    assert re.search(r"<td[^>]*>S1-C2-3</td>\s*<td[^>]*>no test after</td>", missing)
    odd = html[html.index('<h2 id="odd">') : html.index('<h2 id="missing">')]
    assert "readwell, week of 2025-11-03" in odd
    assert "More than 60 hours" in odd
    assert "School &lt;S2&gt;" in html
    assert "<S2>" not in html


def test_only_the_maker_may_read_the_page(pilot, tmp_path):
    page = check_pilot(pilot, tmp_path / "out").page
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert stat.S_IMODE(page.parent.stat().st_mode) == 0o700
    assert sorted(p.name for p in page.parent.iterdir()) == [".gitignore", "check.html"]


def test_git_ignores_the_page_wherever_it_is_written(pilot, tmp_path):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    check_pilot(pilot, tmp_path / "out")
    told = ["git", "-C", tmp_path, "status", "--porcelain", "--untracked-files=all", "--", "out"]
    done = subprocess.run(told, check=True, capture_output=True, text=True)
    assert done.stdout == ""


def test_faults_are_told_by_file_on_the_page_too(faulty, tmp_path):
    checked = check_pilot(faulty, tmp_path / "out")
    assert checked.n_faults == 3
    text = re.sub(r"\s+", " ", checked.text)
    assert "3 faults to mend. Nothing was loaded" in text
    assert text.index("students.csv - students.csv, row") < text.index("assessments.csv - ass")
    html = checked.page.read_text(encoding="utf-8")
    assert re.findall(r"<h3>(.*?)</h3>", html) == ["students.csv", "assessments.csv"]
    assert html.count("<li>assessments.csv, row") == 2
    assert "S&lt;9&gt;" in html


def test_what_is_sound_is_told_beside_the_faults(faulty, tmp_path):
    (faulty / "usage.csv").write_bytes(b"")
    survey = (faulty / "survey_responses.csv").read_text().splitlines()
    (faulty / "survey_responses.csv").write_text("\n".join([*survey, survey[-1]]) + "\n")
    toml = (faulty / "pilot.toml").read_text()
    toml = toml.replace('survey_responses.csv"', 'survey_responses.csv", keep = "distinct"')
    (faulty / "pilot.toml").write_text(toml)
    checked = check_pilot(faulty, tmp_path / "out")
    assert checked.n_faults == 4
    sound = checked.text[checked.text.index("FILES WITHOUT A FAULT") :]
    told = dict(re.findall(r"^  (\w+), \w+\.csv: (.*)$", sound, re.MULTILINE))
    n = len(survey) - 1
    assert told == {
        "schools": "2 rows, all kept",
        "teachers": "8 rows, all kept",
        "enrollments": "48 rows, all kept",
        "assignments": "8 rows, all kept",
        "products": "1 row, all kept",
        "survey_responses": f"{n + 1} answers -> {n} kept",
    }
    assert "1 set aside: the same as an earlier row" in sound
    html = checked.page.read_text(encoding="utf-8")
    assert html.index('<h2 id="faults">') < html.index('<h2 id="files">Files without a fault')
    assert '<h2 id="missing">' not in html


def test_a_column_that_was_renamed_is_pointed_out_beside_its_fault(pilot, tmp_path):
    tests = (pilot / "assessments.csv").read_text().replace("score", "scores", 1)
    (pilot / "assessments.csv").write_text(tests)
    text = re.sub(r"\s+", " ", check_pilot(pilot, tmp_path).text)
    assert 'assessments.csv: nothing reads "scores". Is it "score" under another name?' in text


def test_a_file_of_which_nothing_is_kept_is_named_at_the_top(pilot, tmp_path):
    lines = (pilot / "usage.csv").read_text().splitlines()
    strangers = [lines[0], *(line.replace(line.split(",")[0], "nobody") for line in lines[1:])]
    (pilot / "other.csv").write_text("\n".join(strangers) + "\n")
    toml = (pilot / "pilot.toml").read_text()
    both = 'usage = [{ file = "usage.csv" }, { file = "other.csv" }]'
    (pilot / "pilot.toml").write_text(toml.replace('usage = { file = "usage.csv" }', both))
    text = re.sub(r"\s+", " ", check_pilot(pilot, tmp_path).text)
    assert "Nothing was kept of other.csv (usage): see the reasons." in text


def test_what_the_configuration_and_the_data_disagree_about_stands_under_pilot_toml(
    pilot, tmp_path
):
    toml = (pilot / "pilot.toml").read_text().replace('"spring"', '"sprung"')
    (pilot / "pilot.toml").write_text(toml)
    checked = check_pilot(pilot, tmp_path / "out")
    assert checked.n_faults == 1
    assert "\npilot.toml\n  - outcomes.reading.post_window" in checked.text


def test_a_later_check_takes_the_place_of_an_earlier_one(faulty, tmp_path):
    first = check_pilot(faulty, tmp_path / "out").page.read_bytes()
    write_small_pilot(faulty)
    page = check_pilot(faulty, tmp_path / "out").page
    assert page.read_bytes() != first
    assert b"No fault was found" in page.read_bytes()


def test_the_same_data_give_the_same_page(odd_pilot, tmp_path):
    pages = [check_pilot(odd_pilot, tmp_path / out).page.read_bytes() for out in ("a", "b")]
    assert pages[0] == pages[1]


def test_a_page_that_cannot_be_written_is_a_sentence_and_leaves_nothing(
    pilot, tmp_path, monkeypatch
):
    target = tmp_path / "out" / "small" / "_private" / "check.html"
    (target / "in the way").mkdir(parents=True)
    with pytest.raises(RunError, match=r"check\.html: cannot be written .* --out"):
        check_pilot(pilot, tmp_path / "out")
    assert sorted(p.name for p in target.parent.iterdir()) == [".gitignore", "check.html"]

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(RunError, match="No space left"):
        check_pilot(pilot, tmp_path / "other")
    assert [p.name for p in (tmp_path / "other" / "small" / "_private").iterdir()] == [".gitignore"]


def test_without_a_configuration_there_is_no_page(tmp_path):
    with pytest.raises(ConfigError, match="no such folder"):
        check_pilot(tmp_path / "nothing", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_says_by_its_exit_status_whether_the_data_can_be_used(faulty, tmp_path):
    out = str(tmp_path / "out")
    done = CliRunner().invoke(main, ["check", str(faulty), "--out", out])
    assert done.exit_code == 2
    assert "students.csv, row" in done.output
    assert "Traceback" not in done.output
    assert (tmp_path / "out" / "small" / "_private" / "check.html").is_file()
    write_small_pilot(faulty)
    assert CliRunner().invoke(main, ["check", str(faulty), "--out", out]).exit_code == 0


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["odd_pilot", "faulty"])
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360)])
def test_a_browser_finds_no_barrier(browser, request, kind, tmp_path, scheme, width):
    page = check_pilot(request.getfixturevalue(kind), tmp_path / "out").page
    barriers, sticking_out, _ = look_at(browser, page, scheme=scheme, width=width)
    assert barriers == ""
    assert sticking_out <= 0


@pytest.mark.browser
def test_a_long_name_of_a_file_does_not_widen_the_page(browser, tmp_path):
    folder = write_small_pilot(tmp_path / "pilot")
    name = "daily_participation_of_every_student_2025.csv"
    usage = (folder / "usage.csv").read_text(encoding="utf-8").splitlines()
    text = "\n".join([f"{usage[0]},note", *(f"{line},x" for line in usage[1:])])
    (folder / name).write_text(text + "\n", encoding="utf-8")
    toml = (folder / "pilot.toml").read_text(encoding="utf-8")
    (folder / "pilot.toml").write_text(toml.replace("usage.csv", name), encoding="utf-8")
    page = check_pilot(folder, tmp_path / "out").page
    _, sticking_out, _ = look_at(browser, page, scheme="light", width=360)
    assert sticking_out <= 0
