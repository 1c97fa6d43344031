import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.power import DESIGNS, minimum_detectable_effect, power_of_design
from pilot_analysis.stats.power.designs import effect_precision

MADE = json.loads(
    (Path(__file__).parents[2] / "oracles" / "made" / "effects.json").read_text(encoding="utf-8")
)["power"]

# what PowerUpR calls the arguments, level by level
CASES = {
    "ira1r1": ("ira", {"n": "n_per_cluster", "g1": "n_covariates"}),
    "bira2c1": ("bira2c", {"n": "n_per_cluster", "J": "n_blocks", "g1": "n_covariates"}),
    "bira2f1": ("bira2f", {"n": "n_per_cluster", "J": "n_clusters", "g1": "n_covariates"}),
    "bira2r1": ("bira2r", {"J": "n_blocks", "r2t2": "r2_effect", "omega2": "effect_variability"}),
    "cra2r2": ("cra2", {"J": "n_clusters"}),
    "cra2r2_unbalanced": ("cra2", {"J": "n_clusters"}),
    "cra2r2_one_tailed_power90": ("cra2", {"J": "n_clusters"}),
    "bcra3f2": ("bcra3f", {"J": "n_clusters", "K": "n_blocks"}),
    "bcra3r2": (
        "bcra3r",
        {
            "J": "n_clusters",
            "K": "n_blocks",
            "rho3": "icc_block",
            "omega3": "effect_variability",
            "r2t3": "r2_effect",
            "g3": "n_covariates",
        },
    ),
}
POWERS = {
    "power_cra2r2": ("cra2", {"J": "n_clusters"}),
    "power_bira2c1": ("bira2c", {"J": "n_blocks", "g1": "n_covariates"}),
}
COMMON = {
    "n": "n_per_cluster",
    "es": "effect",
    "rho2": "icc",
    "p": "treated_share",
    "r21": "r2_within",
    "r22": "r2_between",
    "g2": "n_covariates",
}
TEST = ("alpha", "power", "two_tailed")


def arguments_of(expected, names):
    return {({**COMMON, **names}).get(k, k): v for k, v in expected["args"].items()}


@st.composite
def any_design(draw):
    """Return a design and sizes that suit it."""
    design = draw(st.sampled_from(DESIGNS))
    sizes = {
        "n_per_cluster": draw(st.integers(8, 60)),
        "icc": draw(st.floats(0, 0.4)),
        "icc_block": draw(st.floats(0, 0.3)),
        "effect_variability": draw(st.floats(0, 1)),
        "treated_share": draw(st.floats(0.3, 0.7)),
        "r2_within": draw(st.floats(0, 0.8)),
        "r2_between": draw(st.floats(0, 0.8)),
        "n_covariates": draw(st.integers(0, 2)),
    }
    if design not in ("ira", "cra2"):
        sizes["n_blocks"] = draw(st.integers(4, 30))
    if design == "cra2" or design.startswith("bcra"):
        sizes["n_clusters"] = draw(st.integers(5, 30))
    return design, sizes


# numbers from R -------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_powerup_agrees(oracle, case):
    expected = oracle("mdes.powerup")["expected"][case]
    design, names = CASES[case]
    arguments = arguments_of(expected, names)
    found = minimum_detectable_effect(design, **arguments)
    precision = effect_precision(design, **{k: v for k, v in arguments.items() if k not in TEST})
    assert found == pytest.approx(expected["mdes"], rel=1e-9)
    assert precision.df == expected["df"]
    assert found / precision.std_error == pytest.approx(expected["M"], rel=1e-9)
    # PowerUpR's interval is that of an estimate equal to the detectable effect
    alpha, tails = arguments.get("alpha", 0.05), 2 if arguments.get("two_tailed", True) else 1
    half = stats.t.isf(alpha / tails, precision.df) * precision.std_error
    assert [found - half, found + half] == pytest.approx(expected["ci"], rel=1e-8)


@pytest.mark.parametrize("case", POWERS)
def test_powerup_power_agrees(oracle, case):
    expected = oracle("mdes.powerup")["expected"][case]
    design, names = POWERS[case]
    arguments = arguments_of(expected, names)
    assert power_of_design(design, **arguments) == pytest.approx(expected["power"], rel=1e-9)
    effect = arguments.pop("effect")
    precision = effect_precision(design, **arguments)
    assert precision.df == expected["df"]
    assert effect / precision.std_error == pytest.approx(expected["ncp"], rel=1e-9)


def test_every_powerup_case_is_compared(oracle):
    cases = set(oracle("mdes.powerup")["expected"])
    assert cases == {*CASES, *POWERS, "mrss_cra2r2"}  # the last one in test_sample.py


