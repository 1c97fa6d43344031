"""One suppression undone by hand, with the true number put back: the audit names the result."""

import json
import math

import pytest

from pilot_analysis.disclosure import ProtectedResults
from pilot_analysis.disclosure.protected import make_protected
from pilot_analysis.disclosure.rounding import round_results
from pilot_analysis.evaluation import evaluate
from pilot_analysis.pilot import load_pilot
from pilot_analysis.release import audit, audit_runs
from pilot_analysis.release.words import forms_of

RULES = ("minimum n", "small category", "source hidden", "single person role")
WORDS_AND_NUMBERS = ("estimate", "n", "conf_low", "conf_high", "level", "value_text", "flags")
BRIEF = "schools/S1"


@pytest.fixture(scope="module")
def truth(made):
    """Result id -> the row as it would be shown if nothing were hidden."""
    frame = round_results(evaluate(load_pilot(made[0])))
    return {row["result_id"]: row for row in frame.to_dict("records")}


def plain(value):
    return None if isinstance(value, float) and math.isnan(value) else value


def first_hidden(run, rows, truth, rule):
    """Return a row that this rule hid, whose true number no shown result has."""
    through = ProtectedResults.read(run / "_private" / "prepared").frame
    names = set(through.loc[through["suppressed"].eq(rule), "result_id"])
    shown = {form for row in rows for form in forms_of(row)}
    hidden = (row for row in rows if row["result_id"] in names)
    ranked = sorted(hidden, key=lambda row: _estimate(truth, row) in shown)
    return ranked[0]


def _estimate(truth, row):
    return f"{truth[row['result_id']]['estimate']:g}"


def undo(row, truth):
    true = truth[row["result_id"]]
    row.update({key: plain(true[key]) for key in WORDS_AND_NUMBERS} | {"suppressed": ""})
    row["flags"] = list(row["flags"])


@pytest.mark.parametrize("rule", RULES)
def test_in_the_results_of_a_brief(run, truth, rule, monkeypatch):
    monkeypatch.setattr(audit, "find_given_away", lambda *_: [])  # the files alone tell
    path = run / BRIEF / "results.json"
    rows = json.loads(path.read_text(encoding="utf-8"))
    row = first_hidden(run, rows, truth, rule)
    undo(row, truth)
    path.write_text(json.dumps(rows), encoding="utf-8")
    named = {finding.where for finding in audit_runs([run]).findings}
    assert row["result_id"] in named


def test_in_an_alt_text_alone(run, truth):
    rows = json.loads((run / BRIEF / "results.json").read_text(encoding="utf-8"))
    row = first_hidden(run, rows, truth, "small category")
    page = run / BRIEF / "brief.html"
    text = page.read_text(encoding="utf-8")
    planted = f" Among them: {_estimate(truth, row)}.</desc>"
    page.write_text(text.replace("</desc>", planted, 1), encoding="utf-8")
    assert {finding.where for finding in audit_runs([run]).findings} == {
        f"{BRIEF}/brief.html, alt text"
    }


def test_in_what_the_gate_let_through_as_well(run, truth):
    """A gate that forgot a rule: then the file is as it was let through, and still found."""
    prepared = run / "_private" / "prepared"
    protected = ProtectedResults.read(prepared)
    frame = protected.frame
    at = frame.index[frame["suppressed"].eq("minimum n") & frame["school_id"].eq("S1")][0]
    for key, value in truth[frame.at[at, "result_id"]].items():
        if key in WORDS_AND_NUMBERS:
            frame.at[at, key] = value
    frame.at[at, "suppressed"] = ""
    altered = make_protected(frame, protected.policy)
    altered.write(prepared)
    rows = altered.for_brief("S1").to_json()
    (run / BRIEF / "results.json").write_text(json.dumps(rows), encoding="utf-8")
    named = {(finding.kind, finding.where) for finding in audit_runs([run]).findings}
    assert ("small group", frame.at[at, "result_id"]) in named
    assert not [kind for kind, _ in named if kind == "not from the gate"]
