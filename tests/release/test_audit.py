"""Every leak that is planted by hand in a copy of a run must be found."""

import json
import re
import stat

import pytest

from pilot_analysis.batch import run_briefs
from pilot_analysis.disclosure import DisclosurePolicy
from pilot_analysis.errors import DisclosureError
from pilot_analysis.pilot import load_pilot
from pilot_analysis.release import audit, audit_runs, people_of, require_safe
from pilot_analysis.release.reading import read_run
from pilot_analysis.release.rows import find_small_groups

RESULTS = "schools/S1/results.json"
PAGE = "schools/S1/brief.html"
NOTEBOOK = "schools/S1/brief.ipynb"


def kinds(run, people=()):
    return {finding.kind for finding in audit_runs([run], people).findings}


def places(run, kind, people=()):
    return {f.where for f in audit_runs([run], people).findings if f.kind == kind}


@pytest.fixture(autouse=True)
def without_the_attack(request, monkeypatch):
    """Leave out the attacker, who takes most of the time, where files alone are at fault."""
    if "made" not in request.fixturenames or "run" in request.fixturenames:
        monkeypatch.setattr(audit, "find_given_away", lambda *_: [])


def first(rows, **wanted):
    return next(row for row in rows if all(row[key] == value for key, value in wanted.items()))


def test_a_run_as_it_was_made_has_no_finding(made):
    done = audit_runs([made[1]], people_of(load_pilot(made[0])))
    assert done.findings == ()
    assert 0 < done.numbers.shown < 1
    assert 0 < done.headlines.shown + done.headlines.as_range <= 1
    words = r"Of the headline numbers, \d+% are shown and \d+% are given as a range; of all numbers"
    assert re.search(words, done.told)
    kept = json.loads((made[1] / "_private" / "audit.json").read_text(encoding="utf-8"))
    assert kept["findings"] == []
    for name in ("headlines", "numbers"):
        expected = getattr(done, name)._asdict()
        assert kept[name] == pytest.approx(expected, abs=1e-4)


def test_a_suppression_undone_in_the_results_is_found(run, edit):
    def undo(rows):
        row = first(rows, suppressed="small groups", kind="count")
        row.update(estimate=4.0, n=4, suppressed="")

    edit(run / RESULTS, undo)
    assert {"not from the gate", "small group"} <= kinds(run)


def test_one_persons_words_that_the_policy_shows_are_no_small_group(made):
    row = first(read_run(made[1]).briefs[0].rows, suppressed="")
    row |= {"n": 1, "population": "respondents", "flags": ["single person role"]}
    policy = DisclosurePolicy.named("team")
    assert list(find_small_groups("results.json", [row | {"kind": "level"}], policy)) == []
    assert len(list(find_small_groups("results.json", [row | {"kind": "mean"}], policy))) == 1


def test_a_hidden_result_that_keeps_its_word_is_found(run, edit):
    edit(run / RESULTS, lambda rows: first(rows, suppressed="small groups").update(level="few"))
    assert "hidden result" in kinds(run)


def test_two_briefs_that_disagree_are_found(run, edit):
    edit(run / RESULTS, lambda rows: first(rows, school_id="", suppressed="", kind="count").update(
        estimate=999.0))  # fmt: skip
    assert "two answers" in kinds(run)


def test_a_number_with_too_many_decimals_is_found(run, edit):
    def sharpen(rows):
        row = first(rows, suppressed="", kind="mean")
        row["estimate"] += 0.01234

    edit(run / RESULTS, sharpen)
    assert "not rounded" in kinds(run)


def test_a_bar_for_a_hidden_result_is_found(run, replace):
    replace(run / PAGE, 'style="width:0.0%"', 'style="width:40.0%"')
    assert places(run, "drawn") == {f"{PAGE}, bars"}


def test_a_mark_that_no_shown_result_has_is_found(run):
    text = (run / PAGE).read_text(encoding="utf-8")
    mark = re.search(r'<use style="[^"]*paper[^"]*" x="([\d.]+)"', text)
    moved = mark[0].replace(f'x="{mark[1]}"', f'x="{float(mark[1]) + 3.21:.2f}"')
    (run / PAGE).write_text(text.replace(mark[0], moved), encoding="utf-8")
    assert places(run, "drawn") == {f"{PAGE}, drawing"}


def test_an_alt_text_with_another_number_is_found(run):
    text = (run / PAGE).read_text(encoding="utf-8")
    (run / PAGE).write_text(text.replace("</desc>", " English learners: 83.7.</desc>", 1), "utf-8")
    assert places(run, "not accounted for") == {f"{PAGE}, alt text"}


def test_an_alt_text_with_the_number_of_another_result_is_found(run):
    rows = json.loads((run / RESULTS).read_text(encoding="utf-8"))
    large = next(
        str(int(row["n"])) for row in rows if not row["suppressed"] and (row["n"] or 0) > 9
    )
    text = (run / PAGE).read_text(encoding="utf-8")
    (run / PAGE).write_text(text.replace("</desc>", f" Girls: {large}.</desc>", 1), "utf-8")
    assert places(run, "not accounted for") == {f"{PAGE}, alt text"}


