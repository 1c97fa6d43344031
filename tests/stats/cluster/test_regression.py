"""Cluster-robust least squares: R's numbers, and identities that need no oracle."""

import numpy as np
import pandas as pd
import pytest

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.cluster import ols_cluster_robust

KINDS = ("CR0", "CR1", "CR1S", "CR2", "CR3")
CASES = {
    "crve.star10_math": ("mathk ~ small", "schoolidk"),
    "crve.star10_math_fe": ("mathk ~ small + sf", "schoolidk"),
    "crve.exam_all": ("normexam ~ standLRT + sex + type", "school"),
}


def term(name):
    """R's name of a term -> ours."""
    if name.startswith("sf"):
        return f"sf[T.{name[2:]}]"
    return {"(Intercept)": "Intercept", "sexM": "sex[T.M]", "typeSngl": "type[T.Sngl]"}.get(
        name, name
    )


@pytest.fixture
def case(oracle, oracle_data):
    def read(name):
        found = oracle(name)
        data = oracle_data(found["data"])
        if "schoolidk" in data:
            data["sf"] = pd.Categorical(data["schoolidk"].astype("Int64"))
        for column in ("sex", "type"):
            if column in data:
                data[column] = pd.Categorical(data[column])
        return data, found["expected"]

    return read


@pytest.fixture
def simulated():
    """Return 11 clusters of 1 to 5 rows with a cluster-level arm, a covariate and blocks."""
    rng = np.random.default_rng(4)
    sizes = [1, 5, 3, 2, 4, 5, 1, 3, 4, 2, 5]
    cluster = np.repeat(np.arange(11), sizes)
    data = pd.DataFrame({"cluster": cluster, "x": rng.normal(size=len(cluster))})
    data["arm"] = (cluster % 2).astype(float)
    data["block"] = cluster // 4
    data["w"] = rng.uniform(0.3, 3, len(cluster))
    data["y"] = 1 + data["x"] + rng.normal(size=11)[cluster] + rng.normal(size=len(cluster))
    return data


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("vcov", KINDS)
def test_agrees_with_clubsandwich(case, name, vcov):
    data, expected = case(name)
    formula, cluster = CASES[name]
    fit = ols_cluster_robust(formula, data, cluster=cluster, vcov=vcov)
    assert fit.n == expected["n_obs"]
    assert fit.n_clusters == expected["n_clusters"]
    for r_name, value in expected["coef"].items():
        assert fit[term(r_name)].estimate == pytest.approx(value, rel=1e-8)
    if isinstance(expected[vcov], str):
        return  # R could not compute it: with cluster effects a cluster fits itself exactly
    for r_name, value in expected[vcov].items():
        found = fit[term(r_name)]
        assert found.std_error == pytest.approx(value["se"], rel=1e-8)
        assert found.df == pytest.approx(value["df_satt"], rel=1e-6)
        assert found.p_value == pytest.approx(value["p_satt"], rel=1e-6)
        if "ci95_satt" in value:
            interval = (found.conf_low, found.conf_high)
            assert interval == pytest.approx(value["ci95_satt"], rel=1e-8)
        assert found.statistic == pytest.approx(value["t"], rel=1e-8)


@pytest.mark.parametrize("name", CASES)
def test_the_covariance_agrees_with_clubsandwich(case, name):
    data, expected = case(name)
    fit = ols_cluster_robust(CASES[name][0], data, cluster=CASES[name][1])
    assert list(fit.names) == [term(r_name) for r_name in expected["coef"]]
    wanted = np.array(expected["vcov_CR2"])
    scale = np.sqrt(np.outer(np.diag(wanted), np.diag(wanted)))
    np.testing.assert_allclose(fit.vcov / scale, wanted / scale, atol=1e-8)


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_estimatr_and_sandwich(case, name):
    data, expected = case(name)
    formula, cluster = CASES[name]
    cr2, stata = (
        ols_cluster_robust(formula, data, cluster=cluster, vcov=v) for v in ("CR2", "CR1S")
    )
    for r_name, value in expected["estimatr_CR2"]["se"].items():
        assert cr2[term(r_name)].std_error == pytest.approx(value, rel=1e-8)
        assert cr2[term(r_name)].df == pytest.approx(
            expected["estimatr_CR2"]["df"][r_name], rel=1e-6
        )
        assert cr2[term(r_name)].p_value == pytest.approx(
            expected["estimatr_CR2"]["p"][r_name], rel=1e-6
        )
        found = stata[term(r_name)].std_error
        assert found == pytest.approx(expected["estimatr_stata_se"][r_name], rel=1e-8)
        assert found == pytest.approx(expected["sandwich_vcovCL_HC1_se"][r_name], rel=1e-8)


