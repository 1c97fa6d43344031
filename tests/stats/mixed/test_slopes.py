"""Random slopes, joint tests and conditional modes: the numbers of lme4, lmerTest and pbkrtest."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.mixed import fit_mixed

MADE = Path(__file__).parents[2] / "oracles" / "made"
ML = {"reml": False, "df": "satterthwaite"}
SLOPE = {"groups": "school", "random_slopes": ["standLRT"]}
NESTED_SLOPE = {"groups": ["school", "class"], "random_slopes": ["treated"]}
GROWTH = {"groups": ["schoolid", "childid"], "random_slopes": ["year"]}

CASES = {
    "hsb_uncorrelated": (
        "mAch ~ cses * catholic",
        "hsb",
        {"groups": "school", "random_slopes": ["cses"], "correlated": False},
    ),
    "hsb_slope_ml": ("mAch ~ cses", "hsb", {"groups": "school", "random_slopes": ["cses"], **ML}),
    "exam_slope": ("normexam ~ standLRT + boy + schavg", "few", SLOPE),
    "exam_slope_ml": ("normexam ~ standLRT + boy + schavg", "few", SLOPE | ML),
    "exam_two_slopes": (
        "normexam ~ standLRT + boy",
        "exam",
        {"groups": "school", "random_slopes": ["standLRT", "boy"]},
    ),
    "star10_slope_ml": (
        "mathk ~ small",
        "ten",
        {"groups": "schoolidk", "random_slopes": ["small"], **ML},
    ),
    "star10_uncorrelated": (
        "mathk ~ small",
        "ten",
        {"groups": "schoolidk", "random_slopes": ["small"], "correlated": False},
    ),
    "egsingle_slope": ("math ~ year", "growth", GROWTH),
    "egsingle_slope_nine": ("math ~ year + lowinc", "nine", GROWTH),
    "pilot_nested": ("y ~ pre + arm", "pilot", {"groups": ["school", "class"]}),
    "pilot_nested_slope": ("y ~ pre + treated", "pilot", NESTED_SLOPE),
    "pilot_intercept": ("y ~ pre + arm", "pilot", {"groups": "school"}),
    "pilot_alike": ("alike ~ pre + arm", "pilot", {"groups": "school"}),
}
SINGULAR = ("exam_two_slopes", "pilot_nested_slope", "pilot_alike")
NAMES = {"(Intercept)": "Intercept", "armone": "arm[T.one]", "armtwo": "arm[T.two]"}


@pytest.fixture(scope="module")
def made():
    return json.loads((MADE / "mixed.json").read_text(encoding="utf-8"))["cases"]


@pytest.fixture(scope="module")
def frames(oracle_data):
    hsb = oracle_data("hsb82")
    hsb["catholic"] = hsb["sector"].eq("Catholic").astype(float)
    exam = oracle_data("exam")
    exam["boy"] = exam["sex"].eq("M").astype(float)
    growth = oracle_data("egsingle")
    nine = sorted(growth["schoolid"].unique())[:9]
    pilot = pd.read_csv(MADE / "mixed_pilot.csv")
    pilot["arm"] = pd.Categorical(pilot["arm"], ["none", "one", "two"])
    return {
        "hsb": hsb, "exam": exam, "few": exam[exam["school"].astype(int) <= 14],
        "ten": oracle_data("star_k10"), "growth": growth,
        "nine": growth[growth["schoolid"].isin(nine)], "pilot": pilot,
    }  # fmt: skip


@pytest.fixture
def fitted(made, frames):
    def fit(name, **options):
        formula, data, settings = CASES[name]
        return fit_mixed(formula, frames[data], **(settings | options)), made[name]

    return fit


def term(name):
    return NAMES.get(name, name)


def read_variances(expected, level):
    """Name R's table of variances as ours."""
    variances, correlations = {}, {}
    for row in expected["varcomp"]:
        first, second = term(row["var1"]), term(row["var2"])
        group = row["grp"].split(".")[0].split(":")[-1]
        if row["grp"] == "Residual":
            variances["residual"] = row["vcov"]
        elif second is not None:
            correlations[f"{level}: {first}, {second}"] = row["sdcor"]
        else:
            variances[group if first == "Intercept" else f"{level}: {first}"] = row["vcov"]
    return variances, correlations


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_lme4(fitted, name):
    fit, expected = fitted(name)
    assert fit.n == expected["n_obs"]
    assert fit.log_likelihood == pytest.approx(expected["logLik"], abs=1e-5)
    assert fit.aic == pytest.approx(expected["AIC"], abs=1e-5)
    assert fit.bic == pytest.approx(expected["BIC"], abs=1e-5)
    for r_name, value in expected["fixef"].items():
        assert fit[term(r_name)].estimate == pytest.approx(value, rel=1e-5)
    model = np.sqrt(np.diag(fit.model_vcov))
    np.testing.assert_allclose(model, list(expected["se_model"].values()), rtol=1e-5)
    variances, correlations = read_variances(expected, next(iter(fit.n_groups)))
    assert fit.variances == pytest.approx(variances, rel=1e-4, abs=1e-6)
    assert fit.correlations == pytest.approx(correlations, abs=1e-4)
    assert ("singular" in fit.flags) == expected["singular"]


