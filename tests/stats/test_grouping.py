"""Groups of rows: codes do not depend on the order of rows, and no row is without a group."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.grouping import encode_groups, encode_pairs, sum_by, within


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=30), st.randoms())
def test_codes_follow_the_labels_and_not_the_rows(labels, random):
    codes, levels = encode_groups(pd.Series(labels))
    assert list(levels) == sorted(set(labels))
    assert [levels[code] for code in codes] == labels
    shuffled = random.sample(labels, len(labels))
    assert list(encode_groups(pd.Series(shuffled))[1]) == list(levels)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_a_row_without_a_group_is_refused(missing):
    with pytest.raises(DesignError, match="A row has no group"):
        encode_groups(pd.Series(["a", missing, "b"]))


def test_sums_means_and_pairs_within_groups():
    values, codes = np.array([[1.0], [2.0], [4.0]]), np.array([0, 1, 0])
    assert sum_by(values, codes).tolist() == [[5], [2]]
    assert within(values, codes).tolist() == [[-1.5], [0], [1.5]]
    joined, pairs = encode_pairs(np.array([0, 0, 1]), np.array([1, 1, 0]))
    assert joined.tolist() == [0, 0, 1]
    assert pairs.tolist() == [[0, 1], [1, 0]]
