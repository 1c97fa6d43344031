"""Answers that single scores and averages give away, in the attack on what is released."""

from time import process_time

import numpy as np
import pytest

from pilot_analysis.disclosure import DisclosurePolicy, protect
from pilot_analysis.disclosure.answers import rating_tables, score_tables
from pilot_analysis.disclosure.attacked import audit_released
from pilot_analysis.disclosure.given_away import answers_given_away
from pilot_analysis.disclosure.relations import relations_of
from pilot_analysis.disclosure.rounding import round_results
from pilot_analysis.results import Results, result, result_id
from pilot_analysis.stats.cluster.mean import cluster_mean
from pilot_analysis.stats.nps import NpsCounts, net_promoter_score

CATEGORIES = ("detractors", "passives", "promoters")
SCORE = result_id("recommendation", "nps", school_id="S1")
COUNTS = [
    result_id("recommendation", "answers", school_id="S1", category=category)
    for category in CATEGORIES
]


def team(counts, hidden=CATEGORIES, how="score", level=0.95, **blank):
    """Rows as released: a score, and its counts, of which some are `hidden`."""
    made = net_promoter_score(NpsCounts(*counts), method=how, conf_level=level)
    rows = [result("recommendation", "nps", "score", "respondents", made, school_id="S1")]
    rows += [
        result("recommendation", "answers", "count", "respondents", k, n=made.n, category=category,
               relation=(f"part of {SCORE}",), school_id="S1")
        for category, k in zip(CATEGORIES, counts, strict=True)
    ]  # fmt: skip
    frame = released(rows)
    is_hidden = frame["category"].isin(hidden)
    frame.loc[is_hidden, "estimate"] = np.nan
    frame.loc[is_hidden, "suppressed"] = "protects another"
    for column, value in blank.items():
        frame.loc[frame["kind"].eq("score"), column] = value
    return frame, relations_of(list(Results.from_rows(rows).frame.itertuples(index=False)))


def released(rows):
    return round_results(Results.from_rows(rows)).assign(suppressed="")


def found(frame, relations=(), policy="public"):
    return audit_released(frame, relations, DisclosurePolicy.named(policy)).set_index("cell")


def test_a_score_of_eight_people_with_its_interval_gives_every_count_away():
    rows = found(*team((2, 3, 3)))
    assert rows["low"].reindex(COUNTS).tolist() == [2, 3, 3]
    assert rows["pinned"].all()
    assert rows["values"].eq(1).all()
    assert rows["by"].tolist() == [(SCORE,)] * 3


def test_of_its_counts_only_those_that_are_hidden_are_found():
    rows = found(*team((2, 3, 3), hidden=CATEGORIES[:2]))
    assert set(rows.index) == set(COUNTS[:2])
    assert found(*team((2, 3, 3), hidden=())).empty


def test_without_its_interval_a_score_gives_away_what_every_table_has():
    """13 of eight people: (0, 7, 1), (1, 5, 2), (2, 3, 3) or (3, 1, 4)."""
    frame, relations = team((2, 3, 3), conf_low=np.nan, conf_high=np.nan)
    rows = found(frame, relations)
    assert list(rows.index) == [COUNTS[0], COUNTS[2]]
    assert rows.loc[COUNTS[2], ["low", "high", "values"]].tolist() == [1, 4, 4]
    assert rows.loc[COUNTS[0], ["low", "high"]].tolist() == [0, 3]
    assert not rows["pinned"].any()


@pytest.mark.parametrize("change", [{"method": ""}, {"conf_level": np.nan}, {"method": "by hand"}])
def test_an_interval_of_which_the_method_is_not_known_says_nothing(change):
    frame, relations = team((2, 3, 3), **change)
    rows = found(frame, relations)
    assert list(rows.index) == [COUNTS[0], COUNTS[2]]
    assert not rows["pinned"].any()


@pytest.mark.parametrize("how", ["score", "adjusted_wald"])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_the_interval_is_that_of_the_method_and_level_that_were_used(how, level):
    frame, relations = team((2, 3, 3), how=how, level=level)
    assert found(frame, relations)["low"].reindex(COUNTS).tolist() == [2, 3, 3]


def test_a_team_may_see_its_own_counts():
    assert found(*team((2, 3, 3)), policy="team").empty


def test_of_many_people_a_score_with_its_interval_gives_nothing_away():
    assert found(*team((200, 500, 300))).empty


def test_unless_few_of_them_are_detractors_or_promoters():
    rows = found(*team((3, 94, 3)))
    assert set(rows.index) == {COUNTS[0], COUNTS[2]}
    assert rows["high"].max() < 5


def test_all_promoters_are_found_where_zeros_are_coded():
    rows = found(*team((0, 0, 120)))
    assert rows["low"].reindex(COUNTS).tolist() == [0, 0, 120]
    assert found(*team((0, 0, 120)), policy="team").empty


