"""Verdicts follow from results by thresholds; what is unknown is never a concern."""

import pytest

from pilot_analysis.evaluation import thresholds
from pilot_analysis.evaluation.scorecard import scorecard
from pilot_analysis.evaluation.verdicts import JUDGES
from pilot_analysis.results import Results, result
from pilot_analysis.stats.estimate import Estimate

S1 = {"school_id": "S1"}
BOTH = {"school_id": "S1", "product_id": "p"}
OUTCOMES = {"reading": {"label": "reading", "assessment": "map", "post_window": "spring"}}
DESIGN = {
    "comparison": "randomized", "reference": "c", "arms": {"c": {"label": "c"}, "p": {"label": "p"}}
}  # fmt: skip
ITEMS = {"easy": {"question": "Easy?", "scale": "ease"},
         "seen": {"question": "Seen?", "kind": "observation", "low": 1, "high": 4}}  # fmt: skip


@pytest.fixture
def judge(make_pilot):
    """`judge(category, *rows)`: level and words of the only school's only product."""
    pilot = make_pilot(
        {
            "schools": [{"school_id": "S1", "name": "One"}],
            "products": [{"product_id": "p", "name": "P"}],
            "decisions": [{"school_id": "S1", "product_id": "p", "decision": "stop"}],
        },
        outcomes=OUTCOMES, design=DESIGN, items=ITEMS, scales={"ease": {"label": "ease"}},
    )  # fmt: skip

    def verdict(category, *rows):
        card = scorecard(pilot, Results.from_rows(rows)).select(school_id="S1", category=category)
        assert len(card) == 1
        return card.iloc[0]["level"], card.iloc[0]["value_text"]

    return verdict


def _between(low, high):
    return Estimate.from_interval("x", (low + high) / 2, low, high, n=20, unit="points", method="m")


@pytest.mark.parametrize("category", JUDGES)
def test_without_results_everything_is_not_collected(judge, category):
    assert judge(category) == ("not_collected", "Not collected")


@pytest.mark.parametrize(
    ("support", "point_person", "wanted"),
    [("3", "yes", "In place"), ("2.5", "yes", "Partly"), ("1", "no", "Not in place")],
)
def test_conditions_count_what_was_recorded(judge, support, point_person, wanted):
    rows = [
        result("conditions", "principal_support", "level", "schools", level=support, **S1),
        result("conditions", "point_person", "level", "schools", level=point_person, **S1),
    ]
    assert judge("conditions", *rows)[1] == wanted
    assert judge("conditions", rows[0]) == ("cannot_tell", "Cannot tell")


@pytest.mark.parametrize(
    ("rating", "matches", "wanted"),
    [
        (3, "yes", ("strong", "Fits the goal")), (3, "no", ("mixed", "Fits, not measured")),
        (2, "yes", ("mixed", "Fits partly")), (1.5, "yes", ("concern", "Off the goal")),
    ],
)  # fmt: skip
def test_alignment_looks_at_the_first_goal(judge, rating, matches, wanted):
    rows = [
        result("alignment", "goal", "text", "none", category=goal, level=rank, text="x", **BOTH)
        for goal, rank in (("G2", "10"), ("G1", "2"))
    ]
    rows += [
        result("alignment", "rating", "level", "respondents", value, n=1, level=str(value),
               category=goal, **BOTH)
        for goal, value in (("G1", rating), ("G2", 4))
    ]  # fmt: skip
    rows.append(result("alignment", "outcome_matches", "level", "none", level=matches, **BOTH))
    assert judge("alignment", *rows) == wanted


