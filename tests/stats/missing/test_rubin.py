from math import inf, isinf, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate
from pilot_analysis.stats.missing import pool_estimates, pool_rubin, rubin_parts

values = st.floats(-100, 100)
errors = st.floats(0.01, 100)
answers = st.lists(st.tuples(values, errors), min_size=2, max_size=30)
dfs = st.one_of(st.floats(1, 500), st.just(inf))


# numbers from R ---------------------------------------------------------------------------


def test_every_part_agrees_with_mice(oracle):
    for case in oracle("mi.pool_scalar")["expected"]:
        n = inf if case["n"] == "Inf" else case["n"]
        arguments = (case["Q"], np.sqrt(case["U"]))
        parts = rubin_parts(*arguments, df_complete=n - case["k"])
        found = pool_rubin(*arguments, df_complete=n - case["k"])
        for name, key in {
            "m": "m", "estimate": "qbar", "within": "ubar", "between": "b", "total": "t",
            "relative_increase": "r", "missing_information": "fmi", "df": "df",
        }.items():  # fmt: skip
            assert getattr(parts, name) == pytest.approx(case[key], rel=1e-10), key
        large = inf if case["df_rubin1987"] is None else case["df_rubin1987"]
        assert parts.df_large_sample == pytest.approx(large, rel=1e-10)
        assert found.estimate == pytest.approx(case["qbar"], rel=1e-10)
        assert found.std_error == pytest.approx(case["se"], rel=1e-10)
        assert found.df == pytest.approx(case["df"], rel=1e-10)
        assert found.p_value == pytest.approx(case["p"], rel=1e-10)
        assert [found.conf_low, found.conf_high] == pytest.approx(case["ci95"], rel=1e-10)
        assert found.method == "rubin"


# identities ---------------------------------------------------------------------------------


@given(estimate=values, error=errors, m=st.integers(2, 50))
def test_imputations_that_agree_give_the_complete_data_answer(estimate, error, m):
    found = pool_rubin([estimate] * m, [error] * m, df_complete=inf)
    complete = Estimate.from_z("pooled", estimate, error, n=0, unit="points", method="rubin")
    assert found == complete
    few = pool_rubin([estimate] * m, [error] * m, df_complete=20)
    assert (few.estimate, few.std_error) == (complete.estimate, complete.std_error)
    # Barnard and Rubin's df at no missing information; mice counts a share of 1e-4 as the least
    assert few.df == pytest.approx(21 / 23 * 20, rel=2e-4)
    assert few.df < 20


@settings(max_examples=50)
@given(answers=answers, df=dfs, factor=st.sampled_from([0.001, 3.0, 1e4]))
def test_the_unit_does_not_matter(answers, df, factor):
    q, u = np.array(answers).T
    one = pool_rubin(q, u, df_complete=df)
    other = pool_rubin(factor * q, factor * u, df_complete=df)
    assert other.estimate == pytest.approx(factor * one.estimate, rel=1e-9, abs=1e-9 * factor)
    assert other.std_error == pytest.approx(factor * one.std_error, rel=1e-9)
    assert other.df == pytest.approx(one.df, rel=1e-6)


@settings(max_examples=50)
@given(answers=answers, df=dfs, order=st.randoms())
def test_order_does_not_matter_and_the_parts_agree(answers, df, order):
    q, u = np.array(answers).T
    parts = rubin_parts(q, u, df_complete=df)
    shuffled = list(answers)
    order.shuffle(shuffled)
    other = rubin_parts(*np.array(shuffled).T, df_complete=df)
    assert other.total == pytest.approx(parts.total, rel=1e-9)
    assert other.df == pytest.approx(parts.df, rel=1e-6)
    assert parts.total >= parts.within > 0
    assert 0 < parts.missing_information <= 1 or isinf(parts.df)
    assert parts.df <= df
    assert parts.df <= max(parts.df_large_sample, parts.df)
    assert parts.within == pytest.approx((u**2).mean())
    assert parts.between == pytest.approx(q.var(ddof=1), abs=1e-9)


@given(df=st.floats(2, 1000))
def test_more_disagreement_costs_df(df):
    spread = [rubin_parts([-s, 0, s], [1.0] * 3, df_complete=df).df for s in (0, 0.5, 1, 4)]
    assert spread == sorted(spread, reverse=True)


