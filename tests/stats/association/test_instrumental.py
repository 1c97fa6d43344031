"""Complier effects: R's two-stage least squares, Anderson-Rubin sets by brute force, identities."""

import json
from dataclasses import astuple
from math import inf, isinf, nan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association.anderson_rubin import anderson_rubin_set
from pilot_analysis.stats.association.instrumental import SMALLEST_F, complier_effect
from pilot_analysis.stats.cluster import ols_cluster_robust

MADE_IN = Path(__file__).parents[2] / "oracles" / "made"
MADE = json.loads((MADE_IN / "instrumental.json").read_text("utf-8"))
SIMULATED = dict(list(pd.read_csv(MADE_IN / "instrumental.csv").groupby("set")))
COLUMNS = {"take_up": "used", "assigned": "assigned"}
# case: data set, formula, cluster, block
CASES = {
    "star": ("star", "post ~ 1", "school", None),
    "star_adjusted": ("star", "post ~ pre", "school", None),
    "pilot": ("pilot", "post ~ pre", "class", None),
    "pilot_blocks": ("pilot", "post ~ pre", "class", "school"),
    "pilot_schools": ("pilot", "post ~ 1", "school", None),
    "line": ("line", "post ~ 1", "class", None),
    "rays": ("rays", "post ~ 1", "class", None),
    "modest": ("modest", "post ~ 1", "class", None),
    "few": ("few", "post ~ pre", "class", None),
}
ESTIMABLE = [name for name in CASES if name not in ("line", "rays", "modest")]


@pytest.fixture
def data(oracle_data):
    def read(name):
        if name != "star":
            return SIMULATED[name]
        star = oracle_data("star_k").dropna(subset=["math1", "mathk", "star1"])
        return pd.DataFrame({
            "school": star["schoolidk"], "assigned": star["small"],
            "used": star["star1"] == "small", "pre": star["mathk"], "post": star["math1"],
        })  # fmt: skip

    return read


@pytest.fixture
def pilot(data):
    return data("pilot").reset_index(drop=True)


def effect(data, name, **options):
    source, formula, cluster, block = CASES[name]
    options = {"conf_level": MADE[name]["level"], **options}
    return complier_effect(
        formula, data(source), cluster=cluster, absorb=block, **COLUMNS, **options
    )


# numbers from R ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_first_stage_and_intention_to_treat_agree_with_r(data, name):
    found, expected = effect(data, name), MADE[name]
    assert found.f_statistic == pytest.approx(expected["first_stage"]["F"], rel=1e-8)
    for made, key in ((found.first_stage, "first_stage"), (found.intention_to_treat, "intent")):
        assert (made.n, made.n_clusters) == (expected["n"], expected["n_clusters"])
        assert made.estimate == pytest.approx(expected[key]["estimate"], rel=1e-8)
        assert made.std_error == pytest.approx(expected[key]["se"], rel=1e-8)
        assert made.df == pytest.approx(expected[key]["df"], rel=1e-6)
        assert made.p_value == pytest.approx(expected[key]["p"], rel=1e-6)