@pytest.mark.parametrize("name", [c for c in CASES if c not in SINGULAR])
def test_satterthwaite_agrees_with_lmertest(fitted, name):
    fit, expected = fitted(name, df="satterthwaite")
    for r_name, value in expected["satterthwaite"].items():
        assert fit[term(r_name)].std_error == pytest.approx(value["se"], rel=1e-5)
        assert fit[term(r_name)].df == pytest.approx(value["df"], rel=1e-4)
    for test in expected["joint"]:
        found = fit.wald([term(t) for t in test["terms"]])
        assert found.statistic == pytest.approx(test["satterthwaite"]["F"], rel=1e-5)
        assert found.df_denominator == pytest.approx(test["satterthwaite"]["df"], rel=1e-4)


@pytest.mark.parametrize(
    "name",
    [
        "exam_slope", "star10_uncorrelated", "egsingle_slope_nine", "pilot_nested",
        "pilot_nested_slope", "pilot_intercept", "pilot_alike",
    ],
)  # fmt: skip
def test_kenward_roger_agrees_with_pbkrtest(fitted, name):
    fit, expected = fitted(name)
    for r_name, value in expected["kenward_roger"].items():
        assert fit[term(r_name)].std_error == pytest.approx(value["se"], rel=1e-5)
        assert fit[term(r_name)].df == pytest.approx(value["df"], rel=1e-5)
    for test in expected["joint"]:
        found = fit.wald([term(t) for t in test["terms"]])
        assert found.df_numerator == len(test["terms"])
        assert found.statistic == pytest.approx(test["kenward_roger"]["F"], rel=1e-5)
        assert found.df_denominator == pytest.approx(test["kenward_roger"]["df"], rel=1e-5)
        assert found.p_value == pytest.approx(test["kenward_roger"]["p"], rel=1e-4)


@pytest.mark.parametrize("name", [c for c in CASES if c not in SINGULAR])
def test_conditional_modes_agree_with_lme4(fitted, name):
    fit, expected = fitted(name)
    levels = list(fit.n_groups)
    for r_level, rows in expected["modes"].items():
        level = r_level.split(":")[-1]
        frame = fit.random_effects[level]
        labels = frame[levels[: levels.index(level) + 1]].astype(str).agg(":".join, axis=1)
        frame = frame.set_index([labels, "term"])
        for row in rows:
            for r_name, value in row["mode"].items():
                found = frame.loc[(row["group"], term(r_name))]
                spread = row["sd"][r_name]
                assert found["estimate"] == pytest.approx(value, abs=1e-4 * spread)
                assert found["std_error"] == pytest.approx(spread, rel=1e-4)


