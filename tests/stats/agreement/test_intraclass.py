import json
from math import inf, isnan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.agreement import intraclass_correlation
from pilot_analysis.stats.scales import cronbach_alpha

MADE_IN = Path(__file__).parents[2] / "oracles" / "made"
NAMES = {
    "ICC1": "ICC(1,1)",
    "ICC2": "ICC(2,1)",
    "ICC3": "ICC(3,1)",
    "ICC1k": "ICC(1,k)",
    "ICC2k": "ICC(2,k)",
    "ICC3k": "ICC(3,k)",
}
MODELS = tuple(NAMES.values())
APPROXIMATE = ("ICC(2,1)", "ICC(2,k)")
tables = (
    st.integers(2, 4)
    .flatmap(
        lambda k: st.lists(
            st.lists(st.integers(1, 6), min_size=k, max_size=k), min_size=2, max_size=10
        )
    )
    .map(lambda rows: pd.DataFrame(rows, dtype=float))
)
with_gaps = st.lists(
    st.lists(st.one_of(st.none(), st.integers(1, 6)), min_size=3, max_size=3),
    min_size=1,
    max_size=12,
).map(lambda rows: pd.DataFrame(rows, dtype=float))


def all_six(ratings, **options):
    return [intraclass_correlation(ratings, model=model, **options) for model in MODELS]


# reference numbers ----------------------------------------------------------------------------


def test_shrout_fleiss_1979_six_targets_by_four_judges(oracle_data):
    found = [round(made.estimate, 2) for made in all_six(oracle_data("shrout_fleiss.csv"))]
    assert found == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]


def test_shrout_fleiss_1979_intervals_agree_with_psych(oracle, oracle_data):
    for name, case in oracle("rel.icc_shrout_fleiss")["expected"].items():
        found = intraclass_correlation(oracle_data("shrout_fleiss.csv"), model=NAMES[name])
        assert found.estimate == pytest.approx(case["ICC"], abs=1e-8)
        assert found.conf_low == pytest.approx(case["lo"], abs=1e-8)
        assert found.conf_high == pytest.approx(case["hi"], abs=1e-8)
        assert (found.name, found.n, found.unit) == (NAMES[name], 6, "coefficient")
        if NAMES[name] in APPROXIMATE:  # psych prints the p of ICC(3,1) beside it
            assert isnan(found.p_value)
        else:  # psych's p is one-sided, and its interval two-sided
            assert found.statistic == pytest.approx(case["F"], abs=1e-8)
            assert found.df == case["df2"]
            assert found.p_value / 2 == pytest.approx(case["p"], abs=1e-8)


def test_other_tables_agree_with_psych():
    made = json.loads((MADE_IN / "agreement.json").read_text(encoding="utf-8"))
    for case in made["icc"]:
        found = all_six(case["ratings"], conf_level=case["conf_level"])
        for position, name in enumerate(case["type"]):
            mine = found[list(NAMES).index(name)]
            if isnan(mine.estimate):
                continue
            assert mine.estimate == pytest.approx(case["icc"][position], rel=1e-10)
            assert mine.conf_low == pytest.approx(case["low"][position], rel=1e-10)
            assert mine.conf_high == pytest.approx(case["high"][position], rel=1e-10)
            if mine.name not in APPROXIMATE:
                assert mine.statistic == pytest.approx(case["f"][position], rel=1e-10)
                one_sided = case["p_one_sided"][position]
                expected = 2 * min(one_sided, 1 - one_sided)
                assert mine.p_value == pytest.approx(expected, rel=1e-8)


def test_where_subjects_differ_by_less_than_errors_icc_2_k_is_refused():
    """psych 2.2.9 prints an interval there whose lower limit, 9.05, is above the upper one."""
    made = json.loads((MADE_IN / "agreement.json").read_text(encoding="utf-8"))["icc"][3]
    position = made["type"].index("ICC2k")
    assert made["low"][position] > made["high"][position]
    found = intraclass_correlation(made["ratings"], model="ICC(2,k)")
    assert isnan(found.estimate)
    assert "less than errors alone" in found.flags[0]


@pytest.mark.parametrize(
    ("case", "data", "group", "outcome"),
    [
        ("hsb_mAch", "hsb82.csv", "school", "mAch"),
        ("star10_mathk", "star_k10.csv", "schoolidk", "mathk"),
        ("star_mathk", "star_k.csv", "schoolidk", "mathk"),
    ],
)
def test_unequal_numbers_of_ratings_give_the_anova_icc_of_schools(
    oracle, oracle_data, case, data, group, outcome
):
    """Students are the raters of their school: one way, with Smith's mean number n0."""
    expected = oracle("icc.anova")["expected"][case]
    frame = oracle_data(data).dropna(subset=[outcome, group])
    place = frame.groupby(group).cumcount()
    wide = frame.assign(place=place).pivot_table(index=group, columns="place", values=outcome)
    found = intraclass_correlation(wide, model="ICC(1,1)")
    assert found.n == expected["k"]
    assert found.df == expected["N"] - expected["k"]
    assert found.estimate == pytest.approx(expected["ICC"], rel=1e-9)
    assert found.statistic == pytest.approx(expected["F"], rel=1e-9)
    assert [found.conf_low, found.conf_high] == pytest.approx(expected["ci_F_n0"], rel=1e-9)
    assert found.flags == ("unequal numbers of ratings",)