def test_without_results_of_its_counts_the_cells_are_named_after_the_score():
    frame, _ = team((2, 3, 3))
    rows = found(frame[frame["kind"].eq("score")])
    assert list(rows.index) == [f"{SCORE}#{category}" for category in CATEGORIES]


def test_a_best_case_tells_of_those_who_answered():
    """Six of ten answered; with four more promoters it would be 100, so all six are."""
    keys = {"school_id": "S1"}
    names = {"nps_best": 100, "nps_pooled": 100}
    invited = result_id("recommendation", "invited", **keys)
    rows = [result("recommendation", "invited", "count", "teachers", 10, n=10, **keys)]
    rows += [
        result("recommendation", name, "score", "respondents", score, n=6, unit="NPS points",
               relation=(f"derived from {invited}",), **keys)
        for name, score in names.items()
    ]  # fmt: skip
    rows = answers_given_away(released(rows), DisclosurePolicy.named("public"))
    best = result_id("recommendation", "nps_best", **keys)
    assert rows["cell"].tolist() == [f"{best}#{category}" for category in CATEGORIES]
    assert rows["low"].tolist() == [0, 0, 6]


def average(answers, **blank):
    unit = "scale points (1-5)"
    made = cluster_mean(np.array(answers, float), unit=unit)
    row = result("teachers", "item", "mean", "respondents", made, school_id="S1", category="easy")
    frame = released([row])
    for column, value in blank.items():
        frame[column] = value
    return frame


def test_an_average_of_few_ratings_with_its_interval_gives_them_away():
    answers = [2, 3, 4, 4, 5, 5]
    frame = average(answers)
    rows = found(frame)
    name = result_id("teachers", "item", school_id="S1", category="easy")
    low, high = frame.loc[0, ["conf_low", "conf_high"]]
    tables = rating_tables(3.8, 6, (1, 5), low=low, high=high)
    small = ((tables > 0) & (tables < 5)).all(axis=0)
    assert list(rows.index) == [f"{name}#rated {at + 1}" for at in np.flatnonzero(small)]
    assert rows.loc[f"{name}#rated 5", ["low", "high"]].tolist() == [
        tables[:, 4].min(), tables[:, 4].max()
    ]  # fmt: skip
    assert found(average(answers), policy="team").empty
    assert found(average(answers, conf_low=np.nan, conf_high=np.nan)).empty


def test_an_average_that_only_one_table_has_is_found_without_an_interval():
    rows = found(average([5, 5, 5, 5, 4], conf_low=np.nan, conf_high=np.nan))
    assert rows.index.str.endswith("#rated 4").all()
    assert rows[["low", "high"]].to_numpy().tolist() == [[1, 1]]


@pytest.mark.parametrize(
    ("answers", "rule"),
    [([3] * 20 + [4] * 2, "protects another"), ([1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5] * 2, "")],
)
def test_the_gate_hides_an_average_that_gives_answers_away(answers, rule):
    made = cluster_mean(np.array(answers, float), unit="scale points (1-5)")
    row = result("teachers", "item", "mean", "respondents", made, school_id="S1", category="easy")
    policy = DisclosurePolicy.named("public")
    frame = protect(Results.from_rows([row]), policy).frame
    assert frame["suppressed"].tolist() == [rule]
    assert audit_released(frame, (), policy).empty
    assert answers_given_away(released([row]), policy).empty == (not rule)


def test_an_average_of_many_ratings_is_not_looked_at():
    assert found(average([2, 3, 4, 4, 5] * 5)).empty


def test_an_interval_that_was_cut_at_the_end_of_its_scale_is_understood():
    answers = np.array([3, 5, 5, 5], float)
    made = cluster_mean(answers)
    low, high = np.round([made.conf_low, made.conf_high], 1)
    assert high > 5
    for printed in (high, 5.0):
        assert [0, 0, 1, 0, 3] in rating_tables(4.5, 4, (1, 5), low=low, high=printed).tolist()


def test_tables_of_a_large_group_are_counted_quickly():
    tables = score_tables(40, 2000)
    assert (np.round(100 * (tables[:, 2] - tables[:, 0]) / 2000) == 40).all()
    assert (tables.sum(axis=1) == 2000).all()
    assert [0, 1200, 800] in tables.tolist()


def test_hundreds_of_scores_and_averages_take_less_than_a_second():
    rows = []
    for at in range(300):
        score = net_promoter_score(NpsCounts(1 + at % 3, 2 + at % 4, 3 + at % 5))
        mean = cluster_mean(np.array([2, 3, 4, 4, 5, 3 + at % 3], float), unit="scale points (1-5)")
        keys = {"school_id": f"S{at}"}
        rows.append(result("recommendation", "nps", "score", "respondents", score, **keys))
        rows.append(result("teachers", "item", "mean", "respondents", mean, **keys))
    frame = released(rows)
    start = process_time()
    found = answers_given_away(frame, DisclosurePolicy.named("public"))
    assert process_time() - start < 1
    assert found["by"].str[0].nunique() == 600
