import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_analysis.errors import DataError, DesignError
from pilot_analysis.stats.nps import NpsCounts, count_nps, net_promoter_score


def test_each_answer_has_its_place():
    assert count_nps(range(11)) == NpsCounts(7, 2, 2)
    assert [count_nps([answer]).score for answer in (6, 7, 8, 9)] == [-100, 0, 0, 100]


@given(scores=st.lists(st.integers(0, 10), max_size=40), order=st.randoms())
def test_order_and_missing_answers_do_not_matter(scores, order):
    shuffled = [*scores, None, np.nan, pd.NA]
    order.shuffle(shuffled)
    assert count_nps(shuffled) == count_nps(scores)
    assert count_nps(scores).n == len(scores)


@given(scores=st.lists(st.integers(0, 10), min_size=1, max_size=40))
def test_a_score_is_the_mean_of_the_categories(scores):
    mean = np.mean([(s >= 9) - (s <= 6) for s in scores])
    assert count_nps(scores).score == pytest.approx(100 * mean)


def test_series_and_arrays_are_counted_like_lists():
    answers = [10, 9, 8, 0]
    for container in (np.array(answers), pd.Series(answers, dtype="Int64"), iter(answers)):
        assert count_nps(container) == NpsCounts(1, 1, 2)


def test_counts_of_teams_add_up():
    assert NpsCounts(1, 2, 3) + NpsCounts(4, 0, 1) == NpsCounts(5, 2, 4)
    assert np.isnan(NpsCounts(0, 0, 0).score)


@pytest.mark.parametrize("bad", [11, -1, 7.5, "9", True, float("inf")])
def test_an_answer_off_the_scale_is_refused_by_name(bad):
    with pytest.raises(DataError, match="whole numbers from 0 to 10") as error:
        count_nps([9, 10, bad, 3])
    assert repr(bad) in str(error.value)


@pytest.mark.parametrize("bad", [(-1, 2, 3), (0.5, 1, 2), (float("nan"), 1, 1)])
def test_counts_must_be_whole_and_not_negative(bad):
    with pytest.raises(DesignError, match="detractors must be a whole number"):
        net_promoter_score(bad)


def test_answers_in_place_of_counts_are_refused():
    with pytest.raises(DesignError, match=r"Counts are three numbers, .* got 5"):
        net_promoter_score([9, 10, 8, 7, 3])


@pytest.mark.parametrize("wrong", [None, "3", float("inf"), float("nan"), 10**12])
def test_counts_that_cannot_be_people_are_refused(wrong):
    with pytest.raises(DesignError, match="promoters must be a whole number of people"):
        NpsCounts(1, 1, wrong)


@pytest.mark.parametrize("wrong", [None, 7, "78", np.array(3.0)])
def test_answers_that_are_no_list_are_refused(wrong):
    with pytest.raises(DataError, match="Answers must be a list"):
        count_nps(wrong)