# identities -----------------------------------------------------------------------------------


@given(ratings=tables, conf_level=st.sampled_from([0.5, 0.8, 0.95]))
@settings(max_examples=25)
def test_p_is_small_exactly_when_the_interval_excludes_0(ratings, conf_level):
    for found in all_six(ratings, conf_level=conf_level):
        if found.is_defined and found.name not in APPROXIMATE:
            excluded = found.conf_low > 0 or found.conf_high < 0
            assert excluded == (found.p_value < 1 - conf_level)


@given(ratings=tables)
@settings(max_examples=25)
def test_the_interval_holds_the_estimate_and_is_wider_with_more_confidence(ratings):
    for narrow, wide in zip(all_six(ratings, conf_level=0.8), all_six(ratings), strict=True):
        if wide.is_defined:
            assert wide.conf_low <= narrow.conf_low <= narrow.estimate + 1e-12
            assert narrow.estimate - 1e-12 <= narrow.conf_high <= wide.conf_high <= 1


@given(
    ratings=tables,
    shift=st.integers(-50, 50),
    scale=st.sampled_from([-3, 0.01, 1e6]),
    order=st.randoms(),
)
@settings(max_examples=25)
def test_unit_origin_and_order_do_not_matter(ratings, shift, scale, order):
    columns, rows = list(ratings.columns), list(ratings.index)
    order.shuffle(columns)
    order.shuffle(rows)
    other = ratings.loc[rows, columns] * scale + shift
    for one, two in zip(all_six(ratings), all_six(other), strict=True):
        assert one.estimate == pytest.approx(two.estimate, rel=1e-6, abs=1e-9, nan_ok=True)
        assert one.conf_low == pytest.approx(two.conf_low, rel=1e-6, abs=1e-9, nan_ok=True)


@given(rows=st.lists(st.lists(st.integers(1, 6), min_size=3, max_size=3), min_size=10, max_size=20))
@settings(max_examples=25)
def test_icc_3_k_is_cronbachs_alpha(rows):
    ratings = pd.DataFrame(rows)
    alpha = cronbach_alpha(ratings)
    if alpha.is_defined:
        found = intraclass_correlation(ratings, model="ICC(3,k)")
        assert found.estimate == pytest.approx(alpha.estimate, abs=1e-10)
        assert found.conf_low == pytest.approx(alpha.conf_low, abs=1e-10)
        assert found.conf_high == pytest.approx(alpha.conf_high, abs=1e-10)


@given(ratings=tables)
@settings(max_examples=25)
def test_the_mean_of_k_follows_from_a_single_rating_by_spearman_and_brown(ratings):
    k = ratings.shape[1]
    singles, means = all_six(ratings)[:3], all_six(ratings)[3:]
    for single, mean in zip(singles, means, strict=True):
        bottom = 1 + (k - 1) * single.estimate
        if not isnan(mean.estimate) and bottom > 1e-9:
            assert mean.estimate == pytest.approx(k * single.estimate / bottom, rel=1e-6, abs=1e-9)


@given(ratings=tables, severity=st.floats(-5, 5))
@settings(max_examples=25)
def test_a_more_severe_rater_lowers_agreement_but_not_consistency(ratings, severity):
    shifted = ratings.copy()
    shifted[0] += severity
    one, other = (intraclass_correlation(r, model="ICC(3,1)").estimate for r in (ratings, shifted))
    assert one == pytest.approx(other, abs=1e-8, nan_ok=True)


@given(ratings=with_gaps)
@settings(max_examples=25)
def test_incomplete_subjects_drop_out_of_two_way_models_only(ratings):
    rated = ratings.loc[:, ratings.notna().any()]
    complete = rated.dropna() if rated.shape[1] > 1 else rated.iloc[:0]
    for model in ("ICC(2,1)", "ICC(3,1)", "ICC(2,k)", "ICC(3,k)"):
        found = intraclass_correlation(ratings, model=model)
        assert found.n == len(complete)
        if len(complete) >= 2:
            expected = intraclass_correlation(complete, model=model)
            assert found.estimate == pytest.approx(expected.estimate, nan_ok=True)
            left_out = len(complete) < ratings.notna().any(axis=1).sum()
            assert ("incomplete subjects left out" in found.flags) == left_out
    assert (
        intraclass_correlation(ratings, model="ICC(1,1)").n
        == (ratings.notna().sum(axis=1) >= 2).sum()
    )


