"""Random intercepts: lme4's, lmerTest's and pbkrtest's numbers, and what must be refused."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.mixed import fit_mixed

CASES = {
    "mixed.hsb_null": ("mAch ~ 1", ["school"]),
    "mixed.star_k_math": ("mathk ~ small", ["schoolidk"]),
    "mixed.star10_kr": ("mathk ~ small", ["schoolidk"]),
    "mixed.exam_ri": ("normexam ~ standLRT", ["school"]),
    "mixed.dyestuff": ("Yield ~ 1", ["Batch"]),
    "mixed.dyestuff2_boundary": ("Yield ~ 1", ["Batch"]),
    "mixed.egsingle_3level": ("math ~ year", ["schoolid", "childid"]),
}


def term(name):
    return "Intercept" if name == "(Intercept)" else name


def label(value):
    return f"{value:g}" if isinstance(value, float) else str(value)


@pytest.fixture
def fitted(oracle, oracle_data):
    def fit(name, **options):
        case = oracle(name)
        formula, groups = CASES[name]
        return fit_mixed(formula, oracle_data(case["data"]), groups=groups, **options), case

    return fit


@pytest.fixture
def pupils():
    """Return 6 schools with 2 to 4 classes of 3 to 9, and a class-level arm."""
    rng = np.random.default_rng(11)
    rows = []
    for school in range(6):
        for c in range(2 + school % 3):
            size = 3 + (school * 5 + c * 3) % 7
            shared = 3 * rng.normal() + 2 * school
            rows += [(f"s{school}", f"c{c}", c % 2, shared + 4 * rng.normal()) for _ in range(size)]
    data = pd.DataFrame(rows, columns=["school", "teacher", "arm", "y"])
    return data.assign(x=rng.normal(size=len(data)))


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_lme4(fitted, name):
    fit, case = fitted(name)
    expected = case["expected"]
    assert fit.n == expected["n_obs"]
    assert fit.log_likelihood == pytest.approx(expected["logLik"], abs=1e-5)
    assert fit.aic == pytest.approx(expected["AIC"], abs=1e-5)
    assert fit.bic == pytest.approx(expected["BIC"], abs=1e-5)
    if "ICC" in expected:
        assert fit.icc[CASES[name][1][0]] == pytest.approx(expected["ICC"], rel=1e-4)
    for r_name, value in expected["fixef"].items():
        assert fit[term(r_name)].estimate == pytest.approx(value, rel=1e-5)
    model = np.sqrt(np.diag(fit.model_vcov))
    np.testing.assert_allclose(model, list(expected["se_model"].values()), rtol=1e-5)
    np.testing.assert_allclose(fit.model_vcov, expected["vcov_fixed"], rtol=1e-4)
    for row in expected["varcomp"]:
        group = "residual" if row["grp"] == "Residual" else row["grp"].split(":")[0]
        assert fit.variances[group] == pytest.approx(row["vcov"], rel=1e-4, abs=1e-6)
    assert ("singular" in fit.flags) == expected.get("singular", False)
    counts = {r_name.split(":")[0]: count for r_name, count in expected["ngrps"].items()}
    assert fit.n_groups == counts


@pytest.mark.parametrize("name", [c for c in CASES if c != "mixed.egsingle_3level"])
def test_agrees_with_pbkrtest(fitted, name):
    fit, case = fitted(name)
    for r_name, value in case["expected"]["kenward_roger"].items():
        found = fit[term(r_name)]
        assert found.estimate == pytest.approx(value["est"], rel=1e-5)
        assert found.std_error == pytest.approx(value["se_adj"], rel=1e-5)
        assert found.df == pytest.approx(value["df"], rel=1e-3)


@pytest.mark.parametrize("name", [c for c in CASES if c != "mixed.dyestuff2_boundary"])
def test_agrees_with_lmertest(fitted, name):
    fit, case = fitted(name, df="satterthwaite")
    for r_name, value in case["expected"]["satterthwaite"].items():
        found = fit[term(r_name)]
        assert found.std_error == pytest.approx(value["se"], rel=1e-5)
        assert found.df == pytest.approx(value["df"], rel=1e-3)


@pytest.mark.parametrize(
    "name", [c for c in CASES if c not in ("mixed.dyestuff2_boundary", "mixed.egsingle_3level")]
)
def test_school_effects_agree_with_lme4(fitted, name):
    fit, case = fitted(name)
    groups = CASES[name][1]
    effects = fit.random_effects[groups[0]]
    effects = effects.set_index(effects[groups[0]].map(label))
    spread = np.sqrt(fit.variances[groups[0]])
    for row in case["expected"]["ranef_first10"]:
        found = effects.loc[row["group"]]
        assert found["estimate"] == pytest.approx(row["ranef"]["(Intercept)"], abs=1e-4 * spread)
        assert found["std_error"] == pytest.approx(row["condSD"]["(Intercept)"], rel=1e-4)


def test_high_school_and_beyond_null_model_of_raudenbush_and_bryk(fitted):
    # Hierarchical Linear Models, 2nd ed. (2002), table 4.2: 12.64, 8.61, 39.15, and ICC .18 (p. 71)
    fit, _ = fitted("mixed.hsb_null")
    assert round(fit["Intercept"].estimate, 2) == 12.64
    assert round(fit["Intercept"].std_error, 2) == 0.24
    assert round(fit.variances["school"], 2) == 8.61
    assert round(fit.variances["residual"], 2) == 39.15
    assert round(fit.icc["school"], 2) == 0.18


def test_dyestuff_of_bates_2010(oracle_data):
    # lme4: Mixed-effects Modeling with R, sections 1.3 and 1.5: REML, ML, and profile intervals
    data = oracle_data("dyestuff")
    fit = fit_mixed("Yield ~ 1", data, groups="Batch")
    assert round(fit["Intercept"].estimate, 1) == 1527.5
    assert round(fit["Intercept"].std_error, 2) == 19.38
    assert {k: round(v) for k, v in fit.variances.items()} == {"Batch": 1764, "residual": 2451}
    fit = fit_mixed("Yield ~ 1", data, groups="Batch", reml=False, df="satterthwaite")
    assert round(fit["Intercept"].std_error, 2) == 17.69
    assert {k: round(v) for k, v in fit.variances.items()} == {"Batch": 1388, "residual": 2451}
    found = fit.profile_intervals()
    batch, residual = found["Batch"], found["residual"]
    # printed as 12.1975 and 84.0634, from a spline
    assert (round(batch.conf_low, 2), round(batch.conf_high, 2)) == (12.20, 84.06)
    logs = np.log([residual.conf_low, residual.conf_high])
    np.testing.assert_allclose(logs, [3.643624, 4.214461], atol=1e-5)


def test_a_variance_estimated_as_zero_is_exactly_zero_and_flagged(fitted):
    fit, _ = fitted("mixed.dyestuff2_boundary")
    assert fit.variances["Batch"] == 0.0
    assert fit.flags == ("singular",)
    assert fit["Intercept"].flags == ("singular",)
    effects = fit.random_effects["Batch"]
    assert (effects["estimate"] == 0).all()
    assert effects["std_error"].isna().all()


def test_a_variance_of_zero_is_not_taken_for_known(fitted):
    """At a boundary lmerTest gives 29 df, as if it were known that batches do not differ."""
    exact, case = fitted("mixed.dyestuff2_boundary", df="satterthwaite")
    assert case["expected"]["satterthwaite"]["(Intercept)"]["df"] == pytest.approx(29)
    assert exact["Intercept"].df == pytest.approx(5)  # six batches, and their mean
    assert exact["Intercept"].flags == ("singular",)


@pytest.mark.parametrize("groups", [["school"], ["school", "teacher"]])
@pytest.mark.parametrize("reml", [True, False])
def test_the_likelihood_and_its_optimum_follow_the_definition(pupils, groups, reml):
    fit = fit_mixed("y ~ x + arm", pupils, groups=groups, reml=reml, df="satterthwaite")
    best = _log_likelihood(pupils, groups, list(fit.variances.values()), reml)
    assert fit.log_likelihood == pytest.approx(best, abs=1e-8)
    for a in range(len(groups) + 1):
        for step in (0.99, 1.01):
            moved = list(fit.variances.values())
            moved[a] *= step
            assert _log_likelihood(pupils, groups, moved, reml) <= best + 1e-12


def _covariance(data, groups, variances):
    V = variances[-1] * np.eye(len(data))
    for depth, variance in enumerate(variances[:-1]):
        labels = data[groups[0]].str.cat([data[g] for g in groups[1 : depth + 1]]).to_numpy()
        V += variance * (labels[:, None] == labels[None, :])
    return V


def _log_likelihood(data, groups, variances, reml):
    X = np.column_stack([np.ones(len(data)), data["x"], data["arm"]])
    V = _covariance(data, groups, variances)
    P = np.linalg.solve(V, X)
    residual = data["y"] - X @ np.linalg.solve(X.T @ P, P.T @ data["y"])
    value = np.linalg.slogdet(V)[1] + residual @ np.linalg.solve(V, residual)
    n = len(data)
    if reml:
        value += np.linalg.slogdet(X.T @ P)[1]
        n -= X.shape[1]
    return -(value + n * np.log(2 * np.pi)) / 2


@pytest.mark.parametrize("groups", [["school"], ["school", "teacher"]])
def test_kenward_roger_follows_its_matrices(pupils, groups):
    """Compare with the formulas of Kenward and Roger (1997) written out with full matrices."""
    fit = fit_mixed("y ~ x + arm", pupils, groups=groups)
    variances = list(fit.variances.values())
    X = np.column_stack([np.ones(len(pupils)), pupils["x"], pupils["arm"]])
    V = _covariance(pupils, groups, variances)
    slopes = [_covariance(pupils, groups, list(unit)) for unit in np.eye(len(variances))]
    inverse = np.linalg.inv(V)
    phi = np.linalg.inv(X.T @ inverse @ X)
    P = inverse - inverse @ X @ phi @ X.T @ inverse
    count = range(len(variances))
    information = np.array(
        [[np.trace(P @ slopes[a] @ P @ slopes[b]) / 2 for b in count] for a in count]
    )
    W = np.linalg.inv(information)
    first = [-X.T @ inverse @ s @ inverse @ X for s in slopes]
    bent = sum(
        W[a, b] * (X.T @ inverse @ slopes[a] @ inverse @ slopes[b] @ inverse @ X
                   - first[a] @ phi @ first[b])
        for a in count for b in count
    )  # fmt: skip
    np.testing.assert_allclose(fit.model_vcov, phi, rtol=1e-8)
    np.testing.assert_allclose(fit.vcov, phi + 2 * phi @ bent @ phi, rtol=1e-8)
    c = np.array([0, 0, 1.0])
    theta = np.outer(c, c) / (c @ phi @ c)
    a2 = sum(
        W[a, b] * np.trace(theta @ phi @ first[a] @ phi) * np.trace(theta @ phi @ first[b] @ phi)
        for a in count for b in count
    )  # fmt: skip
    assert fit["arm"].df == pytest.approx(2 / a2, rel=1e-7)


@pytest.mark.parametrize("df", ["kenward-roger", "satterthwaite"])
def test_the_test_of_one_term_is_its_squared_t(pupils, df):
    fit = fit_mixed("y ~ x + arm", pupils, groups=["school", "teacher"], df=df)
    test = fit.wald(["arm"])
    assert test.statistic == pytest.approx(fit["arm"].statistic ** 2)
    assert test.df_denominator == pytest.approx(fit["arm"].df)
    assert test.p_value == pytest.approx(fit["arm"].p_value)


def test_a_balanced_design_gives_the_analysis_of_variance():
    # whole schools assigned: the comparison of 10 school means, with 8 df, F for three arms alike
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"school": np.repeat(np.arange(12), 8)})
    arm = np.arange(12) % 3
    data["arm"] = pd.Categorical.from_codes(arm[data["school"]], ["a", "b", "c"])
    data["y"] = 2 * rng.normal(size=12)[data["school"]] + rng.normal(size=96)
    fit = fit_mixed("y ~ arm", data, groups="school")
    assert fit["arm[T.b]"].df == pytest.approx(9)
    means = data.groupby("school")["y"].mean()
    anova = stats.f_oneway(*(means[arm == k] for k in range(3)))
    test = fit.wald(["arm[T.b]", "arm[T.c]"])
    assert test.df_denominator == pytest.approx(9)
    assert test.statistic == pytest.approx(anova.statistic)
    assert test.p_value == pytest.approx(anova.pvalue)


def test_the_order_of_rows_labels_and_units_do_not_matter(pupils):
    other = pupils.sample(frac=1, random_state=2)
    other = other.assign(y=other["y"] * 1000 + 5, teacher=other["school"] + other["teacher"])
    first = fit_mixed("y ~ x + arm", pupils, groups=["school", "teacher"])
    second = fit_mixed("y ~ x + arm", other, groups=["school", "teacher"])
    for a, b in zip(first.estimates[1:], second.estimates[1:], strict=True):
        assert b.estimate == pytest.approx(1000 * a.estimate, rel=1e-6)
        assert b.std_error == pytest.approx(1000 * a.std_error, rel=1e-6)
        assert b.df == pytest.approx(a.df, rel=1e-5)
    assert second.n_groups == first.n_groups


def test_random_effects_follow_the_definition(pupils):
    fit = fit_mixed("y ~ x + arm", pupils, groups=["school", "teacher"])
    variances = list(fit.variances.values())
    V = _covariance(pupils, ["school", "teacher"], variances)
    X = np.column_stack([np.ones(len(pupils)), pupils["x"], pupils["arm"]])
    residual = pupils["y"].to_numpy() - X @ [e.estimate for e in fit.estimates]
    inverse = np.linalg.inv(V)
    frame = fit.random_effects["teacher"]
    assert list(frame.columns) == ["school", "teacher", "term", "estimate", "std_error"]
    assert set(frame["term"]) == {"Intercept"}
    for row in frame.itertuples():
        member = (pupils["school"].eq(row.school) & pupils["teacher"].eq(row.teacher)).to_numpy(
            float
        )
        pull = variances[1] * inverse @ member
        assert row.estimate == pytest.approx(pull @ residual, rel=1e-8)
        left = variances[1] - variances[1] * pull @ member
        assert row.std_error == pytest.approx(np.sqrt(left), rel=1e-8)


def test_an_outcome_without_variation_within_groups_is_not_printed(pupils):
    constant = pupils["school"].astype("category").cat.codes.astype(float) ** 2
    fit = fit_mixed("y ~ 1", pupils.assign(y=constant), groups="school")
    assert "not converged" in fit.flags
    assert not fit["Intercept"].is_defined


@pytest.mark.parametrize(
    ("options", "change", "sentence"),
    [
        ({"groups": "school"}, {"school": "s0"}, "holds one group"),
        ({"groups": "row"}, {"row": lambda d: range(len(d))}, "holds a single row"),
        ({"groups": ["school", "same"]}, {"same": lambda d: d["school"]}, "holds a single same"),
        ({"groups": []}, {}, "groups must be"),
        ({"groups": ["school", "school"]}, {}, "groups must be"),
        ({"groups": "school", "df": "z"}, {}, "df must be one of"),
        ({"groups": "school", "reml": False}, {}, "made for REML"),
        ({"groups": "school"}, {"y": 3.0}, "nothing varies"),
        ({"groups": "school"}, {"y": lambda d: 2 * d["x"] + 1}, "nothing varies"),
        ({"groups": "school"}, {"arm": 1}, "cannot be told apart: arm"),
        ({"groups": "school"}, {"arm": "small"}, "holds text"),
        ({"groups": "school"}, {"x": np.inf}, "infinite"),
        ({"groups": "nowhere"}, {}, "no column 'nowhere'"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(pupils, options, change, sentence):
    with pytest.raises(DesignError, match=sentence):
        fit_mixed("y ~ x + arm", pupils.assign(**change), **options)


def test_rows_with_missing_values_are_left_out(pupils):
    holes = pupils.copy()
    holes.loc[[0, 5], "y"] = np.nan
    holes.loc[9, "school"] = None
    complete = fit_mixed("y ~ arm", pupils.drop([0, 5, 9]), groups=["school", "teacher"])
    found = fit_mixed("y ~ arm", holes, groups=["school", "teacher"])
    assert found.n == len(pupils) - 3
    assert found["arm"].estimate == pytest.approx(complete["arm"].estimate, rel=1e-12)


def test_a_column_that_the_table_of_random_effects_needs_is_refused_by_name(pupils):
    fit = fit_mixed("y ~ x", pupils.rename(columns={"school": "term"}), groups="term")
    assert fit["x"].is_defined
    with pytest.raises(DesignError, match="has a column 'term' of its own"):
        assert fit.random_effects
