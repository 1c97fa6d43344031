"""Weights, fixed effects, contrasts and joint tests: numbers that clubSandwich gave."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pilot_analysis.stats.cluster import ols_cluster_robust

MADE = json.loads(
    (Path(__file__).parents[2] / "oracles" / "made" / "cluster_robust.json").read_text("utf-8")
)
# case: formula, cluster, weights, absorbed instead of the dummies that R fitted
CASES = {
    "weighted": ("mathk ~ small + free", "schoolidk", "w", None),
    "weighted_classes": ("mathk ~ arm + boy", "class", "w", None),
    "weighted_dummies": ("mathk ~ small + free + sf", "class", "w", None),
    "nested_effects": ("mathk ~ small + free", "class", None, "sf"),
    "crossed_effects": ("mathk ~ small + experiencek + gender", "schoolidk", None, "lunchk"),
    "inner_effects": ("mathk ~ free + boy", "schoolidk", None, "class"),
    "lone_term": ("mathk ~ small + lone", "schoolidk", None, None),
    "two_against_eight": ("mathk ~ few + free", "schoolidk", None, None),
    "no_intercept": ("mathk ~ 0 + arm + boy", "schoolidk", None, None),
    "places": ("mathk ~ place + small", "schoolidk", None, None),
}
FULL = {"weighted_classes", "no_intercept", "places", "contrasts"}  # of all schools
ARMS = ["regular", "regular+aide", "small"]


@pytest.fixture
def data(oracle_data):
    def read(full):
        found = oracle_data("star_k" if full else "star_k10")
        found = found.dropna(subset=["mathk", "experiencek", "degreek"] if full else ["mathk"])
        if not full:
            found = found.dropna(subset="lunchk")
        school = found["schoolidk"].astype(int)
        experience = found["experiencek"].astype(int).astype(str)
        return found.assign(
            free=(found["lunchk"] == "free").astype(float),
            boy=(found["gender"] == "male").astype(float),
            w=1 + found["row"] % 5,
            sf=pd.Categorical(school),
            lone=np.where(school == 3, found["experiencek"], 0),
            few=school.isin([1, 2]).astype(float),
            arm=pd.Categorical(found["stark"], categories=ARMS),
            place=pd.Categorical(
                found["schoolk"], categories=["rural", "inner-city", "suburban", "urban"]
            ),
            gender=pd.Categorical(found["gender"]),
            **{"class": school.astype(str) + found["stark"] + experience},
        )

    return read


def term(name):
    """R's name of a term -> ours."""
    if name == "(Intercept)":
        return "Intercept"
    for factor in ("arm", "place"):
        if name.startswith(factor):
            return f"{factor}[T.{name[len(factor) :]}]"
    return name


def fitted(data, name, vcov):
    formula, cluster, weights, absorb = CASES[name]
    return ols_cluster_robust(
        formula, data(name in FULL), cluster=cluster, vcov=vcov, weights=weights, absorb=absorb,
        conf_level=0.9,
    )  # fmt: skip


def ours(fit, r_name, no_intercept=False):
    name = term(r_name)
    return fit[name.replace("T.", "")] if no_intercept and "[" in name else fit[name]


@pytest.mark.parametrize(("name", "vcov"), [(n, v) for n in CASES for v in MADE[n]["kinds"]])
def test_terms_agree_with_clubsandwich(data, name, vcov):
    fit, expected = fitted(data, name, vcov), MADE[name]["kinds"][vcov]["terms"]
    assert (fit.n, fit.n_clusters) == (MADE[name]["n"], MADE[name]["n_clusters"])
    at = []
    for r_name, value in expected.items():
        found = ours(fit, r_name, no_intercept=name == "no_intercept")
        at.append(fit.estimates.index(found))
        assert found.estimate == pytest.approx(value["estimate"], rel=1e-8)
        assert found.std_error == pytest.approx(value["se"], rel=1e-8)
        assert found.df == pytest.approx(value["df"], rel=1e-6)
        assert found.p_value == pytest.approx(value["p"], rel=1e-6)
        assert (found.conf_low, found.conf_high) == pytest.approx(value["ci90"], rel=1e-6)
    wanted = np.array(MADE[name]["kinds"][vcov]["vcov"])
    scale = np.sqrt(np.outer(np.diag(wanted), np.diag(wanted)))
    np.testing.assert_allclose(fit.vcov[np.ix_(at, at)] / scale, wanted / scale, atol=1e-8)


JOINT = [(n, v) for n in CASES for v, kind in MADE[n]["kinds"].items() if "joint" in kind]


@pytest.mark.parametrize(("name", "vcov"), JOINT)
def test_joint_tests_agree_with_clubsandwichs_htz(data, name, vcov):
    fit = fitted(data, name, vcov)
    for expected in MADE[name]["kinds"][vcov]["joint"]:
        test = fit.wald([term(t) for t in expected["terms"]])
        assert test.statistic == pytest.approx(expected["F"], rel=1e-7)
        assert test.df_numerator == expected["df_num"]
        assert test.df_denominator == pytest.approx(expected["df_denom"], rel=1e-6)
        assert test.p_value == pytest.approx(expected["p"], rel=1e-6)


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("vcov", ["CR0", "CR2", "CR3"])
def test_contrasts_agree_with_clubsandwich(data, weights, vcov):
    expected = MADE["weighted_contrasts" if weights else "contrasts"][vcov]
    fit = ols_cluster_robust(
        "mathk ~ arm + boy", data(full=True), cluster="schoolidk", vcov=vcov, weights=weights,
        conf_level=0.9,
    )  # fmt: skip
    small, aide = "arm[T.small]", "arm[T.regular+aide]"
    contrasts = [{small: 1, aide: -1}, {small: 0.5, aide: 0.5}]
    for contrast, value in zip(contrasts, expected["single"], strict=True):
        found = fit.contrast(contrast)
        assert found.estimate == pytest.approx(value["estimate"], rel=1e-8)
        assert found.std_error == pytest.approx(value["se"], rel=1e-8)
        assert found.statistic**2 == pytest.approx(value["F"], rel=1e-7)
        assert found.df == pytest.approx(value["df"], rel=1e-6)
        assert found.p_value == pytest.approx(value["p"], rel=1e-6)
        assert (found.conf_low, found.conf_high) == pytest.approx(value["ci90"], rel=1e-6)
    test, joint = fit.wald(contrasts), expected["joint"]
    assert test.statistic == pytest.approx(joint["F"], rel=1e-7)
    assert test.df_denominator == pytest.approx(joint["df_denom"], rel=1e-6)
    assert test.p_value == pytest.approx(joint["p"], rel=1e-6)


def test_contrasts_agree_with_clubsandwichs_linear_contrast(data):
    fit = ols_cluster_robust(
        "mathk ~ arm + boy", data(full=True), cluster="schoolidk", conf_level=0.9
    )
    small, aide = "arm[T.small]", "arm[T.regular+aide]"
    contrasts = [{small: 1, aide: -1}, {small: 0.5, aide: 0.5}]
    for contrast, value in zip(contrasts, MADE["linear_contrast"], strict=True):
        found = fit.contrast(contrast)
        assert found.estimate == pytest.approx(value["estimate"], rel=1e-8)
        assert found.std_error == pytest.approx(value["se"], rel=1e-8)
        assert found.df == pytest.approx(value["df"], rel=1e-6)
        assert found.p_value == pytest.approx(value["p"], rel=1e-6)
        assert (found.conf_low, found.conf_high) == pytest.approx(value["ci90"], rel=1e-6)
