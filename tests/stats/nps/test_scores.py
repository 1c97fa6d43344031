from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.nps import NpsCounts, count_nps, net_promoter_score

METHODS = (
    "score", "adjusted_wald", "wald", "goodman", "bootstrap", "t", "agresti_min", "may_johnson",
)  # fmt: skip
TESTS = [method for method in METHODS if method != "bootstrap"]
NOT_CUT = ("wald", "t")
counts = st.builds(NpsCounts, *[st.integers(0, 60)] * 3)
asked = counts.filter(lambda c: c.n > 0)
levels = st.sampled_from([0.5, 0.8, 0.95, 0.99])


def mirrored(c: NpsCounts) -> NpsCounts:
    return NpsCounts(c.promoters, c.passives, c.detractors)


def case_counts(case) -> NpsCounts:
    return NpsCounts(case["detractors"], case["passives"], case["promoters"])


# numbers from R ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "key", "tolerance"),
    [
        ("score", "score_tango", 1e-7),
        ("score", "npspkg_iterative_raw", 2e-4),
        ("adjusted_wald", "adj_wald_rocks_075_150_075", 1e-7),
        ("agresti_min", "agresti_min_plus_half_each_of_4", 1e-7),
        ("may_johnson", "score_may_johnson", 1e-7),
        ("wald", "wald", 1e-7),
        ("t", "t_trinomial_mean", 1e-7),
    ],
)
def test_intervals_agree_with_r(oracle, method, key, tolerance):
    compared = 0
    for case in oracle("nps.intervals")["expected"]:
        found = net_promoter_score(case_counts(case), method=method)
        assert found.estimate == pytest.approx(case["nps"] * 100, abs=1e-9)
        expected = np.array(case.get(key) or [np.nan, np.nan], dtype=float) * 100
        if method == "adjusted_wald":  # R's is not cut at the ends of the scale
            expected = np.clip(expected, -100, 100)
        if method != "wald" and not expected[0] < expected[1]:  # R gives no width
            assert not found.is_defined
            assert "answered alike" in found.flags[0]
            continue
        compared += 1
        np.testing.assert_allclose([found.conf_low, found.conf_high], expected, atol=tolerance)
    assert compared >= 11


def test_bootstrap_limits_are_within_one_respondent_of_the_exact_distribution(oracle):
    compared = 0
    for case in oracle("nps.intervals")["expected"]:
        found = net_promoter_score(case_counts(case), method="bootstrap", draws=20_000)
        low, high = np.array(case.get("bootstrap_exact_percentile", [0, 0])) * 100
        if "bootstrap_exact_percentile" not in case:  # too many tables to list
            continue
        if low == high:
            assert not found.is_defined
            continue
        compared += 1
        step = 100 / case["n"] + 1e-9
        assert abs(found.conf_low - low) <= step
        assert abs(found.conf_high - high) <= step
        assert found.std_error == pytest.approx(100 * case["se_n"], rel=0.03)
    assert compared >= 8


def test_standard_errors_agree_with_r(oracle):
    for case in oracle("nps.intervals")["expected"]:
        c = case_counts(case)
        found = {method: net_promoter_score(c, method=method) for method in METHODS}
        assert found["wald"].std_error == pytest.approx(case["se_n"] * 100, abs=1e-9)
        assert found["adjusted_wald"].std_error == pytest.approx(
            case["adj_wald_se"] * 100, abs=1e-9
        )
        if found["t"].is_defined:
            assert found["t"].std_error == pytest.approx(case["se_nminus1"] * 100, abs=1e-9)
            assert found["wald"].std_error ** 2 * c.n == pytest.approx(case["var_pop"] * 1e4)


def test_an_adjusted_wald_interval_is_about_the_center_of_r(oracle):
    for case in oracle("nps.intervals")["expected"]:
        found = net_promoter_score(case_counts(case), method="adjusted_wald", conf_level=0.01)
        middle = (found.conf_low + found.conf_high) / 2
        assert middle == pytest.approx(case["adj_wald_center"] * 100, abs=1e-7)


