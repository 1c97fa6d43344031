"""A formula reads only what is safe to read, and says in a sentence what is not."""

import numpy as np
import pandas as pd
import pytest

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.formula import design_matrix


@pytest.fixture
def classes():
    return pd.DataFrame(
        {
            "score": [1.0, 3.0, 2.0, 5.0, 4.0, 7.0],
            "pre": [1.0, 2.0, 4.0, 3.0, 6.0, 5.0],
            "arm": pd.Categorical(list("rrssrs"), categories=["r", "s"]),
            "school": ["a", "a", "b", "b", "c", "c"],
        }
    )


def test_terms_are_named_as_the_formula_writes_them(classes):
    design = design_matrix("score ~ pre + arm", classes)
    assert design.names == ("Intercept", "pre", "arm[T.s]")
    assert design.X[:, 2].tolist() == [0, 0, 1, 1, 0, 1]


def test_the_first_category_is_the_reference(classes):
    classes["arm"] = classes["arm"].cat.reorder_categories(["s", "r"])
    assert design_matrix("score ~ arm", classes).names == ("Intercept", "arm[T.r]")


def test_incomplete_rows_are_left_out_and_their_places_kept(classes):
    classes.loc[1, "pre"] = np.nan
    classes.loc[4, "school"] = None
    design = design_matrix("score ~ pre", classes, other_columns=["school"])
    assert design.kept_rows.tolist() == [0, 2, 3, 5]
    assert design.y.tolist() == [1.0, 2.0, 5.0, 7.0]


def test_flags_and_nullable_numbers_count_as_numbers(classes):
    classes["flag"] = pd.array([True, False, True, None, False, True], dtype="boolean")
    classes["whole"] = pd.array([1, 2, 2, 3, None, 5], dtype="Int64")
    design = design_matrix("score ~ flag + whole", classes)
    assert design.names == ("Intercept", "flag", "whole")
    assert len(design.y) == 4


def test_an_empty_category_is_no_term(classes):
    classes["arm"] = classes["arm"].cat.add_categories(["t"])
    assert design_matrix("score ~ arm", classes).names == ("Intercept", "arm[T.s]")


@pytest.mark.parametrize(
    ("formula", "change", "sentence"),
    [
        ("score ~ school", {}, "holds text.*Categorical whose first category.*numbers"),
        ("score ~ C(school)", {}, "holds text"),
        ("score ~ prior", {}, "no column 'prior'"),
        ("score ~ scor", {}, "Did you mean 'score'"),
        ("~ arm", {}, "has no outcome"),
        ("score ~ (arm", {}, "is not a formula"),
        ("score ~ pre", {"pre": [np.inf, 1, 2, 3, 4, 5]}, "infinite values in 1 rows"),
        ("score ~ log(pre)", {"pre": [0, 1, 2, 3, 4, 5]}, "not finite in some rows"),
        ("score ~ pre", {"pre": [np.nan] * 6}, "no row has a value"),
        ("score ~ pre + I(2 * pre)", {}, "cannot be told apart: I\\(2 \\* pre\\)"),
        ("score ~ pre", {"pre": [3.0] * 6}, "cannot be told apart: pre"),
        ("arm ~ pre", {}, "must be one numeric column"),
    ],
)
def test_what_would_mislead_is_refused_in_a_sentence(classes, formula, change, sentence):
    with pytest.raises(DesignError, match=sentence):
        design_matrix(formula, classes.assign(**change))


def test_a_reference_without_rows_is_refused(classes):
    classes["arm"] = pd.Categorical(["s"] * 6, categories=["r", "s"])
    with pytest.raises(DesignError, match="reference category 'r' has no complete rows"):
        design_matrix("score ~ arm", classes)


def test_more_terms_than_rows_are_refused(classes):
    with pytest.raises(DesignError, match=r"2 complete rows cannot carry|cannot be told apart"):
        design_matrix("score ~ pre", classes.iloc[:2])


def test_what_does_not_vary_within_the_absorbed_groups_is_refused(classes):
    classes["size"] = [20.0, 20, 25, 25, 30, 30]
    with pytest.raises(DesignError, match=r"once school is absorbed.*size"):
        design_matrix("score ~ pre + size", classes, absorb="school")


def test_a_formula_cannot_read_the_callers_variables(classes):
    hidden = 2.0
    with pytest.raises(DesignError):
        design_matrix("score ~ I(pre * hidden)", classes)
    assert hidden == 2.0
