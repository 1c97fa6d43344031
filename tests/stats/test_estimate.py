"""p, df and interval of one estimate come from one place and cannot disagree."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate

finite = st.floats(-1e6, 1e6)
DETAILS = {"n": 20, "unit": "points", "method": "test"}


@given(
    estimate=finite,
    std_error=st.floats(1e-6, 1e6),
    df=st.floats(1, 1e6) | st.just(math.inf),
    null=finite,
    conf_level=st.floats(0.5, 0.999),
)
def test_p_is_below_alpha_exactly_when_the_interval_excludes_the_null(
    estimate, std_error, df, null, conf_level
):
    made = Estimate.from_t(
        "b", estimate, std_error, df, null=null, conf_level=conf_level, **DETAILS
    )
    if abs(made.p_value - (1 - conf_level)) > 1e-9:  # on the very edge, rounding decides
        excluded = not made.conf_low <= null <= made.conf_high
        assert (made.p_value < 1 - conf_level) == excluded


def test_t_interval_of_a_textbook_case():
    made = Estimate.from_t("mean", 10.0, 2.0, 9, **DETAILS)
    assert made.conf_low == pytest.approx(10 - 2 * 2.262157163, abs=1e-8)
    assert made.statistic == 5
    assert made.p_value == pytest.approx(0.000739, abs=1e-6)


def test_z_is_the_limit_of_t():
    z = Estimate.from_z("b", 1.0, 0.5, **DETAILS)
    t = Estimate.from_t("b", 1.0, 0.5, 1e12, **DETAILS)
    assert z.p_value == pytest.approx(t.p_value, rel=1e-6)
    assert z.conf_low == pytest.approx(t.conf_low, rel=1e-6)


@pytest.mark.parametrize("std_error", [0.0, -1.0, math.nan, math.inf])
def test_a_standard_error_that_cannot_be_is_refused(std_error):
    with pytest.raises(DesignError, match="positive standard error"):
        Estimate.from_t("b", 1.0, std_error, 5, **DETAILS)


@pytest.mark.parametrize("df", [0, -2, math.nan])
def test_degrees_of_freedom_that_cannot_be_are_refused(df):
    with pytest.raises(DesignError, match="degrees of freedom"):
        Estimate.from_t("b", 1.0, 1.0, df, **DETAILS)


@pytest.mark.parametrize("conf_level", [0, 1, 95, -0.1])
def test_a_confidence_level_outside_0_and_1_is_refused(conf_level):
    with pytest.raises(DesignError, match="conf_level"):
        Estimate.from_z("b", 1.0, 1.0, conf_level=conf_level, **DETAILS)


def test_an_interval_and_a_p_from_different_tests_are_refused():
    with pytest.raises(DesignError, match="disagree"):
        Estimate.from_test_inversion("b", 1.0, 0.2, 1.8, statistic=1.0, p_value=0.3, **DETAILS)


def test_an_interval_that_inverts_no_test_has_no_p():
    assert math.isnan(Estimate.from_interval("b", 0.5, 0.2, 0.9, **DETAILS).p_value)


def test_an_upside_down_interval_is_refused():
    with pytest.raises(DesignError, match="upside down"):
        Estimate.from_interval("b", 0.5, 0.9, 0.2, **DETAILS)


def test_an_undefined_estimate_says_why():
    made = Estimate.undefined("nps", "Nobody answered.", **DETAILS)
    assert not made.is_defined
    assert made.flags == ("Nobody answered.",)


def test_a_change_of_unit_keeps_the_test():
    points = Estimate.from_t("b", 8.0, 2.0, 30, **DETAILS)
    sd = points.scaled(1 / 40, "sd")
    assert (sd.p_value, sd.df, sd.statistic) == (points.p_value, points.df, points.statistic)
    assert (sd.estimate, sd.std_error, sd.unit) == (0.2, 0.05, "sd")
    with pytest.raises(DesignError):
        points.scaled(-1, "points")
