from math import inf, isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association import fisher_exact, mcnemar, odds_ratio

SIDES = (("two-sided", "p"), ("less", "less"), ("greater", "greater"))
counts = st.integers(0, 12)
tables = st.tuples(st.tuples(counts, counts), st.tuples(counts, counts)).filter(
    lambda t: np.min([np.sum(t, axis=0), np.sum(t, axis=1)]) > 0
)


# numbers from R -------------------------------------------------------------------------------


def test_fisher_agrees_with_the_oracle(oracle):
    for case in oracle("small.fisher")["expected"]:
        table = case["table_rows"]
        assert fisher_exact(table).p_value == pytest.approx(case["p_two"], abs=1e-7)
        greater = fisher_exact(table, alternative="greater")
        assert greater.p_value == pytest.approx(case["p_greater"], abs=1e-7)
        halved = fisher_exact(table, mid_p=True)
        assert halved.p_value == pytest.approx(case["midp_two_point_prob"], abs=1e-7)
        found = odds_ratio(table)
        if case["cond_or"] is None:
            assert found.estimate == inf
            assert "has no end" in found.flags[0]
        else:
            assert found.estimate == pytest.approx(case["cond_or"], rel=1e-4)
        for ours, theirs, side in (
            (found.conf_low, float(case["ci"][0]), "greater"),
            (found.conf_high, float(case["ci"][1]), "less"),
        ):
            if ours == theirs == inf:
                continue
            assert tail(table, ours, side) == pytest.approx(0.025)
            # fisher.test looks for a limit above 1 by its inverse, and stops at a step of 1.2e-4:
            # for (3, 1), (1, 3) it gives 621.93, which leaves .0252 in the tail, not 626.24
            on_its_scale = np.array([ours, theirs]) ** (-1 if ours > 1 else 1)
            assert on_its_scale[0] == pytest.approx(on_its_scale[1], abs=1.3e-4)


def tail(table, ratio, side):
    (a, b), (c, d) = table
    chances = stats.nchypergeom_fisher(a + b + c + d, a + c, a + b, ratio)
    return chances.cdf(a) if side == "less" else chances.sf(a - 1)


def test_fisher_and_the_odds_ratio_agree_with_r_on_more_tables(made):
    for case in made["fisher"]:
        for alternative, key in SIDES:
            found = fisher_exact(case["table"], alternative=alternative)
            assert found.p_value == pytest.approx(case[key], abs=1e-9)
        assert odds_ratio(case["table"]).estimate == pytest.approx(case["odds_ratio"], rel=1e-8)
        for level, key in ((0.95, "interval"), (0.9, "conf_90")):
            found = odds_ratio(case["table"], conf_level=level)
            expected = [inf if end is None else end for end in case[key]]
            np.testing.assert_allclose([found.conf_low, found.conf_high], expected, rtol=1e-8)


def test_mcnemar_agrees_with_the_oracle(oracle):
    expected = oracle("small.mcnemar")["expected"]
    for method, key in (
        ("chi_squared", "p"),
        ("corrected", "p_cc"),
        ("exact", "p_exact"),
        ("mid_p", "p_mid"),
    ):
        assert mcnemar(15, 5, method=method).p_value == pytest.approx(expected[key], abs=1e-9)
    assert mcnemar(15, 5, method="chi_squared").statistic == pytest.approx(expected["chisq"])
    assert mcnemar(15, 5, method="corrected").statistic == pytest.approx(expected["chisq_cc"])


# published ------------------------------------------------------------------------------------


def test_fisher_1935_the_lady_who_tasted_tea():
    # all eight cups right: one way in 70; three of four: 17 in 70
    assert fisher_exact([[4, 0], [0, 4]], alternative="greater").p_value == pytest.approx(1 / 70)
    three = fisher_exact([[3, 1], [1, 3]], alternative="greater")
    assert three.p_value == pytest.approx(17 / 70)
    assert three.smallest_p == pytest.approx(1 / 70)


def test_the_tea_odds_ratio_has_the_limits_that_sas_gives():
    found = odds_ratio([[3, 1], [1, 3]])
    assert found.estimate == pytest.approx(6.408, abs=5e-4)
    limits = [found.conf_low, found.conf_high]
    np.testing.assert_allclose(limits, [0.2117, 626.2435], atol=5.1e-5)