@pytest.mark.parametrize("case", MADE, ids=lambda case: f"n{case['n']}")
def test_two_groups_agree_with_power_t_test(case):
    settings = {"alpha": case["alpha"], "two_tailed": case["alternative"] == "two.sided"}
    settings["n_per_cluster"] = 2 * case["n"]
    power = power_of_design("ira", effect=case["delta"], **settings)
    detectable = minimum_detectable_effect("ira", distribution="noncentral", **settings)
    assert power == pytest.approx(case["power"], rel=1e-8)
    assert detectable == pytest.approx(case["detectable"], rel=1e-8)


# numbers from publications --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("design", "arguments", "expected"),
    [
        ("ira", {"n_per_cluster": 250}, 0.356),
        ("bira2c", {"n_per_cluster": 15, "n_clusters": 20}, 0.325),
        ("cra2", {"n_per_cluster": 15, "n_clusters": 20, "icc": 0.17}, 0.629),
        ("cra2", {"n_per_cluster": 60, "n_clusters": 10, "icc": 0.20}, 0.933),
        (
            "cra2",
            {
                "n_per_cluster": 60,
                "n_clusters": 10,
                "icc": 0.20,
                "r2_within": 0.5,
                "r2_between": 0.7,
            },
            0.522,
        ),
    ],
)
def test_dong_and_maynard_2013_and_the_pilots_of_methods_md(design, arguments, expected):
    assert round(minimum_detectable_effect(design, **arguments), 3) == expected


@pytest.mark.parametrize(("r2", "these", "like_these"), [(0.5, 0.17, 0.26), (0.0, 0.24, 0.32)])
def test_a_demo_sized_pilot_for_these_schools_and_for_schools_like_these(r2, these, like_these):
    # ten schools with ten classes of 24, class icc .15, half or none of the variance explained
    pilot = {"n_per_cluster": 24, "n_clusters": 10, "n_blocks": 10, "icc": 0.15}
    pilot |= {"r2_within": r2, "r2_between": r2}
    assert round(minimum_detectable_effect("bcra3f", **pilot), 2) == these
    pilot |= {"icc_block": 0.10, "effect_variability": 0.3}
    assert round(minimum_detectable_effect("bcra3r", **pilot), 2) == like_these


# identities -----------------------------------------------------------------------------------


@settings(max_examples=50)
@given(
    case=any_design(),
    power=st.floats(0.3, 0.97),
    alpha=st.sampled_from([0.01, 0.05, 0.1]),
    two_tailed=st.booleans(),
    distribution=st.sampled_from(["central", "noncentral"]),
)
def test_the_power_at_the_detectable_effect_is_the_power_asked_for(
    case, power, alpha, two_tailed, distribution
):
    design, sizes = case
    test = {"alpha": alpha, "two_tailed": two_tailed, "distribution": distribution}
    effect = minimum_detectable_effect(design, power=power, **test, **sizes)
    assert power_of_design(design, effect=effect, **test, **sizes) == pytest.approx(power, rel=1e-9)


@settings(max_examples=50)
@given(case=any_design())
def test_powerups_sum_of_quantiles_is_close_to_the_exact_answer(case):
    design, sizes = case
    df = effect_precision(design, **sizes).df
    exact = minimum_detectable_effect(design, distribution="noncentral", **sizes)
    powerup = minimum_detectable_effect(design, **sizes)
    assert powerup == pytest.approx(exact, rel=0.15 if df < 2 else 0.055 if df < 6 else 0.005)


@settings(max_examples=50)
@given(case=any_design())
def test_without_an_effect_the_power_is_alpha_and_it_rises_with_the_effect(case):
    design, sizes = case
    powers = [power_of_design(design, effect=e, **sizes) for e in (0, 0.1, 0.4, 1.0)]
    assert powers[0] == pytest.approx(0.05, rel=1e-9)
    assert powers == sorted(powers)
    assert power_of_design(design, effect=-0.4, **sizes) == powers[2]
    one_tailed = power_of_design(design, effect=0.4, two_tailed=False, **sizes)
    assert one_tailed > powers[2] or powers[2] > 1 - 1e-9
    assert power_of_design(design, effect=-0.4, two_tailed=False, **sizes) <= 0.05


@settings(max_examples=50)
@given(case=any_design(), distribution=st.sampled_from(["central", "noncentral"]))
def test_more_of_anything_detects_less(case, distribution):
    design, sizes = case

    def mdes(**changed):
        return minimum_detectable_effect(design, distribution=distribution, **{**sizes, **changed})

    assert mdes(n_per_cluster=sizes["n_per_cluster"] + 1) <= mdes() * (1 + 1e-9)
    for unit in ("n_clusters", "n_blocks"):
        if unit in sizes:
            assert mdes(**{unit: sizes[unit] + 1}) <= mdes() * (1 + 1e-9)
    assert mdes(r2_within=0.9) < mdes()
    assert mdes(treated_share=0.5) <= mdes() * (1 + 1e-12)
    assert mdes(power=0.9) > mdes()
    assert mdes(alpha=0.01) > mdes()
    assert mdes(two_tailed=False) < mdes()


