import csv

import numpy as np
import pytest
from opinion_pilot import ITEMS, absences, answers, decision, only, opinion_pilot
from real_surveys import LEARNING_R, write_carpentries, write_learning_r
from scipy import optimize, stats

from pilot_analysis.disclosure import DisclosurePolicy, protect
from pilot_analysis.errors import DataError
from pilot_analysis.evaluation import evaluate
from pilot_analysis.evaluation.recommendation import FROM_ONE, recommendation
from pilot_analysis.pilot import load_pilot

RECOMMEND = ITEMS["recommend"]
AGAIN = {"again": RECOMMEND}
APART = {"group": "p", "category": "q"}


def rated(school, firsts, seconds, **more):
    """Return answers about p and q by the same people; None: this one was not rated."""
    said = []
    for i, values in enumerate(zip(firsts, seconds, strict=True)):
        for product, value in zip("pq", values, strict=True):
            if value is not None:
                said += answers(school, [value], first=i, product_id=product, **more)
    return said


# categories: p  1  1  1  0  0 -1  1 | q -1  0  1  0  1 -1  -1; two more rated p only, one q only
FIRSTS = [10, 9, 9, 8, 7, 3, 10, 0, 6, None]
SECONDS = [6, 8, 9, 7, 10, 0, 2, None, None, 10]


def test_the_difference_is_that_of_those_who_rated_both():
    results = recommendation(opinion_pilot("A", survey_responses=rated("A", FIRSTS, SECONDS)))
    apart = only(results, "nps_difference", school_id="A", **APART)
    # differences of the seven, in points: 200 100 0 0 -100 0 200
    assert apart["estimate"] == pytest.approx(400 / 7)
    assert apart["n"] == 7
    by_hand = np.std([200, 100, 0, 0, -100, 0, 200], ddof=1) / np.sqrt(7)
    assert apart["std_error"] == pytest.approx(by_hand)
    assert apart["conf_low"] < 0 < apart["estimate"] < apart["conf_high"]
    assert apart["method"] == "nps_difference_paired_score"
    # not the difference of the two scores, 100 (4 - 3)/9 and 100 (3 - 3)/8
    scores = [only(results, "nps", school_id="A", product_id=p)["estimate"] for p in "pq"]
    assert scores == pytest.approx([100 / 9, 0])


def test_who_did_not_rate_both_is_set_aside_and_counted():
    results = recommendation(opinion_pilot("A", survey_responses=rated("A", FIRSTS, SECONDS)))
    counts = {
        name: only(results, name, school_id="A", **APART)["estimate"]
        for name in ("unpaired_first", "unpaired_second", "pairs_two_up", "pairs_one_up",
                     "pairs_alike", "pairs_one_down", "pairs_two_down")
    }  # fmt: skip
    assert list(counts.values()) == [2, 1, 2, 1, 3, 1, 0]
    both = recommendation(opinion_pilot("A", survey_responses=rated("A", [9, 0], [9, 9])))
    assert both.select(name="unpaired_first").empty
    assert only(both, "nps_difference", school_id="A", **APART)["n"] == 2


def test_of_all_schools_the_schools_are_the_clusters():
    said = [
        *rated("A", [10, 9, 8], [6, 9, 6]),  # 200, 0, 100
        *rated("B", [7, 3], [10, 0]),  # -100, 0
        *rated("C", [9], [8]),  # 100
    ]
    results = recommendation(opinion_pilot("ABC", survey_responses=said))
    apart = only(results, "nps_difference", **APART)
    mean = 300 / 6
    assert apart["estimate"] == pytest.approx(mean)
    deviations = (np.array([300, -100, 100]) - mean * np.array([3, 2, 1])) / 6
    assert apart["std_error"] == pytest.approx(np.sqrt(3 / 2 * (deviations**2).sum()))
    assert (apart["n"], apart["n_clusters"], apart["df"]) == (6, 3, 2)
    assert apart["flags"] == ("few clusters",)
    assert apart["conf_high"] <= 200