def test_agrees_with_clubsandwich_on_79_schools(case):
    data, expected = case("crve.star_full_CR2")
    fit = ols_cluster_robust("mathk ~ small", data, cluster="schoolidk")
    assert fit.n_clusters == expected["n_clusters"]
    for r_name, value in expected["se"].items():
        assert fit[term(r_name)].std_error == pytest.approx(value, rel=1e-8)
        assert fit[term(r_name)].estimate == pytest.approx(expected["coef"][r_name], rel=1e-8)
        assert fit[term(r_name)].df == pytest.approx(expected["df"][r_name], rel=1e-6)
        p_value = fit[term(r_name)].p_value
        assert np.log(p_value) == pytest.approx(np.log(expected["p"][r_name]), rel=1e-6)


@pytest.mark.parametrize("name", ["crve.star10_math", "crve.exam_all"])
def test_the_joint_test_agrees_with_clubsandwichs_htz(case, name):
    data, expected = case(name)
    formula, cluster = CASES[name]
    htz = expected["HTZ_joint"]
    terms = [htz["terms"]] if isinstance(htz["terms"], str) else htz["terms"]
    test = ols_cluster_robust(formula, data, cluster=cluster).wald([term(t) for t in terms])
    assert test.statistic == pytest.approx(htz["F"], rel=1e-8)
    assert test.df_numerator == htz["df_num"]
    assert test.df_denominator == pytest.approx(htz["df_denom"], rel=1e-6)
    assert test.p_value == pytest.approx(htz["p"], rel=1e-6)


@pytest.mark.parametrize(("vcov", "hc"), [
    ("CR0", "HC0"), ("CR1S", "HC1"), ("CR2", "HC2"), ("CR3", "HC3"),
])  # fmt: skip
@pytest.mark.parametrize("name", CASES)
def test_clusters_of_one_give_the_heteroskedastic_variances(case, name, vcov, hc):
    data, expected = case(name)
    data["row"] = range(len(data))
    fit = ols_cluster_robust(CASES[name][0], data, cluster="row", vcov=vcov)
    for r_name, value in expected["hc"][hc].items():
        assert fit[term(r_name)].std_error == pytest.approx(value, rel=1e-8)


def test_clusters_of_one_under_cr1_are_hc0_times_n_over_n_minus_1(simulated):
    rows = simulated.assign(row=range(len(simulated)))
    cr0, cr1 = (ols_cluster_robust("y ~ x", rows, cluster="row", vcov=v) for v in ("CR0", "CR1"))
    n = len(rows)
    np.testing.assert_allclose(cr1.vcov, cr0.vcov * n / (n - 1), rtol=1e-12)


@pytest.mark.parametrize("options", [{}, {"weights": "w"}, {"absorb": "block"}])
def test_cr2_is_exactly_unbiased_under_the_working_model(simulated, options):
    # The estimate is a quadratic form in y, so its expectation at independent errors of variance 1
    # is the sum of its values at the unit vectors.
    n = len(simulated)
    expected = sum(
        ols_cluster_robust(
            "y ~ x", simulated.assign(y=np.eye(n)[i]), cluster="cluster", **options
        ).vcov
        for i in range(n)
    )
    truth = _variance(simulated, **options)
    np.testing.assert_allclose(expected[-1, -1], truth, rtol=1e-10)


def _variance(data, weights=None, absorb=None):
    """Return the variance of the last term under independent errors of variance 1."""
    columns = [np.ones(len(data)), data["x"]]
    if absorb:
        columns = [*pd.get_dummies(data[absorb]).to_numpy(float).T, data["x"]]
    X = np.column_stack(columns)
    W = np.diag(data[weights]) if weights else np.eye(len(data))
    H = np.linalg.solve(X.T @ W @ X, X.T @ W)
    return (H @ H.T)[-1, -1]


def test_weighted_cr2_follows_its_definition(simulated):
    X = np.column_stack([np.ones(len(simulated)), simulated["x"], simulated["arm"]])
    y, w = simulated["y"].to_numpy(), simulated["w"].to_numpy() / simulated["w"].mean()
    M = np.linalg.inv(X.T * w @ X)
    maker = np.eye(len(y)) - X @ M @ (X.T * w)
    residual = maker @ y
    meat, parts = np.zeros((3, 3)), []
    for g in range(11):
        at = np.flatnonzero(simulated["cluster"] == g)
        values, vectors = np.linalg.eigh(maker[at] @ maker[at].T)
        A = (vectors / np.sqrt(values)) @ vectors.T
        half = (X[at].T * w[at]) @ A
        meat += np.outer(half @ residual[at], half @ residual[at])
        parts.append(M @ half @ maker[at])
    fit = ols_cluster_robust("y ~ x + arm", simulated, cluster="cluster", weights="w")
    np.testing.assert_allclose(fit.vcov, M @ meat @ M, rtol=1e-8)
    rows = np.array([part[1] for part in parts])
    df = np.sum(rows**2) ** 2 / np.sum((rows @ rows.T) ** 2)
    assert fit["x"].df == pytest.approx(df, rel=1e-8)


