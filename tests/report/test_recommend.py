"""The section on what teachers recommend, of pilots in which they rated two products."""

import re

import pytest
from opinion_pilot import ITEMS, answers, opinion_pilot
from page_parser import PageParser

from pilot_analysis.disclosure import DisclosurePolicy, protect
from pilot_analysis.evaluation.recommendation import recommendation
from pilot_analysis.report.brief import Brief
from pilot_analysis.report.claims import Prose
from pilot_analysis.report.facts import Facts
from pilot_analysis.report.page import Context, Page

FIRSTS = [10, 9, 9, 8, 7, 3, 10]
SECONDS = [6, 8, 9, 7, 10, 0, 2]
NOT_COMPARABLE = (
    "Asked on a scale from one to ten: not to be compared with scores from zero to ten."
)


def brief(*, offered_from=None, only_p=0, only_q=0, audience="team", product=""):
    said = [*answers("A", FIRSTS + [9] * only_p), *answers("A", SECONDS, product_id="q")]
    said += answers("A", [3] * only_q, product_id="q", first=50)
    items = {"recommend": ITEMS["recommend"] | {"offered_from": offered_from}}
    pilot = opinion_pilot("AB", survey_responses=said, items=items)
    return of(pilot, audience, product)


def of(pilot, audience="team", product=""):
    protected = protect(recommendation(pilot), DisclosurePolicy.named(audience))
    facts = Facts(protected.for_brief("A", product))
    context = Context(pilot.config, {"A": "School A", "B": "School B"}, {"p": "p", "q": "q"})
    return Brief(Page(facts, Prose(facts), context, "A", product, audience))


def words(fragment):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", fragment.html))


def test_the_difference_is_told_with_its_interval_and_who_is_behind_it():
    said = words(brief().recommend())
    assert (
        "Seven teachers rated both p and q. Among them, the score of p minus that of q is +57. "
        "Chance alone could put this difference anywhere from −34 to +129." in said
    )
    assert "left out here" not in said


def test_who_rated_one_only_is_counted():
    said = words(brief(only_p=6, only_q=5).recommend())
    assert (
        "Six who rated p did not answer the same question about q. Five who rated q did not answer "
        "the same question about p. They are left out here, so the difference need not be that of "
        "the two scores." in said
    )
    assert "Six who rated p" in words(brief(only_p=6).recommend())
    assert "who rated q" not in words(brief(only_p=6).recommend())


@pytest.mark.parametrize("details", [{"only_p": 1}, {"audience": "public"}])
def test_a_difference_that_may_not_be_shown_is_left_out_in_words(details):
    html = brief(**details).recommend().html
    assert "lie apart among teachers who rated both is not shown" in html
    assert "nps_difference" not in html


def test_the_brief_of_one_product_compares_it_with_the_other():
    assert "minus that of q" in words(brief(product="p").recommend())
    assert "minus that of q" in words(brief(product="q").recommend())


@pytest.mark.parametrize("audience", ["team", "public"])
def test_a_scale_from_one_to_ten_is_named_wherever_a_score_stands(audience):
    made = brief(offered_from=1, audience=audience)
    html = made.recommend().html
    parts = re.findall(r"<p.*?</p>|<figure.*?</figure>", html, flags=re.S)
    scores = [p for p in parts if "nps" in p and "<ul>" not in p]
    assert len(scores) >= (2 if audience == "public" else 3)
    for part in scores:
        assert NOT_COMPARABLE in words(type("Part", (), {"html": part}))
    assert "zero to six" not in html
    if audience == "team":
        assert "No (one to six)" in html
        assert "to a colleague, from one to ten." in html
        labels = re.findall(r"<desc[^>]*>(.*?)</desc>", html)
        assert len(labels) == 2
        assert all("This school (1–10): " in label for label in labels)
        assert "This school (1–10) +" in html
        assert NOT_COMPARABLE in words(made.glance())
    assert NOT_COMPARABLE in words(made.how_we_know())
    assert PageParser(html).headings == [3, 3]


def test_scores_of_another_scale_are_no_circles_on_the_line():
    circles = []
    for item in ("recommend", "from_one"):
        items = {"from_one": ITEMS["recommend"] | {"offered_from": 1}}
        said = [*answers("A", FIRSTS), *answers("B", SECONDS, item=item)]
        html = of(opinion_pilot("AB", survey_responses=said, items=items)).recommend().html
        circles.append("Other schools: −14." in html)
    assert circles == [True, False]


def test_a_scale_from_zero_to_ten_needs_no_caution():
    for start in (None, 0):
        made = brief(offered_from=start)
        html = made.recommend().html + made.glance().html + made.how_we_know().html
        assert "not to be compared" not in html
        assert "one to ten" not in html
        assert "No (zero to six)" in html