def test_counts_from_scores_agree_with_r(oracle):
    expected = oracle("nps.from_scores")["expected"]
    found = count_nps(expected["scores"])
    assert found == NpsCounts(*expected["counts"].values())
    estimate = net_promoter_score(found, method="wald")
    assert estimate.estimate == pytest.approx(100 * expected["nps"], abs=1e-10)
    assert estimate.std_error == pytest.approx(100 * expected["se"], abs=1e-10)


# numbers from publications ------------------------------------------------------------------


def test_rocks_2016_adjusted_wald_of_2_4_9():
    found = net_promoter_score((2, 4, 9), method="adjusted_wald")
    assert round(found.estimate, 2) == 46.67
    assert (round(found.conf_low, 2), round(found.conf_high, 2)) == (4.84, 72.94)


def test_rocks_2016_iterative_score_of_2_4_9():
    found = net_promoter_score((2, 4, 9))
    assert (round(found.conf_low, 2), round(found.conf_high, 2)) == (3.54, 74.08)


def test_tango_1998_score_of_eight_promoters_has_width():
    found = net_promoter_score((0, 0, 8))
    assert found.estimate == 100
    assert (round(found.conf_low, 2), found.conf_high) == (35.12, 100)


def test_goodman_1964_is_wald_at_a_chi_square_with_two_degrees_of_freedom():
    # the 95% quantile of that distribution is -2 ln .05
    found, plain = (net_promoter_score((20, 30, 50), method=m) for m in ("goodman", "wald"))
    half = np.sqrt(-2 * np.log(0.05)) * plain.std_error
    assert found.conf_low == pytest.approx(30 - half)
    assert found.conf_high == pytest.approx(30 + half)
    assert found.p_value == pytest.approx(np.exp(-(plain.statistic**2) / 2))


def test_wald_of_eight_promoters_has_no_width_and_says_so():
    found = net_promoter_score((0, 0, 8), method="wald")
    assert (found.conf_low, found.conf_high) == (100, 100)
    assert "do not use" in found.flags[0]
    assert isnan(found.p_value)


def test_passives_only_are_0_with_an_interval_about_it():
    found = net_promoter_score((0, 5, 0))
    assert found.estimate == 0
    assert found.conf_high == pytest.approx(43.448246478)
    assert found.p_value == 1


# identities ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", TESTS)
@given(c=asked, conf_level=levels)
@settings(max_examples=40)
def test_a_mirrored_score_is_the_negative_with_a_mirrored_interval(method, c, conf_level):
    one = net_promoter_score(c, method=method, conf_level=conf_level)
    other = net_promoter_score(mirrored(c), method=method, conf_level=conf_level)
    assert one.estimate == pytest.approx(-other.estimate, abs=1e-12)
    assert one.conf_low == pytest.approx(-other.conf_high, abs=1e-9, nan_ok=True)
    assert one.statistic == pytest.approx(-other.statistic, abs=1e-12, nan_ok=True)
    assert one.p_value == pytest.approx(other.p_value, nan_ok=True)


@pytest.mark.parametrize("method", TESTS)
@given(c=asked, conf_level=levels)
@settings(max_examples=60)
def test_p_is_small_exactly_when_the_interval_excludes_0(method, c, conf_level):
    found = net_promoter_score(c, method=method, conf_level=conf_level)
    if isnan(found.p_value):
        assert found.flags
    else:
        excluded = found.conf_low > 0 or found.conf_high < 0
        assert excluded == (found.p_value < 1 - conf_level)


@pytest.mark.parametrize("method", METHODS)
@given(c=asked)
@settings(max_examples=40)
def test_an_interval_lies_on_the_scale_and_has_width_or_a_reason(method, c):
    found = net_promoter_score(c, method=method)
    if not found.is_defined:
        assert found.estimate == c.score
        assert "alike" in found.flags[0]
    elif method not in NOT_CUT:
        assert -100 <= found.conf_low < found.conf_high <= 100
    if method == "score":
        assert found.conf_low <= found.estimate + 1e-9
        assert found.estimate - 1e-9 <= found.conf_high


