import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects import KRAFT_2020, baseline_equivalence, improvement_index


def test_wwc_5_improvement_index():
    index = improvement_index([0.05, 0.10, 0.20, 0.25, 0.50])
    np.testing.assert_allclose(np.round(index, 2), [1.99, 3.98, 7.93, 9.87, 19.15])
    assert improvement_index(0.0) == 0
    assert isinstance(improvement_index(0.2), float)


@given(g=st.floats(-8, 8))
def test_the_improvement_index_is_antisymmetric_and_bounded(g):
    assert improvement_index(g) == pytest.approx(-improvement_index(-g), abs=1e-12)
    assert -50 <= improvement_index(g) <= 50


def test_a_missing_effect_has_a_missing_index():
    assert np.isnan(improvement_index(float("nan")))
    np.testing.assert_array_equal(np.isnan(improvement_index([0.1, np.nan])), [False, True])


@pytest.mark.parametrize(
    ("g", "verdict"),
    [
        (0.0, "satisfied"),
        (0.05, "satisfied"),
        (-0.05, "satisfied"),
        (0.0501, "with adjustment"),
        (-0.25, "with adjustment"),
        (0.2501, "not satisfied"),
        (-2.0, "not satisfied"),
    ],
)
def test_wwc_5_baseline_equivalence(g, verdict):
    assert baseline_equivalence(g) == verdict


@pytest.mark.parametrize(
    ("effect", "label"),
    [
        (0.0, "small"),
        (0.049, "small"),
        (0.05, "medium"),
        (0.199, "medium"),
        (0.20, "large"),
        (3.0, "large"),
        (-0.1, "medium"),
    ],
)
def test_kraft_2020_bands(effect, label):
    assert KRAFT_2020.label(effect) == label
    assert KRAFT_2020.median == 0.10
    assert "Kraft (2020)" in KRAFT_2020.source


@pytest.mark.parametrize("unknown", [float("nan"), float("inf")])
def test_an_unknown_effect_is_refused(unknown):
    with pytest.raises(DesignError, match="baseline difference must be a known number"):
        baseline_equivalence(unknown)
    with pytest.raises(DesignError, match=r"effect \(SD\) must be a known number"):
        KRAFT_2020.label(unknown)


@pytest.mark.parametrize("wrong", [None, "0.2", ["a"]])
def test_what_is_no_effect_is_refused(wrong):
    with pytest.raises(DesignError, match="baseline difference must be a number"):
        baseline_equivalence(wrong)
    if wrong is not None:  # a missing effect has a missing index
        with pytest.raises(DesignError, match="Effects must be numbers"):
            improvement_index(wrong)
