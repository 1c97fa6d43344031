import json
from math import isnan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects import cox_index, cox_index_from_counts, improvement_index

MADE = json.loads(
    (Path(__file__).parents[2] / "oracles" / "made" / "effects.json").read_text(encoding="utf-8")
)["odds"]


@st.composite
def tables(draw):
    n_t, n_c = draw(st.integers(2, 60)), draw(st.integers(2, 60))
    return draw(st.integers(0, n_t)), n_t, draw(st.integers(0, n_c)), n_c


# numbers from R and from publications --------------------------------------------------------


def test_the_index_agrees_with_r(oracle):
    cases = oracle("es.cox_index")["expected"]
    assert len(cases) == 3
    for e in cases:
        found = cox_index(e["p_t"], e["p_c"], e["n_t"], e["n_c"])
        omega = e["g_cox"] / e["d_cox"]
        assert found.estimate == pytest.approx(e["g_cox"], rel=1e-10)
        assert found.std_error == pytest.approx(e["se"], rel=1e-10)
        assert found.n == e["n_t"] + e["n_c"]
        assert improvement_index(found.estimate) / 100 == pytest.approx(
            e["improvement_index"], rel=1e-10
        )
        assert found.estimate * 1.65 / omega == pytest.approx(e["lnOR"], rel=1e-10)
        assert found.estimate * 1.65 / omega == pytest.approx(e["metafor_OR"]["yi"], rel=1e-10)
        assert found.std_error * 1.65 / omega == pytest.approx(e["metafor_OR"]["sei"], rel=1e-10)
        unsized = cox_index(e["p_t"], e["p_c"])
        assert unsized.estimate == pytest.approx(e["d_cox"], rel=1e-10)


@pytest.mark.parametrize("case", range(len(MADE)))
def test_zero_cells_agree_with_metafor(case):
    e = dict(MADE[case])
    log_odds_ratio, std_error = e.pop("log_odds_ratio"), e.pop("std_error")
    found = cox_index_from_counts(**e)
    per_sd = (1 - 3 / (4 * (e["n_treated"] + e["n_comparison"]) - 9)) / 1.65
    assert found.estimate == pytest.approx(per_sd * log_odds_ratio, rel=1e-12)
    assert found.std_error == pytest.approx(per_sd * std_error, rel=1e-12)
    cells = [
        e["events_treated"],
        e["n_treated"] - e["events_treated"],
        e["events_comparison"],
        e["n_comparison"] - e["events_comparison"],
    ]
    assert any("0.5 was added" in flag for flag in found.flags) == (0 in cells)
    assert ("few in a cell" in found.flags) == (0 < min(cells) < 5)


def test_wwc_5_example_of_shares_without_sizes():
    found = cox_index(0.8, 0.5)
    assert round(found.estimate, 4) == 0.8402
    assert not found.is_defined
    assert found.flags[0].startswith("Without numbers of people")


# identities ----------------------------------------------------------------------------------


@given(table=tables(), conf_level=st.sampled_from([0.5, 0.8, 0.95]))
def test_p_agrees_with_the_interval_and_the_index_changes_sign_with_arms_and_outcome(
    table, conf_level
):
    a, n_t, c, n_c = table
    found = cox_index_from_counts(a, n_t, c, n_c, conf_level=conf_level)
    swapped = cox_index_from_counts(c, n_c, a, n_t, conf_level=conf_level)
    opposite = cox_index_from_counts(n_t - a, n_t, n_c - c, n_c, conf_level=conf_level)
    assert found.estimate == pytest.approx(-swapped.estimate, abs=1e-12, nan_ok=True)
    assert found.estimate == pytest.approx(-opposite.estimate, abs=1e-12, nan_ok=True)
    if found.is_defined:
        assert (found.conf_low > 0 or found.conf_high < 0) == (found.p_value < 1 - conf_level)


@given(table=tables())
def test_shares_and_counts_say_the_same(table):
    a, n_t, c, n_c = table
    counts, shares = cox_index_from_counts(*table), cox_index(a / n_t, c / n_c, n_t, n_c)
    assert shares.estimate == pytest.approx(counts.estimate, rel=1e-9, abs=1e-12, nan_ok=True)
    assert shares.std_error == pytest.approx(counts.std_error, rel=1e-9, nan_ok=True)
    assert shares.flags == counts.flags


@given(share=st.floats(0.05, 0.95), n=st.integers(4, 500))
def test_equal_shares_are_no_effect(share, n):
    found = cox_index(share, share, n, 2 * n)
    assert found.estimate == 0
    assert found.p_value == 1


@given(low=st.floats(0.05, 0.9), more=st.floats(0.01, 0.09), other=st.floats(0.05, 0.95))
def test_a_larger_share_is_a_larger_effect(low, more, other):
    assert cox_index(low + more, other, 99, 99).estimate > cox_index(low, other, 99, 99).estimate


# bad and degenerate input --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "who"), [((0, 8, 0, 30), "Nobody"), ((8, 8, 30, 30), "Everybody")]
)
def test_outcomes_that_all_or_none_have_cannot_be_compared(table, who):
    a, n_t, c, n_c = table
    for found in (
        cox_index_from_counts(*table),
        cox_index(a / n_t, c / n_c, n_t, n_c),
        cox_index(a / n_t, c / n_c),
    ):
        assert isnan(found.estimate)
        assert not found.is_defined
        assert found.flags[0].startswith(f"{who} in either group has the outcome")


def test_a_share_of_one_has_no_logit_without_numbers_of_people():
    found = cox_index(1.0, 0.5)
    assert isnan(found.estimate)
    assert "give the numbers of people" in found.flags[0]
    assert cox_index(1.0, 0.5, 8, 8).estimate > 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.2, 0.5, 10, 10), "share_treated must lie between 0 and 1, got 1.2"),
        ((0.2, -0.5, 10, 10), "share_comparison must lie between 0 and 1"),
        ((float("nan"), 0.5, 10, 10), "share_treated must be a known number"),
        ((0.2, 0.5, 10), "both groups, or in neither"),
        ((0.2, 0.5, 0, 10), "two or more people in each group; got 0"),
        ((0.2, 0.5, 10, 1), "two or more people in each group; got 10 treated and 1"),
        ((0.2, 0.5, 10.5, 10), "n_treated must be a whole number"),
    ],
)
def test_shares_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(DesignError, match=message):
        cox_index(*arguments)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ((11, 10, 5, 10), "11 of 10 people cannot have the outcome"),
        ((-1, 10, 5, 10), "events_treated must be at least 0"),
        ((1.5, 10, 5, 10), "events_treated must be a whole number"),
        ((0, 0, 5, 10), "two or more people"),
        ((0, 1, 1, 1), "two or more people"),
    ],
)
def test_counts_that_cannot_be_are_refused(counts, message):
    with pytest.raises(DesignError, match=message):
        cox_index_from_counts(*counts)


def test_a_confidence_level_must_be_one():
    for arguments in ((0.2, 0.5), (0.2, 0.5, 10, 10)):
        with pytest.raises(DesignError, match="conf_level"):
            cox_index(*arguments, conf_level=95)