@settings(max_examples=30)
@given(case=any_design(), icc=st.floats(0.01, 0.3))
def test_a_larger_icc_detects_less_where_clusters_were_assigned(case, icc):
    design, sizes = case
    sizes = {**sizes, "icc_block": 0.0, "r2_between": 0.0, "r2_within": 0.0}
    one, other = (
        minimum_detectable_effect(design, **{**sizes, "icc": rho}) for rho in (icc, icc + 0.1)
    )
    if "cra" in design:
        assert other > one
    elif design != "bira2r":
        assert other == one


def test_classes_as_blocks_of_their_own_are_students_assigned():
    # one class that fills a cluster each: the icc of clusters of one is all of the variance
    clusters = minimum_detectable_effect("cra2", n_per_cluster=1, n_clusters=100, icc=0.3)
    students = minimum_detectable_effect("ira", n_per_cluster=100)
    assert clusters == pytest.approx(students, rel=1e-12)


# bad and degenerate input ---------------------------------------------------------------------


@pytest.mark.parametrize("compute", [minimum_detectable_effect, power_of_design])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"design": "rct", "n_per_cluster": 10}, "one of ira"),
        ({"design": "cra2", "n_per_cluster": 10, "n_clusters": 2}, "0 degrees of freedom"),
        ({"design": "ira", "n_per_cluster": 1}, "less than one unit"),
        ({"design": "ira", "n_per_cluster": 2}, "0 degrees of freedom"),
        ({"design": "ira", "n_per_cluster": 5, "n_covariates": 3}, "for 3 covariates"),
        ({"design": "cra2", "n_per_cluster": 9, "n_clusters": 9, "n_blocks": 4}, "has no blocks"),
        ({"design": "cra2", "n_per_cluster": 0, "n_clusters": 5}, "at least 1"),
        ({"design": "cra2", "n_per_cluster": float("nan"), "n_clusters": 5}, "at least 1"),
        ({"design": "cra2", "n_per_cluster": float("inf"), "n_clusters": 5}, "must be finite"),
        ({"design": "ira", "n_per_cluster": 50, "treated_share": 1}, "treated_share"),
        ({"design": "ira", "n_per_cluster": 50, "treated_share": 0}, "treated_share"),
        ({"design": "cra2", "n_per_cluster": 9, "n_clusters": 9, "treated_share": 0.05}, "one arm"),
        ({"design": "ira", "n_per_cluster": 50, "r2_within": 1.2}, "r2_within"),
        ({"design": "cra2", "n_per_cluster": 9, "n_clusters": 9, "icc": float("nan")}, "icc"),
        ({"design": "cra2", "n_per_cluster": 9, "n_clusters": 9, "icc": -0.1}, "icc"),
        ({"design": "cra2", "n_per_cluster": 9, "n_clusters": 9, "icc": 1}, "icc"),
        ({"design": "ira", "n_per_cluster": 50, "alpha": 0}, "alpha"),
        ({"design": "bira2r", "n_per_cluster": 5, "n_blocks": 1}, "0 degrees of freedom"),
        (
            {"design": "bira2c", "n_per_cluster": 9, "n_clusters": 9, "n_blocks": 5},
            "give their number once",
        ),
        ({"design": "bira2f", "n_per_cluster": 9, "n_blocks": 0}, "at least 1"),
        ({"design": "bira2f", "n_per_cluster": 1, "n_blocks": 9}, "need a student in every block"),
        ({"design": "bcra3r", "n_per_cluster": 9, "n_blocks": 9}, "need a cluster in every block"),
        (
            {
                "design": "bcra3r",
                "n_per_cluster": 9,
                "n_clusters": 4,
                "n_blocks": 9,
                "icc": 0.7,
                "icc_block": 0.7,
            },
            "must not exceed 1 together",
        ),
        (
            {
                "design": "bira2r",
                "n_per_cluster": 9,
                "n_blocks": 9,
                "effect_variability": float("nan"),
            },
            "effect_variability must not be negative",
        ),
        ({"design": "ira", "n_per_cluster": 50, "distribution": "t"}, "distribution must be"),
    ],
)
def test_what_no_design_can_be_is_refused(compute, arguments, message):
    effect = {"effect": 0.2} if compute is power_of_design else {}
    with pytest.raises(DesignError, match=message):
        compute(**arguments, **effect)


@pytest.mark.parametrize("power", [0, 1, 0.05, 0.01, float("nan")])
def test_power_must_lie_above_alpha(power):
    with pytest.raises(DesignError, match=r"power must lie between alpha \(0.05\) and 1"):
        minimum_detectable_effect("ira", n_per_cluster=50, power=power)


def test_an_unknown_effect_has_no_power():
    with pytest.raises(DesignError, match="effect must be a known number"):
        power_of_design("ira", n_per_cluster=50, effect=float("nan"))


def test_an_unknown_size_is_an_error():
    with pytest.raises(TypeError, match="n_students"):
        minimum_detectable_effect("ira", n_students=50)
