"""What is planted in the demo's exports is found, each kind exactly as often as it was planted."""

import csv
import gzip
import io
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from pilot_analysis.check import check_pilot
from pilot_analysis.evaluation.oddities import find_oddities
from pilot_analysis.pilot import load_pilot

DEMO = Path(__file__).parents[2] / "data" / "raw" / "demo"
AGREE = "How much do you agree?"


@pytest.fixture(scope="module")
def before():
    return {name: o.rows for name, o in find_oddities(load_pilot(DEMO)).items() if o}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted") / "demo"
    shutil.copytree(DEMO, folder)
    _plant_tests(folder / "iready_diagnostic_math.zip")
    _plant_weeks(folder / "clever" / "daily_participation_2025-11.csv.gz")
    _plant_answers(folder / "google_forms_teachers_spring.csv")
    return folder


def _edit(data, change):
    """Return a csv as bytes after `change(rows)`."""
    reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    rows, out = list(reader), io.StringIO(newline="")
    change(rows)
    writer = csv.DictWriter(out, reader.fieldnames, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def _plant_tests(path):
    def change(rows):
        sound = [r for r in rows if r["Completion Date"] == "05/13/2026" and not r["Rush Flag"]]
        rows += [dict(r) for r in sound[:3]]  # the same row again
        rows += [r | {"Completion Date": "12/01/2025"} for r in sound[3:8]]
        for row, score in zip(sound[8:10], ("999", "1"), strict=True):
            copies = [r for r in rows if r == row]
            for copy in copies:
                copy["Overall Scale Score"] = score

    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        data = _edit(archive.read(name), change)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, data)


def _plant_weeks(path):
    def change(rows):
        sound = [r for r in rows if r["active"] == "True" and r["date"] == "2025-11-05"]
        for row in sound[:4]:  # four days of a thousand minutes are more than sixty hours
            rows += [row | {"date": f"2025-11-{d:02}", "num_minutes": "1000"} for d in range(6, 10)]

    path.write_bytes(gzip.compress(_edit(gzip.decompress(path.read_bytes()), change)))


def _plant_answers(path):
    def change(rows):
        at = [r for r in rows if r["Your school's code"] in ("S01", "S02")]
        codes = dict.fromkeys(r["Your code (it stands in your letter)"] for r in at)
        for code in list(codes)[:2]:
            for row in at:
                if row["Your code (it stands in your letter)"] == code:
                    row["Which software do you use?"] = "Numera"  # both schools have Readwell alone
        for code in list(codes)[2:5]:
            for row in at:
                if row["Your code (it stands in your letter)"] == code:
                    row.update({q: "Agree" for q in row if q.startswith(AGREE)})

    path.write_bytes(_edit(path.read_bytes(), change))


def test_each_kind_is_found_as_often_as_it_was_planted(folder, before):
    oddities = find_oddities(load_pilot(folder))
    more = {name: o.rows - before[name] for name, o in oddities.items() if o}
    assert {name: n for name, n in more.items() if n} == {
        "far_scores": 2,
        "repeated_tests": 3,
        "outside_windows": 5,
        "long_weeks": 4,
        "not_assigned": 2,
        "same_answers": 3,
    }


def test_the_report_says_what_was_done_about_each(folder, tmp_path):
    checked = check_pilot(folder, tmp_path)
    text = re.sub(r"\s+", " ", checked.text)
    for words in (
        "Tests more than once: 267 rows of 13,920 Set aside: of several",
        "Tests outside the windows: 203 rows of 13,920 Set aside: it is no test",
        "Weeks that are too long to be true: 4 rows of 4 students at",
        "Ratings of a product that was not assigned: 2 rows of 2 people at 1 school",
    ):
        assert words in text
    html = checked.page.read_text(encoding="utf-8")
    assert html.count("<em>What was done:</em>") == html.count("<em>What to do next:</em>") == 7
