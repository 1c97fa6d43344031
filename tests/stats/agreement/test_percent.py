import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.agreement import percent_agreement

tables = st.lists(
    st.lists(st.one_of(st.none(), st.integers(1, 4)), min_size=3, max_size=3), max_size=12
)


def test_agreement_agrees_with_irr(oracle, oracle_data):
    expected, ratings = oracle("rel.kappa2_anxiety")["expected"], oracle_data("irr_anxiety.csv")
    two = ratings[["rater1", "rater2"]]
    assert percent_agreement(two).estimate * 100 == pytest.approx(expected["agree0"], abs=1e-8)
    assert percent_agreement(two, tolerance=1).estimate * 100 == pytest.approx(
        expected["agree_tol1"], abs=1e-8
    )
    assert percent_agreement(ratings).estimate * 100 == expected["agree_3raters"]
    six = percent_agreement(oracle_data("irr_diagnoses.csv"))
    expected = oracle("rel.fleiss_diagnoses")["expected"]["agree_all6"]
    assert six.estimate * 100 == pytest.approx(expected, abs=1e-8)
    assert (six.n, six.unit) == (30, "proportion")


@given(table=tables, order=st.randoms(), tolerance=st.sampled_from([0, 1, 2]))
@settings(max_examples=25)
def test_the_order_of_raters_and_subjects_does_not_matter(table, order, tolerance):
    shuffled = list(table)
    order.shuffle(shuffled)
    columns = list(range(3))
    order.shuffle(columns)
    frame = pd.DataFrame(table, columns=range(3), dtype="Int64")
    other = pd.DataFrame(shuffled, columns=range(3), dtype="Int64")[columns]
    one = percent_agreement(frame, tolerance=tolerance)
    two = percent_agreement(other, tolerance=tolerance)
    assert one.estimate == pytest.approx(two.estimate, nan_ok=True)
    assert one.n == two.n == sum(3 - row.count(None) >= 2 for row in table)


@given(table=tables)
@settings(max_examples=25)
def test_more_tolerance_never_lowers_agreement_and_the_whole_scale_gives_one(table):
    frame = pd.DataFrame(table, columns=range(3), dtype=float)
    found = [percent_agreement(frame, tolerance=t).estimate for t in (0, 1, 2, 3)]
    if not np.isnan(found[0]):
        assert found == sorted(found)
        assert found[-1] == 1


def test_a_tolerance_is_met_in_decimals_though_not_in_binary():
    ratings = pd.DataFrame({"a": [1.3, 2.1], "b": [1.0, 2.6]})
    assert percent_agreement(ratings, tolerance=0.3).estimate == 0.5
    assert percent_agreement(ratings, tolerance=0.29).estimate == 0


def test_subjects_rated_once_are_left_out():
    ratings = pd.DataFrame({"a": [1, 2, 3], "b": [1, np.nan, 4], "c": [1, 2, np.nan]})
    assert (percent_agreement(ratings).n, percent_agreement(ratings).estimate) == (3, 2 / 3)
    single = pd.DataFrame({"a": [1.0, np.nan], "b": [np.nan, 2.0]})
    found = percent_agreement(single)
    assert np.isnan(found.estimate)
    assert "two people" in found.flags[0]


def test_labels_can_be_compared():
    assert percent_agreement(pd.DataFrame({"a": ["x", "y"], "b": ["x", "z"]})).estimate == 0.5


def test_refusals():
    labels = pd.DataFrame({"a": ["x"], "b": ["y"]})
    with pytest.raises(DesignError, match="these are labels"):
        percent_agreement(labels, tolerance=1)
    for bad in (-1, np.nan, np.inf):
        with pytest.raises(DesignError, match="tolerance must be 0 or more"):
            percent_agreement(labels, tolerance=bad)
    with pytest.raises(DesignError, match="infinite"):
        percent_agreement(pd.DataFrame({"a": [1, np.inf], "b": [1, 2]}), tolerance=1)
    with pytest.raises(DesignError, match="two raters or more"):
        percent_agreement(pd.DataFrame({"a": [1, 2]}))
