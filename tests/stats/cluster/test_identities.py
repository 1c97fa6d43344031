"""What must hold for every data set, whatever software says."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.stats.cluster import ols_cluster_robust
from pilot_analysis.stats.cluster.least_squares import least_squares
from pilot_analysis.stats.cluster.rows import read_rows

KINDS = ("CR0", "CR1", "CR1S", "CR2", "CR3")
seeds = st.integers(0, 10**6)
kinds = st.sampled_from(KINDS)
options = st.sampled_from([{}, {"weights": "w"}, {"absorb": "block"}])


def simulated(seed):
    """Return 12 unequal clusters, two and more of each arm, in three blocks that cross them."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(12), rng.integers(2, 7, 12))
    n = len(cluster)
    data = pd.DataFrame({"cluster": cluster, "x": rng.normal(size=n), "w": rng.uniform(0.2, 4, n)})
    data["block"] = rng.integers(0, 3, n)
    arms = np.array(["a", "b", "c"])[rng.permutation(np.arange(12) % 3)]
    data["arm"] = pd.Categorical(arms[cluster], categories=["a", "b", "c"])
    data["y"] = data["x"] + rng.normal(size=12)[cluster] + rng.normal(size=n)
    return data


def numbers(estimate):
    return estimate.estimate, estimate.std_error, estimate.df, estimate.p_value


@given(seeds, options)
@settings(max_examples=12)
def test_cr2_is_exactly_unbiased_for_every_contrast(seed, chosen):
    # The covariance is a quadratic form in y, so its expectation at independent errors of
    # variance 1 is the sum of its values at the unit vectors: n outcomes on the same columns.
    rows = read_rows("y ~ x + arm", simulated(seed), cluster="cluster", **chosen)
    fit = least_squares(rows, np.eye(len(rows.design.y)), power=-0.5)
    parts = np.einsum("gpr,tp->gtr", fit.moments.scores, fit.to_basis)
    expected = np.einsum("gsr,gtr->st", parts, parts)
    # row t of the coefficients holds what each observation adds to term t
    truth = fit.coefficients @ fit.coefficients.T
    np.testing.assert_allclose(expected, truth, atol=1e-10)


@given(seeds, kinds, options)
@settings(max_examples=12)
def test_order_labels_origin_and_scale_do_not_matter(seed, vcov, chosen):
    data = simulated(seed)
    other = data.sample(frac=1, random_state=seed).assign(
        cluster=lambda d: d["cluster"].map(lambda c: f"class {40 - c}"),
        block=lambda d: d["block"].map({0: "z", 1: "k", 2: "m"}),
        w=lambda d: d["w"] * 3e-5,
        y=lambda d: 4e6 * d["y"],
        x=lambda d: 1e3 * d["x"],
    )
    first, second = (
        ols_cluster_robust("y ~ x + arm", d, cluster="cluster", vcov=vcov, **chosen)
        for d in (data, other)
    )
    for name, factor in (("x", 4e3), ("arm[T.b]", 4e6), ("arm[T.c]", 4e6)):
        a, b = first[name], second[name]
        assert (b.estimate, b.std_error) == pytest.approx(
            (factor * a.estimate, factor * a.std_error), rel=1e-7, abs=1e-7 * a.std_error
        )
        assert (b.df, b.p_value) == pytest.approx((a.df, a.p_value), rel=1e-6)


@given(seeds, kinds, options, st.data())
@settings(max_examples=12)
def test_incomplete_rows_count_as_if_they_were_not_there(seed, vcov, chosen, draw):
    data = simulated(seed).astype({"block": float})
    columns = ["y", "x", "arm", "cluster", *chosen.values()]
    column = draw.draw(st.sampled_from(columns))
    holes = data.astype({"cluster": object})
    holes.loc[[3, 11], column] = None
    fits = [
        ols_cluster_robust("y ~ x + arm", d, cluster="cluster", vcov=vcov, **chosen)
        for d in (holes, data.drop(index=[3, 11]))
    ]
    assert fits[0].n == len(data) - 2
    for a, b in zip(fits[0].estimates, fits[1].estimates, strict=True):
        assert numbers(a) == pytest.approx(numbers(b), rel=1e-9)


@given(seeds, kinds, options, st.floats(0.5, 0.999))
@settings(max_examples=20)
def test_p_is_below_alpha_exactly_when_the_interval_excludes_the_null(
    seed, vcov, chosen, conf_level
):
    fit = ols_cluster_robust(
        "y ~ x + arm", simulated(seed), cluster="cluster", vcov=vcov, conf_level=conf_level,
        **chosen,
    )  # fmt: skip
    for e in (*fit.estimates, fit.contrast({"arm[T.b]": 1, "arm[T.c]": -1})):
        assert (e.p_value < 1 - conf_level) == (e.conf_low > 0 or e.conf_high < 0)


@given(seeds, kinds, options)
@settings(max_examples=12)
def test_a_contrast_is_the_term_of_a_model_with_another_reference(seed, vcov, chosen):
    data = simulated(seed)
    fit = ols_cluster_robust("y ~ x + arm", data, cluster="cluster", vcov=vcov, **chosen)
    data["arm"] = data["arm"].cat.reorder_categories(["b", "a", "c"])
    other = ols_cluster_robust("y ~ x + arm", data, cluster="cluster", vcov=vcov, **chosen)
    found = fit.contrast({"arm[T.c]": 1, "arm[T.b]": -1})
    assert numbers(found) == pytest.approx(numbers(other["arm[T.c]"]), rel=1e-7)
    # and the joint test of "no arm differs" does not know which arm is the reference
    tests = [
        fit.wald(["arm[T.b]", "arm[T.c]"]),
        fit.wald([{"arm[T.b]": -1.0, "arm[T.c]": 1.0}, {"arm[T.b]": -5.0}]),
        other.wald(["arm[T.a]", "arm[T.c]"]),
    ]
    for test in tests[1:]:
        assert test.statistic == pytest.approx(tests[0].statistic, rel=1e-7)
        assert test.df_denominator == pytest.approx(tests[0].df_denominator, rel=1e-6)


