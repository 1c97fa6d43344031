from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.stats.randomization.arrangements import (
    all_arrangements,
    count_orders,
    distinct_orders,
    sampled_arrangements,
)


@settings(max_examples=50)
@given(labels=st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_every_order_comes_once(labels):
    orders = distinct_orders(np.array(labels))
    assert {tuple(order) for order in orders.tolist()} == set(permutations(labels))
    assert len(orders) == count_orders(np.array(labels))


def test_strata_are_arranged_each_with_each():
    labels = np.array([1, 0, 0, 1, 0])
    strata = [np.array([0, 2, 4]), np.array([1, 3])]
    rows = np.concatenate(list(all_arrangements(labels, strata)))
    assert len(rows) == len(np.unique(rows, axis=0)) == 3 * 2
    assert (rows[:, strata[0]].sum(axis=1) == 1).all()
    assert (rows[:, strata[1]].sum(axis=1) == 1).all()


def test_a_sample_keeps_the_strata_and_finds_every_arrangement_as_often():
    labels = np.array([1, 0, 0, 1, 0])
    strata = [np.array([0, 2, 4]), np.array([1, 3])]
    rows = np.concatenate(list(sampled_arrangements(labels, strata, 6000, 1)))
    again = np.concatenate(list(sampled_arrangements(labels, strata, 6000, 1)))
    assert (rows == again).all()
    times = np.unique(rows, axis=0, return_counts=True)[1]
    assert len(times) == 6
    assert times == pytest.approx(1000, abs=120)


def test_many_columns_come_in_pieces_of_bounded_size():
    labels = np.tile([0, 1], 3000)
    pieces = list(sampled_arrangements(labels, [np.arange(6000)], 1000, 1))
    assert len(pieces) > 1
    assert sum(map(len, pieces)) == 1000
    assert max(p.size for p in pieces) <= 4_000_000
