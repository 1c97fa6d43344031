import json
from dataclasses import astuple, replace
from math import inf, isnan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.pooling import empirical_bayes_effects, random_effects_meta

MADE = json.loads(
    (Path(__file__).parents[2] / "oracles" / "made" / "pooling.json").read_text(encoding="utf-8")
)
METHODS = ("REML", "DL", "PM", "FE")
TESTS = ("knapp-hartung", "knapp-hartung-ad-hoc", "z")
EIGHT = [28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18]
effects = st.lists(st.tuples(st.floats(-20, 20), st.floats(0.5, 10)), min_size=2, max_size=12).map(
    lambda pairs: tuple(np.array(side) for side in zip(*pairs, strict=True))
)


@pytest.fixture
def star(oracle_data):
    data = oracle_data("star_school_effects")
    return data["g"].to_numpy(), np.sqrt(data["v_g"].to_numpy())


def agrees(found, expected):
    """Compare with a fit as the R scripts write it; the oracle's tolerance is rel 1e-6."""
    estimate = found.estimate
    assert estimate.estimate == pytest.approx(expected["mu"], rel=1e-6)
    assert estimate.std_error == pytest.approx(expected["se"], rel=1e-6)
    assert estimate.statistic == pytest.approx(expected["stat"], rel=1e-6)
    assert estimate.p_value == pytest.approx(expected["p"], rel=1e-6)
    assert [estimate.conf_low, estimate.conf_high] == pytest.approx(expected["ci"], rel=1e-6)
    assert found.tau2 == pytest.approx(expected["tau2"], abs=1e-7)
    if expected["se_tau2"] is not None:
        assert found.tau2_std_error == pytest.approx(expected["se_tau2"], rel=1e-6)
    assert found.i2 == pytest.approx(expected["I2"], rel=1e-6)
    assert found.h2 == pytest.approx(expected["H2"], rel=1e-6)
    assert found.q == pytest.approx(expected["Q"], rel=1e-6)
    assert found.q_p_value == pytest.approx(expected["Qp"], rel=1e-6)
    if "pred_int_metafor_default" in expected:
        assert found.prediction_interval == pytest.approx(
            expected["pred_int_metafor_default"], rel=1e-6
        )


# numbers from R ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "test", "key"),
    [
        ("FE", "z", "FE"),
        ("DL", "z", "DL"),
        ("DL", "knapp-hartung", "DL_KNHA"),
        ("REML", "z", "REML"),
        ("REML", "knapp-hartung", "REML_KNHA"),
        # metafor's "EB" solves the same equation as "PM", to more digits
        ("PM", "z", "EB"),
        ("PM", "knapp-hartung", "EB_KNHA"),
    ],
)
def test_star_schools_agree_with_metafor(oracle, star, method, test, key):
    expected = oracle("meta.star_schools_g")["expected"]
    found = random_effects_meta(*star, method=method, test=test)
    assert found.estimate.n == expected["k"]
    agrees(found, expected[key])
    if method != "FE":
        hts = random_effects_meta(*star, method=method, test=test, prediction_df="k-2")
        assert hts.prediction_interval == pytest.approx(
            expected[key]["pred_int_HTS_t_kminus2"], rel=1e-6
        )


@pytest.mark.parametrize("test", ["z", "knapp-hartung"])
def test_metafors_paule_mandel_stops_short_of_the_root_that_defines_it(oracle, star, test):
    key = {"z": "PM", "knapp-hartung": "PM_KNHA"}[test]
    expected = oracle("meta.star_schools_g")["expected"][key]
    found = random_effects_meta(*star, method="PM", test=test)
    y, s = star

    def q(tau2):
        w = 1 / (s**2 + tau2)
        return (w * (y - (w * y).sum() / w.sum()) ** 2).sum()

    assert q(found.tau2) == pytest.approx(78, abs=1e-9)
    assert abs(q(expected["tau2"]) - 78) > 1e-3
    # as near as metafor's default tolerance of its root finder lets it come
    assert found.tau2 == pytest.approx(expected["tau2"], abs=5e-5)
    assert found.estimate.estimate == pytest.approx(expected["mu"], rel=1e-6)
    assert found.estimate.std_error == pytest.approx(expected["se"], rel=1e-4)
    assert found.prediction_interval == pytest.approx(
        expected["pred_int_metafor_default"], abs=1e-4
    )


