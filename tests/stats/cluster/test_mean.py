"""Means, shares and differences over clusters: what must hold without any reference output."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.cluster import ols_cluster_robust
from pilot_analysis.stats.cluster.mean import (
    cluster_mean,
    cluster_mean_difference,
    cluster_ratio,
    cluster_ratio_difference,
)


def _classes(rng, n_classes=9, icc=0.2):
    cluster = np.repeat(np.arange(n_classes), rng.integers(4, 12, n_classes))
    own = rng.normal(0, np.sqrt(icc), n_classes)[cluster]
    return 50 + own + rng.normal(0, np.sqrt(1 - icc), len(cluster)), cluster


def test_independent_values_give_the_ordinary_t_interval():
    y = np.array([3.0, 4.5, 2.0, 5.0, 4.0])
    for made in (cluster_mean(y), cluster_mean(y, np.arange(5))):
        wanted = stats.ttest_1samp(y, 0).confidence_interval(0.95)
        assert made.conf_low == pytest.approx(wanted.low, abs=1e-12)
        assert made.conf_high == pytest.approx(wanted.high, abs=1e-12)
        assert made.df == 4
    assert cluster_mean(y).n_clusters is None


def test_mean_and_difference_are_ols_with_cluster_robust_variance():
    rng = np.random.default_rng(3)
    y, cluster = _classes(rng)
    side = np.arange(len(y)) % 3 == 0
    data = pd.DataFrame({
        "y": y, "cluster": cluster,
        "side": pd.Categorical(np.where(side, "yes", "no"), categories=["no", "yes"]),
    })  # fmt: skip
    plain = ols_cluster_robust("y ~ 1", data, cluster="cluster", vcov="CR1")["Intercept"]
    made = cluster_mean(y, cluster)
    assert made.estimate == pytest.approx(plain.estimate, abs=1e-10)
    assert made.std_error == pytest.approx(plain.std_error, abs=1e-10)
    slope = ols_cluster_robust("y ~ side", data, cluster="cluster", vcov="CR1")["side[T.yes]"]
    difference = cluster_mean_difference(y, side, cluster)
    assert difference.estimate == pytest.approx(slope.estimate, abs=1e-10)
    assert difference.std_error == pytest.approx(slope.std_error, abs=1e-10)


def test_two_answers_of_each_person_give_the_paired_t_test():
    rng = np.random.default_rng(4)
    then = rng.normal(3, 1, 12)
    now = then + rng.normal(0.4, 0.5, 12)
    made = cluster_mean_difference(
        np.concatenate([now, then]), np.repeat([True, False], 12), np.tile(np.arange(12), 2)
    )
    wanted = stats.ttest_rel(now, then)
    assert made.p_value == pytest.approx(wanted.pvalue, abs=1e-12)
    assert made.df == 11
    assert made.conf_low == pytest.approx(wanted.confidence_interval().low, abs=1e-12)


def test_df_of_a_difference_never_exceed_those_of_the_side_in_fewer_clusters():
    rng = np.random.default_rng(5)
    y, cluster = _classes(rng)
    made = cluster_mean_difference(y, cluster < 3, cluster)
    assert made.df == 2
    assert made.n_clusters == 9


@given(st.permutations(range(24)), st.integers(1, 50))
def test_row_order_labels_and_origin_do_not_matter(order, shift):
    rng = np.random.default_rng(6)
    y, cluster = rng.normal(0, 1, 24), np.repeat(np.arange(6), 4)
    first = cluster_mean(y, cluster)
    again = cluster_mean((y + shift)[order], np.array([f"class {c}" for c in cluster])[order])
    assert again.estimate == pytest.approx(first.estimate + shift, abs=1e-9)
    assert again.std_error == pytest.approx(first.std_error, rel=1e-9)


def test_interval_covers_the_mean_of_clustered_people():
    rng = np.random.default_rng(7)
    found = [cluster_mean(*_classes(rng, n_classes=10, icc=0.1)) for _ in range(1200)]
    covered = np.mean([e.conf_low <= 50 <= e.conf_high for e in found])
    assert 0.93 < covered < 0.97


def test_totals_and_people_give_the_same_answer():
    rng = np.random.default_rng(8)
    y, cluster = _classes(rng)
    totals = pd.Series(y).groupby(cluster).agg(["sum", "size"])
    made = cluster_ratio(totals["sum"], totals["size"])
    assert made.std_error == pytest.approx(cluster_mean(y, cluster).std_error, abs=1e-12)
    assert made.n == len(y)


def test_difference_of_ratios_ignores_clusters_with_nobody():
    sizes = [3.0, 4.0, 5.0, 0.0]
    made = cluster_ratio_difference([6, 12, 10, 0], sizes, [3, 4, 10, 0], sizes)
    assert made.estimate == pytest.approx(28 / 12 - 17 / 12)
    assert made.n_clusters == 3
    assert made.df == 2


def test_interval_of_a_share_stays_between_zero_and_one():
    made = cluster_ratio([9, 10, 10], [10, 10, 10], scale="logit", unit="proportion")
    assert 0 < made.conf_low < 29 / 30 < made.conf_high < 1
    assert np.isnan(made.p_value)


@pytest.mark.parametrize(
    ("y", "cluster", "words"),
    [
        ([1.0, 2.0], ["a", "a"], "one and the same group"),
        ([2.0, 2.0, 2.0], ["a", "b", "c"], "no variation"),
        ([4.0], None, "only one answer"),
        ([], None, "nobody to count"),
    ],
)
def test_what_chance_does_not_show_has_no_interval_but_a_reason(y, cluster, words):
    made = cluster_mean(y, cluster)
    assert not made.is_defined
    assert words in made.flags[0]
    assert np.isnan(made.std_error)
    if y:
        assert made.estimate == np.mean(y)


def test_a_side_with_nobody_is_no_difference():
    made = cluster_mean_difference([1.0, 2.0], [True, True], ["a", "b"])
    assert np.isnan(made.estimate)
    assert "nobody" in made.flags[0]


def test_missing_values_and_clusters_are_refused():
    with pytest.raises(DesignError, match="1 of 2 values are missing"):
        cluster_mean([1.0, np.nan], ["a", "b"])
    with pytest.raises(DesignError, match="2 values but 3 clusters"):
        cluster_mean([1.0, 2.0], ["a", "b", "c"])
    with pytest.raises(DesignError, match="1 of 2 values have no cluster"):
        cluster_mean([1.0, 2.0], ["a", None])


def test_an_unknown_scale_and_what_is_no_column_of_numbers_are_refused():
    with pytest.raises(DesignError, match='scale must be "identity" or "logit"'):
        cluster_ratio([1, 2], [3, 4], scale="log")
    with pytest.raises(DesignError, match="must be numbers; got 'a'"):
        cluster_mean(["a", "b"])
    with pytest.raises(DesignError, match="must be one column"):
        cluster_mean([[1, 2], [3, 4]])
    with pytest.raises(DesignError, match="too large to compute with"):
        cluster_mean([1e300, 2e300])
    with pytest.raises(DesignError, match="True or False"):
        cluster_mean_difference([1.0, 2.0], [True, None], ["a", "b"])
