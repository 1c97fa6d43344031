"""Re-analysis of studies that assigned clusters, at R's numbers and the published examples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects import (
    cluster_adjusted_g,
    cluster_adjusted_t,
    hedges_g_from_summary,
    improvement_index,
)
from pilot_analysis.stats.effects.clusters import cluster_effective_df, cluster_small_sample_factor

STUDY = {"difference": 3.2, "pooled_sd": 14.5, "n_treated": 210, "n_comparison": 190}
CLUSTERS = {"n_per_cluster": 25, "icc": 0.2}


# numbers from R -----------------------------------------------------------------------------


def star10(oracle):
    e = oracle("es.wwc_cluster_star10")["expected"]
    for key, icc in (("with_rho_reml", e["rho_reml"]), ("with_rho_020", 0.20)):
        study = {"b": e["b"], "S": e["S"], "nt": e["n_t"], "nc": e["n_c"], "n": e["n_bar"]}
        yield e[key] | {"input": study | {"rho": icc, "se": e["given_se_b"]}}


def agree(expected, rel):
    i = expected["input"]
    arguments = (i["b"], i["S"], i["nt"], i["nc"])
    clusters = {"n_per_cluster": i["n"], "icc": i["rho"]}
    n = i["nt"] + i["nc"]
    factor = cluster_small_sample_factor(n, i["n"], i["rho"])
    assert cluster_effective_df(n, i["n"], i["rho"]) == pytest.approx(expected["h"], rel=rel)
    assert factor == pytest.approx(expected["omega"] * expected["gamma"], rel=rel)
    plain = cluster_adjusted_g(*arguments, **clusters)
    reported = cluster_adjusted_g(*arguments, **clusters, std_error=i["se"])
    for found in (plain, reported):
        assert found.estimate == pytest.approx(expected["g"], rel=rel)
        assert found.df == pytest.approx(expected["h"], rel=rel)
        assert found.n == n
    # not a gate of the oracle (one reading of the handbook), yet ours is the same reading
    assert reported.std_error == pytest.approx(
        expected["se_from_reported_cluster_robust_se"], rel=rel
    )
    assert reported.p_value == pytest.approx(expected["p_two_sided_t_h"], rel=10 * rel)
    assert improvement_index(plain.estimate) / 100 == pytest.approx(
        expected["improvement_index"], rel=rel
    )
    # without gamma in the part that does not need it: see the simulation below
    unadjusted = expected["se_unadjusted_no_gamma_no_omega"]
    assert plain.std_error == pytest.approx(expected["omega"] * unadjusted, rel=rel)
    eta = (plain.estimate / factor * expected["gamma"]) / plain.statistic
    assert eta**2 / (1 / i["nt"] + 1 / i["nc"]) == pytest.approx(expected["eta"], rel=rel)


def test_star10_agrees_with_r(oracle):
    cases = list(star10(oracle))
    assert len(cases) == 2
    for expected in cases:
        agree(expected, 1e-8)


def test_summaries_agree_with_r(oracle):
    cases = oracle("es.wwc_cluster_summary")["expected"]
    assert len(cases) == 3
    for expected in cases:
        agree(expected, 1e-10)


# numbers from publications ------------------------------------------------------------------


def test_hedges_2007_example():
    assert cluster_effective_df(100, 5, 0.1) == pytest.approx(94.40, abs=0.005)


def test_wwc_appendix_of_cluster_corrections():
    found = cluster_adjusted_t(2.5, 240, 12, 0.2)
    assert round(found.statistic, 4) == 1.1227
    assert round(found.df, 2) == 141.06
    assert round(found.p_value, 4) == 0.2635


# identities ---------------------------------------------------------------------------------


def test_without_clustering_it_is_the_usual_factor():
    assert cluster_effective_df(50, 5, 0.0) == 48
    assert cluster_small_sample_factor(50, 5, 0.0) == pytest.approx(1 - 3 / (4 * 48 - 1))


@given(difference=st.floats(-30, 30), n_t=st.integers(20, 200), n_c=st.integers(20, 200))
def test_without_clustering_it_is_hedges_g(difference, n_t, n_c):
    found = cluster_adjusted_g(difference, 12.0, n_t, n_c, n_per_cluster=10, icc=0)
    expected = hedges_g_from_summary(difference, 12.0, n_t, 0.0, 12.0, n_c)
    for field in ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high"):
        assert getattr(found, field) == pytest.approx(getattr(expected, field), rel=1e-9, abs=1e-12)


@given(difference=st.floats(-30, 30), icc=st.floats(0, 1), m=st.integers(4, 40))
def test_g_and_t_are_one_test(difference, icc, m):
    n = 20 * m
    g = cluster_adjusted_g(difference, 12.0, n // 2, n // 2, n_per_cluster=20, icc=icc)
    t = difference / (12.0 * np.sqrt(4 / n))
    test = cluster_adjusted_t(t, n, m, icc)
    assert (g.statistic, g.df) == pytest.approx((test.statistic, test.df), rel=1e-9)
    assert g.p_value == pytest.approx(test.p_value, rel=1e-7)


@given(
    difference=st.floats(-30, 30),
    icc=st.floats(0, 1),
    std_error=st.none() | st.floats(0.5, 5),
    conf_level=st.sampled_from([0.5, 0.9, 0.99]),
)
def test_p_agrees_with_the_interval_and_g_changes_sign_with_the_arms(
    difference, icc, std_error, conf_level
):
    details = {"n_per_cluster": 15, "icc": icc, "std_error": std_error, "conf_level": conf_level}
    one = cluster_adjusted_g(difference, 12.0, 60, 90, **details)
    other = cluster_adjusted_g(-difference, 12.0, 90, 60, **details)
    assert (one.conf_low > 0 or one.conf_high < 0) == (one.p_value < 1 - conf_level)
    assert one.estimate == -other.estimate
    assert one.conf_low == pytest.approx(-other.conf_high, rel=1e-9, abs=1e-12)


@given(icc=st.floats(0, 0.95), t=st.floats(0.1, 5))
def test_more_alike_students_say_less(icc, t):
    one, more = (cluster_adjusted_t(t, 300, 12, rho) for rho in (icc, icc + 0.05))
    assert more.statistic < one.statistic
    assert more.p_value > one.p_value


def test_reported_degrees_of_freedom_are_used():
    found = cluster_adjusted_g(**STUDY, **CLUSTERS, std_error=2.1, df=14)
    assert found.df == 14
    assert found.p_value > cluster_adjusted_g(**STUDY, **CLUSTERS, std_error=2.1).p_value


def test_the_interval_covers_and_the_standard_error_is_the_spread_of_g():
    rng = np.random.default_rng(20261121)
    m, n, icc, delta, draws = 4, 15, 0.2, 0.5, 2000
    y = rng.normal(0, np.sqrt(icc), (draws, 2 * m, 1)) + rng.normal(
        0, np.sqrt(1 - icc), (draws, 2 * m, n)
    )
    y[:, :m] += delta
    arms = y[:, :m].reshape(draws, -1), y[:, m:].reshape(draws, -1)
    difference = arms[0].mean(1) - arms[1].mean(1)
    sd = np.sqrt((arms[0].var(1, ddof=1) + arms[1].var(1, ddof=1)) / 2)
    found = [
        cluster_adjusted_g(b, s, m * n, m * n, n_per_cluster=n, icc=icc)
        for b, s in zip(difference[:400], sd[:400], strict=True)
    ]
    factor = cluster_small_sample_factor(2 * m * n, n, icc)
    assert (factor * difference / sd).mean() == pytest.approx(delta, abs=0.025)
    spread = (factor * difference / sd).std()
    assert np.mean([f.std_error for f in found]) == pytest.approx(spread, rel=0.05)
    omega = factor / np.sqrt(1 - 2 * (n - 1) * icc / (2 * m * n - 2))
    covered = np.mean([f.conf_low / omega <= delta <= f.conf_high / omega for f in found])
    assert 0.92 <= covered <= 0.98


# bad and degenerate input -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "size", "icc", "message"),
    [
        (2, 1, 0.1, "too few to standardize"),
        (100, 5, 1.5, "icc is a share and must lie between 0 and 1; got 1.5"),
        (100, 5, float("nan"), "icc is a share"),
        (6, 3, 1.0, "too few to standardize"),
        (float("nan"), 3, 0.1, "too few to standardize"),
        (100, 80, 0.9, "too few"),
    ],
)
def test_what_has_no_answer_is_refused(n, size, icc, message):
    with pytest.raises(DesignError, match=message):
        cluster_small_sample_factor(n, size, icc)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n_per_cluster": 200}, "two of them in each arm"),
        ({"n_per_cluster": 0}, "n_per_cluster must be at least 1"),
        ({"icc": -0.1}, "icc is a share"),
        ({"pooled_sd": 0}, "pooled_sd must be positive"),
        ({"pooled_sd": float("nan")}, "pooled_sd must be a known number"),
        ({"difference": float("nan")}, "difference must be a known number"),
        ({"n_treated": 0}, "n_treated must be at least 1"),
        ({"n_treated": 210.5}, "n_treated must be a whole number"),
        ({"std_error": 0}, "std_error must be a positive number"),
        ({"std_error": float("nan")}, "std_error must be a positive number"),
        ({"std_error": 2.0, "df": 0}, "positive degrees of freedom"),
        ({"conf_level": 2}, "conf_level"),
    ],
)
def test_summaries_that_cannot_be_are_refused(changed, message):
    with pytest.raises(DesignError, match=message):
        cluster_adjusted_g(**{**STUDY, **CLUSTERS, **changed})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2.5, 240, 3, 0.2), "two of them in each arm"),
        ((2.5, 5, 12, 0.2), "5 students in 12 clusters"),
        ((2.5, 240, 12, 1.2), "icc is a share"),
        ((float("nan"), 240, 12, 0.2), "t must be a known number"),
        ((2.5, 240.5, 12, 0.2), "n must be a whole number"),
    ],
)
def test_tests_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(DesignError, match=message):
        cluster_adjusted_t(*arguments)
