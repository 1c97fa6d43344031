import re
from math import isnan

import pandas as pd
import pytest
from opinion_pilot import absences, answers, decision, only, opinion_pilot

from pilot_analysis.errors import DataError
from pilot_analysis.evaluation.recommendation import recommendation
from pilot_analysis.stats.nps import net_promoter_score

TEN = [chr(ord("A") + i) for i in range(10)]


def ten_schools(decisions, **more):
    """Return ten schools whose scores rise from A to J, with the given decisions."""
    said = []
    for place, school in enumerate(TEN):
        said += answers(school, [10] * place + [0] * (10 - place))
    return opinion_pilot(TEN, survey_responses=said, decisions=decisions, **more)


def test_score_and_counts_of_a_school():
    results = recommendation(opinion_pilot(survey_responses=answers("A", [10, 9, 8, 6, 0, 9])))
    score = only(results, "nps", school_id="A", product_id="p")
    expected = net_promoter_score((2, 1, 3))
    assert (score["estimate"], score["conf_low"]) == (expected.estimate, expected.conf_low)
    assert (score["n"], score["unit"]) == (6, "NPS points")
    counts = {
        name: only(results, "answers", school_id="A", product_id="p", category=name)["estimate"]
        for name in ("detractors", "passives", "promoters")
    }
    assert counts == {"detractors": 2, "passives": 1, "promoters": 3}


def test_silent_teachers_bound_the_score():
    results = recommendation(opinion_pilot(survey_responses=answers("A", [10, 9, 8, 6, 0, 9])))
    keys = {"school_id": "A", "product_id": "p"}
    assert only(results, "responded", **keys)["estimate"] == 6
    assert only(results, "invited", **keys)["estimate"] == 10
    assert only(results, "nps_worst", **keys)["estimate"] == pytest.approx(100 * (3 - 6) / 10)
    assert only(results, "nps_best", **keys)["estimate"] == pytest.approx(100 * (7 - 2) / 10)


def test_more_answers_than_teachers_asked_is_said_and_bounds_nothing():
    pilot = opinion_pilot(teachers_invited=3, survey_responses=answers("A", [10, 9, 8, 6]))
    results = recommendation(pilot)
    assert "More people answered" in absences(results)["A", "teachers_invited"]
    assert results.select(name="nps_worst", school_id="A").empty


def test_a_person_counts_once_with_the_latest_answer_of_the_last_wave():
    said = [
        *answers("A", [0, 0, 0], wave="1", day="2026-01-01"),
        *answers("A", [3, 9], wave="2", day="2026-05-01"),
        *answers("A", [10], wave="2", day="2026-05-03", response_id="again"),
    ]
    score = only(
        recommendation(opinion_pilot(survey_responses=said)), "nps", school_id="A", product_id="p"
    )
    assert (score["n"], score["estimate"]) == (2, 100)


def test_answers_from_the_day_of_the_decision_or_later_do_not_count():
    said = [
        *answers("A", [9, 9], wave="1", day="2026-03-01"),
        *answers("A", [0, 0], wave="2", day="2026-06-01"),
        *answers("B", [9, 9], wave="2", day="2026-06-01", first=7),
    ]
    pilot = opinion_pilot(
        survey_responses=said,
        decisions=[decision("A", "continue"), decision("B", "stop", day="2026-05-01")],
    )
    results = recommendation(pilot)
    score = only(results, "nps", school_id="A", product_id="p")
    assert (score["estimate"], score["n"]) == (100, 2)
    assert results.select(name="nps", school_id="B").empty
    assert "after the decision" in absences(results)["B", "recommend"]


def test_students_and_principals_are_not_the_teachers():
    said = [
        *answers("A", [9, 9, 9]),
        *answers("A", [0, 0], first=10, respondent_role="student"),
        *answers("A", [0], first=20, respondent_role="principal"),
    ]
    score = only(
        recommendation(opinion_pilot(survey_responses=said)), "nps", school_id="A", product_id="p"
    )
    assert (score["estimate"], score["n"]) == (100, 3)