def test_the_q_profile_interval_agrees_with_metafor(oracle, star):
    expected = oracle("meta.star_schools_g")["expected"]["Qprofile_ci"]
    found = random_effects_meta(*star)
    assert found.tau2_interval == pytest.approx(expected["tau2"], abs=1e-7)
    assert found.i2_interval == pytest.approx(expected["I2"], rel=1e-6)


def test_empirical_bayes_effects_agree_with_metafors_blup(oracle, star):
    expected = oracle("meta.star_schools_g")["expected"]["blup_first5"]
    found = empirical_bayes_effects(*star)
    assert found.estimate[:5] == pytest.approx(expected["pred"], rel=1e-6)
    assert found.std_error[:5] == pytest.approx(expected["se"], rel=1e-6)


def test_leaving_one_school_out_agrees_with_metafor(oracle, star):
    expected = oracle("meta.star_schools_g")["expected"]["leave1out_first5"]
    for at in range(5):
        found = random_effects_meta(*(np.delete(side, at) for side in star))
        assert found.estimate.estimate == pytest.approx(expected["mu"][at], rel=1e-6)
        assert found.tau2 == pytest.approx(expected["tau2"][at], abs=1e-7)


@pytest.mark.parametrize("case", MADE["meta"], ids=lambda case: case["name"])
def test_other_data_agree_with_metafor(case):
    y, s = np.array(case["y"]), np.array(case["s"])
    for expected in case["fits"]:
        found = random_effects_meta(y, s, method=expected["method"], test=expected["test"])
        estimate = found.estimate
        assert estimate.df == float(expected["df"])
        for ours, theirs in [
            (estimate.estimate, expected["estimate"]),
            (estimate.std_error, expected["std_error"]),
            (estimate.p_value, expected["p_value"]),
            (estimate.conf_low, expected["conf_low"]),
            (estimate.conf_high, expected["conf_high"]),
            (found.tau2, expected["tau2"]),
            (found.i2, expected["i2"]),
            (found.h2, max(1, expected["h2"])),  # metafor's is Q/df for a common effect, even < 1
            (found.q, expected["q"]),
            (found.q_p_value, expected["q_p_value"]),
        ]:
            assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-9)
        assert found.weights == pytest.approx(expected["weights"], rel=1e-6)
        if expected["method"] == "FE":
            assert isnan(found.prediction_interval[0])
            assert isnan(found.tau2_std_error)
            continue
        assert found.tau2_std_error == pytest.approx(expected["tau2_std_error"], rel=1e-6)
        assert found.prediction_interval == pytest.approx(expected["prediction"], rel=1e-6)
        if expected["prediction_hts"] is not None:
            hts = random_effects_meta(
                y, s, method=expected["method"], test=expected["test"], prediction_df="k-2"
            )
            assert hts.prediction_interval == pytest.approx(expected["prediction_hts"], rel=1e-6)


