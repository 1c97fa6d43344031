from math import isnan

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association.hodges_lehmann import hodges_lehmann
from pilot_analysis.stats.association.wilcoxon import wilcoxon_rank_sum, wilcoxon_signed_rank

answers = st.lists(st.integers(-3, 6), min_size=5, max_size=14)


def test_shift_and_interval_agree_with_r(made):
    for case in made["shift"]:
        groups = [case[side] for side in ("x", "y") if case[side]]
        found = hodges_lehmann(*groups, conf_level=case["conf_level"])
        assert found.estimate == pytest.approx(case["estimate"], abs=1e-10)
        ours = [found.conf_low, found.conf_high]
        np.testing.assert_allclose(ours, case["interval"], atol=1e-10)
        assert found.p_value == pytest.approx(case["p"], abs=1e-10)


@settings(max_examples=50)
@given(x=answers, y=answers, level=st.sampled_from([0.8, 0.9, 0.95]))
def test_the_interval_inverts_the_test_also_with_ties(x, y, level):
    assume(np.ptp(x) and np.ptp(y))
    for groups, test in (((x,), wilcoxon_signed_rank), ((x, y), wilcoxon_rank_sum)):
        found = hodges_lehmann(*groups, conf_level=level)
        if not found.is_defined:
            continue
        if not isnan(found.p_value):
            assert found.p_value == test(*groups).p_value
            excluded = found.conf_low > 0 or found.conf_high < 0
            assert excluded == (found.p_value < 1 - level)
        # what lies just outside is rejected, what lies just inside at either end is not
        first, rest = np.asarray(groups[0]), groups[1:]
        for outside, inside in (
            (found.conf_low - 1e-3, found.conf_low + 1e-3),
            (found.conf_high + 1e-3, found.conf_high - 1e-3),
        ):
            assert test(first - outside, *rest).p_value < 1 - level
            assert test(first - inside, *rest).p_value >= 1 - level


@settings(max_examples=30)
@given(x=answers, y=answers)
def test_a_swap_of_the_groups_changes_the_sign_and_a_shift_moves_it(x, y):
    assume(np.ptp([*x, *y]) and np.ptp(np.subtract.outer(x, y)))
    one, swapped = hodges_lehmann(x, y), hodges_lehmann(y, x)
    moved = hodges_lehmann(np.add(x, 10), y)
    assert swapped.estimate == -one.estimate
    assert swapped.conf_low == pytest.approx(-one.conf_high, nan_ok=True)
    assert moved.estimate == one.estimate + 10
    assert moved.conf_low == pytest.approx(one.conf_low + 10, nan_ok=True)


def test_many_values_are_bisected_to_the_same_kind_of_interval():
    rng = np.random.default_rng(2)
    x, y = rng.normal(0.3, 1, 60), rng.normal(0, 1, 60)
    for groups, test in (((x,), wilcoxon_signed_rank), ((x, y), wilcoxon_rank_sum)):
        found = hodges_lehmann(*groups)
        exact = sum(map(len, groups)) <= 60
        first, rest = groups[0], groups[1:]
        for end, side in ((found.conf_low, -1), (found.conf_high, 1)):
            p = [test(first - end - side * d, *rest, exact=exact).p_value for d in (1e-7, -1e-7)]
            assert p[0] < 0.05 <= p[1]
    assert found.p_value == test(x, y, exact=False).p_value


def test_zero_at_the_end_of_the_interval_has_no_p():
    x = [1, 1, 3, 2, 1, 1, 1, 3, -1, 2, 2, -2]
    found = hodges_lehmann(x)
    assert found.conf_low == 0
    assert wilcoxon_signed_rank(x).p_value < 0.05
    assert isnan(found.p_value)
    assert "end of the interval" in found.flags[0]


def test_too_few_or_too_equal_values_have_no_interval_and_say_so():
    few = hodges_lehmann([1, 2, 4])
    assert few.estimate == 2.25
    assert "3 values are too few" in few.flags[0]
    equal = hodges_lehmann([0] * 200 + [1, -1])
    assert not equal.is_defined
    assert "no width" in equal.flags[0]
    also = hodges_lehmann([0] * 50 + [1, -1])
    assert "no width" in also.flags[0]


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        (([2, 2, 2],), "all values are equal"),
        (([2, 2], [1, 1]), "all values are equal"),
        (([],), "a group has none"),
        (([1, 2], []), "a group has none"),
        (([1, np.nan],), "missing or infinite"),
        ((np.arange(5000), np.arange(5000)), "too many values"),
        ((["a"],), "must be numbers"),
    ],
)
def test_what_has_no_shift_is_refused_in_words(groups, text):
    with pytest.raises(DesignError, match=text):
        hodges_lehmann(*groups)