@pytest.mark.parametrize("weights", [None, "w"])
def test_cr3_is_the_jackknife_centred_at_the_full_estimate(simulated, weights):
    def coefficients(data):
        X = np.column_stack([np.ones(len(data)), data["x"], data["arm"]])
        W = data[weights].to_numpy() if weights else np.ones(len(data))
        return np.linalg.solve(X.T * W @ X, X.T * W @ data["y"].to_numpy())

    full = coefficients(simulated)
    gaps = [coefficients(simulated[simulated["cluster"] != g]) - full for g in range(11)]
    fit = ols_cluster_robust(
        "y ~ x + arm", simulated, cluster="cluster", vcov="CR3", weights=weights
    )
    np.testing.assert_allclose(fit.vcov, sum(np.outer(g, g) for g in gaps), rtol=1e-8)


@pytest.mark.parametrize("vcov", KINDS)
def test_absorbing_is_the_same_as_writing_out_the_fixed_effects(simulated, vcov):
    simulated["dummy"] = pd.Categorical(simulated["block"])
    # clusters within blocks; blocks across clusters, some clusters in several blocks
    for cluster, absorb in (("cluster", "block"), ("other", "block")):
        data = simulated.assign(other=np.arange(len(simulated)) % 7)
        long = ols_cluster_robust("y ~ x + dummy", data, cluster=cluster, vcov=vcov)["x"]
        short = ols_cluster_robust("y ~ x", data, cluster=cluster, vcov=vcov, absorb=absorb)["x"]
        assert short.estimate == pytest.approx(long.estimate, rel=1e-10)
        assert short.std_error == pytest.approx(long.std_error, rel=1e-10)
        assert short.df == pytest.approx(long.df, rel=1e-8)


def test_the_order_of_rows_labels_and_the_scale_of_weights_do_not_matter(simulated):
    shuffled = simulated.sample(frac=1, random_state=1)
    shuffled["w"] *= 17
    shuffled["cluster"] = shuffled["cluster"].map(lambda c: f"class {50 - c}")
    first = ols_cluster_robust("y ~ x + arm", simulated, cluster="cluster", weights="w")
    second = ols_cluster_robust("y ~ x + arm", shuffled, cluster="cluster", weights="w")
    for a, b in zip(first.estimates, second.estimates, strict=True):
        assert (b.estimate, b.std_error, b.df) == pytest.approx((a.estimate, a.std_error, a.df))


def test_constant_weights_are_no_weights(simulated):
    plain = ols_cluster_robust("y ~ x + arm", simulated, cluster="cluster")
    same = ols_cluster_robust("y ~ x + arm", simulated.assign(w=3), cluster="cluster", weights="w")
    np.testing.assert_allclose(same.vcov, plain.vcov, rtol=1e-8)
    assert same["arm"].df == pytest.approx(plain["arm"].df, rel=1e-8)


def test_two_groups_of_independent_people_give_welchs_t():
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"arm": np.repeat([0.0, 1.0], [9, 14]), "row": range(23)})
    data["y"] = rng.normal(size=23) * (1 + data["arm"])
    found = ols_cluster_robust("y ~ arm", data, cluster="row")["arm"]
    spread = data.groupby("arm")["y"].var() / [9, 14]
    assert found.std_error == pytest.approx(np.sqrt(spread.sum()))


def test_few_effective_degrees_of_freedom_are_flagged(simulated):
    data = simulated.assign(arm=(simulated["cluster"] < 2).astype(float))
    assert ols_cluster_robust("y ~ arm", data, cluster="cluster")["arm"].flags == ("few clusters",)


@pytest.mark.parametrize(
    ("options", "change", "sentence"),
    [
        ({}, {"cluster": 1}, "holds 1 cluster"),
        ({}, {"arm": lambda d: (d["cluster"] == 3).astype(float)}, "has a single cluster"),
        ({}, {"arm": lambda d: (d["cluster"] != 3).astype(float)}, "has a single cluster"),
        ({"absorb": "block", "weights": "w"}, {}, "cannot be absorbed together with weights"),
        ({"weights": "w"}, {"w": 0.0}, "weights must be positive"),
        ({"vcov": "HC3"}, {}, "vcov must be one of CR0"),
        ({"conf_level": 95}, {}, "conf_level must lie"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(simulated, options, change, sentence):
    with pytest.raises(DesignError, match=sentence):
        ols_cluster_robust("y ~ arm", simulated.assign(**change), cluster="cluster", **options)


def test_an_arm_of_two_clusters_against_one_is_refused(simulated):
    data = simulated[simulated["cluster"].isin([1, 2, 3])]
    with pytest.raises(DesignError, match="single cluster"):
        ols_cluster_robust("y ~ arm", data.assign(arm=data["cluster"].eq(2)), cluster="cluster")


def test_too_many_terms_for_the_clusters_cannot_be_tested_together(simulated):
    data = simulated[simulated["cluster"].isin([1, 2, 4])].assign(z=np.linspace(0, 1, 12) ** 2)
    fit = ols_cluster_robust("y ~ x + z", data, cluster="cluster")
    with pytest.raises(DesignError, match="too few to test"):
        fit.wald(["Intercept", "x", "z"])
    with pytest.raises(DesignError, match="no term 'age'"):
        fit.wald(["age"])
    with pytest.raises(DesignError, match="different terms"):
        fit.wald(["x", "x"])
