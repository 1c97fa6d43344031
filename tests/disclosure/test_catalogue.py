"""Every row that the evaluation can make goes through the gate under every policy."""

import numpy as np
import pandas as pd
import pytest

from pilot_analysis.disclosure import CODED_FLAG, RULES, DisclosurePolicy, protect
from pilot_analysis.disclosure.rounding import NUMBERS
from pilot_analysis.results import KINDS

POLICIES = ("internal", "team", "public")


@pytest.fixture(scope="module")
def frames(catalogue):
    return {p: protect(catalogue, DisclosurePolicy.named(p)).frame for p in POLICIES}


def test_the_made_up_results_hold_every_kind(catalogue):
    assert set(catalogue.frame["kind"]) == set(KINDS)


@pytest.mark.parametrize("policy", POLICIES)
def test_every_result_is_there_and_what_is_hidden_is_blank(frames, catalogue, policy):
    frame = frames[policy]
    assert frame["result_id"].tolist() == catalogue.frame["result_id"].tolist()
    hidden = frame[frame["suppressed"] != ""]
    assert set(hidden["suppressed"]) <= set(RULES)
    assert hidden[list(NUMBERS)].isna().all(axis=None)
    assert (hidden[["level", "value_text", "method"]] == "").all(axis=None)
    assert all(flags == () for flags in hidden["flags"])


def test_a_stricter_policy_never_shows_more_numbers(frames):
    numbers = [set(frames[p].loc[frames[p]["estimate"].notna(), "result_id"]) for p in POLICIES]
    assert numbers[0] > numbers[1] > numbers[2]
    assert frames["internal"]["suppressed"].eq("").all()


@pytest.mark.parametrize("policy", ["team", "public"])
def test_no_shown_result_is_about_too_few_people(frames, catalogue, policy):
    shown = catalogue.frame[(frames[policy]["suppressed"] == "").to_numpy()]
    roles = shown["flags"].map(lambda flags: "single person role" in flags)
    for population, minimum in (("students", 10), ("respondents", 5), ("teachers", 5)):
        sizes = shown.loc[shown["population"].eq(population) & ~roles, "n"].dropna()
        assert (sizes >= minimum).all()


def test_a_team_sees_its_own_answers_and_the_public_a_word(frames):
    def at(policy, result_id):
        return frames[policy].set_index("result_id").loc[result_id]

    place = "[school=S05,product=readwell]"
    assert at("team", f"recommendation.nps{place}")["estimate"] == 40
    answers = f"recommendation.answers{place[:-1]},category=detractors]"
    assert at("team", answers)["estimate"] == 3
    assert at("public", answers)["suppressed"] == "source hidden"
    public = at("public", f"recommendation.nps{place}")
    assert np.isnan(public["estimate"])
    assert (public["level"], public["flags"]) == ("mixed", (CODED_FLAG,))
    assert at("public", "recommendation.nps[product=readwell]")["estimate"] == 38  # 37.5


def test_a_difference_of_two_products_is_hidden_with_their_scores_and_with_its_counts(frames):
    def at(policy, school):
        rows = frames[policy]
        names = rows["name"].isin(["nps_difference", "pairs_one_up", "pairs_alike"])
        return rows[names & (rows["school_id"] == school)].set_index("name")

    assert len(at("team", "S05")) == 3
    assert at("team", "S05").loc["nps_difference", "estimate"] == 33
    assert at("public", "S05")["suppressed"].eq("source hidden").all()  # its score is a word there
    assert at("team", "S04")["suppressed"].ne("").all()  # four people
    assert at("team", "S02")["suppressed"].ne("").all()  # else all but S04, and so S04, are known
    assert at("team", "").loc["nps_difference", "estimate"] == 33


def test_no_unrounded_number_is_left(frames):
    for frame in frames.values():
        numbers = frame.loc[frame["kind"] != "parameter", "estimate"].dropna()
        assert np.allclose(numbers, numbers.round(3), atol=0, rtol=0)
        assert not np.signbit(numbers[numbers == 0]).any()


def test_nothing_but_numbers_words_and_blanks_is_in_the_frame(frames):
    for frame in frames.values():
        assert all(pd.api.types.is_float_dtype(frame[column]) for column in NUMBERS)
        texts = frame.drop(columns=[*NUMBERS, "flags", "relation", "exploratory"])
        assert texts.map(lambda value: isinstance(value, str)).all(axis=None)