@pytest.mark.parametrize("case", MADE["meta"], ids=lambda case: case["name"])
def test_intervals_of_tau_squared_agree_with_metafor(case):
    found = random_effects_meta(case["y"], case["s"])
    if case["q_profile_empty"]:
        assert isnan(found.tau2_interval[0])
        assert isnan(found.tau2_interval[1])
        assert any("empty" in flag for flag in found.flags)
    else:
        assert found.tau2_interval == pytest.approx(case["q_profile_tau2"], rel=1e-6, abs=1e-9)
        assert found.i2_interval == pytest.approx(case["q_profile_i2"], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("case", MADE["meta"], ids=lambda case: case["name"])
def test_blups_agree_with_metafor(case):
    found = empirical_bayes_effects(case["y"], case["s"])
    assert found.estimate == pytest.approx(case["blup"]["estimate"], rel=1e-6, abs=1e-9)
    if found.tau2 > 0:
        assert found.std_error == pytest.approx(case["blup"]["std_error"], rel=1e-6)
    else:
        assert np.isnan(found.conf_low).all()
        assert "shrink_effects" in found.flags[0]


# numbers from publications ------------------------------------------------------------------

BCG = MADE["bcg"]["y"], MADE["bcg"]["s"]


def test_viechtbauer_2010_bcg_vaccine_by_reml():
    # Journal of Statistical Software 36(3), section 3
    found = random_effects_meta(*BCG, test="z")
    mean = found.estimate
    assert (round(found.tau2, 4), round(found.tau2_std_error, 4)) == (0.3132, 0.1664)
    assert (round(found.i2, 2), round(found.h2, 2)) == (92.22, 12.86)
    assert (round(found.q, 4), found.q_df) == (152.2330, 12)
    assert (round(mean.estimate, 4), round(mean.std_error, 4)) == (-0.7145, 0.1798)
    assert (round(mean.conf_low, 4), round(mean.conf_high, 4)) == (-1.0669, -0.3622)
    assert tuple(round(b, 4) for b in found.tau2_interval) == (0.1197, 1.1115)


def test_colditz_1994_bcg_vaccine_by_dersimonian_and_laird():
    # JAMA 271: 698-702, abstract: relative risk 0.49 (0.34 to 0.70)
    mean = random_effects_meta(*BCG, method="DL", test="z").estimate
    rounded = [round(x, 2) for x in np.exp([mean.estimate, mean.conf_low, mean.conf_high])]
    assert rounded == [0.49, 0.34, 0.70]


@pytest.mark.parametrize("method", METHODS)
def test_rubin_1981_eight_schools_do_not_differ_beyond_chance(method):
    # Gelman et al. (2013), section 5.5: pooled estimate 7.7 with standard error 4.1
    found = random_effects_meta(*EIGHT, method=method, test="z")
    assert found.tau2 == 0
    assert (round(found.estimate.estimate, 1), round(found.estimate.std_error, 1)) == (7.7, 4.1)
    assert found.q < found.q_df


# identities -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@given(case=effects, order=st.randoms(use_true_random=False))
@settings(max_examples=12)
def test_order_does_not_matter(method, case, order):
    y, s = case
    places = list(range(len(y)))
    order.shuffle(places)
    one = random_effects_meta(y, s, method=method)
    other = random_effects_meta(y[places], s[places], method=method)
    same(one, other)
    assert other.weights == pytest.approx(one.weights[places])


@pytest.mark.parametrize("method", METHODS)
@given(case=effects, factor=st.sampled_from([1e-6, 0.1, 1000.0]))
@settings(max_examples=12)
def test_a_change_of_unit_scales_everything(method, case, factor):
    y, s = case
    one = random_effects_meta(y, s, method=method)
    other = random_effects_meta(y * factor, s * factor, method=method)
    scaled = replace(other, estimate=other.estimate.scaled(1 / factor, "sd"))
    same(one, scaled, tau_scale=factor**2)


@given(case=effects, shift=st.floats(-100, 100))
@settings(max_examples=12)
def test_an_added_constant_moves_the_mean_and_nothing_else(case, shift):
    y, s = case
    one, other = random_effects_meta(y, s), random_effects_meta(y + shift, s)
    assert other.estimate.estimate - shift == pytest.approx(one.estimate.estimate, abs=1e-6)
    assert other.tau2 == pytest.approx(one.tau2, abs=1e-5)


def same(one, other, tau_scale=1.0):
    assert other.tau2 / tau_scale == pytest.approx(one.tau2, rel=1e-6, abs=1e-8)
    if one.estimate.is_defined and other.estimate.is_defined:
        numbers = [x for x in astuple(one.estimate) if isinstance(x, float)]
        others = [x for x in astuple(other.estimate) if isinstance(x, float)]
        np.testing.assert_allclose(others, numbers, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(
        np.array(other.tau2_interval) / tau_scale, one.tau2_interval, rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize("method", METHODS)
@given(y=st.lists(st.floats(-20, 20), min_size=2, max_size=12), s=st.floats(0.5, 10))
@settings(max_examples=12)
def test_equal_standard_errors_give_the_plain_mean_and_its_t_interval(method, y, s):
    found = random_effects_meta(y, [s] * len(y), method=method)
    assert found.weights == pytest.approx(np.full(len(y), 1 / len(y)))
    assert found.estimate.estimate == pytest.approx(np.mean(y), abs=1e-9)
    if np.std(y) > 1e-3:  # Knapp and Hartung's interval is then Student's, whatever tau2
        interval = stats.ttest_1samp(y, 0).confidence_interval()
        assert found.estimate.conf_low == pytest.approx(interval.low, rel=1e-6, abs=1e-6)
        assert found.estimate.conf_high == pytest.approx(interval.high, rel=1e-6, abs=1e-6)
    if method != "FE":  # and every estimator is the excess of the plain variance
        assert found.tau2 == pytest.approx(max(0, np.var(y, ddof=1) - s**2), abs=1e-6)


@given(case=effects)
@settings(max_examples=20)
def test_where_tau_squared_is_0_the_mean_is_that_of_a_common_effect(case):
    common = random_effects_meta(*case, method="FE", test="z")
    for method in ("REML", "DL", "PM"):
        found = random_effects_meta(*case, method=method, test="z")
        if found.tau2 == 0:
            assert found.estimate.estimate == common.estimate.estimate
            assert found.estimate.conf_low == common.estimate.conf_low
            assert any("estimated as 0" in flag for flag in found.flags)
        else:
            assert found.estimate.std_error > common.estimate.std_error


@given(case=effects)
@settings(max_examples=20)
def test_moment_estimators_are_0_exactly_where_q_is_no_more_than_its_df(case):
    for method in ("DL", "PM"):
        found = random_effects_meta(*case, method=method)
        assert (found.tau2 == 0) == (found.q <= found.q_df)


@given(case=effects)
@settings(max_examples=20)
def test_no_other_tau_squared_has_a_higher_restricted_likelihood(case):
    y, s = case

    def log_likelihood(tau2):
        w = 1 / (s**2 + tau2)
        residual = y - (w * y).sum() / w.sum()
        return 0.5 * (np.log(w).sum() - np.log(w.sum()) - (w * residual**2).sum())

    best = log_likelihood(random_effects_meta(y, s).tau2)
    others = max(log_likelihood(t) for t in np.append(0, np.geomspace(1e-4, 1e4, 300)))
    assert best >= others - 1e-9


@pytest.mark.parametrize(
    ("y", "s", "peak"),
    [
        (
            [9.42, 0.04, -0.02, 1.9, 0.02, -0.04, 0.0, 0.03, -1.26],
            [2.14, 3.93, 0.08, 0.62, 0.12, 3.12, 0.04, 0.1, 4.88],
            0.0,
        ),
        (
            [-1.94, 0.15, 0.2, 13.79, 0.0, 1.81, 0.02, -0.08],
            [0.89, 3.22, 0.05, 2.62, 4.51, 1.09, 0.03, 0.62],
            16.2,
        ),
    ],
)
def test_the_higher_of_two_peaks_of_the_restricted_likelihood_is_found(y, s, peak):
    y, s = np.array(y), np.array(s)
    grid = np.append(0, np.geomspace(1e-9, 1e4, 5000))
    w = 1 / (s**2 + grid[:, None])
    mean = (w * y).sum(axis=1) / w.sum(axis=1)
    misfit = (w * (y - mean[:, None]) ** 2).sum(axis=1)
    height = 0.5 * (np.log(w).sum(axis=1) - np.log(w.sum(axis=1)) - misfit)
    rising = np.diff(np.append(-np.inf, height)) > 0
    assert (rising[:-1] & ~rising[1:]).sum() == 2
    found = random_effects_meta(y, s).tau2
    assert found == pytest.approx(grid[height.argmax()], rel=0.01)
    assert found == pytest.approx(peak, rel=0.01)


@pytest.mark.parametrize("test", TESTS)
@given(case=effects, conf_level=st.sampled_from([0.5, 0.8, 0.95]))
@settings(max_examples=12)
def test_p_is_small_exactly_when_the_interval_excludes_0(test, case, conf_level):
    found = random_effects_meta(*case, test=test, conf_level=conf_level).estimate
    if found.is_defined and abs(found.p_value - (1 - conf_level)) > 1e-9:
        excluded = found.conf_low > 0 or found.conf_high < 0
        assert excluded == (found.p_value < 1 - conf_level)


@given(case=effects)
@settings(max_examples=12)
def test_the_ad_hoc_variance_is_never_below_the_plain_one(case):
    plain = random_effects_meta(*case, test="z").estimate
    found = random_effects_meta(*case, test="knapp-hartung-ad-hoc").estimate
    assert found.std_error >= plain.std_error * (1 - 1e-12)
    own = random_effects_meta(*case).estimate
    if own.is_defined:
        narrower = own.std_error < plain.std_error * (1 - 1e-9)
        assert narrower == any("narrower" in flag for flag in own.flags) or own.std_error == (
            pytest.approx(plain.std_error, rel=1e-6)
        )


@given(case=effects)
@settings(max_examples=12)
def test_the_q_profile_bounds_are_where_q_meets_its_quantiles(case):
    y, s = case
    found = random_effects_meta(y, s)
    low, high = found.tau2_interval
    upper, lower = stats.chi2.ppf([0.975, 0.025], len(y) - 1)

    def q(tau2):
        w = 1 / (s**2 + tau2)
        return (w * (y - (w * y).sum() / w.sum()) ** 2).sum()

    if isnan(low):
        assert q(0) < lower
        return
    assert q(high) == pytest.approx(lower, rel=1e-6)
    assert low == 0 or q(low) == pytest.approx(upper, rel=1e-6)


# degenerate data --------------------------------------------------------------------------------


@pytest.mark.parametrize("call", [random_effects_meta, empirical_bayes_effects])
@pytest.mark.parametrize(
    ("y", "s", "message"),
    [
        ([], [], "two or more units"),
        ([1.0], [1.0], "two or more units with an estimate; got 1"),
        ([1.0, 2.0], [1.0], "2 estimates and 1 standard errors"),
        ([[1.0, 2.0]], [[1.0, 1.0]], "one estimate and one standard error"),
        ([1.0, np.nan], [1.0, 1.0], "1 of 2 estimates are missing or infinite"),
        ([1.0, np.inf], [1.0, 1.0], "1 of 2 estimates are missing or infinite"),
        ([1.0, 2.0], [1.0, 0.0], "1 of 2 standard errors are not positive"),
        ([1.0, 2.0], [-1.0, np.nan], "2 of 2 standard errors are not positive"),
        ([1.0, 2.0], [np.inf, 1.0], "1 of 2 standard errors are not positive"),
        ([1.0, 2.0], [1e-80, 1.0], "Change their unit"),
        ([1e90, 2.0], [1.0, 1.0], "Change their unit"),
        ([0.1, 0.2], [1e-9, 1.0], "more than 100,000 times the smallest"),
    ],
)
def test_what_cannot_be_pooled_is_refused(call, y, s, message):
    with pytest.raises(DesignError, match=message):
        call(y, s)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"method": "HE"}, "method must be one of REML, DL, PM, FE"),
        ({"test": "t"}, "test must be one of knapp-hartung"),
        ({"prediction_df": "k"}, "prediction_df must be test or k-2"),
        ({"conf_level": 1.0}, "conf_level"),
    ],
)
def test_an_unknown_option_is_refused(option, message):
    with pytest.raises(DesignError, match=message):
        random_effects_meta([1, 2], [1, 1], **option)


