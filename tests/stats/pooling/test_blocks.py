from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.pooling import effects_by_block, random_effects_meta

STAR = Path(__file__).parents[3] / "data" / "raw" / "star" / "star_student_years.csv"
OPTIONS = [(a, v) for a in ("people", "clusters") for v in ("pooled", "own")]


@pytest.fixture(scope="module")
def kindergarten():
    data = pd.read_csv(STAR, usecols=["sch", "gr", "cltype", "math", "tch"])
    data = data[(data["gr"] == "K") & data["math"].notna()]
    return data.assign(arm=np.where(data["cltype"] == "small", "small", "other"))


def of(data, **options):
    return effects_by_block(
        data["math"], data["arm"], data["tch"], data["sch"], reference="other", **options
    )


def pilot(sizes, seed=0, class_sd=3.0, residual_sd=5.0):
    """Students of `sizes[block][arm] = [class size, ...]`, arms 0 and 1."""
    rng, rows, number = np.random.default_rng(seed), [], 0
    for block, arms in enumerate(sizes):
        for arm, classes in enumerate(arms):
            for size in classes:
                level = rng.normal(10 * block + 2 * arm, class_sd)
                y = rng.normal(level, residual_sd, size)
                rows += [(value, arm, f"class {number}", f"school {block}") for value in y]
                number += 1
    return pd.DataFrame(rows, columns=["y", "arm", "cluster", "block"])


def effects(data, **options):
    return effects_by_block(
        data["y"], data["arm"], data["cluster"], data["block"], reference=0, **options
    )


# STAR: what the unit of analysis does to the differences between schools -------------------------


def test_star_students_taken_as_independent_make_schools_look_different(kindergarten):
    cells = kindergarten.groupby(["arm", "sch"])["math"].agg(["mean", "var", "size"])
    small, other = cells.loc["small"], cells.loc["other"]
    variance = small["var"] / small["size"] + other["var"] / other["size"]
    found = random_effects_meta(small["mean"] - other["mean"], np.sqrt(variance))
    assert found.estimate.n == 79
    assert (round(found.tau2), round(found.i2)) == (283, 74)


def test_star_classes_leave_little_of_it(kindergarten):
    fewest = kindergarten.groupby(["sch", "arm"])["tch"].nunique().groupby("sch").min()
    assert (fewest == 1).sum() == 35
    for average, tau2, i2 in (("people", 40.76, 9.7), ("clusters", 55.17, 12.2)):
        by_school = of(kindergarten, average=average)
        assert len(by_school.estimates) == 79
        assert by_school.left_out == ()
        # 337 classes in 158 cells; students add no df to that
        assert max(e.df for e in by_school.estimates) == by_school.pooled_df == 179
        found = random_effects_meta(by_school.estimate, by_school.std_error)
        assert (round(found.tau2, 2), round(found.i2, 1)) == (tau2, i2)
        assert found.tau2_interval[0] == 0


def test_star_variances_of_two_classes_each_are_too_noisy_to_weigh_by(kindergarten):
    by_school = of(kindergarten, variance="own")
    found = random_effects_meta(by_school.estimate, by_school.std_error)
    assert found.i2 > 50
    assert min(e.df for e in by_school.estimates) < 1.01


# numbers that other formulas give --------------------------------------------------------------


def test_one_student_a_class_is_students_t_with_a_pooled_variance():
    data = pilot([[[1] * 4, [1] * 6], [[1] * 3, [1] * 5]])
    found = effects(data)
    groups = data.groupby(["block", "arm"])["y"]
    pooled = (groups.var() * (groups.size() - 1)).sum() / (groups.size() - 1).sum()
    assert found.residual_variance == 0
    assert found.cluster_variance == pytest.approx(pooled)
    for estimate, n in zip(found.estimates, ((4, 6), (3, 5)), strict=True):
        assert estimate.std_error == pytest.approx(np.sqrt(pooled * (1 / n[0] + 1 / n[1])))
        assert estimate.df == found.pooled_df == 14