def test_an_answer_off_the_scale_stops_with_school_item_and_value():
    pilot = opinion_pilot(survey_responses=answers("A", [9, 7.5]))
    with pytest.raises(DataError, match=r"school A, item 'recommend': 7\.5"):
        recommendation(pilot)


def test_a_school_with_one_product_need_not_name_it():
    said = answers("A", [9, 9], product_id=None)
    pilot = opinion_pilot(survey_responses=said, decisions=[decision("A", "continue")])
    assert only(recommendation(pilot), "nps", school_id="A", product_id="p")["n"] == 2


def test_network_score_has_schools_as_clusters():
    said = [*answers("A", [10] * 6), *answers("B", [0] * 3 + [9] * 3)]
    score = only(recommendation(opinion_pilot(survey_responses=said)), "nps", product_id="p")
    assert (score["estimate"], score["n"], score["n_clusters"]) == (50, 12, 2)
    assert score["method"] == "nps_pooled"


def test_people_who_answered_about_two_products_are_counted_once():
    said = [*answers("A", [10] * 6), *answers("A", [0] * 6, product_id="q")]
    results = recommendation(opinion_pilot(survey_responses=said))
    everything = only(results, "nps")
    assert (everything["n"], everything["estimate"]) == (6, 0)
    assert results.select(name="answers", school_id="", product_id="").empty


def test_pooled_scores_lie_between_the_schools_own_and_everyones():
    said = [*answers("A", [10] * 8), *answers("B", [0] * 8), *answers("C", [0, 8, 9, 10] * 2)]
    results = recommendation(opinion_pilot("ABC", survey_responses=said))
    pooled = {
        s: only(results, "nps_pooled", school_id=s, product_id="p")["estimate"] for s in "ABC"
    }
    assert 0 < pooled["A"] < 100
    assert -100 < pooled["B"] < 0


def test_decisions_are_shown_and_counted():
    results = recommendation(
        opinion_pilot(decisions=[decision("A", "continue"), decision("B", "undecided")])
    )
    row = only(results, "decision", school_id="A", product_id="p")
    assert (row["level"], row["value_text"]) == ("continue", "Because.")
    assert only(results, "decisions", category="continue")["estimate"] == 1
    assert only(results, "decisions", category="continue")["n"] == 2


# score against decision -----------------------------------------------------------------------


def test_perfect_match_of_ten_schools_with_two_stops():
    decisions = [decision(s, "stop" if s in "AB" else "continue") for s in TEN]
    results = recommendation(ten_schools(decisions))
    match, test = only(results, "nps_match"), only(results, "nps_match_test")
    assert match["estimate"] == 1
    assert isnan(match["conf_low"])
    assert "3 or more units" in match["flags"][0]
    assert (match["n"], match["n_clusters"]) == (10, 10)
    assert test["p_value"] == pytest.approx(2 / 45)
    assert test["estimate"] == pytest.approx(2 / 45)


def test_with_three_stops_the_match_has_an_interval():
    decisions = [decision(s, "stop" if s in "ABJ" else "continue") for s in TEN]
    match = only(recommendation(ten_schools(decisions)), "nps_match")
    assert match["estimate"] == pytest.approx(2 / 3)
    assert 0 < match["conf_low"] < match["estimate"] < match["conf_high"] < 1


def test_a_change_is_not_going_on_and_the_undecided_are_left_out():
    words = {"A": "change", "B": "undecided"}
    decisions = [decision(s, words.get(s, "continue")) for s in TEN]
    results = recommendation(ten_schools(decisions))
    assert only(results, "nps_match")["n"] == 9
    assert only(results, "nps_match_test")["p_value"] == pytest.approx(2 / 9)


@pytest.mark.parametrize(
    ("word", "sentence"), [("continue", "Every school"), ("stop", "No school")]
)
def test_where_all_decided_alike_the_match_is_not_defined(word, sentence):
    results = recommendation(ten_schools([decision(s, word) for s in TEN]))
    assert absences(results)["", "nps_match"].startswith(sentence)
    assert results.select(name="nps_match").empty