# what must be true ----------------------------------------------------------------------------


@settings(max_examples=60)
@given(table=tables, level=st.sampled_from([0.5, 0.8, 0.95]))
def test_p_goes_with_the_interval_of_the_odds_ratio(table, level):
    found = odds_ratio(table, conf_level=level)
    excluded = found.conf_low > 1 or found.conf_high < 1
    assert excluded == (found.p_value < 1 - level)
    assert found.conf_low <= found.estimate <= found.conf_high
    (a, b), (c, d) = table
    tails = [fisher_exact(table, alternative=side).p_value for side in ("less", "greater")]
    assert found.p_value == pytest.approx(min(1, 2 * min(tails)))
    swapped = odds_ratio([[c, d], [a, b]], conf_level=level)
    if found.conf_low > 0:
        assert swapped.conf_high == pytest.approx(1 / found.conf_low, rel=1e-8)
    assert swapped.p_value == pytest.approx(found.p_value)


@settings(max_examples=60)
@given(table=tables)
def test_fisher_agrees_with_scipy_and_does_not_know_rows_from_columns(table):
    found = fisher_exact(table)
    assert found.p_value == pytest.approx(stats.fisher_exact(table).pvalue, abs=1e-9)
    assert fisher_exact(np.transpose(table)).p_value == pytest.approx(found.p_value)
    assert 0 < found.smallest_p <= found.p_value + 1e-12 <= 1 + 1e-9
    halved = fisher_exact(table, mid_p=True)
    assert halved.p_value < found.p_value
    assert halved.smallest_p <= halved.p_value + 1e-12
    one = fisher_exact(table, alternative="less", mid_p=True).p_value
    other = fisher_exact(table, alternative="greater", mid_p=True).p_value
    assert one + other == pytest.approx(1)


@given(b=st.integers(0, 30), c=st.integers(0, 30))
def test_mcnemar_is_the_sign_test_of_those_who_changed(b, c):
    if b + c == 0:
        return
    exact, halved = mcnemar(b, c), mcnemar(b, c, method="mid_p")
    peer = stats.binomtest(b, b + c, 0.5).pvalue
    assert exact.p_value == pytest.approx(peer, abs=1e-12)
    assert mcnemar(c, b).p_value == exact.p_value
    assert halved.p_value <= exact.p_value
    assert 0 < exact.smallest_p <= exact.p_value + 1e-12
    assert halved.smallest_p <= halved.p_value + 1e-12
    assert exact.exact
    assert not halved.exact


def test_as_many_changed_either_way():
    for method in ("exact", "chi_squared", "corrected"):
        assert mcnemar(4, 4, method=method).p_value == 1
    assert mcnemar(4, 4, method="mid_p").p_value == pytest.approx(1)


def test_a_row_or_column_without_anybody_has_no_odds_ratio():
    found = odds_ratio([[0, 0], [3, 4]])
    assert isnan(found.estimate)
    assert "has nobody" in found.flags[0]
    with pytest.raises(DesignError, match="nothing to test"):
        fisher_exact([[1, 0], [3, 0]])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: fisher_exact([[1, 2], [3, -4]]), "-4 is not a number of people"),
        (lambda: fisher_exact([[1, 2.5], [3, 4]]), "2.5 is not a number of people"),
        (lambda: fisher_exact([["1", 2], [3, 4]]), "'1' is not a number of people"),
        (lambda: fisher_exact("abcd"), "two rows of two counts"),
        (lambda: fisher_exact([[10**7, 10**7], [10**7, 10**7]]), "too large for an exact test"),
        (lambda: odds_ratio([[1, 2, 3], [3, 4, 5]]), "two rows of two counts"),
        (lambda: odds_ratio([[1, 2]]), "two rows of two counts"),
        (lambda: fisher_exact([[1, 2], [3, 4]], alternative="x"), "alternative must be"),
        (lambda: mcnemar(0, 0), "Nobody changed"),
        (lambda: mcnemar(1, -1), "-1 is not a number"),
        (lambda: mcnemar(1, 2, method="wald"), "exact, mid_p, chi_squared or corrected"),
    ],
)
def test_impossible_tables_are_refused_in_words(call, text):
    with pytest.raises(DesignError, match=text):
        call()
