"""Where statsmodels computes the same thing, it must say the same thing."""

import numpy as np
import pytest
import statsmodels.formula.api as smf

from pilot_analysis.stats.cluster import ols_cluster_robust
from pilot_analysis.stats.mixed import fit_mixed


@pytest.fixture
def exam(oracle_data):
    data = oracle_data("exam").astype({"sex": "category"})
    return data[data["school"].astype(int) <= 30].reset_index(drop=True)


def test_ols_with_the_stata_factor_agrees_with_statsmodels(exam):
    ours = ols_cluster_robust("normexam ~ standLRT + sex", exam, cluster="school", vcov="CR1S")
    theirs = smf.ols("normexam ~ standLRT + sex", exam).fit(
        cov_type="cluster", cov_kwds={"groups": exam["school"].astype(int)}
    )
    for estimate in ours.estimates:
        assert estimate.estimate == pytest.approx(theirs.params[estimate.name], rel=1e-9)
        assert estimate.std_error == pytest.approx(theirs.bse[estimate.name], rel=1e-9)


def test_the_likelihood_is_no_lower_than_the_one_that_statsmodels_reaches(exam):
    # by ML statsmodels fails on these data; by REML it may stop short of the optimum
    ours = fit_mixed("normexam ~ standLRT", exam, groups="school")
    theirs = smf.mixedlm("normexam ~ standLRT", exam, groups=exam["school"]).fit(reml=True)
    assert np.isfinite(theirs.llf)
    assert theirs.llf - 1e-6 <= ours.log_likelihood <= theirs.llf + 1


def test_a_random_slope_agrees_with_statsmodels_where_that_converges(exam):
    centred = exam.assign(x=exam["standLRT"] - exam["standLRT"].mean())
    ours = fit_mixed(
        "normexam ~ x", centred, groups="school", random_slopes=["x"], df="satterthwaite"
    )
    model = smf.mixedlm("normexam ~ x", centred, groups=centred["school"], re_formula="1 + x")
    theirs = model.fit(reml=True, method=["lbfgs", "powell"])
    assert theirs.llf <= ours.log_likelihood + 1e-6
    assert theirs.llf == pytest.approx(ours.log_likelihood, abs=1e-3)
    assert ours["x"].estimate == pytest.approx(theirs.params["x"], abs=1e-3)
    assert ours["x"].std_error == pytest.approx(theirs.bse["x"], rel=1e-2)