def test_of_one_school_alone_there_is_no_interval_for_all_schools():
    results = recommendation(opinion_pilot("A", survey_responses=rated("A", FIRSTS, SECONDS)))
    apart = only(results, "nps_difference", **APART)
    assert apart["estimate"] == pytest.approx(400 / 7)
    assert np.isnan(apart["conf_low"])


def test_different_people_are_not_subtracted():
    said = [*answers("A", [9] * 5), *answers("A", [0] * 5, product_id="q", first=5)]
    results = recommendation(opinion_pilot("A", survey_responses=said))
    assert not results.frame["name"].isin(["nps_difference", "unpaired_first"]).any()


def test_answers_of_two_waves_or_two_questions_are_no_pair():
    for more in ({"wave": "2", "day": "2026-06-01"}, {"item": "again"}):
        said = [*answers("A", [9] * 5), *answers("A", [0] * 5, product_id="q", **more)]
        results = recommendation(opinion_pilot("A", survey_responses=said, items=AGAIN))
        assert only(results, "nps", school_id="A", product_id="q")["n"] == 5
        assert results.select(name="nps_difference").empty


def test_three_products_make_three_pairs_that_are_hidden_together():
    said = [*rated("A", [9] * 6, [8] * 6)]
    said += answers("A", [0] * 5, product_id="r")
    products = [{"product_id": p, "name": p} for p in "pqr"]
    results = recommendation(opinion_pilot("A", survey_responses=said, products=products))
    rows = results.select(name="nps_difference", school_id="A")
    assert list(zip(rows["group"], rows["category"], rows["estimate"], strict=True)) == [
        ("p", "q", 100), ("p", "r", 200), ("q", "r", 100),
    ]  # fmt: skip
    ids = set(rows["result_id"])
    for row in rows.itertuples():
        named = {text.removeprefix("derived from ") for text in row.relation}
        assert ids - {row.result_id} <= named
    # one person is missing from two of the pairs, and would be told by the third
    shown = protect(results, DisclosurePolicy.named("team")).frame
    assert shown.loc[shown["name"] == "nps_difference", "suppressed"].ne("").all()


# the scale --------------------------------------------------------------------------------------


def test_every_score_of_a_scale_from_one_says_so():
    said = [*rated("A", FIRSTS, SECONDS), *rated("B", [9, 1, 4], [3, 8, 2])]
    said += answers("C", [9, 9, 2])  # one product, so who was asked about it is known
    names = ("nps", "nps_worst", "nps_best", "nps_pooled", "nps_difference")
    for start, unit in ((0, "NPS points"), (1, "NPS points (asked 1-10)")):
        items = {"recommend": RECOMMEND | {"offered_from": start}}
        frame = recommendation(opinion_pilot("ABC", survey_responses=said, items=items)).frame
        for name in names:
            assert set(frame.loc[frame["name"] == name, "unit"]) == {unit}, name


def test_the_two_scales_are_never_put_together():
    decisions = [decision(s, "stop" if s == "A" else "continue") for s in "ABCD"]
    said = [
        *answers("A", [10] * 5),
        *answers("B", [9] * 5, item="from_one"),
        *answers("C", [9] * 5),
        *answers("D", [9, 9]),
        *answers("D", [9, 9, 9], item="from_one", first=2),
    ]
    items = {"from_one": RECOMMEND | {"offered_from": 1}}
    results = recommendation(
        opinion_pilot("ABCD", survey_responses=said, decisions=decisions, items=items)
    )
    units = {s: only(results, "nps", school_id=s, product_id="p")["unit"] for s in "ABC"}
    assert units == {"A": "NPS points", "B": FROM_ONE, "C": "NPS points"}
    assert results.select(name="nps", school_id="").empty
    assert results.select(name="nps", school_id="D").empty
    assert set(results.select(name="nps_pooled")["school_id"]) == {"A", "C"}
    for place in (("D", "recommend"), ("", "recommend"), ("", "nps_match")):
        assert "on a scale from zero to ten and others on one from one" in absences(results)[place]


# the gate ---------------------------------------------------------------------------------------