@pytest.mark.parametrize("name", ESTIMABLE)
def test_the_estimate_agrees_with_two_stage_least_squares_and_cr2_in_r(data, name):
    found, expected = effect(data, name).estimate, MADE[name]
    assert found.estimate == pytest.approx(expected["two_stage"]["estimate"], rel=1e-8)
    assert found.std_error == pytest.approx(expected["two_stage"]["se"], rel=1e-8)
    assert found.df == pytest.approx(expected["two_stage"]["df"], rel=1e-6)
    assert (found.conf_low, found.conf_high) == pytest.approx(expected["ar_ends"], rel=1e-7)
    assert found.p_value == pytest.approx(expected["intent"]["p"], rel=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_the_anderson_rubin_set_is_the_one_found_by_brute_force_in_r(data, name):
    found, expected = effect(data, name).confidence_set, MADE[name]
    ends = [end for part in found.parts for end in part if not isinf(end)]
    assert ends == pytest.approx(expected["ar_ends"], rel=1e-7)
    assert (found.parts[0][0] == -inf) == expected["ar_far_left"]
    assert (found.parts[-1][1] == inf) == expected["ar_far_right"]
    for value, p in zip(expected["ar_at"], expected["ar_p"], strict=True):
        assert (value in found) == (p >= 1 - expected["level"])


# what must hold -----------------------------------------------------------------------------


@given(st.floats(-4, 4), st.sampled_from(["pilot", "line", "rays", "modest", "few"]))
@settings(max_examples=12)
def test_a_value_is_in_the_set_exactly_when_least_squares_does_not_reject_it(value, name):
    made = SIMULATED[name]
    found = complier_effect("post ~ pre", made, cluster="class", **COLUMNS)
    rest = made.assign(rest=made["post"] - value * made["used"])
    test = ols_cluster_robust("rest ~ pre + assigned", rest, cluster="class")["assigned"]
    assert (value in found.confidence_set) == (test.p_value >= 0.05)


def test_where_everybody_does_as_assigned_it_is_the_intention_to_treat(pilot):
    pilot["used"] = pilot["assigned"]
    found = complier_effect("post ~ pre", pilot, cluster="class", absorb="school", **COLUMNS)
    assert isinf(found.f_statistic)
    assert not found.first_stage.is_defined
    intent = found.intention_to_treat
    wanted = (intent.estimate, intent.std_error, intent.conf_low, intent.conf_high, intent.p_value)
    made = found.estimate
    assert (
        made.estimate, made.std_error, made.conf_low, made.conf_high, made.p_value
    ) == pytest.approx(wanted, rel=1e-9)  # fmt: skip


def test_scale_origin_order_and_labels_do_not_matter(pilot):
    first = complier_effect("post ~ pre", pilot, cluster="class", **COLUMNS).estimate
    other = pilot.assign(post=100 - 7 * pilot["post"], pre=pilot["pre"] * 1e5)
    other["class"] = other["class"].map(lambda c: f"class {99 - c}")
    other = other.sample(frac=1, random_state=2)
    again = complier_effect("post ~ pre", other, cluster="class", **COLUMNS).estimate
    assert again.estimate == pytest.approx(-7 * first.estimate, rel=1e-8)
    assert again.std_error == pytest.approx(7 * first.std_error, rel=1e-8)
    assert again.conf_low == pytest.approx(-7 * first.conf_high, rel=1e-8)
    assert again.p_value == pytest.approx(first.p_value, rel=1e-7)


def test_naming_the_sides_the_other_way_round_changes_nothing(pilot):
    first = complier_effect("post ~ pre", pilot, cluster="class", **COLUMNS).estimate
    turned = pilot.assign(assigned=1 - pilot["assigned"])
    again = complier_effect("post ~ pre", turned, cluster="class", **COLUMNS).estimate
    assert (again.estimate, again.std_error) == pytest.approx((first.estimate, first.std_error))
    assert (again.conf_low, again.conf_high) == pytest.approx((first.conf_low, first.conf_high))


def test_incomplete_rows_and_flags_count_as_in_complete_data(pilot):
    whole = complier_effect("post ~ pre", pilot.iloc[20:], cluster="class", **COLUMNS)
    holes = pilot.astype({"used": "boolean", "assigned": object})
    holes.loc[:9, "used"] = pd.NA
    holes.loc[10:19, "assigned"] = None
    found = complier_effect("post ~ pre", holes, cluster="class", **COLUMNS)
    assert astuple(found.estimate)[1:-3] == pytest.approx(astuple(whole.estimate)[1:-3])


@given(st.floats(0.5, 0.999))
@settings(max_examples=10)
def test_p_is_below_alpha_exactly_when_the_interval_excludes_zero(conf_level):
    found = complier_effect(
        "post ~ pre", SIMULATED["pilot"], cluster="class", conf_level=conf_level, **COLUMNS
    ).estimate
    assert (found.p_value < 1 - conf_level) == (found.conf_low > 0 or found.conf_high < 0)


@given(st.floats(-3, 3), st.integers(0, 30))
@settings(max_examples=12)
def test_with_classes_of_one_size_the_test_is_students_t_on_class_means(value, seed):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"class": np.repeat(range(12), 8)})
    data["assigned"] = data["class"] % 2
    data["used"] = (rng.normal(size=96) + 0.5 * data["assigned"] > 0.3).astype(float)
    data["y"] = data["used"] + rng.normal(0, 0.4, 12)[data["class"]] + rng.normal(size=96)
    found = complier_effect("y ~ 1", data, cluster="class", **COLUMNS).confidence_set
    rest = data.assign(rest=data["y"] - value * data["used"]).groupby("class")[["assigned", "rest"]]
    sides = [side["rest"] for _, side in rest.mean().groupby("assigned")]
    assert (value in found) == (stats.ttest_ind(*sides).pvalue >= 0.05)


# what cannot be answered --------------------------------------------------------------------