@pytest.mark.parametrize("y", [[0.0] * 4, [0.3] * 4, [-7e5] * 4])
@pytest.mark.parametrize("method", METHODS)
def test_equal_estimates_have_no_knapp_hartung_interval_but_one_by_z(method, y):
    found = random_effects_meta(y, [0.1, 0.2, 0.3, 0.4], method=method)
    assert found.tau2 == 0
    assert not found.estimate.is_defined
    assert found.estimate.estimate == pytest.approx(y[0])
    assert "do not differ at all" in found.estimate.flags[0]
    assert isnan(found.prediction_interval[0])
    for test, df in (("z", inf), ("knapp-hartung-ad-hoc", 3)):
        other = random_effects_meta(y, [0.1, 0.2, 0.3, 0.4], method=method, test=test)
        assert other.estimate.df == df
        assert other.estimate.is_defined


def test_two_units_have_no_prediction_interval_with_k_minus_2_df():
    found = random_effects_meta([0.1, 0.5], [0.2, 0.15], prediction_df="k-2")
    assert isnan(found.prediction_interval[0])
    assert found.estimate.df == 1


def test_standard_errors_of_very_different_size_are_pooled_without_a_warning():
    found = random_effects_meta([0.0, 1.0, 2.0], [1e-4, 1.0, 9.0])
    assert np.isfinite(found.estimate.std_error)
    assert found.weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("wrong", [["1", "2"], ["a", "b"], {1, 2}])
def test_what_is_no_list_of_numbers_is_refused(wrong):
    with pytest.raises(DesignError, match="Estimates must be numbers"):
        random_effects_meta(wrong, [1, 2])
