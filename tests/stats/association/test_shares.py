from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association import cluster_proportion, proportion

# numbers from R -------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["wilson", "clopper_pearson", "agresti_coull"])
def test_intervals_agree_with_r(oracle, method):
    for case in oracle("small.proportion_ci")["expected"]:
        found = proportion(case["x"], case["n"], method=method)
        np.testing.assert_allclose([found.conf_low, found.conf_high], case[method], atol=1e-9)
        assert found.method == method
        assert isnan(found.p_value)


def test_a_clustered_share_agrees_with_survey(made, oracle_data):
    students = oracle_data("star_k10").dropna(subset="lunchk")
    found = cluster_proportion(students["lunchk"].eq("free"), students["schoolidk"])
    expected = made["share"]
    assert (found.n, found.n_clusters) == (expected["n"], expected["clusters"])
    assert found.estimate == pytest.approx(expected["estimate"], abs=1e-12)
    assert found.std_error == pytest.approx(expected["std_error"], rel=1e-9)
    # survey fits the logit by iteration, to about 8 digits
    limits = [found.conf_low, found.conf_high]
    np.testing.assert_allclose(limits, expected["interval"], atol=1e-7)


# independent people ---------------------------------------------------------------------------


@settings(max_examples=50)
@given(n=st.integers(1, 60), data=st.data(), level=st.sampled_from([0.8, 0.95]))
def test_the_exact_interval_is_wider_than_wilsons_and_holds_its_tails(n, data, level):
    x = data.draw(st.integers(0, n))
    found = proportion(x, n, method="clopper_pearson", conf_level=level)
    tail = (1 - level) / 2
    if x > 0:
        assert stats.binom.sf(x - 1, n, found.conf_low) == pytest.approx(tail)
    if x < n:
        assert stats.binom.cdf(x, n, found.conf_high) == pytest.approx(tail)
    assert found.conf_low <= found.estimate <= found.conf_high


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
    for successes, n in ((2.5, 4), (float("nan"), 4), (2, float("inf")), ("1", 2), (True, 2)):
        with pytest.raises(DesignError, match="not a share"):
            proportion(successes, n)
    with pytest.raises(DesignError, match="wilson, clopper_pearson, agresti_coull"):
        proportion(1, 2, method="wald")


# people in clusters ---------------------------------------------------------------------------


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
    with pytest.raises(DesignError, match="each of the 3 units needs one; 2 were given"):
        cluster_proportion([1, 0, 1], ["a", "b"])


def test_a_missing_class_is_refused():
    with pytest.raises(DesignError, match="1 of them missing"):
        cluster_proportion([1, 0, 1], ["a", None, "b"])
    with pytest.raises(DesignError, match="must be numbers; got '1'"):
        cluster_proportion(["1", "0"], ["a", "b"])


# nobody, or everybody -------------------------------------------------------------------------


def test_without_correlation_the_interval_at_the_boundary_is_nearly_the_exact_one():
    y, cluster = np.zeros(200), np.repeat(range(10), 20)
    assert not cluster_proportion(y, cluster).is_defined
    found = cluster_proportion(y, cluster, boundary_icc=0.0)
    assert found.conf_low == 0
    assert found.method == "korn_graubard"
    # only Student's t on 9 instead of 199 df makes it wider
    assert found.conf_high == pytest.approx(
        1 - 0.025 ** (1 / (200 * (stats.t.isf(0.025, 199) / stats.t.isf(0.025, 9)) ** 2))
    )


def test_with_full_correlation_each_class_counts_once():
    y, cluster = np.ones(200), np.repeat(range(10), 20)
    found = cluster_proportion(y, cluster, boundary_icc=1.0)
    few = 10 * (stats.t.isf(0.025, 199) / stats.t.isf(0.025, 9)) ** 2
    assert found.conf_high == 1
    assert found.conf_low == pytest.approx(0.025 ** (1 / few))
    assert found.flags == (
        "The clusters do not differ; an intraclass correlation of 1 is assumed.",
    )
    assert (found.n, found.n_clusters, found.df) == (200, 10, 9)
    single = cluster_proportion(np.ones(10), range(10), boundary_icc=0.3)
    exact = proportion(10, 10, method="clopper_pearson")
    assert single.conf_low == pytest.approx(exact.conf_low)


@settings(max_examples=40)
@given(sizes=st.lists(st.integers(1, 30), min_size=2, max_size=12), icc=st.floats(0, 0.9))
def test_the_boundary_interval_widens_with_the_correlation_and_turns_with_the_property(sizes, icc):
    cluster = np.repeat(range(len(sizes)), sizes)
    none = cluster_proportion(np.zeros(len(cluster)), cluster, boundary_icc=icc)
    everyone = cluster_proportion(np.ones(len(cluster)), cluster, boundary_icc=icc)
    more = cluster_proportion(np.zeros(len(cluster)), cluster, boundary_icc=icc + 0.1)
    assert none.conf_high == pytest.approx(1 - everyone.conf_low)
    assert none.conf_high <= more.conf_high + 1e-12
    assert everyone.conf_low < everyone.conf_high


def test_an_assumed_correlation_changes_nothing_inside():
    y = np.repeat([1, 1, 1, 0, 0, 1, 0, 1], 10)
    cluster = np.repeat(range(8), 10)
    assert cluster_proportion(y, cluster, boundary_icc=0.1) == cluster_proportion(y, cluster)
    assert not cluster_proportion([1, 1], ["a", "a"], boundary_icc=0.1).is_defined
    with pytest.raises(DesignError, match="boundary_icc must lie between 0 and 1"):
        cluster_proportion(y, cluster, boundary_icc=1.2)
