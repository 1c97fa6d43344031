import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.multiplicity import (
    benjamini_hochberg,
    benjamini_hochberg_critical,
    holm,
)

MADE = json.loads(
    (Path(__file__).parents[1] / "oracles" / "made" / "effects.json").read_text(encoding="utf-8")
)["adjusted"]
ADJUSTMENTS = {"BH": benjamini_hochberg, "holm": holm}

p_values = st.floats(0, 1) | st.sampled_from([0.0, 0.01, 0.05, 1.0])
families = st.lists(p_values | st.just(float("nan")), max_size=20)
both = pytest.mark.parametrize("adjust", [benjamini_hochberg, holm])


def numbers(values):
    return np.array([np.nan if v is None else v for v in np.atleast_1d(values)], dtype=float)


# numbers from R -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ADJUSTMENTS)
@pytest.mark.parametrize("family", ["p1", "p2"])
def test_adjusted_p_values_agree_with_r(oracle, kind, family):
    expected = oracle("mc.p_adjust")["expected"]
    adjusted = ADJUSTMENTS[kind](numbers(expected[family]))
    np.testing.assert_allclose(adjusted, numbers(expected[f"{family}_adj"][kind]), atol=1e-12)


def test_fdr_is_another_word_for_benjamini_hochberg(oracle):
    expected = oracle("mc.p_adjust")["expected"]
    for family in ("p1", "p2"):
        assert expected[f"{family}_adj"]["fdr"] == expected[f"{family}_adj"]["BH"]


@pytest.mark.parametrize("kind", ADJUSTMENTS)
@pytest.mark.parametrize("family", range(len(MADE)))
def test_more_families_agree_with_r(kind, family):
    made = MADE[family]
    found = ADJUSTMENTS[kind](numbers(made["p"]))
    np.testing.assert_allclose(found, numbers(made[kind]), atol=1e-12)


def test_critical_values_and_rejections_agree_with_r(oracle):
    expected = oracle("mc.p_adjust")["expected"]
    p = numbers(expected["p1"])
    np.testing.assert_allclose(
        benjamini_hochberg_critical(p), expected["wwc_bh_critical_p1"], atol=1e-12
    )
    assert (benjamini_hochberg(p) <= 0.05).sum() == expected["bh_rejected_p1_05"]


# numbers from publications --------------------------------------------------------------------


def test_benjamini_hochberg_1995_example():
    # section 3.1: fifteen endpoints of a study of myocardial infarction; four are rejected, and
    # three by Bonferroni's and Holm's rules
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
    p += [0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert (benjamini_hochberg(p) <= 0.05).sum() == 4
    assert (holm(p) <= 0.05).sum() == 3


# identities -----------------------------------------------------------------------------------


@both
@given(family=families, extra=st.integers(1, 5))
def test_nan_stays_nan_and_does_not_count(adjust, family, extra):
    alone, padded = adjust(family), adjust(family + [np.nan] * extra)
    np.testing.assert_array_equal(padded[: len(family)], alone)
    np.testing.assert_array_equal(np.isnan(alone), np.isnan(family))
    assert np.isnan(padded[len(family) :]).all()


@both
@given(family=families, order=st.randoms())
def test_order_does_not_matter_and_stays(adjust, family, order):
    positions = list(range(len(family)))
    order.shuffle(positions)
    shuffled = adjust([family[i] for i in positions])
    np.testing.assert_array_equal(shuffled, adjust(family)[positions])


@both
@given(family=st.lists(p_values, min_size=1, max_size=20))
def test_adjusting_is_monotone_and_never_helps(adjust, family):
    family, adjusted = np.array(family), adjust(family)
    assert (adjusted >= family * (1 - 1e-15)).all()
    assert (adjusted <= 1).all()
    ranked = adjusted[np.argsort(family, kind="stable")]
    assert (np.diff(ranked) >= 0).all()


@given(family=families)
def test_holm_is_stricter_than_benjamini_hochberg_and_milder_than_bonferroni(family):
    known = np.array([p for p in family if not np.isnan(p)])
    assert (holm(known) >= benjamini_hochberg(known) * (1 - 1e-15)).all()
    assert (holm(known) <= np.minimum(known * len(known), 1) * (1 + 1e-15)).all()


@both
@given(p=p_values)
def test_a_family_of_one_is_left_alone(adjust, p):
    assert adjust([p, np.nan])[0] == p
    assert adjust(p).shape == ()
    assert adjust(p) == p


@both
@given(table=arrays.arrays(float, (3, 4), elements=p_values))
def test_a_table_is_one_family_of_the_same_shape(adjust, table):
    np.testing.assert_array_equal(adjust(table).ravel(), adjust(table.ravel()))


@given(ranks=st.lists(st.integers(0, 200), min_size=1, max_size=12), cut=st.integers(1, 40))
def test_the_critical_values_reject_what_the_definition_rejects(ranks, cut):
    # exact arithmetic: p = rank/200, alpha = cut/200, rejected up to the largest i with
    # p_(i) <= i alpha / m
    m, ordered = len(ranks), sorted(ranks)
    steps = [i for i, rank in enumerate(ordered, 1) if rank <= Fraction(i * cut, m)]
    p = np.array([rank / 200 for rank in ranks])
    critical = benjamini_hochberg_critical(p, alpha=cut / 200)
    below = p <= critical * (1 + 1e-12)
    largest = p[below].max() if below.any() else -1
    assert (p <= largest).sum() == (max(steps) if steps else 0)
    rejected = benjamini_hochberg(p) <= cut / 200 * (1 + 1e-12)
    np.testing.assert_array_equal(rejected, p <= largest)


# bad and degenerate input -----------------------------------------------------------------------


@pytest.mark.parametrize("adjust", [benjamini_hochberg, holm, benjamini_hochberg_critical])
@pytest.mark.parametrize("family", [[], [np.nan], [np.nan, np.nan]])
def test_an_empty_family_has_nothing_to_adjust(adjust, family):
    assert adjust(family).shape == (len(family),)
    assert np.isnan(adjust(family)).all()


@pytest.mark.parametrize("adjust", [benjamini_hochberg, holm, benjamini_hochberg_critical])
@pytest.mark.parametrize(
    ("family", "message"),
    [
        ([0.1, -0.2], "between 0 and 1; got -0.2."),
        ([0.1, 1.2, 3, np.inf], "between 0 and 1; got 1.2 and 2 more outside."),
        (["small"], "p-values must be numbers; got 'small'"),
    ],
)
def test_what_is_no_p_value_is_refused(adjust, family, message):
    with pytest.raises(DesignError, match=message):
        adjust(family)


@pytest.mark.parametrize("alpha", [0, 1, 5])
def test_alpha_must_be_a_share(alpha):
    with pytest.raises(DesignError, match="alpha must lie between 0 and 1"):
        benjamini_hochberg_critical([0.1], alpha=alpha)


@both
def test_the_input_is_not_changed(adjust):
    family = np.array([0.04, 0.01, np.nan])
    adjust(family)
    np.testing.assert_array_equal(family, [0.04, 0.01, np.nan])