def test_undated_decisions_are_left_out_of_the_match_and_said():
    decisions = [decision(s, "stop" if s in "AB" else "continue") for s in TEN]
    decisions[0]["decided_on"] = pd.NaT
    results = recommendation(ten_schools(decisions))
    assert only(results, "nps_match")["n"] == 9
    assert "no date" in absences(results)["", "dates"]
    assert only(results, "nps", school_id="A", product_id="p")["n"] == 10


def test_products_of_one_school_change_places_together():
    said, decisions = [], []
    for place, school in enumerate("ABCD"):
        for product in "pq":
            said += answers(school, [10] * place + [0] * (5 - place), product_id=product)
            word = "stop" if school == "A" else "continue"
            decisions.append(decision(school, word, product=product))
    results = recommendation(opinion_pilot("ABCD", survey_responses=said, decisions=decisions))
    test = only(results, "nps_match_test")
    assert (test["n"], test["n_clusters"]) == (8, 4)
    assert test["estimate"] == pytest.approx(2 / 4)


def test_schools_whose_score_and_decision_part_are_counted_and_named_apart():
    decisions = [decision(s, "continue" if s in "AJ" else "stop") for s in TEN]
    results = recommendation(ten_schools(decisions))
    count = only(results, "disagreeing")
    # A went on at -100; G, H and I did not at +20, +40 and +60; F stands at 0: neither
    assert (count["estimate"], count["n"]) == (4, 10)
    named = only(results, "disagreeing", school_id="A", product_id="p")
    assert (named["kind"], named["level"]) == ("level", "went on despite the score")


# what is missing --------------------------------------------------------------------------------


def test_without_surveys_or_decisions_each_is_said_once():
    assert set(absences(recommendation(opinion_pilot()))) == {
        ("", "survey_responses"),
        ("", "decisions"),
    }


def test_a_school_that_was_not_asked_is_said():
    results = recommendation(opinion_pilot(survey_responses=answers("A", [9, 9])))
    assert absences(results)["B", "recommend"].startswith("Teachers were not asked")


def test_a_survey_without_the_item_is_said():
    results = recommendation(opinion_pilot(survey_responses=answers("A", [3, 4], item="easy")))
    assert ("", "recommend") in absences(results)


def test_one_school_alone_cannot_show_a_match():
    said = [*answers("A", [9] * 5), *answers("A", [0] * 5, product_id="q")]
    decisions = [decision("A", "continue"), decision("A", "stop", product="q")]
    results = recommendation(opinion_pilot("A", survey_responses=said, decisions=decisions))
    assert only(results, "nps_match")["estimate"] == 1
    assert "One school alone" in absences(results)["", "nps_match_test"]


def test_sentences_hold_no_digits_and_relations_name_results():
    decisions = [decision(s, "stop" if s in "AB" else "continue") for s in TEN]
    frame = recommendation(ten_schools(decisions)).frame
    assert not frame["value_text"].str.contains(r"\d", regex=True).any()
    ids = set(frame["result_id"])
    for relation in frame["relation"]:
        for text in relation:
            assert re.fullmatch(r"(?:part of|derived from) (.+)", text)[1] in ids


def test_the_order_of_rows_does_not_matter():
    decisions = [decision(s, "stop" if s in "AB" else "continue") for s in TEN]
    pilot = ten_schools(decisions)
    shuffled = {
        name: table.sample(frac=1, random_state=1).reset_index(drop=True)
        for name, table in pilot.tables.items()
    }
    mixed = type(pilot)(pilot.config, shuffled, pilot.ledger, pilot.files)
    pd.testing.assert_frame_equal(recommendation(mixed).frame, recommendation(pilot).frame)


def test_a_pilot_that_names_no_product_has_a_score_all_the_same():
    said = answers("A", [9, 9, 3], product_id=None)
    results = recommendation(opinion_pilot("A", survey_responses=said, products=[]))
    assert only(results, "nps", school_id="A")["estimate"] == pytest.approx(100 / 3)
    assert only(results, "nps")["n"] == 3