@settings(max_examples=50)
@given(answers=answers, df=dfs)
def test_p_is_small_exactly_when_the_interval_excludes_0(answers, df):
    found = pool_rubin(*np.array(answers).T, df_complete=df)
    assert (found.p_value < 0.05) == (found.conf_low > 0 or found.conf_high < 0)


# several dfs, and estimates -------------------------------------------------------------------


def test_of_several_dfs_the_smallest_counts():
    arguments = ([1.0, 1.2, 0.9], [0.5, 0.4, 0.6])
    found = pool_rubin(*arguments, df_complete=[30.0, 8.0, 12.0])
    assert found.df == pool_rubin(*arguments, df_complete=8.0).df


def test_estimates_are_pooled_with_what_they_carry():
    made = [
        Estimate.from_t(
            "arm", q, 0.5, df, n=n, n_clusters=12, unit="sd", method="cr2", flags=flags,
            conf_level=0.9,
        )
        for q, df, n, flags in (
            (0.2, 9, 100, ()), (0.3, 8, 100, ("few clusters",)), (0.1, 7, 99, ()),
        )
    ]  # fmt: skip
    found = pool_estimates(made)
    expected = pool_rubin([0.2, 0.3, 0.1], [0.5] * 3, df_complete=7, conf_level=0.9)
    assert (found.estimate, found.std_error) == (expected.estimate, expected.std_error)
    assert (found.df, found.conf_low) == (expected.df, expected.conf_low)
    assert (found.name, found.unit, found.n, found.n_clusters) == ("arm", "sd", 100, 12)
    assert (found.method, found.conf_level) == ("rubin", 0.9)
    assert found.flags == ("few clusters",)


def test_an_answer_without_a_standard_error_cannot_be_pooled():
    good = Estimate.from_t("arm", 1.0, 1.0, 9, n=9, unit="sd", method="cr2")
    bad = Estimate.undefined("arm", "Nothing varies.", n=9, unit="sd", method="cr2")
    with pytest.raises(DesignError, match="Nothing varies"):
        pool_estimates([good, bad])
    with pytest.raises(DesignError, match="differ in name, unit"):
        pool_estimates([good, good.renamed("other")])
    with pytest.raises(DesignError, match="got 1"):
        pool_estimates([good])
    with pytest.raises(DesignError, match="got 0"):
        pool_estimates([])


# bad and degenerate input ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimates", "std_errors", "df", "message"),
    [
        ([1.0], [1.0], 10, "two or more imputed data sets; got 1"),
        ([], [], 10, "got 0"),
        ([1.0, 2.0], [1.0], 10, "one standard error for each"),
        (1.0, 1.0, 10, "one standard error for each"),
        ([1.0, nan], [1.0, 1.0], 10, "finite estimate"),
        ([1.0, inf], [1.0, 1.0], 10, "finite estimate"),
        ([1.0, 2.0], [1.0, 0.0], 10, "positive standard error"),
        ([1.0, 2.0], [1.0, -1.0], 10, "positive standard error"),
        ([1.0, 2.0], [1.0, nan], 10, "positive standard error"),
        ([1.0, 2.0], [1.0, 1.0], 0, "df_complete must be positive"),
        ([1.0, 2.0], [1.0, 1.0], nan, "df_complete must be positive"),
        ([1.0, 2.0], [1.0, 1.0], [5, -1], "df_complete must be positive"),
        ([1.0, 2.0], [1.0, 1.0], [5, 6, 7], "one number or 2"),
    ],
)
def test_what_cannot_be_pooled_is_refused(estimates, std_errors, df, message):
    with pytest.raises(DesignError, match=message):
        pool_rubin(estimates, std_errors, df_complete=df)


def test_two_imputations_that_differ_widely_leave_about_one_df():
    parts = rubin_parts([0.0, 100.0], [0.1, 0.1], df_complete=inf)
    assert parts.df == pytest.approx(1, rel=1e-4)
    assert parts.total == pytest.approx(0.01 + 1.5 * 5000)
    assert sqrt(parts.between) == pytest.approx(70.7106781)
