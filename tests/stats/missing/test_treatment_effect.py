"""What imputation is for: the treatment effect, its standard error and its coverage."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.imputation.mice import MICE, MICEData
from statsmodels.regression.linear_model import OLS

from pilot_analysis.stats.cluster import ols_cluster_robust
from pilot_analysis.stats.missing import impute, pool_estimates, pool_rubin

EFFECT = 0.25


def pilot(draw, schools=6, classes=4, size=10, icc=0.15) -> pd.DataFrame:
    """Classes assigned within schools; post-scores of SD 1, of which pre explains half."""
    groups = schools * classes
    group = np.repeat(np.arange(groups), size)
    school, n = group // classes, len(group)
    arm = group % classes < classes // 2
    pre = draw.normal(0, 0.3, schools)[school] + draw.normal(0, np.sqrt(icc), groups)[group]
    pre = pre + draw.normal(0, np.sqrt(1 - icc), n)
    post = 0.7 * pre + EFFECT * arm + draw.normal(0, 0.3, schools)[school]
    post = post + draw.normal(0, np.sqrt(icc / 2), groups)[group]
    post = post + draw.normal(0, np.sqrt(0.51 * (1 - icc)), n)
    arms = pd.Categorical(np.where(arm, "product", "as usual"), ["as usual", "product"])
    return pd.DataFrame({"school": school, "class": group, "arm": arms, "pre": pre, "post": post})


def lose(data: pd.DataFrame, draw) -> pd.DataFrame:
    """Lose post-scores of those who began low and were not treated, and pre-scores of the high."""
    n, treated = len(data), (data["arm"] == "product").to_numpy()
    chance_post = 0.5 / (1 + np.exp(0.4 + 1.4 * data["pre"] - 1.2 * data["pre"] * treated))
    chance_pre = 0.25 / (1 + np.exp(0.6 - 0.8 * data["post"]))
    u = draw.random(n)
    no_post = u < chance_post
    no_pre = (u > 1 - chance_pre) & ~no_post
    return data.assign(pre=data["pre"].mask(no_pre), post=data["post"].mask(no_post))


def effect(data, formula="post ~ arm"):
    return ols_cluster_robust(formula, data, cluster="class", absorb="school")["arm[T.product]"]


def test_scores_lost_at_random_given_the_rest_cost_no_bias_and_intervals_cover():
    """A small seeded run of the study whose results stand in the methods page."""
    draw = np.random.default_rng(2026)
    imputed, complete_cases, everyone = [], [], []
    for seed in range(40):
        full = pilot(draw)
        lost = lose(full, draw)
        frames = impute(
            lost, targets=["pre", "post"], arm="arm", cluster="class", school="school",
            m=4, iterations=5, seed=seed,
        )  # fmt: skip
        imputed.append(pool_estimates([effect(frame) for frame in frames]))
        complete_cases.append(effect(lost))
        everyone.append(effect(full).estimate)
    # against the answer without losses, in the same pilots
    change = np.array([e.estimate for e in imputed]) - everyone
    misled = np.array([e.estimate for e in complete_cases]) - everyone
    noise = change.std(ddof=1) / np.sqrt(40)
    assert abs(change.mean()) < 3 * noise
    assert misled.mean() < -4 * noise
    errors = np.array([e.estimate - EFFECT for e in imputed])
    assert np.mean([e.std_error for e in imputed]) == pytest.approx(errors.std(ddof=1), rel=0.3)
    # 95% would be 38 of 40; 34 or fewer has a chance of 1%
    assert sum(e.conf_low < EFFECT < e.conf_high for e in imputed) >= 35


def test_statsmodels_mice_gives_the_same_answer_where_there_are_no_classes():
    """Statsmodels knows no classes; it matches predictive means, ours draws from the normal."""
    draw = np.random.default_rng(1)
    data = lose(pilot(draw, schools=1, classes=50, size=8, icc=0.0), draw)
    data = data.assign(treated=(data["arm"] == "product").astype(float))[["treated", "pre", "post"]]
    formula = "post ~ pre + treated"
    theirs = MICE(formula, OLS, MICEData(data, perturbation_method="gaussian", rng=3))
    theirs = theirs.fit(n_burnin=5, n_imputations=60)
    frames = impute(data, targets=["pre", "post"], covariates=["treated"], m=60, seed=2)
    fits = [OLS.from_formula(formula, frame).fit() for frame in frames]
    for j, name in enumerate(("Intercept", "pre", "treated")):
        ours = pool_rubin(
            [fit.params[name] for fit in fits], [fit.bse[name] for fit in fits], df_complete=397
        )
        # the noise of 60 imputations on either side, as Rubin's rules know it, is well below this
        assert theirs.params[j] == pytest.approx(ours.estimate, abs=0.4 * ours.std_error)
        assert theirs.bse[j] == pytest.approx(ours.std_error, rel=0.2)


def test_a_lower_delta_for_the_treated_lowers_the_effect():
    draw = np.random.default_rng(3)
    lost = lose(pilot(draw), draw)
    options = {"targets": ["pre", "post"], "arm": "arm", "cluster": "class", "school": "school"}
    answers = [
        pool_estimates(
            [
                effect(frame)
                for frame in impute(lost, seed=1, m=5, delta={"post": {"product": d}}, **options)
            ]
        ).estimate
        for d in (0.0, -0.5, -1.0)
    ]
    share = lost["post"].isna()[lost["arm"] == "product"].mean()
    assert answers[1] - answers[0] == pytest.approx(-0.5 * share, rel=0.02)
    assert answers[2] - answers[0] == pytest.approx(2 * (answers[1] - answers[0]))