def test_a_weak_first_stage_is_not_estimable_but_keeps_its_set(data):
    found = effect(data, "modest")
    assert found.f_statistic < SMALLEST_F
    assert found.confidence_set.shape == "interval"
    assert not found.estimate.is_defined
    assert np.isnan(found.estimate.estimate)
    assert "Not estimable: the offer changed take-up too little" in found.estimate.flags[0]
    asked = effect(data, "modest", smallest_f=9.0).estimate
    assert asked.estimate == pytest.approx(MADE["modest"]["two_stage"]["estimate"], rel=1e-8)


def test_a_set_without_ends_is_not_estimable_however_low_the_bar(data):
    rays, line = (effect(data, name, smallest_f=0.0) for name in ("rays", "line"))
    assert rays.confidence_set.shape == "two rays"
    assert rays.confidence_set.words == "at most -1.18 or at least 1.53"
    assert 0.0 not in rays.confidence_set
    assert line.confidence_set.words == "any value at all: these data exclude none"
    for found in (rays, line):
        assert "the Anderson-Rubin set is no interval" in found.estimate.flags[0]


def test_a_strong_first_stage_on_few_clusters_is_flagged(data):
    assert effect(data, "few").estimate.flags == ("few clusters",)


def test_where_the_quadratic_is_linear_the_set_is_one_ray():
    # take-up 2, its variance 4 and a critical value of 1: the square drops out
    level = 0.5  # t is 1 at one df
    variances = np.array([[4.0, 1.0], [1.0, 4.0]])
    right = anderson_rubin_set(3.0, 2.0, variances, df=1, conf_level=level)
    assert right.shape == "one ray"
    assert right.parts[0] == pytest.approx((0.5, inf))
    assert right.words == "at least 0.5"
    left = anderson_rubin_set(-3.0, 2.0, variances * [[1, -1], [-1, 1]], df=1, conf_level=level)
    assert left.parts[0] == pytest.approx((-inf, -0.5))
    flat = anderson_rubin_set(0.5, 2.0, variances, df=1, conf_level=level)
    assert flat.shape == "whole line"


def test_a_difference_in_take_up_of_zero_is_not_estimable():
    data = pd.DataFrame({"class": np.repeat(range(8), 4), "used": [0, 1, 0, 1] * 8})
    data["assigned"] = data["class"] % 2
    data["y"] = np.random.default_rng(1).normal(size=32)
    data.loc[data["class"].isin([0, 1]), "used"] = [1, 1, 0, 1] * 2
    found = complier_effect("y ~ 1", data, cluster="class", **COLUMNS)
    assert found.f_statistic == pytest.approx(0, abs=1e-20)
    assert found.confidence_set.shape == "whole line"
    assert "first-stage F 0.0" in found.estimate.flags[0]


def test_an_outcome_that_is_take_up_itself_leaves_no_chance(pilot):
    found = complier_effect("y ~ 1", pilot.assign(y=3 * pilot["used"]), cluster="class", **COLUMNS)
    assert found.estimate.estimate == pytest.approx(3)
    assert "explains the outcome exactly" in found.estimate.flags[0]


@pytest.mark.parametrize(
    ("formula", "change", "sentence"),
    [
        ("post ~ pre", {"used": 0}, "'used' is 0 for everybody.*nobody's take-up"),
        ("post ~ pre", {"used": lambda d: d["pre"]}, "'used' must hold 0 and 1 only.*any use"),
        ("post ~ pre", {"used": lambda d: d["used"].map({0: "no", 1: "yes"})}, "it holds 'no'"),
        ("post ~ pre", {"assigned": 1}, "cannot be told apart: assigned"),
        ("post ~ pre", {"assigned": nan}, "no row has a value"),
        ("post ~ pre", {"post": 4.0}, "no variation between clusters"),
        ("post ~ pre", {"post": inf}, "infinite"),
        ("post ~ pre", {"class": 1}, "holds 1 cluster"),
        ("post ~ pre", {"assigned": lambda d: (d["class"] == 2).astype(int)}, "single cluster"),
        ("post ~ used", {}, "'used' is the take-up and must not stand in the formula"),
        ("post ~ assigned", {}, "'assigned' is the assignment and must not stand in the formula"),
        ("post", {}, "has no outcome"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(pilot, formula, change, sentence):
    with pytest.raises(DesignError, match=sentence):
        complier_effect(formula, pilot.assign(**change), cluster="class", **COLUMNS)


def test_a_column_that_is_not_there_is_named(pilot):
    with pytest.raises(DesignError, match="no column 'usage'"):
        complier_effect("post ~ 1", pilot, cluster="class", take_up="usage", assigned="assigned")