def test_classes_of_one_size_are_an_analysis_of_their_means():
    data = pilot([[[8] * 3, [8] * 2], [[8] * 2, [8] * 4]])
    means = data.groupby(["block", "arm", "cluster"])["y"].mean().groupby(level=[0, 1])
    pooled = (means.var() * (means.size() - 1)).sum() / (means.size() - 1).sum()
    for average in ("people", "clusters"):
        found = effects(data, average=average)
        for estimate, count in zip(found.estimates, ((3, 2), (2, 4)), strict=True):
            expected = np.sqrt(pooled * (1 / count[0] + 1 / count[1]))
            assert estimate.std_error == pytest.approx(expected)
            assert estimate.df == found.pooled_df == 7


def test_own_variances_of_classes_of_one_size_are_welchs_t():
    data = pilot([[[8] * 3, [8] * 4]])
    found = effects(data, variance="own", average="clusters").estimates[0]
    means = data.groupby(["arm", "cluster"])["y"].mean()
    welch = stats.ttest_ind(means[1], means[0], equal_var=False)
    assert found.statistic == pytest.approx(welch.statistic)
    assert found.df == pytest.approx(welch.df)
    assert found.p_value == pytest.approx(welch.pvalue)


def test_the_difference_is_that_of_students_or_of_classes():
    data = pilot([[[2, 10], [3, 3, 9]]])
    by_arm = data.groupby("arm")["y"].mean()
    by_class = data.groupby(["arm", "cluster"])["y"].mean().groupby("arm").mean()
    assert effects(data).estimate[0] == pytest.approx(by_arm[1] - by_arm[0])
    assert effects(data, average="clusters").estimate[0] == pytest.approx(by_class[1] - by_class[0])


def test_the_variances_are_right_on_average():
    sizes = [[[4, 12, 7], [9, 3]], [[6, 6], [15]], [[2, 20], [8, 8, 8]]]
    made = [effects(pilot(sizes, seed)) for seed in range(150)]
    assert np.mean([m.residual_variance for m in made]) == pytest.approx(25, rel=0.04)
    # S_c is cut at 0 in few of them
    assert np.mean([m.cluster_variance for m in made]) == pytest.approx(9, rel=0.2)
    effect = np.array([m.estimate for m in made])
    squares = np.mean([m.std_error**2 for m in made], axis=0)
    assert squares == pytest.approx(effect.var(axis=0), rel=0.35)
    covered = [[e.conf_low <= 2 <= e.conf_high for e in m.estimates] for m in made]
    assert 0.92 <= np.mean(covered) <= 0.98


# identities ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("average", "variance"), OPTIONS)
@given(seed=st.integers(0, 1000))
@settings(max_examples=5)
def test_rows_labels_origin_and_unit_do_not_matter(average, variance, seed):
    data = pilot([[[3, 5], [4, 2]], [[6], [2, 3, 3]]], seed)
    one = effects(data, average=average, variance=variance)
    other = data.sample(frac=1, random_state=seed)
    # labels of classes need only be unique within a school
    number = other.groupby("block")["cluster"].rank(method="dense")
    other = other.assign(y=100 - 7 * other["y"], cluster=number)
    two = effects(other, average=average, variance=variance)
    np.testing.assert_allclose(two.estimate, -7 * one.estimate, rtol=1e-7)
    np.testing.assert_allclose(two.std_error, 7 * one.std_error, rtol=1e-7)
    assert [e.df for e in two.estimates] == pytest.approx([e.df for e in one.estimates])
    assert [e.name for e in two.estimates] == ["school 0", "school 1"]


@pytest.mark.parametrize(("average", "variance"), OPTIONS)
def test_exchanging_the_arms_turns_the_sign(average, variance):
    data = pilot([[[3, 5], [4, 2]], [[6], [2, 3, 3]]])
    one = effects(data, average=average, variance=variance)
    two = effects(data.assign(arm=1 - data["arm"]), average=average, variance=variance)
    np.testing.assert_allclose(two.estimate, -one.estimate)
    np.testing.assert_allclose(two.std_error, one.std_error)


def test_counts_are_students_and_classes_and_df_no_more_than_classes_allow():
    found = effects(pilot([[[3, 5], [4, 2]], [[6], [2, 3, 3]]]))
    assert [(e.n, e.n_clusters) for e in found.estimates] == [(14, 4), (14, 4)]
    assert found.pooled_df == 4
    assert all(0 < e.df <= 4 for e in found.estimates)
    assert {e.method for e in found.estimates} == {"effects_by_block"}