@pytest.mark.parametrize("tag", ["<figcaption>", "<p>", "<title>"])
def test_words_with_another_number_are_found(run, replace, tag):
    replace(run / PAGE, tag, f"{tag}Of these 837 ")
    assert "not accounted for" in kinds(run)


def test_a_claim_with_another_value_is_found(run):
    text = (run / PAGE).read_text(encoding="utf-8")
    claim = re.search(r'<data class="claim"[^>]*value="([\d.]+)"[^>]*>', text)[0]
    other = re.sub(r'value="[\d.]+"', 'value="837"', claim)
    (run / PAGE).write_text(text.replace(claim, other, 1), encoding="utf-8")
    assert "not accounted for" in kinds(run)


def test_an_id_in_the_metadata_of_a_notebook_is_found(run, edit, made):
    people = people_of(load_pilot(made[0]))
    edit(run / NOTEBOOK, lambda notebook: notebook["metadata"].update(note="see S1-C2-3"))
    assert places(run, "id of a person", people) == {NOTEBOOK}
    assert "unknown content" in kinds(run)


def test_a_number_that_is_an_id_is_found_where_it_is_no_result(run, replace):
    replace(run / PAGE, "<p>", "<p>10023847 ")
    assert places(run, "id of a person", {"10023847"}) == {PAGE}


def test_the_plain_hash_of_an_input_is_found_even_if_cut_short(run, edit):
    digest = json.loads((run / "_private" / "inputs.json").read_text())[0]["sha256"]
    edit(run / "manifest.json", lambda m: m["inputs"][1].update(keyed_hash=digest[:16]))
    assert places(run, "plain hash") == {"manifest.json"}


def test_an_unknown_file_is_found(run):
    (run / "schools" / "S1" / "students.csv").write_text("name\n")
    (run / "notes").mkdir()
    assert places(run, "unknown file") == {"schools/S1/students.csv", "notes"}


def test_a_link_out_of_the_run_is_found(run, tmp_path):
    (run / "network" / "brief.html").unlink()
    (tmp_path / "brief.html").write_text("")
    (run / "network" / "brief.html").symlink_to(tmp_path / "brief.html")
    with pytest.raises(DisclosureError, match="missing"):
        audit_runs([run])


@pytest.mark.parametrize("text", ["{", "{}", "[1]", "[{}]"])
def test_results_that_cannot_be_read_stop_the_audit(run, text):
    (run / RESULTS).write_text(text)
    with pytest.raises(DisclosureError, match="S1"):
        audit_runs([run])


@pytest.mark.parametrize("name", ["relations.json", "context.json", "results.parquet"])
def test_without_what_the_gate_wrote_there_is_no_audit(run, name):
    (run / "_private" / "prepared" / name).unlink()
    with pytest.raises(DisclosureError, match=name):
        audit_runs([run])


def test_what_the_audit_does_not_understand_is_not_released(run, monkeypatch):
    def broken(*_):
        raise KeyError("x")

    monkeypatch.setattr(audit, "find_in_rows", broken)
    with pytest.raises(DisclosureError, match="could not be done"):
        audit_runs([run])


def test_an_audit_that_could_not_be_done_is_kept_where_only_the_owner_reads(run, tmp_path):
    (run / "_private" / "prepared" / "relations.json").unlink()
    with pytest.raises(DisclosureError, match=r"kept in .*refused_audit\.json"):
        require_safe(run, tmp_path / "kept")
    kept = tmp_path / "kept" / "refused_audit.json"
    assert "relations.json" in json.loads(kept.read_text(encoding="utf-8"))["not_done"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in (kept.parent, kept)] == [0o700, 0o600]


def test_all_findings_of_a_refused_run_are_kept_until_a_run_passes(pilot, tmp_path, monkeypatch):
    home = tmp_path / "reports" / "small"
    found = [audit.Finding("drawn", f"schools/S1, bar {at}", "A bar.") for at in range(60)]
    with monkeypatch.context() as patch:
        patch.setattr(audit, "find_in_index", lambda *_: found)
        with pytest.raises(DisclosureError, match=r"drawn \| schools/S1, bar 0 ") as raised:
            run_briefs(pilot, tmp_path / "reports", "public", ["S1"])
    assert len(raised.value.faults) == 60
    kept = home / "_private" / "refused_audit.json"
    assert str(kept) in str(raised.value)
    assert "bar 59" not in str(raised.value)
    assert len(json.loads(kept.read_text(encoding="utf-8"))["findings"]) == 60
    assert [path.name for path in home.rglob("*")] == ["_private", "refused_audit.json"]
    run_briefs(pilot, tmp_path / "reports", "public", ["S1"])
    assert not kept.exists()