@pytest.mark.parametrize(
    ("days", "still_open", "wanted"),
    [(3, 0, "Quick"), (3, 3, "Mixed"), (10, 0, "Mixed"), (20, 0, "Slow"), (3, 5, "Slow")],
)
def test_support_is_judged_by_days_and_by_what_stayed_open(judge, days, still_open, wanted):
    rows = [
        result("support", "contacts", "count", "records", 10, **S1),
        result("support", "unresolved", "count", "records", still_open, **S1),
        result("support", "days_to_resolve", "mean", "records", days, **S1),
    ]
    assert judge("support", *rows)[1] == wanted


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.8, "Most met plan"), (0.5, "Half met plan"), (0.2, "Some met plan"), (0.1, "Few met plan")],
)
def test_use_is_judged_by_the_share_that_met_the_dose(judge, share, words):
    assert judge("use", result("usage", "met_dose", "proportion", "students", share, **BOTH)) == (
        "concern" if share < thresholds.FEW_REACHED_DOSE
        else "strong" if share > thresholds.MOST_REACHED_DOSE else "mixed",
        words,
    )  # fmt: skip


def test_use_without_a_target_cannot_be_told(judge):
    funnel = result("usage", "funnel", "count", "students", 20, category="licensed", **BOTH)
    assert judge("use", funnel) == ("cannot_tell", "Cannot tell")


@pytest.mark.parametrize(
    ("mean", "words"), [(3.5, "Favorable"), (3.0, "Mixed"), (2.0, "Unfavorable")]
)
def test_teachers_are_judged_by_the_last_wave_within_its_scale(judge, mean, words):
    rows = [
        result("teachers", "scale", "mean", "respondents", value, n=8, category="ease", time=wave,
               **BOTH)
        for wave, value in (("fall", 5), ("spring", mean))
    ]  # fmt: skip
    assert judge("teachers", *rows)[1] == words
    few = result("teachers", "response", "proportion", "teachers", 0.2, time="spring", **S1)
    assert judge("teachers", *rows, few) == ("cannot_tell", "Too few answers")


def test_observed_items_are_judged_by_their_own_ends(judge):
    seen = result("teachers", "observed", "mean", "records", 3.5, category="seen", **BOTH)
    assert judge("observed", seen) == ("strong", "Seen often")


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (10, 90, ("strong", "Would recommend")), (-90, -10, ("concern", "Would not")),
        (-20, 40, ("mixed", "Mixed")), (-5, 85, ("mixed", "Leaning yes")),
        (-85, 5, ("mixed", "Leaning no")),
    ],
)  # fmt: skip
def test_recommendation_is_judged_by_its_interval(judge, low, high, wanted):
    score = result("recommendation", "nps", "score", "respondents", _between(low, high), **BOTH)
    assert judge("recommend", score) == wanted


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.1, 4, ("strong", "Scored higher")), (-4, -0.1, ("concern", "Scored lower")),
        (-2, 4, ("cannot_tell", "Cannot tell")),
    ],
)  # fmt: skip
def test_learning_is_judged_by_the_schools_shrunken_effect(judge, low, high, wanted):
    effect = result("learning", "school_effect_shrunken", "effect", "students",
                    _between(low, high), outcome="reading", category="p", **S1)  # fmt: skip
    assert judge("learning", effect) == wanted


@pytest.mark.parametrize(
    ("decision", "level"),
    [("continue", "strong"), ("change", "mixed"), ("stop", "concern"),
     ("undecided", "cannot_tell")],
)  # fmt: skip
def test_decision_is_repeated(judge, decision, level):
    row = result("recommendation", "decision", "level", "schools", level=decision, **BOTH)
    assert judge("decision", row) == (level, decision.capitalize())


@pytest.mark.parametrize("name", ["evaluated_demo", "evaluated_star"])
def test_verdicts_name_their_sources_and_hold_no_digit(request, name):
    results = request.getfixturevalue(name)
    card = results.select(section="scorecard")
    known = set(results.frame["result_id"])
    for row in card.itertuples():
        assert not any(c.isdigit() for c in row.value_text)
        assert len(row.value_text.split()) <= 3
        sources = {relation.removeprefix("derived from ") for relation in row.relation}
        assert sources <= known
        assert bool(sources) == (row.level != "not_collected") or row.level == "cannot_tell"
    per_unit = card[card["school_id"] != ""].groupby(["school_id", "product_id"]).size()
    assert (per_unit == len(JUDGES)).all()