def protected(policy, **schools):
    said = [row for school, sides in schools.items() for row in rated(school, *sides)]
    results = recommendation(opinion_pilot(list(schools), survey_responses=said))
    frame = protect(results, DisclosurePolicy.named(policy)).frame
    return frame[frame["group"].eq("p")].set_index(["name", "school_id"])


ALL = ([10, 9, 9, 8, 7, 3, 10], [6, 8, 9, 7, 10, 0, 2])


def test_a_team_sees_a_difference_of_five_who_all_rated_both():
    frame = protected("team", A=ALL)
    assert frame.loc[("nps_difference", "A"), "estimate"] == 57
    assert frame["suppressed"].eq("").all()


@pytest.mark.parametrize(
    "sides",
    [
        (ALL[0][:4], ALL[1][:4]),  # four people
        ([*ALL[0], 0], [*ALL[1], None]),  # one rated p only: both scores would tell what
        ([*ALL[0], *[None] * 4], [*ALL[1], 1, 9, 9, 9]),
    ],
)
def test_nothing_of_a_comparison_is_told_where_that_would_tell_of_too_few(sides):
    frame = protected("team", A=sides)
    assert len(frame) > 4
    assert frame["suppressed"].ne("").all()
    assert frame[["estimate", "n", "conf_low", "p_value"]].isna().all(axis=None)


def test_five_who_rated_one_only_are_enough():
    frame = protected("team", A=([*ALL[0], *[0] * 5], [*ALL[1], *[None] * 5]))
    assert frame["suppressed"].eq("").all()
    assert frame.loc[("unpaired_first", "A"), "estimate"] == 5


def test_the_public_sees_it_only_where_every_kind_of_answer_is_given_by_enough():
    small = protected("public", A=ALL)
    assert small["suppressed"].ne("").all()
    firsts = [10] * 5 + [9] * 5 + [8] * 5 + [7] * 5 + [0] * 10
    seconds = [0] * 5 + [8] * 5 + [8] * 5 + [9] * 5 + [10] * 10
    large = protected("public", A=(firsts, seconds))
    assert large["suppressed"].eq("").all()
    assert large.loc[("nps_difference", "A"), "estimate"] == -33
    assert large.loc[("pairs_two_down", "A"), "estimate"] == 10
    # both scores could be shown, but only four people fell from nine or ten to six or less
    few = protected("public", A=([8, *firsts[1:]], [0, *seconds[1:]]))
    assert few["suppressed"].ne("").all()


def test_a_difference_is_hidden_where_one_of_its_scores_is_only_a_word():
    # every count of differences is five or more, but only three are passive about p
    firsts = [10] * 15 + [0] * 10 + [8] * 3
    seconds = [0] * 5 + [8] * 5 + [9] * 5 + [9] * 5 + [8] * 5 + [8] * 3
    frame = protected("public", A=(firsts, seconds))
    assert len(frame) == 12
    assert frame["suppressed"].ne("").all()


def test_a_school_that_is_hidden_does_not_follow_from_the_others():
    small, large = (ALL[0][:4], ALL[1][:4]), (ALL[0] * 2, ALL[1] * 2)
    one_fell = ([*ALL[0], 0], [*ALL[1], 10])
    frame = protected("team", A=small, B=one_fell, C=large)
    hidden = frame.loc["nps_difference", "suppressed"].ne("")
    assert hidden.to_dict() == {"": False, "A": True, "B": True, "C": False}
    # if nobody fell by two anywhere, the network's count would say so of the four
    frame = protected("team", A=small, B=ALL, C=large)
    hidden = frame.loc["nps_difference", "suppressed"].ne("")
    assert hidden.to_dict() == {"": True, "A": True, "B": True, "C": False}
    two = protected("team", A=small, B=one_fell)
    hidden = two.loc["nps_difference", "suppressed"].ne("")
    assert hidden.to_dict() == {"": False, "A": True, "B": True}


# real surveys -----------------------------------------------------------------------------------