@given(seeds, kinds, options)
@settings(max_examples=10)
def test_a_joint_test_of_one_term_is_its_t_test(seed, vcov, chosen):
    fit = ols_cluster_robust("y ~ x + arm", simulated(seed), cluster="cluster", vcov=vcov, **chosen)
    test = fit.wald(["x"])
    assert test.statistic == pytest.approx(fit["x"].statistic ** 2, rel=1e-9)
    assert test.df_denominator == pytest.approx(fit["x"].df, rel=1e-9)
    assert test.p_value == pytest.approx(fit["x"].p_value, rel=1e-9)


@given(seeds, kinds)
@settings(max_examples=8)
def test_absorbing_groups_within_clusters_takes_nothing_from_the_answer(seed, vcov):
    # such groups are left out of the algebra altogether; the long way has one indicator each
    data = simulated(seed)
    data["half"] = data["cluster"] * 2 + (np.arange(len(data)) % 2)
    data["z"] = np.random.default_rng(seed).normal(size=len(data))
    data["dummy"] = pd.Categorical(data["half"])
    short = ols_cluster_robust("y ~ x + z", data, cluster="cluster", vcov=vcov, absorb="half")
    long = ols_cluster_robust("y ~ x + z + dummy", data, cluster="cluster", vcov=vcov)
    for name in ("x", "z"):
        assert numbers(short[name]) == pytest.approx(numbers(long[name]), rel=1e-6)


@given(seeds)
@settings(max_examples=10)
def test_cr3_with_fixed_effects_of_the_clusters_is_the_jackknife_of_the_within_estimator(seed):
    data = simulated(seed)

    def slope(d):
        x, y = (d[c] - d.groupby("cluster")[c].transform("mean") for c in ("x", "y"))
        return (x * y).sum() / (x * x).sum()

    gaps = [slope(data[data["cluster"] != g]) - slope(data) for g in range(12)]
    found = ols_cluster_robust("y ~ x", data, cluster="cluster", vcov="CR3", absorb="cluster")
    assert found["x"].std_error == pytest.approx(np.linalg.norm(gaps), rel=1e-8)


@given(st.integers(2, 9), st.integers(2, 9), st.integers(1, 5), seeds)
@settings(max_examples=12)
def test_two_arms_of_equal_classes_give_welchs_t_on_class_means(first, second, size, seed):
    # Bell and McCaffrey's df are those of Welch at equal variances, whatever the data say
    rng = np.random.default_rng(seed)
    classes = first + second
    data = pd.DataFrame({"class": np.repeat(np.arange(classes), size)})
    data["arm"] = (data["class"] >= first).astype(float)
    data["y"] = rng.normal(size=classes)[data["class"]] + rng.normal(size=len(data))
    found = ols_cluster_robust("y ~ arm", data, cluster="class")["arm"]
    means = data.groupby("class")["y"].mean()
    sides = means[:first], means[first:]
    welch = np.sqrt(sum(side.var() / len(side) for side in sides))
    assert found.std_error == pytest.approx(welch, rel=1e-9)
    square = first**2 * (first - 1) + second**2 * (second - 1)
    df = classes**2 * (first - 1) * (second - 1) / square
    assert found.df == pytest.approx(df, rel=1e-8)


@given(st.integers(2, 8), st.integers(2, 8), seeds)
@settings(max_examples=10)
def test_balanced_difference_in_differences_is_welchs_t_on_changes(first, second, seed):
    rng = np.random.default_rng(seed)
    schools = first + second
    data = pd.DataFrame({"school": np.tile(np.arange(schools), 2)})
    data["after"] = np.repeat([0.0, 1.0], schools)
    data["treated_after"] = data["after"] * (data["school"] >= first)
    data["y"] = rng.normal(size=2 * schools)
    found = ols_cluster_robust(
        "y ~ after + treated_after", data, cluster="school", absorb="school"
    )["treated_after"]
    change = data["y"].to_numpy()[schools:] - data["y"].to_numpy()[:schools]
    sides = change[:first], change[first:]
    welch = np.sqrt(sum(side.var(ddof=1) / len(side) for side in sides))
    assert found.estimate == pytest.approx(sides[1].mean() - sides[0].mean(), rel=1e-9)
    assert found.std_error == pytest.approx(welch, rel=1e-8)


@given(seeds, st.sampled_from(["CR0", "CR2", "CR3"]))
@settings(max_examples=8)
def test_rows_of_weight_two_are_rows_twice_in_the_coefficients_but_not_in_the_working_model(
    seed, vcov
):
    # weights say how much a row counts, not how many rows it is: CR0 cannot tell the difference
    # (it only sums within clusters), the corrections of CR2 and CR3 may
    data = simulated(seed).assign(w=lambda d: 1.0 + (np.arange(len(d)) % 2))
    twice = data.loc[data.index.repeat(data["w"].astype(int))]
    weighted = ols_cluster_robust("y ~ x + arm", data, cluster="cluster", weights="w", vcov=vcov)
    repeated = ols_cluster_robust("y ~ x + arm", twice, cluster="cluster", vcov=vcov)
    for name in weighted.names:
        assert weighted[name].estimate == pytest.approx(repeated[name].estimate, rel=1e-8)
    if vcov in ("CR0", "CR3"):  # both depend on the clusters' normal equations only
        np.testing.assert_allclose(weighted.vcov, repeated.vcov, rtol=1e-7, atol=1e-12)
