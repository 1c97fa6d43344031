from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.stats.association.rank_sums import (
    rank_sum_distribution,
    signed_rank_distribution,
    whole_ranks,
)

values = st.lists(st.integers(0, 4), min_size=1, max_size=7)


def shares(sums, largest):
    return np.bincount(sums, minlength=largest + 1) / len(sums)


@settings(max_examples=40)
@given(x=values)
def test_distributions_are_those_of_all_signs_and_all_draws(x):
    whole, scale = whole_ranks(stats.rankdata(x))
    assert (whole == scale * stats.rankdata(x)).all()
    signs = [int(whole @ np.array(s)) for s in product((0, 1), repeat=len(x))]
    ours = signed_rank_distribution(whole)
    np.testing.assert_allclose(ours, shares(signs, whole.sum()), atol=1e-15)
    for n_first in range(len(x) + 1):
        draws = [int(sum(c)) for c in combinations(whole.tolist(), n_first)]
        ours = rank_sum_distribution(whole, n_first)
        np.testing.assert_allclose(ours, shares(draws, max(draws)), atol=1e-15)


def test_tails_keep_their_digits():
    chances = rank_sum_distribution(np.arange(1, 101), 50)
    least = np.flatnonzero(chances)[0]
    assert least == 50 * 51 // 2
    assert chances[least] == pytest.approx(1 / 1.0089134454556e29, rel=1e-12)
    assert signed_rank_distribution(np.arange(1, 301))[0] == pytest.approx(0.5**300, rel=1e-12)