def test_classes_that_differ_no_more_than_their_students_leave_the_students_variance():
    data = pilot([[[6, 6], [6, 6]]], class_sd=0)
    middle = data.groupby("cluster")["y"].transform("mean")
    level = data["y"] - middle + 10 * data["arm"] + 0.01 * (data["cluster"] == "class 1")
    found = effects(data.assign(y=level))
    assert found.cluster_variance == 0
    assert found.estimates[0].std_error == pytest.approx(np.sqrt(found.residual_variance / 6))
    assert found.estimates[0].df == found.pooled_df == 2


def test_own_variances_of_zero_give_way_to_the_pooled_one():
    data = pilot([[[4, 4], [4, 4]], [[4, 4], [4, 4]]])
    same = data["block"] == "school 0"
    y = data["y"].where(~same, data["arm"] + np.tile([1.0, -1.0], len(data) // 2))
    own, pooled = (effects(data.assign(y=y), variance=v) for v in ("own", "pooled"))
    assert own.estimates[0].std_error == pooled.estimates[0].std_error > 0
    assert own.estimates[1].std_error != pooled.estimates[1].std_error


# degenerate data -------------------------------------------------------------------------------


def test_a_school_with_one_arm_is_left_out_and_named():
    data = pilot([[[3, 5], [4, 2]], [[6, 3], []], [[], [4]]])
    found = effects(data)
    assert [e.name for e in found.estimates] == ["school 0"]
    assert found.left_out == ("school 1", "school 2")


def test_one_class_an_arm_everywhere_has_no_variance_between_classes():
    with pytest.raises(DesignError, match="No arm has two clusters in any block"):
        effects(pilot([[[3], [4]], [[6], [2]]]))


def test_no_school_with_both_arms_is_refused():
    with pytest.raises(DesignError, match="No block holds both arms"):
        effects(pilot([[[3, 2], []], [[], [2, 2]]]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": 5.0}, "does not vary within the arms"),
        ({"y": np.inf}, "16 outcomes, arms, clusters or blocks are missing or infinite"),
        ({"y": 1e200}, "16 outcomes, arms, clusters or blocks are missing or infinite"),
        ({"cluster": None}, "missing or infinite"),
        ({"arm": 1}, "two arms, one of them the reference 0; got 1"),
        ({"arm": ["a", "b"] * 8}, "two arms, one of them the reference 0; got a, b"),
        ({"arm": [0, 1, 2, 1] * 4}, "got 0, 1, 2"),
        ({"arm": [0, 1] * 8}, "hold both arms"),
    ],
)
def test_what_cannot_be_compared_is_refused(change, message):
    with pytest.raises(DesignError, match=message):
        effects(pilot([[[4, 4], [4, 4]]]).assign(**change))


def test_missing_values_lengths_and_options_are_refused():
    data = pilot([[[4, 4], [4, 4]]])
    with pytest.raises(DesignError, match="1 outcomes, arms, clusters or blocks are missing"):
        effects(data.assign(y=data["y"].where(data.index > 0)))
    with pytest.raises(DesignError, match="one length; they differ: 1, 16, 16, 16"):
        effects_by_block([1.0], data["arm"], data["cluster"], data["block"], reference=0)
    with pytest.raises(DesignError, match="got none"):
        effects_by_block([], [], [], [], reference=0)
    with pytest.raises(DesignError, match="'median' is not one of people, clusters"):
        effects(data, average="median")
    with pytest.raises(DesignError, match="'none' is not one of pooled, own"):
        effects(data, variance="none")


def test_small_units_change_no_degrees_of_freedom():
    rng = np.random.default_rng(5)
    y, arm = rng.normal(size=48), np.tile(["a", "b"], 24)
    labels = arm, np.arange(48) // 4 * 2 + np.arange(48) % 2, np.arange(48) // 24
    plain, small = (
        effects_by_block(scale * y, *labels, reference="a").estimates for scale in (1, 1e-90)
    )
    assert [e.df for e in small] == pytest.approx([e.df for e in plain])
