import json
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.power import (
    minimum_detectable_effect,
    power_of_design,
    required_sample,
)

MADE = json.loads(
    (Path(__file__).parents[2] / "oracles" / "made" / "effects.json").read_text(encoding="utf-8")
)["power"]

SOLVED = [
    ("ira", "n_per_cluster", {}),
    ("bira2c", "n_blocks", {"n_per_cluster": 20}),
    ("bira2c", "n_per_cluster", {"n_blocks": 8}),
    ("bira2f", "n_blocks", {"n_per_cluster": 20}),
    ("bira2r", "n_blocks", {"n_per_cluster": 20, "icc": 0.2, "effect_variability": 0.2}),
    ("cra2", "n_clusters", {"n_per_cluster": 24, "icc": 0.15}),
    ("cra2", "n_per_cluster", {"n_clusters": 90, "icc": 0.05}),
    ("bcra3f", "n_blocks", {"n_per_cluster": 24, "n_clusters": 6, "icc": 0.15}),
    ("bcra3f", "n_clusters", {"n_per_cluster": 24, "n_blocks": 6, "icc": 0.15}),
    (
        "bcra3r",
        "n_blocks",
        {
            "n_per_cluster": 24,
            "n_clusters": 6,
            "icc": 0.15,
            "icc_block": 0.1,
            "effect_variability": 0.3,
        },
    ),
]
cases = pytest.mark.parametrize(("design", "unit", "sizes"), SOLVED)


# numbers from R -------------------------------------------------------------------------------


def test_powerup_agrees_and_its_rounding_falls_short(oracle):
    expected = oracle("mdes.powerup")["expected"]["mrss_cra2r2"]
    args = expected["args"]
    design = {"n_per_cluster": args["n"], "icc": args["rho2"], "n_covariates": args["g2"]}
    design |= {"r2_within": args["r21"], "r2_between": args["r22"]}
    nearest = required_sample("cra2", effect=args["es"], rounding="nearest", **design)
    assert nearest == expected["J"]
    # PowerUp! rounds 50.3 to 50, with which .2507 could be found, and .25 not quite
    assert required_sample("cra2", effect=args["es"], **design) == expected["J"] + 1
    assert minimum_detectable_effect("cra2", n_clusters=expected["J"], **design) > args["es"]
    power = power_of_design("cra2", effect=args["es"], n_clusters=expected["J"], **design)
    assert power < 0.80


@pytest.mark.parametrize("case", MADE, ids=lambda case: f"n{case['n']}")
def test_two_groups_agree_with_power_t_test(case):
    found = required_sample(
        "ira",
        effect=case["delta"],
        alpha=case["alpha"],
        two_tailed=case["alternative"] == "two.sided",
        distribution="noncentral",
    )
    assert found == ceil(2 * case["n_per_arm"])


# identities -----------------------------------------------------------------------------------


@cases
@settings(max_examples=25)
@given(
    effect=st.floats(0.15, 1.2),
    power=st.sampled_from([0.5, 0.8, 0.9]),
    distribution=st.sampled_from(["central", "noncentral"]),
)
def test_the_number_found_is_enough_and_one_fewer_is_not(
    design, unit, sizes, effect, power, distribution
):
    test = {"power": power, "distribution": distribution}
    # more students in a fixed number of clusters only help up to a point
    effect = max(effect, 0.3) if unit == "n_per_cluster" else effect
    found = required_sample(design, effect=effect, solve_for=unit, **test, **sizes)
    assert isinstance(found, int)
    assert minimum_detectable_effect(design, **test, **{**sizes, unit: found}) <= effect
    try:
        with_fewer = minimum_detectable_effect(design, **test, **{**sizes, unit: found - 1})
    except DesignError:
        return  # one fewer would be no design
    assert with_fewer > effect


@cases
@settings(max_examples=10)
@given(effect=st.floats(0.3, 1.2))
def test_the_nearest_number_is_the_one_found_or_one_fewer(design, unit, sizes, effect):
    found = required_sample(design, effect=effect, solve_for=unit, **sizes)
    nearest = required_sample(design, effect=effect, solve_for=unit, rounding="nearest", **sizes)
    assert nearest in (found - 1, found)


@pytest.mark.parametrize(
    ("design", "unit"),
    [("ira", "n_per_cluster"), ("bira2c", "n_blocks"), ("cra2", "n_clusters")],
)
def test_each_design_has_a_unit_to_solve_for(design, unit):
    sizes = {} if unit == "n_per_cluster" else {"n_per_cluster": 20}
    assert required_sample(design, effect=0.4, **sizes) == required_sample(
        design, effect=0.4, solve_for=unit, **sizes
    )


@settings(max_examples=25)
@given(effect=st.floats(0.1, 1), more=st.floats(0.01, 0.5))
def test_a_larger_effect_needs_no_more(effect, more):
    sizes = {"n_per_cluster": 20, "icc": 0.15}
    larger = required_sample("cra2", effect=effect + more, **sizes)
    assert larger <= required_sample("cra2", effect=effect, **sizes)


def test_a_huge_effect_needs_the_smallest_design_there_is():
    assert required_sample("ira", effect=1e6) == 3
    assert required_sample("cra2", effect=1e6, n_per_cluster=20, icc=0.1) == 3


# bad and degenerate input ---------------------------------------------------------------------


def test_an_effect_beyond_reach_says_what_could_be_reached():
    sizes = {"n_clusters": 10, "icc": 0.2}
    limit = minimum_detectable_effect("cra2", n_per_cluster=1e9, **sizes)
    with pytest.raises(DesignError, match=f"even a billion would leave {limit:.3g} SD"):
        required_sample("cra2", effect=0.3, solve_for="n_per_cluster", **sizes)


@pytest.mark.parametrize("distribution", ["central", "noncentral"])
def test_a_tiny_effect_needs_very_many(distribution):
    found = required_sample("ira", effect=2e-4, distribution=distribution)
    assert found == pytest.approx(4 * (1.959964 + 0.841621) ** 2 / 4e-8, rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"design": "rct", "effect": 0.2}, "one of ira"),
        ({"design": "ira", "effect": 0}, "positive number of SD, got 0"),
        ({"design": "ira", "effect": -0.2}, "positive number of SD"),
        ({"design": "ira", "effect": float("nan")}, "positive number of SD"),
        ({"design": "ira", "effect": 0.2, "n_per_cluster": 9}, "cannot be given as well"),
        ({"design": "cra2", "effect": 0.2, "solve_for": "n_blocks"}, "has no blocks"),
        ({"design": "bira2c", "effect": 0.2, "solve_for": "n_clusters"}, "has no clusters"),
        ({"design": "cra2", "effect": 0.2, "solve_for": "schools"}, "solve_for must be"),
        (
            {
                "design": "cra2",
                "effect": 0.2,
                "solve_for": "n_per_cluster",
                "n_clusters": 2,
                "icc": 0.1,
            },
            "0 degrees of freedom",
        ),
        ({"design": "cra2", "effect": 0.2, "n_per_cluster": 9, "icc": 2}, "icc must lie"),
        ({"design": "ira", "effect": 0.2, "power": 1}, "power must lie"),
        ({"design": "ira", "effect": 0.2, "rounding": "down"}, "rounding must be"),
    ],
)
def test_what_cannot_be_solved_is_refused(arguments, message):
    with pytest.raises(DesignError, match=message):
        required_sample(**arguments)


def test_a_missing_size_is_an_error():
    with pytest.raises(TypeError, match="n_per_cluster"):
        required_sample("cra2", effect=0.2, icc=0.1)
