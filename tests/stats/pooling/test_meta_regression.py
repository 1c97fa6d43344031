import json
from math import isnan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.pooling import meta_regression, random_effects_meta

MADE = json.loads(
    (Path(__file__).parents[2] / "oracles" / "made" / "pooling.json").read_text(encoding="utf-8")
)


@pytest.fixture
def bcg():
    data = pd.DataFrame(MADE["bcg"])
    return data.astype({"allocation": "category"})


@pytest.fixture
def ten():
    rng = np.random.default_rng(20261121)
    return pd.DataFrame(
        {"y": rng.normal(0, 1, 10), "s": rng.uniform(0.1, 1, 10), "x": rng.normal(5, 2, 10)}
    )


# numbers from R ---------------------------------------------------------------------------


def test_star_schools_agree_with_metafor(oracle, oracle_data):
    expected = oracle("meta.regression")["expected"]
    data = oracle_data("star_school_effects")
    data = data.assign(nfrac=data["n_t"] / (data["n_t"] + data["n_c"]), se=np.sqrt(data["v_g"]))
    found = meta_regression("g ~ nfrac", data, std_error="se")
    assert [e.estimate for e in found.estimates] == pytest.approx(expected["b"], rel=1e-6)
    assert [e.std_error for e in found.estimates] == pytest.approx(expected["se"], rel=1e-6)
    assert [e.p_value for e in found.estimates] == pytest.approx(expected["p"], rel=1e-6)
    assert found["nfrac"].df == expected["df"]
    assert found.tau2 == pytest.approx(expected["tau2"], abs=1e-7)
    assert found.moderators.statistic == pytest.approx(expected["QM"], rel=1e-6)
    assert found.moderators.p_value == pytest.approx(expected["QMp"], rel=1e-6)
    assert found.r2 == pytest.approx(expected["R2"], rel=1e-6)


@pytest.mark.parametrize(
    "case", MADE["regressions"], ids=lambda c: f"{c['formula']} {c['method']} {c['test']}"
)
def test_other_data_agree_with_metafor(bcg, case):
    found = meta_regression(
        case["formula"], bcg, std_error="s", method=case["method"], test=case["test"]
    )
    assert [e.estimate for e in found.estimates] == pytest.approx(case["estimate"], rel=1e-6)
    assert [e.std_error for e in found.estimates] == pytest.approx(case["std_error"], rel=1e-6)
    assert [e.p_value for e in found.estimates] == pytest.approx(case["p_value"], rel=1e-6)
    assert {e.df for e in found.estimates} == {float(case["df"])}
    assert found.tau2 == pytest.approx(case["tau2"], abs=1e-7)
    assert found.tau2_std_error == pytest.approx(case["tau2_std_error"], rel=1e-6)
    assert found.tau2_interval == pytest.approx(case["q_profile_tau2"], rel=1e-6)
    assert found.i2 == pytest.approx(case["i2"], rel=1e-6)
    assert found.r2 == pytest.approx(case["r2"], rel=1e-6)
    assert found.q == pytest.approx(case["q"], rel=1e-6)
    assert found.q_p_value == pytest.approx(case["q_p_value"], rel=1e-6)
    joint, m = found.moderators, case["moderators_df"]
    assert joint.df_numerator == m
    assert joint.p_value == pytest.approx(case["moderators_p"], rel=1e-6)
    chi_squared = m if case["test"] == "z" else 1  # metafor's Q_M by z is chi-squared, ours F
    assert joint.statistic * chi_squared == pytest.approx(case["moderators"], rel=1e-6)


def test_viechtbauer_2010_bcg_vaccine_by_latitude(bcg):
    # Journal of Statistical Software 36(3), section 3: latitude explains most of the differences
    found = meta_regression("y ~ latitude", bcg, std_error="s", test="z")
    assert round(found["latitude"].estimate, 4) == -0.0291
    assert round(found["latitude"].std_error, 4) == 0.0072
    assert round(found.tau2, 4) == 0.0763