def test_the_carpentries_survey_from_file_to_score(shared_data, tmp_path):
    results = evaluate(load_pilot(write_carpentries(tmp_path, shared_data)))
    score = only(results, "nps")
    assert score["estimate"] == pytest.approx(100 * (501 - 71) / 889)
    assert round(score["estimate"], 2) == 48.37
    assert (score["n"], score["unit"]) == (889, "NPS points")
    counts = {
        name: only(results, "answers", category=name)["estimate"]
        for name in ("promoters", "passives", "detractors")
    }
    assert counts == {"promoters": 501, "passives": 317, "detractors": 71}


def test_the_learning_r_survey_is_refused_until_its_scale_is_declared(shared_data, tmp_path):
    with pytest.raises(DataError) as refused:
        load_pilot(write_learning_r(tmp_path, shared_data, declared=False))
    assert (
        f'{LEARNING_R}, column "Qrecommend": no answer is 0, so the form may have offered 1 to 10, '
        "which is no Net Promoter Score. Look at the form, and say offered_from = 0 or 1 for "
        "items.recommend." in str(refused.value)
    )


def test_the_learning_r_survey_gives_the_paired_difference(shared_data, tmp_path):
    results = evaluate(load_pilot(write_learning_r(tmp_path, shared_data, declared=True)))
    with (tmp_path / LEARNING_R).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    sides = [
        np.array([category(row[column]) for row in rows])
        for column in ("Qpython_recommend", "Qrecommend")
    ]
    for product, side, expected in zip(("Python", "R"), sides, (6.46, 75.10), strict=True):
        score = only(results, "nps", school_id="web", product_id=product)
        assert score["estimate"] == pytest.approx(np.nanmean(side))
        assert round(score["estimate"], 2) == expected
        assert (score["n"], score["unit"]) == (np.isfinite(side).sum(), FROM_ONE)
    apart = only(results, "nps_difference", school_id="web", group="Python", category="R")
    differences = sides[0] - sides[1]
    differences = differences[~np.isnan(differences)]
    assert (len(differences), apart["n"], apart["unit"]) == (1110, 1110, FROM_ONE)
    assert apart["estimate"] == pytest.approx(differences.mean())
    assert round(apart["estimate"], 2) == -66.67
    error = np.sqrt(differences.var(ddof=1) / 1110)
    assert apart["std_error"] == pytest.approx(error)
    wald = differences.mean() + np.array([-1, 1]) * stats.norm.isf(0.025) * error
    limits = apart["conf_low"], apart["conf_high"]
    assert limits == pytest.approx(tuple(wald), abs=0.25)
    for limit in limits:
        assert distance(differences, limit) == pytest.approx(stats.norm.isf(0.025), abs=1e-3)
    unpaired = [
        only(results, name, school_id="web", group="Python", category="R")["estimate"]
        for name in ("unpaired_first", "unpaired_second")
    ]
    assert unpaired == [1115 - 1110, 2004 - 1110]


def category(text):
    """Return 100, 0 or -100 for an answer as it stands in the file; NaN for none."""
    if not text.strip().isdigit():
        return np.nan
    return 100.0 if int(text) >= 9 else -100.0 if int(text) <= 6 else 0.0


def distance(differences, mean):
    """Return how many standard errors, under the likeliest shares of that mean, lie between."""
    values = np.array([-200.0, -100, 0, 100, 200])
    counts = np.array([(differences == value).sum() for value in values])
    fitted = optimize.minimize(
        lambda shares: -counts @ np.log(shares) / counts.sum(),
        counts / counts.sum(),
        jac=lambda shares: -counts / shares / counts.sum(),
        constraints=[
            {"type": "eq", "fun": lambda shares: shares.sum() - 1},
            {"type": "eq", "fun": lambda shares: (shares @ values - mean) / 100},
        ],
        bounds=[(1e-9, 1)] * 5,
        options={"ftol": 1e-14, "maxiter": 500},
    )
    variance = fitted.x @ (values - mean) ** 2
    return abs(differences.mean() - mean) / np.sqrt(variance / len(differences))
