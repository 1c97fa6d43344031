import numpy as np
import pandas as pd
import pytest

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.agreement.distances import distances
from pilot_analysis.stats.agreement.ratings import (
    as_numbers,
    find_patterns,
    read_pair,
    read_ratings,
)


def test_numbers_keep_their_values_whatever_their_type():
    ratings = pd.DataFrame(
        {
            "a": [1, 2, 5],
            "b": pd.array([2, None, 5], dtype="Int64"),
            "c": np.array([None, 1, 2.0], dtype=object),
        }
    )
    read = read_ratings(ratings)
    assert read.scale == "numeric"
    assert read.labels.tolist() == [1, 2, 5]
    assert read.codes.tolist() == [[0, 1, -1], [1, -1, 0], [2, 2, 1]]
    assert as_numbers(read, "This").tolist()[2] == [5, 5, 2]


def test_ordered_categories_keep_their_order_and_unordered_ones_have_none():
    levels = ["low", "mid", "high"]
    ordered = pd.CategoricalDtype(levels, ordered=True)
    frame = pd.DataFrame({"a": ["high", "low"], "b": ["low", None]})
    read = read_ratings(frame.astype(ordered))
    assert (read.scale, list(read.labels)) == ("ordered", levels)
    assert read.codes.tolist() == [[2, 0], [0, -1]]
    assert read_ratings(frame.astype(pd.CategoricalDtype(levels))).scale == "nominal"
    mixed = pd.DataFrame({"a": frame["a"].astype(ordered), "b": frame["b"]})
    assert read_ratings(mixed).scale == "nominal"


def test_bands_of_pandas_cut_are_ordered_categories():
    shares = pd.DataFrame({"a": [10, 30, 60, 90], "b": [20, 60, 60, 80]})
    bands = shares.apply(lambda seen: pd.cut(seen, [0, 24, 49, 74, 100]))
    read = read_ratings(bands)
    assert read.scale == "ordered"
    assert read.codes.tolist() == [[0, 0], [1, 2], [2, 2], [3, 3]]


def test_ordered_numbers_are_ranked_and_other_numbers_are_measured():
    frame = pd.DataFrame({"a": [1, 2, 9], "b": [1, 9, 9]})
    by_rank = read_ratings(frame.astype(pd.CategoricalDtype([1, 2, 9], ordered=True)))
    assert distances(by_rank, "linear")[0].tolist() == [0, 0.5, 1]
    assert distances(read_ratings(frame), "linear")[0].tolist() == [0, 0.125, 1]
    assert distances(read_ratings(frame), "quadratic")[0].tolist() == [0, 0.015625, 1]


def test_named_categories_count_though_nobody_used_them():
    frame = pd.DataFrame({"a": ["x", "y"], "b": ["x", "x"]})
    read = read_ratings(frame, categories=["z", "y", "x"])
    assert (read.scale, read.codes.tolist()) == ("ordered", [[2, 2], [1, 2]])
    numbers = read_ratings(pd.DataFrame({"a": [1, 2], "b": [3, 3]}), categories=range(1, 6))
    assert (numbers.scale, len(numbers.labels)) == ("numeric", 5)


def test_huge_numbers_have_a_distance():
    read = read_ratings(pd.DataFrame({"a": [-1.7e308, 0], "b": [1.7e308, 0]}))
    assert distances(read, "linear").max() == 1


def test_patterns_are_the_same_in_any_order_of_interchangeable_raters():
    codes = np.array([[0, 1, -1], [-1, 1, 0], [1, 1, 1], [-1, -1, -1], [2, -1, -1]])
    found = find_patterns(codes, interchangeable=True)
    assert found.codes.tolist() == [[-1, -1, 2], [-1, 0, 1], [1, 1, 1]]
    assert found.times.tolist() == [1, 2, 1]
    assert found.rated_twice == 3
    assert len(find_patterns(codes, interchangeable=False).codes) == 4


def test_refusals():
    frame = pd.DataFrame({"a": ["x", "y"], "b": ["x", "w"]})
    with pytest.raises(DesignError, match="'w' is not among the categories x, y"):
        read_ratings(frame, categories=["x", "y"])
    with pytest.raises(DesignError, match="named twice"):
        read_ratings(frame, categories=["x", "x", "y", "w"])
    with pytest.raises(DesignError, match="two raters or more, one column each; got 0"):
        read_ratings(pd.DataFrame())
    with pytest.raises(DesignError, match="infinite"):
        read_ratings(pd.DataFrame({"a": [1, 2], "b": [-np.inf, 2]}))


def test_what_is_no_table_of_ratings_is_refused():
    with pytest.raises(DesignError, match="must be a table"):
        read_ratings(5)
    with pytest.raises(DesignError, match="one number or label"):
        read_ratings(pd.DataFrame({"a": [[1], [2]], "b": [1, 2]}))
    with pytest.raises(DesignError, match="category must be one number or label"):
        read_ratings(pd.DataFrame({"a": [1, 2], "b": [1, 2]}), categories=[[1], 2])
    with pytest.raises(DesignError, match="must be a list, in one order"):
        read_pair({1, 2}, [1, 2])