def test_one_way_raters_have_no_column_of_their_own():
    """Each subject rated by two of three people is a complete one-way table."""
    gap = np.nan
    rotating = pd.DataFrame({"a": [1, gap, 5, 2], "b": [2, 4, gap, 2], "c": [gap, 6, 3, gap]})
    squeezed = [[1, 2], [4, 6], [5, 3], [2, 2]]
    for model in ("ICC(1,1)", "ICC(1,k)"):
        one, other = (intraclass_correlation(r, model=model) for r in (rotating, squeezed))
        assert one.estimate == pytest.approx(other.estimate, rel=1e-12)
        assert one.conf_low == pytest.approx(other.conf_low, rel=1e-12)
        assert one.flags == ()


def test_agreement_can_be_high_where_reliability_is_not():
    ratings = pd.DataFrame({"a": [3] * 45 + [3, 4, 3, 4, 2], "b": [3] * 45 + [4, 3, 2, 3, 3]})
    assert (ratings["a"] == ratings["b"]).mean() == 0.9
    assert intraclass_correlation(ratings, model="ICC(2,1)").estimate < 0.05


# degenerate input -----------------------------------------------------------------------------


def test_complete_agreement_is_one_without_an_interval():
    for found in all_six(pd.DataFrame({"a": [0.1, 0.7, 0.2], "b": [0.1, 0.7, 0.2]})):
        assert found.estimate == 1
        assert not found.is_defined
        assert "no F ratio" in found.flags[0]


def test_no_variation_is_no_coefficient():
    for value in (0.0, 0.1, 1e300):
        for found in all_six(pd.DataFrame(np.full((5, 3), value))):
            assert isnan(found.estimate)
            assert "do not differ" in found.flags[0]


def test_raters_who_differ_by_a_constant_are_consistent():
    ratings = pd.DataFrame({"a": [1.1, 2.2, 3.3], "b": [2.1, 3.2, 4.3]})
    assert intraclass_correlation(ratings, model="ICC(3,1)").estimate == pytest.approx(1)
    assert not intraclass_correlation(ratings, model="ICC(3,1)").is_defined
    absolute = intraclass_correlation(ratings, model="ICC(2,1)")
    assert 0 < absolute.conf_low < absolute.estimate < absolute.conf_high < 1


def test_subjects_who_do_not_differ_give_the_smallest_coefficient():
    ratings = pd.DataFrame({"a": [1, 2, 3], "b": [3, 2, 1]})
    found = intraclass_correlation(ratings, model="ICC(1,1)")
    assert found.estimate == -1
    assert not found.is_defined
    assert isnan(intraclass_correlation(ratings, model="ICC(1,k)").estimate)


def test_far_below_zero_the_approximation_is_not_trusted():
    found = intraclass_correlation([[5, 1], [3, 1], [2, 3]], model="ICC(2,1)")
    assert found.estimate == pytest.approx(-8 / 13)
    assert not found.is_defined
    assert "approximation breaks down" in found.flags[0]


def test_a_lower_limit_that_no_number_bounds_is_infinite():
    ratings = [[2, 3, 5], [5, 5, 2], [4, 5, 4], [5, 4, 4]]
    single = intraclass_correlation(ratings, model="ICC(2,1)")
    assert 1 + 2 * single.conf_low < 0  # beyond the pole of Spearman and Brown's formula
    assert intraclass_correlation(ratings, model="ICC(2,k)").conf_low == -inf


@pytest.mark.parametrize(
    "ratings",
    [
        pd.DataFrame({"a": [], "b": []}),
        pd.DataFrame({"a": [1], "b": [2]}),
        pd.DataFrame({"a": [1, np.nan], "b": [2, 3]}),
        pd.DataFrame({"a": [np.nan] * 3, "b": [1.0, 2, 3]}),
    ],
)
def test_fewer_than_two_subjects_are_said(ratings):
    for found in all_six(ratings):
        assert isnan(found.estimate)
        assert "Two or more subjects" in found.flags[0]


def test_huge_and_tiny_numbers_neither_overflow_nor_vanish():
    ratings = pd.DataFrame({"a": [1.0, 2, 4, 3], "b": [1.0, 3, 4, 2]})
    for factor in (1e300, 1e-300):
        for one, other in zip(all_six(ratings), all_six(ratings * factor), strict=True):
            assert one.estimate == pytest.approx(other.estimate, rel=1e-10)


def test_refusals():
    ratings = pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 4]})
    with pytest.raises(DesignError, match="model must be one of"):
        intraclass_correlation(ratings, model="ICC1")
    with pytest.raises(DesignError, match="needs ratings that are numbers"):
        intraclass_correlation(ratings.replace({1: "x"}))
    with pytest.raises(DesignError, match="two raters or more"):
        intraclass_correlation(ratings[["a"]])
    with pytest.raises(DesignError, match="infinite"):
        intraclass_correlation(ratings.replace({4: np.inf}))
    with pytest.raises(DesignError, match="conf_level"):
        intraclass_correlation(ratings, conf_level=95)
