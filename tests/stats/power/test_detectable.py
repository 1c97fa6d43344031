import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.power import DESIGNS, minimum_detectable_effect

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
COMMON = {
    "n": "n_per_cluster",
    "rho2": "icc",
    "p": "treated_share",
    "r21": "r2_within",
    "r22": "r2_between",
    "g2": "n_covariates",
}


@pytest.mark.parametrize("case", CASES)
def test_powerup_agrees(oracle, case):
    expected = oracle("mdes.powerup")["expected"][case]
    design, names = CASES[case]
    arguments = {({**COMMON, **names}).get(k, k): v for k, v in expected["args"].items()}
    found = minimum_detectable_effect(design, **arguments)
    assert found == pytest.approx(expected["mdes"], rel=1e-9)


def test_every_powerup_case_of_a_minimum_effect_is_compared(oracle):
    assert {k for k, v in oracle("mdes.powerup")["expected"].items() if "mdes" in v} == set(CASES)


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


@given(
    n=st.integers(5, 60),
    j=st.integers(10, 40),
    icc=st.floats(0, 0.4),
    power=st.floats(0.55, 0.95),
)
def test_the_effect_is_found_with_the_power_it_was_made_for(n, j, icc, power):
    effect = minimum_detectable_effect("cra2", n_per_cluster=n, n_clusters=j, icc=icc, power=power)
    se = np.sqrt(icc / (0.25 * j) + (1 - icc) / (0.25 * j * n))
    # PowerUp! takes the sum of two central t quantiles for the noncentral t: close, not equal
    reached = stats.nct.sf(stats.t.isf(0.025, j - 2), j - 2, effect / se)
    assert reached == pytest.approx(power, abs=0.03)


@given(n=st.integers(5, 60), j=st.integers(4, 40), k=st.integers(2, 20), icc=st.floats(0, 0.4))
def test_more_of_anything_detects_less(n, j, k, icc):
    def mdes(n=n, j=j, k=k, icc=icc):
        return minimum_detectable_effect(
            "bcra3f", n_per_cluster=n, n_clusters=j, n_blocks=k, icc=icc
        )

    assert mdes(n=n + 1) <= mdes() + 1e-12
    assert mdes(j=j + 1) < mdes()
    assert mdes(k=k + 1) < mdes()
    assert mdes(icc=icc + 0.1) > mdes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"design": "rct", "n_per_cluster": 10}, "one of ira"),
        ({"design": "cra2", "n_per_cluster": 10, "n_clusters": 2}, "0 degrees of freedom"),
        ({"design": "ira", "n_per_cluster": 1}, "degrees of freedom"),
        ({"design": "cra2", "n_per_cluster": 9, "n_clusters": 9, "n_blocks": 4}, "has no blocks"),
        ({"design": "cra2", "n_per_cluster": 0, "n_clusters": 5}, "must be positive"),
        ({"design": "ira", "n_per_cluster": 50, "treated_share": 1}, "treated_share"),
        ({"design": "ira", "n_per_cluster": 50, "r2_within": 1.2}, "r2_within"),
        ({"design": "cra2", "n_per_cluster": 9, "n_clusters": 9, "icc": float("nan")}, "icc"),
        (
            {"design": "bira2c", "n_per_cluster": 9, "n_clusters": 9, "n_blocks": 5},
            "give their number once",
        ),
        (
            {"design": "bcra3r", "n_per_cluster": 9, "n_blocks": 9, "icc": 0.7, "icc_block": 0.7},
            "must not exceed 1 together",
        ),
    ],
)
def test_what_no_design_can_be_is_refused(arguments, message):
    with pytest.raises(DesignError, match=message):
        minimum_detectable_effect(**arguments)


def test_all_designs_are_reachable():
    for design in DESIGNS:
        assert (
            minimum_detectable_effect(
                design,
                n_per_cluster=20,
                n_clusters=10 if not design.startswith("bira") else 1,
                n_blocks=1 if design in ("ira", "cra2") else 10,
                icc=0.1,
            )
            > 0
        )
