from math import isnan

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association import auc, auc_without_each_cluster, cluster_auc

values = st.lists(st.integers(-20, 20), min_size=3, max_size=12)


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


def test_infinite_values_are_refused():
    with pytest.raises(DesignError, match="1 of 3 values are missing or infinite"):
        auc([1, np.inf, 2], [1, 2, 3])


# units in clusters ----------------------------------------------------------------------------


def test_with_clusters_of_one_the_variance_is_delongs_as_in_r(made):
    for case in made["auc"]:
        n_p, n_n = len(case["positive"]), len(case["negative"])
        x, label = [*case["positive"], *case["negative"]], [1] * n_p + [0] * n_n
        found = cluster_auc(x, label, range(n_p + n_n))
        assert found.estimate == pytest.approx(case["auc"], abs=1e-12)
        assert found.std_error**2 == pytest.approx(case["variance"], rel=1e-10)
        assert found.estimate == auc(case["positive"], case["negative"]).estimate
        assert (found.n, found.n_clusters, found.df) == (n_p + n_n, n_p + n_n, n_p + n_n - 1)


clustered = st.lists(
    st.tuples(st.integers(0, 9), st.booleans(), st.integers(0, 5)), min_size=10, max_size=24
)


@settings(max_examples=50)
@given(data=clustered, order=st.randoms())
def test_rows_and_names_and_sides_of_clusters_do_not_matter(data, order):
    x, label, cluster = (np.array(column) for column in zip(*data, strict=True))
    assume(label.any() and not label.all())
    one = cluster_auc(x, label, cluster)
    shuffled = list(data)
    order.shuffle(shuffled)
    y, other_label, other = (np.array(column) for column in zip(*shuffled, strict=True))
    same = cluster_auc(np.exp(y / 3), other_label, [f"school {9 - c}" for c in other])
    turned = cluster_auc(x, ~label, cluster)
    assert same.estimate == pytest.approx(one.estimate)
    assert same.conf_low == pytest.approx(one.conf_low, abs=1e-9, nan_ok=True)
    assert turned.estimate == pytest.approx(1 - one.estimate)
    assert turned.conf_low == pytest.approx(1 - one.conf_high, abs=1e-9, nan_ok=True)
    if one.is_defined:
        assert 0 <= one.conf_low <= one.estimate <= one.conf_high <= 1
        assert isnan(one.p_value)


def test_clusters_that_repeat_their_units_add_no_information():
    x, label = np.array([5, 4, 7, 1, 0, 6, 9, 3.0]), np.array([1, 1, 1, 0, 0, 0, 1, 0])
    once = cluster_auc(x, label, range(8))
    twice = cluster_auc(np.repeat(x, 2), np.repeat(label, 2), np.repeat(range(8), 2))
    assert twice.std_error == pytest.approx(once.std_error)
    assert twice.conf_low == pytest.approx(once.conf_low)


def test_perfect_separation_counts_each_cluster_once():
    found = cluster_auc([1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 1, 1], range(6))
    assert (found.conf_low, found.conf_high) == pytest.approx((0.50102, 1), abs=1e-5)
    doubled = cluster_auc(
        np.repeat([1, 2, 3, 4, 5, 6], 2), np.repeat([0, 0, 0, 1, 1, 1], 2), np.repeat(range(6), 2)
    )
    assert doubled.conf_low == pytest.approx(found.conf_low)
    assert "each counts as one unit" in doubled.flags[0]


def test_clustered_interval_covers_where_the_plain_one_does_not():
    rng = np.random.default_rng(20261121)
    truth, covered, plain = stats.norm.cdf(1 / np.sqrt(2)), [], []
    cluster = np.repeat(range(10), 4)
    for _ in range(300):
        shared = rng.normal(size=(2, 10))[:, cluster]
        noise = rng.normal(size=(2, 40))
        label = np.sqrt(0.95) * shared[0] + np.sqrt(0.05) * noise[0] < 0.52
        x = label + np.sqrt(0.5) * (shared[1] + noise[1])
        found = cluster_auc(x, label, cluster) if 0 < label.sum() < 40 else None
        if found is not None and found.is_defined:
            covered.append(found.conf_low <= truth <= found.conf_high)
            units = auc(x[label], x[~label])
            plain.append(units.conf_low <= truth <= units.conf_high)
    assert len(covered) > 200
    assert 0.92 <= np.mean(covered) <= 0.98
    assert np.mean(plain) < 0.88


def test_fewer_than_three_clusters_on_a_side_give_no_interval():
    found = cluster_auc([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0], [1, 1, 2, 3, 4, 5])
    assert found.estimate == 0
    assert "3 or more clusters" in found.flags[0]


# without each cluster -------------------------------------------------------------------------


def test_the_range_names_the_clusters_on_which_the_area_hangs():
    x, label = [9, 8, 7, 1, 2, 10], [True, True, True, False, False, False]
    found = auc_without_each_cluster(x, label, list("abcdef"))
    assert auc([9, 8, 7], [1, 2, 10]).estimate == pytest.approx(2 / 3)
    assert (found.high, found.high_without) == (1, "f")
    assert (found.low, found.low_without) == (0.5, "d")
    assert found.n_undefined == 0


def test_a_cluster_that_holds_all_of_a_side_cannot_be_left_out():
    found = auc_without_each_cluster([1, 2, 3, 4], [1, 1, 0, 0], ["a", "a", "b", "c"])
    assert (found.low, found.high, found.n_undefined) == (0, 0, 1)
    none = auc_without_each_cluster([1, 2], [1, 0], ["a", "b"])
    assert isnan(none.low)
    assert (none.low_without, none.n_undefined) == (None, 2)


@pytest.mark.parametrize("function", [cluster_auc, auc_without_each_cluster])
@pytest.mark.parametrize(
    ("x", "label", "cluster", "text"),
    [
        ([1, 2], [1, 1], [1, 2], "one side has none"),
        ([1, np.nan], [1, 0], [1, 2], "missing or infinite"),
        ([1, 2], [1, None], [1, 2], "The group must be True or False"),
        ([1, 2], [1, 0], [1, None], "1 of them missing"),
        ([1, 2], [1, 0], [1, 2, 3], "3 were given"),
    ],
)
def test_units_without_group_or_cluster_are_refused(function, x, label, cluster, text):
    with pytest.raises(DesignError, match=text):
        function(x, label, cluster)