@pytest.mark.parametrize(
    ("case", "formula", "name", "slope"),
    [
        ("mixed.hsb_random_slope", "mAch ~ cses", "school", "cses"),
        ("mixed.star10_random_treatment_kr", "mathk ~ small", "schoolidk", "small"),
    ],
)
def test_agrees_with_the_shared_oracle(oracle, oracle_data, case, formula, name, slope):
    expected, data = oracle(case)["expected"], oracle_data(oracle(case)["data"])
    fit = fit_mixed(formula, data, groups=name, random_slopes=[slope])
    assert fit.log_likelihood == pytest.approx(expected["logLik"], abs=1e-5)
    assert fit.aic == pytest.approx(expected["AIC"], abs=1e-5)
    assert fit.bic == pytest.approx(expected["BIC"], abs=1e-5)
    np.testing.assert_allclose(fit.model_vcov, expected["vcov_fixed"], rtol=1e-4)
    first, second, covariance, residual = (row["vcov"] for row in expected["varcomp"])
    found = {name: first, f"{name}: {slope}": second, "residual": residual}
    assert fit.variances == pytest.approx(found, rel=1e-4)
    correlation = covariance / np.sqrt(first * second)
    assert fit.correlations == pytest.approx({f"{name}: Intercept, {slope}": correlation}, abs=1e-5)
    approximate = fit_mixed(formula, data, groups=name, random_slopes=[slope], df="satterthwaite")
    for r_name, value in expected["fixef"].items():
        adjusted, plain = expected["kenward_roger"][r_name], expected["satterthwaite"][r_name]
        assert fit[term(r_name)].estimate == pytest.approx(value, rel=1e-5)
        assert fit[term(r_name)].std_error == pytest.approx(adjusted["se_adj"], rel=1e-5)
        assert fit[term(r_name)].df == pytest.approx(adjusted["df"], rel=1e-3)
        assert approximate[term(r_name)].std_error == pytest.approx(plain["se"], rel=1e-5)
        assert approximate[term(r_name)].df == pytest.approx(plain["df"], rel=1e-3)
    effects = fit.random_effects[name].set_index([name, "term"])
    for row in expected.get("ranef_first10", []):
        for r_name, value in row["ranef"].items():
            spread = np.sqrt(fit.variances[name if r_name == "(Intercept)" else f"{name}: {slope}"])
            one = effects.loc[(row["group"], term(r_name))]
            assert one["estimate"] == pytest.approx(value, abs=1e-4 * spread)
            assert one["std_error"] == pytest.approx(row["condSD"][r_name], rel=1e-4)


def test_a_formula_term_may_vary(frames):
    by_term = fit_mixed("y ~ pre + arm", frames["pilot"], groups="school",
                        random_slopes=["arm[T.two]"])  # fmt: skip
    column = frames["pilot"].assign(two=frames["pilot"]["arm"].eq("two"))
    by_column = fit_mixed("y ~ pre + arm", column, groups="school", random_slopes="two")
    assert by_term.log_likelihood == pytest.approx(by_column.log_likelihood, abs=1e-9)
    assert list(by_term.variances) == ["school", "school: arm[T.two]", "residual"]
    assert list(by_column.correlations) == ["school: Intercept, two"]


@pytest.mark.parametrize(
    ("slopes", "change", "sentence"),
    [
        (["nowhere"], {}, "neither a term of the formula .* nor a column"),
        (["arm"], {}, "does not hold numbers. Name a term.*arm\\[T.one\\]"),
        (["Intercept"], {}, "the intercept always varies"),
        (["pre", "pre"], {}, "names different terms"),
        (["level"], {"level": lambda d: d["school"].str[1:].astype(int)}, "does not vary within"),
        (["level"], {"level": 1.0}, "cannot be told apart: level"),
        (["pre", "twice"], {"twice": lambda d: 2 * d["pre"] - 1}, "cannot be told apart: twice"),
        (["level"], {"level": lambda d: d["pre"].where(d["pre"] > 20, np.inf)}, "infinite"),
    ],
)
def test_a_slope_that_cannot_vary_is_refused_in_a_sentence(frames, slopes, change, sentence):
    data = frames["pilot"].assign(**change)
    with pytest.raises(DesignError, match=sentence):
        fit_mixed("y ~ pre + arm", data, groups="school", random_slopes=slopes)
