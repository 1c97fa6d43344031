import hashlib
import json

import pytest

from pilot_analysis.release.traces import find_traces, new_lines

DIGEST = hashlib.sha256(b"anything").hexdigest()
LEAKS = [
    ("/home/anna/pilot/students.csv", "place on a machine"),
    ("C:\\Users\\anna", "place on a machine"),
    ("2026-05-11T10:31", "clock time"),
    ("Traceback (most recent call last):", "error text"),
    ("ValueError: row 12", "error text"),
    ("anna@example.org", "e-mail"),
    ("api_key = abcdef", "secret"),
    (DIGEST, "plain hash"),
    (DIGEST[:16], "plain hash"),
]


def kinds(text, tmp_path, name="index.html", known=()):
    return {f.kind for f in find_traces(name, new_lines(text, set()), [DIGEST], known, tmp_path)}


@pytest.mark.parametrize(("text", "kind"), LEAKS)
def test_a_trace_of_machine_moment_or_secret_is_found(text, kind, tmp_path):
    assert kinds(f"<p>Words before {text} and after.</p>", tmp_path) == {kind}
    notebook = json.dumps({"cells": [{"source": f"one\n{text}\ntwo"}]})
    assert kinds(notebook, tmp_path, "schools/S1/brief.ipynb") == {kind}


def test_the_folder_of_the_reports_is_found(tmp_path):
    assert kinds(f"see {tmp_path.parent}", tmp_path) == {"place on a machine"}


def test_what_a_page_holds_anyway_is_no_trace(tmp_path):
    text = (
        "<style>:root { --ink: #1c2430 } a::after { content: '10:30:00' }</style>"
        "<p>Week of 2025-10-06, code 9abe80d3e0c34c1d, see <a href='schools/S1/brief.html'>S1</a>, "
        "the secret of good teaching; and/or; 24/7. Write to help@example.org.</p>"
    )
    assert kinds(text, tmp_path, known={"Questions: help@example.org"}) == set()


def test_a_line_is_searched_once_and_a_style_sheet_never():
    seen = set()
    assert new_lines("a\n<style>b\nc</style>\nd", seen) == "a\n \nd"
    assert new_lines("<style>b\ne</style>\nd\nf", seen) == "f"
    assert new_lines('["f\\n", "g"]', seen) == '["f\n", "g"]'