@pytest.mark.parametrize("method", METHODS)
@given(c=asked)
@settings(max_examples=25)
def test_more_confidence_is_wider(method, c):
    narrow, wide = (net_promoter_score(c, method=method, conf_level=v) for v in (0.8, 0.95))
    if wide.is_defined and narrow.is_defined:
        assert wide.conf_low <= narrow.conf_low
        assert narrow.conf_high <= wide.conf_high


@given(c=asked)
def test_goodmans_interval_holds_walds_and_the_score_test_of_0_is_mcnemars(c):
    wald, goodman = (net_promoter_score(c, method=m) for m in ("wald", "goodman"))
    if goodman.is_defined:
        assert goodman.conf_low <= max(wald.conf_low, -100)
        assert goodman.conf_high >= min(wald.conf_high, 100)
    if c.promoters + c.detractors:
        mcnemar = (c.promoters - c.detractors) ** 2 / (c.promoters + c.detractors)
        assert net_promoter_score(c).statistic ** 2 == pytest.approx(mcnemar)


def test_all_methods_agree_when_there_are_many_respondents():
    c = NpsCounts(15_000_000, 30_000_000, 55_000_000)
    limits = [
        [e.conf_low, e.conf_high]
        for e in (net_promoter_score(c, method=m) for m in METHODS if m != "goodman")
    ]
    assert np.ptp(limits, axis=0).max() < 0.002


def test_the_bootstrap_is_the_same_for_a_seed_and_another_for_another():
    one, same = (net_promoter_score((9, 20, 31), method="bootstrap", seed=7) for _ in range(2))
    other = net_promoter_score((9, 20, 31), method="bootstrap", seed=8)
    assert one == same
    assert one.std_error != other.std_error
    assert isnan(one.p_value)


# bad and degenerate input ---------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_nobody_asked_is_no_score_and_says_so(method):
    found = net_promoter_score(count_nps([]), method=method)
    assert isnan(found.estimate)
    assert found.flags == ("Nobody answered, so there is no score.",)


@pytest.mark.parametrize("single", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_one_respondent_gives_a_wide_interval_or_none(single):
    found = net_promoter_score(single)
    assert found.conf_high - found.conf_low > 100
    for method in ("t", "goodman", "bootstrap"):
        assert not net_promoter_score(single, method=method).is_defined


@pytest.mark.parametrize("method", ["t", "goodman", "bootstrap"])
@pytest.mark.parametrize("alike", [(0, 0, 8), (8, 0, 0), (0, 8, 0), (0, 0, 2)])
def test_where_all_answer_alike_there_is_a_score_and_a_reason_but_no_interval(method, alike):
    found = net_promoter_score(alike, method=method)
    assert not found.is_defined
    assert found.estimate == NpsCounts(*alike).score
    assert "take the score interval" in found.flags[0]


def test_draws_that_hardly_differ_give_no_interval_without_width():
    found = net_promoter_score((0, 1, 999), method="bootstrap", conf_level=0.001)
    assert not found.is_defined
    assert "no width" in found.flags[0]


def test_an_unknown_method_is_refused():
    with pytest.raises(DesignError, match="score, adjusted_wald, wald, goodman, bootstrap"):
        net_promoter_score((1, 2, 3), method="exact")
    with pytest.raises(DesignError, match="conf_level"):
        net_promoter_score((1, 2, 3), conf_level=95)
    with pytest.raises(DesignError, match="100 or more draws, got 10"):
        net_promoter_score((1, 2, 3), method="bootstrap", draws=10)


@pytest.mark.parametrize("n", [10**5, 10**8])
@pytest.mark.parametrize("conf_level", [1e-6, 0.8, 0.999999])
def test_many_passives_of_hardly_more_people_have_limits(n, conf_level):
    # the effective size is then about n squared, and the variance at a score of 0 is 0
    made = net_promoter_score((0, n, 0), population=n + 1, conf_level=conf_level)
    assert -0.01 < made.conf_low <= 0 <= made.conf_high < 0.01
