from math import comb, isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association import (
    auc,
    cluster_proportion,
    permutation_test,
    proportion,
)

values = st.lists(st.integers(-20, 20), min_size=3, max_size=12)


# numbers from R, and from the pilots of methods.md --------------------------------------------


def test_wilson_agrees_with_r(oracle):
    for case in oracle("small.proportion_ci")["expected"]:
        found = proportion(case["x"], case["n"])
        np.testing.assert_allclose([found.conf_low, found.conf_high], case["wilson"], atol=1e-9)


@pytest.mark.parametrize(("stops", "smallest"), [(1, 0.20), (2, 0.044), (3, 2 / comb(10, 3))])
def test_smallest_p_of_ten_schools(stops, smallest):
    found = permutation_test(range(10), [i >= stops for i in range(10)], range(10))
    assert found.exact
    assert found.auc == 1
    assert found.smallest_p == pytest.approx(smallest, abs=5e-4)
    assert found.p_value == found.smallest_p


# the AUC ------------------------------------------------------------------------------------


@given(positives=values, negatives=values)
def test_auc_is_the_share_of_pairs_and_its_interval_turns_with_the_sides(positives, negatives):
    found, turned = auc(positives, negatives), auc(negatives, positives)
    pairs = np.subtract.outer(positives, negatives)
    assert found.estimate == pytest.approx(((pairs > 0) + (pairs == 0) / 2).mean())
    assert found.estimate == pytest.approx(1 - turned.estimate)
    assert found.conf_low == pytest.approx(1 - turned.conf_high)
    assert 0 <= found.conf_low <= found.estimate <= found.conf_high <= 1
    assert found.conf_low < found.conf_high


def test_perfect_separation_has_width_and_no_p():
    found = auc([3, 4, 5], [0, 1, 2])
    assert (found.estimate, found.conf_high) == (1, 1)
    assert found.conf_low == pytest.approx(0.50102, abs=1e-5)
    assert isnan(found.p_value)


def test_auc_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(20261121)
    truth = stats.norm.cdf(1 / np.sqrt(2))
    covered = [
        found.conf_low <= truth <= found.conf_high
        for found in (auc(rng.normal(1, 1, 7), rng.normal(0, 1, 5)) for _ in range(400))
    ]
    assert 0.92 <= np.mean(covered) <= 0.985


@pytest.mark.parametrize(("positives", "negatives"), [([1, 2], [0, 1, 2]), ([5], [0] * 9)])
def test_below_three_a_side_there_is_no_interval(positives, negatives):
    found = auc(positives, negatives)
    assert not found.is_defined
    assert found.estimate > 0.5
    assert "3 or more units" in found.flags[0]


@pytest.mark.parametrize(("positives", "negatives"), [([], [1]), ([1, np.nan], [1])])
def test_auc_needs_known_values_on_both_sides(positives, negatives):
    with pytest.raises(DesignError, match="known values on both sides"):
        auc(positives, negatives)


# permutation of clusters --------------------------------------------------------------------


@given(
    data=st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=4, max_size=9).filter(
        lambda d: 0 < sum(label for _, label in d) < len(d)
    )
)
def test_with_single_units_it_is_the_exact_rank_test(data):
    x, label = np.array([v for v, _ in data]), np.array([b for _, b in data])
    found = permutation_test(x, label, range(len(x)))
    assert found.n_arrangements == comb(len(x), int(label.sum()))
    assert found.smallest_p <= found.p_value + 1e-12 <= 1 + 1e-9
    assert found.auc == pytest.approx(auc(x[label], x[~label]).estimate)


@given(order=st.permutations(range(8)))
def test_rows_and_names_of_clusters_do_not_matter(order):
    x = np.array([5, 4, 7, 1, 0, 2, 9, 3])
    label = np.array([1, 1, 1, 0, 0, 0, 1, 1], dtype=bool)
    cluster = np.array(list("aabbccdd"))
    renamed = np.array([{"a": "z", "b": "y", "c": "x", "d": "w"}[c] for c in cluster])
    one = permutation_test(x, label, cluster)
    other = permutation_test(x[order], label[order], renamed[order])
    assert one == other
    # labels (1,1), (1,0), (0,0), (1,1) of four clusters: 4!/2! orders
    assert one.n_arrangements == 12


def test_clusters_change_places_only_with_clusters_of_their_size():
    found = permutation_test([1, 2, 3, 4], [True, True, False, False], ["a", "a", "b", "c"])
    assert found.n_arrangements == 1
    assert found.p_value == found.smallest_p == 1


def test_many_clusters_are_sampled_the_same_way_every_time():
    x, label = np.arange(30.0), np.arange(30) % 3 > 0
    one, other = (permutation_test(x, label, range(30), most_arrangements=500) for _ in range(2))
    assert one == other
    assert not one.exact
    assert one.p_value == pytest.approx(
        stats.mannwhitneyu(x[label], x[~label], method="exact").pvalue, abs=0.08
    )


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


# shares -------------------------------------------------------------------------------------


@given(n=st.integers(1, 60), data=st.data())
def test_a_share_and_its_complement_have_mirrored_intervals(n, data):
    x = data.draw(st.integers(0, n))
    one, other = proportion(x, n), proportion(n - x, n)
    assert one.conf_low == pytest.approx(1 - other.conf_high)
    assert 0 <= one.conf_low <= one.estimate <= one.conf_high <= 1


def test_nobody_asked_and_impossible_counts():
    assert not proportion(0, 0).is_defined
    for successes, n in ((3, 2), (-1, 4)):
        with pytest.raises(DesignError, match="not a share"):
            proportion(successes, n)


def test_classes_that_differ_make_the_interval_wider():
    y = np.repeat([1, 1, 1, 0, 0, 1, 0, 1], 10)
    clustered = cluster_proportion(y, np.repeat(range(8), 10))
    assert clustered.conf_high - clustered.conf_low > 2 * (
        proportion(int(y.sum()), 80).conf_high - proportion(int(y.sum()), 80).conf_low
    )
    assert (clustered.n, clustered.n_clusters, clustered.df) == (80, 8, 7)


def test_clustered_share_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(20261121)
    covered = []
    for _ in range(300):
        y = rng.random((10, 20)) < rng.beta(2.7, 6.3, (10, 1))  # mean .3, ICC .1
        found = cluster_proportion(y.ravel().astype(int), np.repeat(range(10), 20))
        covered.append(found.conf_low <= 0.3 <= found.conf_high)
    assert 0.91 <= np.mean(covered) <= 0.98


@pytest.mark.parametrize(
    ("y", "cluster"),
    [([], []), ([1, 0], ["a", "a"]), ([1, 1], ["a", "b"]), ([0, 0], ["a", "b"]), ([1], ["a"])],
)
def test_a_share_that_cannot_show_how_classes_differ_has_no_interval(y, cluster):
    found = cluster_proportion(y, cluster)
    assert not found.is_defined
    assert found.flags[0].endswith(".")
    assert found.n == len(y)


def test_a_share_of_something_else_is_refused():
    with pytest.raises(DesignError, match="one 0 or 1"):
        cluster_proportion([1, np.nan], ["a", "b"])
    with pytest.raises(DesignError, match="one 0 or 1"):
        cluster_proportion([1, 0, 1], ["a", "b"])
