from itertools import combinations, permutations
from math import comb

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association import auc, permutation_test, wilcoxon_rank_sum


@pytest.mark.parametrize(("stops", "smallest"), [(1, 0.20), (2, 0.044), (3, 2 / comb(10, 3))])
def test_smallest_p_of_ten_schools(stops, smallest):
    found = permutation_test(range(10), [i >= stops for i in range(10)], range(10))
    assert found.exact
    assert found.auc == 1
    assert found.smallest_p == pytest.approx(smallest, abs=5e-4)
    assert found.p_value == found.smallest_p


# permutation of clusters --------------------------------------------------------------------


@settings(max_examples=40)
@given(
    data=st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=4, max_size=9).filter(
        lambda d: 0 < sum(label for _, label in d) < len(d)
    )
)
def test_with_single_units_it_is_the_exact_rank_test(data):
    x, label = np.array([v for v, _ in data]), np.array([b for _, b in data])
    found = permutation_test(x, label, range(len(x)))
    assert found.n_arrangements == comb(len(x), int(label.sum()))
    pairs = [
        auc(x[list(c)], np.delete(x, list(c))).estimate
        for c in combinations(range(len(x)), int(label.sum()))
    ]
    area = auc(x[label], x[~label]).estimate
    larger = np.mean([a >= area - 1e-9 for a in pairs])
    smaller = np.mean([a <= area + 1e-9 for a in pairs])
    assert found.p_value == pytest.approx(min(1, 2 * min(larger, smaller)))
    if np.ptp(x):
        assert found.p_value == pytest.approx(wilcoxon_rank_sum(x[label], x[~label]).p_value)
    assert 0 < found.smallest_p <= found.p_value + 1e-12 <= 1 + 1e-9
    assert found.auc == pytest.approx(area)


@given(order=st.permutations(range(4)))
def test_the_order_and_names_of_clusters_do_not_matter(order):
    x = np.array([[5, 4], [7, 1], [0, 2], [9, 3]])
    label = np.array([[1, 1], [1, 0], [0, 0], [1, 1]])
    one = permutation_test(x.ravel(), label.ravel(), np.repeat(list("abcd"), 2))
    other = permutation_test(
        x[order].ravel(), label[order].ravel(), np.repeat(np.array(list("zyxw"))[order], 2)
    )
    assert one == other
    # labels (1,1), (1,0), (0,0), (1,1) of four clusters: 4!/2! orders
    assert one.n_arrangements == 12


patterns = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans(), st.booleans()),
    min_size=2,
    max_size=5,
)


@settings(max_examples=40)
@given(pairs=patterns, singles=st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=3))
def test_p_is_the_share_of_all_exchanges_of_whole_clusters(pairs, singles):
    x = [v for pair in pairs for v in pair[:2]] + [v for v, _ in singles]
    cluster = [i for i in range(len(pairs)) for _ in "ab"] + [9 + i for i in range(len(singles))]
    label = np.array([b for pair in pairs for b in pair[2:]] + [b for _, b in singles])
    assume(label.any() and not label.all())
    ranks = stats.rankdata(x)

    def rank_sum(of_pairs, of_singles):
        moved = [b for pair in of_pairs for b in pair[2:]] + [b for _, b in of_singles]
        return ranks[np.array(moved)].sum()

    every = np.array(
        [rank_sum(one, two) for one in permutations(pairs) for two in permutations(singles)]
    )
    own = rank_sum(pairs, singles)
    found = permutation_test(x, label, cluster)
    larger, smaller = (every >= own).mean(), (every <= own).mean()
    assert found.exact
    assert found.p_value == pytest.approx(min(1, 2 * min(larger, smaller)))
    ends = (every == every.max()).mean(), (every == every.min()).mean()
    assert found.smallest_p == pytest.approx(min(1, 2 * min(ends)))
    turned = permutation_test(x, ~label, cluster)
    assert turned.p_value == pytest.approx(found.p_value)
    assert turned.auc == pytest.approx(1 - found.auc)


def test_clusters_change_places_only_with_clusters_of_their_size():
    found = permutation_test([1, 2, 3, 4], [True, True, False, False], ["a", "a", "b", "c"])
    assert found.n_arrangements == 1
    assert found.p_value == found.smallest_p == 1


def test_many_clusters_are_sampled_the_same_way_every_time():
    x, label = np.arange(30.0), np.arange(30) % 3 > 0
    one, other = (permutation_test(x, label, range(30), most_arrangements=4000) for _ in range(2))
    assert one == other
    assert not one.exact
    assert one.n_arrangements == 4001
    assert one.smallest_p >= 2 / 4001
    exact = stats.mannwhitneyu(x[label], x[~label], method="exact").pvalue
    assert one.p_value == pytest.approx(exact, abs=0.04)
    reseeded = permutation_test(x, label, range(30), most_arrangements=4000, seed=1)
    assert reseeded.p_value != one.p_value


def test_a_sample_of_large_and_small_clusters_keeps_its_level():
    rng = np.random.default_rng(20261121)
    cluster = np.repeat(range(14), [1] * 6 + [2] * 8)
    p = []
    for _ in range(200):
        label = np.repeat(rng.permutation([0, 1] * 7), [1] * 6 + [2] * 8)
        x = rng.normal(size=14)[cluster] + rng.normal(size=22)
        p.append(permutation_test(x, label, cluster, most_arrangements=199).p_value)
    assert 0.01 <= np.mean(np.array(p) <= 0.05) <= 0.10


@pytest.mark.parametrize(
    ("x", "label", "cluster"),
    [
        ([1, 2], [True, True], [1, 2]),
        ([1, 2], [False, False], [1, 2]),
        ([1, 2], [True, False], [1, 1]),
        ([], [], []),
        ([1, np.nan], [True, False], [1, 2]),
    ],
)
def test_a_test_without_anything_to_permute_is_refused(x, label, cluster):
    with pytest.raises(DesignError, match="permutation test needs"):
        permutation_test(x, label, cluster)


def test_a_missing_label_or_cluster_is_refused():
    with pytest.raises(DesignError, match="The group must be True or False"):
        permutation_test([1, 2, 3], [True, None, False], [1, 2, 3])
    with pytest.raises(DesignError, match="most_arrangements must be a whole number above 0"):
        permutation_test([1, 2, 3], [True, True, False], [1, 2, 3], most_arrangements=0)
    with pytest.raises(DesignError, match="seed must be"):
        permutation_test([1, 2, 3], [True, True, False], [1, 2, 3], seed=-1)
    with pytest.raises(DesignError, match="The cluster: each of the 3 units needs one"):
        permutation_test([1, 2, 3], [True, True, False], [1, None, 3])
