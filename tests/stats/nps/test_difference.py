import json
from math import isnan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.nps import NpsCounts, net_promoter_score, nps_difference

METHODS = ("score", "adjusted_wald", "wald")
MADE = Path(__file__).parents[2] / "oracles" / "made" / "nps.json"
counts = st.builds(NpsCounts, *[st.integers(0, 30)] * 3)
asked = counts.filter(lambda c: c.n > 0)
levels = st.sampled_from([0.5, 0.8, 0.95, 0.99])


def test_the_score_difference_agrees_with_r():
    for case in json.loads(MADE.read_text(encoding="utf-8"))["differences"]:
        found = nps_difference(case["first"], case["second"])
        np.testing.assert_allclose([found.conf_low, found.conf_high], case["conf"], atol=1e-4)


def test_agresti_and_caffo_2000_share_the_imaginary_respondents_between_the_sides():
    found = nps_difference((1, 1, 6), (2, 3, 3), method="adjusted_wald", conf_level=0.95)
    one, other = np.array([1.375, 1.75, 6.375]), np.array([2.375, 3.75, 3.375])
    net = [100 * (c[2] - c[0]) / c.sum() for c in (one, other)]
    se = [
        100 * np.sqrt(((c[2] + c[0]) / c.sum() - ((c[2] - c[0]) / c.sum()) ** 2) / c.sum())
        for c in (one, other)
    ]
    half = 1.959963984540054 * np.hypot(*se)
    np.testing.assert_allclose(
        [found.conf_low, found.conf_high], net[0] - net[1] + np.array([-half, half])
    )
    assert found.estimate == pytest.approx(50)


@pytest.mark.parametrize("method", METHODS)
@given(first=asked, second=asked)
@settings(max_examples=40)
def test_a_difference_changes_sign_with_its_sides(method, first, second):
    one = nps_difference(first, second, method=method)
    other = nps_difference(second, first, method=method)
    assert one.estimate == pytest.approx(first.score - second.score, abs=1e-12)
    assert one.estimate == pytest.approx(-other.estimate, abs=1e-12)
    assert one.conf_low == pytest.approx(-other.conf_high, abs=1e-7, nan_ok=True)
    assert one.p_value == pytest.approx(other.p_value, abs=1e-9, nan_ok=True)
    assert one.n == first.n + second.n


@pytest.mark.parametrize("method", METHODS)
@given(first=asked, second=asked, conf_level=levels)
@settings(max_examples=50)
def test_p_is_small_exactly_when_the_interval_excludes_0(method, first, second, conf_level):
    found = nps_difference(first, second, method=method, conf_level=conf_level)
    if found.is_defined:
        excluded = found.conf_low > 0 or found.conf_high < 0
        assert excluded == (found.p_value < 1 - conf_level)


@given(first=asked, second=asked)
@settings(max_examples=40)
def test_a_score_difference_has_width_stays_on_the_scale_and_holds_the_difference(first, second):
    found = nps_difference(first, second)
    assert -200 <= found.conf_low < found.conf_high <= 200
    assert found.conf_low <= found.estimate + 1e-7
    assert found.estimate - 1e-7 <= found.conf_high


@given(first=asked, second=asked)
def test_a_wald_difference_adds_the_variances_of_its_sides(first, second):
    found = nps_difference(first, second, method="wald")
    sides = [net_promoter_score(c, method="wald").std_error for c in (first, second)]
    if found.is_defined:
        assert found.std_error == pytest.approx(np.hypot(*sides))


def test_against_a_side_that_is_known_well_the_difference_is_as_sure_as_the_other_side():
    many = NpsCounts(2_000_000, 6_000_000, 2_000_000)
    found, alone = nps_difference((2, 4, 9), many), net_promoter_score((2, 4, 9))
    assert found.conf_low == pytest.approx(alone.conf_low, abs=0.01)
    assert found.p_value == pytest.approx(alone.p_value, abs=0.001)


@pytest.mark.parametrize(
    ("shares", "other"),
    [
        ((0.1, 0.3, 0.6), (0.1, 0.3, 0.6)),
        ((0.3, 0.3, 0.4), (0.05, 0.15, 0.8)),
        ((0.2, 0.6, 0.2), (0.02, 0.08, 0.9)),
        ((1 / 3, 1 / 3, 1 / 3), (1 / 3, 1 / 3, 1 / 3)),
    ],
)
def test_the_score_difference_keeps_its_level_at_six_respondents_a_side(shares, other):
    rng = np.random.default_rng(20261121)
    truth = 100 * (shares[2] - shares[0] - other[2] + other[0])
    covered = []
    for one, two in zip(
        rng.multinomial(6, shares, 300), rng.multinomial(6, other, 300), strict=True
    ):
        found = nps_difference(one.tolist(), two.tolist())
        covered.append(found.conf_low <= truth <= found.conf_high)
    # 300 draws from .95 stay above .92 but for one time in a hundred
    assert np.mean(covered) > 0.92


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("sides", [((0, 0, 0), (1, 2, 3)), ((1, 2, 3), (0, 0, 0))])
def test_a_difference_needs_respondents_on_both_sides(method, sides):
    found = nps_difference(*sides, method=method)
    assert isnan(found.estimate)
    assert found.flags == ("One side has no respondents, so there is no difference.",)


def test_unanimous_sides_have_a_score_interval_and_no_wald_interval():
    found = nps_difference((0, 0, 8), (8, 0, 0))
    assert (found.estimate, found.conf_high) == (200, 200)
    assert 100 < found.conf_low < 120
    assert found.p_value < 0.001
    assert isnan(found.std_error)
    wald = nps_difference((0, 0, 8), (8, 0, 0), method="wald")
    assert (wald.estimate, wald.is_defined) == (200, False)
    assert "take the score interval" in wald.flags[0]
    assert nps_difference((0, 0, 1), (0, 0, 1)).p_value == 1


def test_a_huge_difference_has_a_p_of_0_and_no_trouble():
    found = nps_difference((0, 0, 10_000), (10_000, 0, 0))
    assert found.p_value == 0
    assert found.conf_low > 199


def test_an_unknown_method_is_refused():
    with pytest.raises(DesignError, match="score, adjusted_wald, wald; got 'exact'"):
        nps_difference((1, 2, 3), (1, 2, 3), method="exact")
    with pytest.raises(DesignError, match="conf_level"):
        nps_difference((1, 2, 3), (1, 2, 3), conf_level=1)
