import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association import auc
from pilot_analysis.stats.matching import propensity_scores

FORMULA = "treat ~ age + educ + race + married + nodegree + re74 + re75"


@pytest.fixture(scope="module")
def lalonde(oracle_data):
    data = oracle_data("lalonde").set_index("unit")
    return data.assign(race=pd.Categorical(data["race"], ["black", "hispan", "white"]))


@pytest.fixture(scope="module")
def fitted(lalonde):
    return propensity_scores(FORMULA, lalonde)


def small(n=60, seed=1) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=n)
    chance = 1 / (1 + np.exp(-0.5 * x))
    return pd.DataFrame({"x": x, "z": draw.normal(size=n), "treated": draw.random(n) < chance})


# numbers from R ---------------------------------------------------------------------------


def test_coefficients_agree_with_r(oracle, fitted):
    expected = oracle("match.lalonde_ps")["expected"]
    for estimate in fitted.estimates:
        name = estimate.name.replace("[T.", "").replace("]", "").replace("Inter", "(Inter")
        name = name.replace("cept", "cept)")
        assert estimate.estimate == pytest.approx(expected["coef"][name], rel=1e-6)
        assert estimate.std_error == pytest.approx(expected["se"][name], rel=1e-6)
    assert len(fitted.estimates) == len(expected["coef"])
    assert fitted.log_likelihood == pytest.approx(expected["logLik"], rel=1e-6)


def test_scores_and_their_auc_agree_with_r(oracle, lalonde, fitted):
    expected = oracle("match.lalonde_ps")["expected"]
    for unit, score in expected["ps_first10"].items():
        assert fitted.scores[unit] == pytest.approx(score, rel=1e-6)
    sides = [fitted.scores[lalonde["treat"] == arm] for arm in (1, 0)]
    assert auc(*sides).estimate == pytest.approx(expected["auc"], rel=1e-6)


def test_the_logit_agrees_with_statsmodels():
    data = small()
    ours = propensity_scores("treated ~ x + z", data)
    theirs = sm.Logit(data["treated"].astype(float), sm.add_constant(data[["x", "z"]])).fit(disp=0)
    np.testing.assert_allclose([e.estimate for e in ours.estimates], theirs.params, rtol=1e-7)
    np.testing.assert_allclose([e.std_error for e in ours.estimates], theirs.bse, rtol=1e-6)
    assert ours.log_likelihood == pytest.approx(theirs.llf, rel=1e-10)


# identities ---------------------------------------------------------------------------------


@settings(max_examples=25)
@given(seed=st.integers(0, 1000))
def test_scores_average_to_the_share_of_treated_and_balance_the_covariates(seed):
    data = small(seed=seed)
    scores = propensity_scores("treated ~ x + z", data).scores
    rest = data["treated"] - scores
    assert abs(rest.sum()) < 1e-7
    assert abs(rest @ data["x"]) < 1e-7
    assert scores.between(0, 1, inclusive="neither").all()


@settings(max_examples=25)
@given(
    seed=st.integers(0, 1000), shift=st.floats(-100, 100), factor=st.sampled_from([-3, 0.01, 1e4])
)
def test_the_scale_of_a_covariate_and_the_order_of_rows_do_not_matter(seed, shift, factor):
    data = small(seed=seed)
    one = propensity_scores("treated ~ x + z", data)
    moved = data.assign(x=data["x"] * factor + shift).sample(frac=1, random_state=seed)
    other = propensity_scores("treated ~ x + z", moved)
    np.testing.assert_allclose(other.scores.loc[data.index], one.scores, rtol=1e-7)


def test_swapping_the_arms_turns_the_scores_about():
    data = small()
    one = propensity_scores("treated ~ x", data).scores
    other = propensity_scores("treated ~ x", data.assign(treated=~data["treated"])).scores
    np.testing.assert_allclose(other, 1 - one, rtol=1e-9)


def test_units_that_are_alike_get_scores_that_are_equal_to_the_last_bit():
    data = pd.concat([small()] * 3, ignore_index=True)
    scores = propensity_scores("treated ~ x + z", data).scores.to_numpy()
    assert (scores[:60] == scores[60:120]).all()
    assert (scores[:60] == scores[120:]).all()


def test_an_arm_may_be_a_category_with_the_comparison_first():
    data = small()
    arms = pd.Categorical(np.where(data["treated"], "product", "as usual"), ["as usual", "product"])
    named = propensity_scores("treated ~ x", data.assign(treated=arms))
    assert named.scores.equals(propensity_scores("treated ~ x", data).scores)


def test_a_row_without_a_covariate_has_no_score_and_changes_no_other():
    data = small()
    more = pd.concat([data, pd.DataFrame({"x": [np.nan], "z": [1.0], "treated": [True]})])
    more = more.reset_index(drop=True)
    found = propensity_scores("treated ~ x + z", more)
    assert np.isnan(found.scores.iloc[-1])
    assert np.isnan(found.log_odds.iloc[-1])
    assert found.n == 60
    assert found.scores[:60].equals(propensity_scores("treated ~ x + z", data).scores)


# bad and degenerate input ---------------------------------------------------------------------


@pytest.mark.parametrize("cut", [0.0, 0.5])
def test_perfect_separation_is_refused(cut):
    data = small().assign(treated=lambda d: d["x"] > cut)
    with pytest.raises(DesignError, match="apart for certain"):
        propensity_scores("treated ~ x", data)


def test_a_category_that_occurs_in_one_arm_only_is_separation():
    data = small().assign(grade=pd.Categorical(["4", "5", "6"] * 20))
    data.loc[data["grade"] == "6", "treated"] = True
    with pytest.raises(DesignError, match="match_exact"):
        propensity_scores("treated ~ x + grade", data)


def test_a_combination_that_separates_is_found():
    data = small().assign(treated=lambda d: d["x"] + 0.3 * d["z"] > 0.1)
    with pytest.raises(DesignError, match="combination of values"):
        propensity_scores("treated ~ x + z", data)


def test_extreme_scores_without_separation_are_not_refused():
    x = np.r_[np.linspace(-40, 40, 81), 3.0, -3.0]
    data = pd.DataFrame({"x": x, "treated": np.r_[x[:81] > 0, False, True]})
    found = propensity_scores("treated ~ x", data)
    assert found.log_odds.max() > 12
    assert abs((data["treated"] - found.scores) @ data["x"]) < 1e-7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"treated": True}, "no comparison unit"),
        ({"treated": False}, "no treated unit"),
        ({"treated": np.arange(60) % 3}, "must hold True and False"),
        ({"treated": ["yes"] * 60}, "holds 'yes'"),
        ({"treated": [None] + [True, False] * 29 + [True]}, "is empty in 1 of 60 rows"),
        ({"x": 1.0}, "collinear"),
        ({"x": np.inf}, "infinite"),
        ({"x": np.nan}, "no row has a value"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_a_sentence(change, message):
    with pytest.raises(DesignError, match=message):
        propensity_scores("treated ~ x", small().assign(**change))


def test_a_covariate_known_in_one_arm_only_is_refused():
    data = small().assign(x=lambda d: d["x"].where(d["treated"]))
    with pytest.raises(DesignError, match="complete rows are all of one arm"):
        propensity_scores("treated ~ x", data)


def test_a_treatment_that_is_not_there_or_an_index_with_repeats_is_refused():
    with pytest.raises(DesignError, match="no column 'arm'"):
        propensity_scores("arm ~ x", small())
    with pytest.raises(DesignError, match="names some rows twice"):
        propensity_scores("treated ~ x", small().set_index(np.zeros(60, int)))