# identities -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["REML", "DL", "PM", "FE"])
@pytest.mark.parametrize("test", ["knapp-hartung", "knapp-hartung-ad-hoc", "z"])
def test_without_moderators_it_is_the_meta_analysis(ten, method, test):
    found = meta_regression("y ~ 1", ten, std_error="s", method=method, test=test)
    alone = random_effects_meta(ten["y"], ten["s"], method=method, test=test)
    assert found.moderators is None
    assert found.tau2 == pytest.approx(alone.tau2, rel=1e-9)
    assert found.i2 == pytest.approx(alone.i2, rel=1e-9)
    assert found.tau2_interval == pytest.approx(alone.tau2_interval, rel=1e-9)
    assert found["Intercept"].estimate == pytest.approx(alone.estimate.estimate, rel=1e-9)
    assert found["Intercept"].conf_high == pytest.approx(alone.estimate.conf_high, rel=1e-9)


@given(shift=st.floats(-1000, 1000), factor=st.sampled_from([-3.0, 1e-6, 1e6]))
@settings(max_examples=8)
def test_a_moderators_origin_and_unit_change_only_its_coefficient(shift, factor):
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"y": rng.normal(size=12), "s": rng.uniform(0.1, 1, 12)})
    data["x"] = rng.normal(size=12)
    other = data.assign(x=(data["x"] + shift) * factor)
    one, two = (meta_regression("y ~ x", d, std_error="s") for d in (data, other))
    assert two["x"].estimate * factor == pytest.approx(one["x"].estimate, rel=1e-5)
    assert two["x"].p_value == pytest.approx(one["x"].p_value, rel=1e-5)
    assert two.tau2 == pytest.approx(one.tau2, rel=1e-5, abs=1e-9)


def test_rows_do_not_matter_and_incomplete_ones_are_left_out(ten):
    whole = meta_regression("y ~ x", ten, std_error="s")
    gap = pd.DataFrame({"y": [1.0, np.nan, 2.0], "s": [np.nan, 1.0, 1.0], "x": [1.0, 2.0, np.nan]})
    mixed = pd.concat([gap, ten.iloc[::-1]], ignore_index=True)
    found = meta_regression("y ~ x", mixed, std_error="s")
    assert found["x"].n == 10
    assert found["x"].estimate == pytest.approx(whole["x"].estimate, rel=1e-9)
    assert found.tau2 == pytest.approx(whole.tau2, rel=1e-9)


def test_a_common_effect_has_no_tau_squared_to_explain(ten):
    found = meta_regression("y ~ x", ten, std_error="s", method="FE", test="z")
    assert found.tau2 == 0
    assert isnan(found.r2)
    assert isnan(found.tau2_std_error)


# degenerate data --------------------------------------------------------------------------------


def test_estimates_on_the_line_have_no_knapp_hartung_interval(ten):
    found = meta_regression("y ~ x", ten.assign(y=2 + 3 * ten["x"]), std_error="s")
    assert found["x"].estimate == pytest.approx(3)
    assert not found["x"].is_defined
    assert "do not differ at all" in found["x"].flags[0]
    assert found.moderators is None


@pytest.mark.parametrize(
    ("change", "formula", "message"),
    [
        ({"s": 0.0}, "y ~ x", "10 of 10 standard errors are not positive"),
        ({"s": np.inf}, "y ~ x", "standard errors are not positive"),
        ({"s": "wide"}, "y ~ x", "must hold numbers"),
        ({"x": 1.0}, "y ~ x", "follow from the others"),
        ({}, "y ~ z", "no column 'z'"),
        ({"x": "a"}, "y ~ x", "holds text"),
        ({"y": np.nan}, "y ~ x", "no row has a value"),
    ],
)
def test_what_cannot_be_regressed_is_refused(ten, change, formula, message):
    with pytest.raises(DesignError, match=message):
        meta_regression(formula, ten.assign(**change), std_error="s")


def test_no_more_units_than_terms_are_refused(ten):
    with pytest.raises(DesignError, match="cannot carry"):
        meta_regression("y ~ x", ten.head(2), std_error="s")


@pytest.mark.parametrize("option", [{"method": "ML"}, {"test": "t"}, {"conf_level": 0}])
def test_an_unknown_option_is_refused(ten, option):
    with pytest.raises(DesignError, match="must"):
        meta_regression("y ~ x", ten, std_error="s", **option)


def test_an_unknown_term_is_refused(ten):
    with pytest.raises(DesignError, match="no term 'z'"):
        meta_regression("y ~ x", ten, std_error="s")["z"]
