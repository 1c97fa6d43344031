import re

import numpy as np
import pytest
from report_sample import estimate, make_brief, make_results

from pilot_analysis.disclosure import DisclosurePolicy, protect
from pilot_analysis.errors import DisclosureError, RunError
from pilot_analysis.report.claims import Html, Label
from pilot_analysis.report.facts import Facts
from pilot_analysis.report.formats import written
from pilot_analysis.results import result


@pytest.fixture(scope="module")
def page():
    few = result(
        "usage", "few", "proportion", "students", 0.5, n=4, unit="proportion", school_id="S1"
    )
    odd = result("usage", "odd", "mean", "students", np.nan, n=40, unit="points", school_id="S1")
    share = estimate(0.5, 0.4, 0.6, "proportion", 60, 5)
    fine = result("usage", "fine", "proportion", "students", share, school_id="S1")
    return make_brief(extra=[few, odd, fine]).page


def fact(page, name):
    return page.own(f"usage.{name}")


def test_a_number_in_a_sentence_is_a_claim_that_names_its_result_and_column(page):
    said = page.prose.sentence("From {f.low} to {f.high}: {f}.", f=fact(page, "fine"))
    assert said == (
        'From <data class="claim" value="0.4" data-result="usage.fine[school=S1]" '
        'data-field="conf_low">40 percent</data> to <data class="claim" value="0.6" '
        'data-result="usage.fine[school=S1]" data-field="conf_high">60 percent</data>: '
        '<data class="claim" value="0.5" data-result="usage.fine[school=S1]" '
        'data-field="estimate">50 percent</data>.'
    )


@pytest.mark.parametrize("template", ["7 of 10 said yes.", "{f} of 9", "m²", "½", "x١"])
def test_a_digit_in_a_template_stops_the_page(page, template):
    with pytest.raises(RunError, match="digit that no result stands behind"):
        page.prose.sentence(template, f=fact(page, "fine"))


def test_a_digit_in_a_plain_string_stops_the_page_and_a_recorded_name_does_not(page):
    with pytest.raises(RunError, match="digit"):
        page.prose.sentence("In {where}.", where="grade 3")
    assert page.prose.sentence("In {where}.", where=Label("grade <3>")) == "In grade &lt;3&gt;."


def test_number_words_are_words(page):
    assert page.prose.sentence("Found four times in five.") == "Found four times in five."


def test_an_unknown_result_stops_the_page(page):
    stranger = make_brief("S2").page.own("conditions.classes")
    with pytest.raises(RunError, match="no such result"):
        page.prose.sentence("{f}", f=stranger)


def test_a_suppressed_result_stops_a_sentence_and_calms_what_is_said(page):
    few = fact(page, "few")
    with pytest.raises(RunError, match=r"suppressed \(small groups\)"):
        page.prose.sentence("It was {f}.", f=few)
    assert page.prose.say("It was {f}.", f=few) == (
        "A number is not shown here. It is about too few people, or would give such a number away."
    )
    assert page.prose.cell(few) == '<span class="c">[c]</span>'


def test_a_number_that_is_not_defined_is_never_written(page):
    with pytest.raises(RunError, match="has no estimate"):
        page.prose.sentence("It was {f}.", f=fact(page, "odd"))
    assert page.prose.say("It was {f}.", f=fact(page, "odd")) == ""
    assert page.prose.say("It was {f}.", f=None) == ""


def test_a_name_that_nothing_was_given_for_stops_the_page(page):
    with pytest.raises(RunError, match="nothing was given"):
        page.prose.sentence("{f}")
    with pytest.raises(RunError, match="is no claim"):
        page.prose.sentence("{f.mean}", f=fact(page, "fine"))


def test_small_counts_are_words_and_still_claims(page):
    said = page.prose.sentence("{f:Word} classes", f=page.overall("learning.moved"))
    assert ">14</data>" in said
    said = page.prose.sentence("{f:Word} took part", f=page.own("conditions.teachers_took_part"))
    assert 'value="9"' in said
    assert ">Nine</data>" in said


def test_a_word_agrees_with_the_number_that_it_follows():
    rows = [
        result("usage", name, "count", "records", value, school_id="S1")
        for name, value in (("lone", 1), ("many", 3))
    ]
    rows.append(
        result("usage", "near", "mean", "records", 1.3, n=9, unit="days", school_id="S1",
               remainder_percent=300, smallest_n=9)
    )  # fmt: skip
    page = make_brief(extra=rows).page
    said = page.prose.sentence(
        "{a:word} {a:day/days}, {b:word} {b:day/days}, {c} {c:day/days} of {c.n} {c.n:call/calls}",
        a=fact(page, "lone"),
        b=fact(page, "many"),
        c=fact(page, "near"),
    )
    assert re.sub(r"<[^>]*>", "", said) == "one day, three days, 1.3 days of 9 calls"
    with pytest.raises(RunError, match="digit"):
        page.prose.sentence("{a:1 day/days}", a=fact(page, "lone"))


def test_markup_of_ours_passes_and_markup_of_theirs_does_not(page):
    said = page.prose.sentence("{a} {b}", a=Html("<b>x</b>"), b=Label("<b>"))
    assert said == "<b>x</b> &lt;b&gt;"


def test_facts_come_only_through_the_gate():
    with pytest.raises(DisclosureError, match="only ProtectedResults"):
        Facts(make_results())
    Facts(protect(make_results(), DisclosurePolicy.named("team")).for_brief("S1"))


def test_two_results_that_fit_are_not_one(page):
    with pytest.raises(RunError, match="results fit"):
        page.facts.one("usage.funnel", school_id="S1")


@pytest.mark.parametrize(
    ("value", "unit", "kind", "options", "text"),
    [
        (0.474, "proportion", "proportion", {}, "47%"),
        (0.474, "proportion", "proportion", {"long": True}, "47 percent"),
        (-0.09, "proportion", "effect", {"signed": True}, "−9 percentage points"),
        (44.4, "NPS points", "score", {}, "+44"),
        (-0.04, "points", "effect", {"signed": True}, "0.0"),
        (-2.25, "points", "effect", {"magnitude": True}, "2.2"),
        (2400, "", "count", {}, "2,400"),
        (3.66, "scale points (1-5)", "mean", {}, "3.7"),
        (8.0, "weeks", "parameter", {}, "8"),
        (0.95, "proportion", "parameter", {}, "95%"),
    ],
)
def test_values_are_written_by_their_unit(value, unit, kind, options, text):
    assert written(value, unit, kind, **options) == text


def test_a_missing_value_is_not_written():
    with pytest.raises(RunError, match="missing"):
        written(float("nan"), "points", "mean")
