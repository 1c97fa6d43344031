import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.cluster import ols_cluster_robust
from pilot_analysis.stats.missing import impute, pool_estimates
from pilot_analysis.stats.missing.convergence import scale_reduction

MODEL = {"arm": "arm", "cluster": "class_id", "school": "school_id"}


def students(seed=0, schools=4, classes=6, size=8, holes=0.15) -> pd.DataFrame:
    """Return students with pre, post, a yes/no and a rating; none of the first class took post."""
    draw = np.random.default_rng(seed)
    groups = schools * classes
    group = np.repeat(np.arange(groups), size)
    n = len(group)
    arm = (np.arange(groups) % 2)[group]
    pre = draw.normal(200, 15, n) + draw.normal(0, 5, groups)[group]
    post = 20 + 0.9 * pre + 4 * arm + draw.normal(0, 4, groups)[group] + draw.normal(0, 8, n)
    rating = pd.cut(post + draw.normal(0, 15, n), [-np.inf, 190, 205, np.inf], labels=[1, 2, 3])
    made = pd.DataFrame(
        {
            "school_id": [f"S{g // classes}" for g in group],
            "class_id": [f"C{g:02d}" for g in group],
            "arm": pd.Categorical(np.where(arm, "product", "as usual"), ["as usual", "product"]),
            "pre": pre,
            "post": post,
            "passed": post > 200,
            "rating": rating,
            "grade": draw.choice(["four", "five"], n),
        },
        index=[f"P{i:03d}" for i in range(n)],
    )
    made["passed"] = made["passed"].astype("boolean")
    for name, share in (("pre", holes / 2), ("post", holes), ("passed", holes), ("rating", holes)):
        made[name] = made[name].mask(draw.random(n) < share)
    made.loc[made["class_id"] == "C00", "post"] = np.nan
    return made


@pytest.fixture(scope="module")
def data():
    return students()


@pytest.fixture(scope="module")
def found(data):
    return impute(
        data,
        targets=["pre", "post", "passed", "rating"],
        covariates=["grade"],
        seed=1,
        m=6,
        **MODEL,
    )


# what is filled, and what is not ----------------------------------------------------------------


def test_every_hole_is_filled_and_nothing_else_is_touched(data, found):
    assert len(found) == found.m == 6
    frames = list(found)
    assert len(frames) == 6
    for frame in frames:
        assert frame.columns.equals(data.columns)
        assert frame.index.equals(data.index)
        assert not frame.isna().any(axis=None)
        for name in data.columns:
            known = data[name].notna()
            assert frame[name][known].tolist() == data[name][known].tolist()
    assert found.missing.to_dict() == data[found.missing.index].isna().sum().to_dict()


def test_the_data_themselves_are_left_as_they_were(data, found):
    before = data.copy()
    frame = found.completed(0)
    frame["post"] = 0.0
    frame.loc["P000", "pre"] = 0.0
    assert data.equals(before)
    assert found.completed(0).loc["P000", "pre"] != 0
    assert (found.completed(0)["post"] != 0).all()


def test_types_are_kept_and_categories_and_answers_come_from_those_observed(data, found):
    frame = found.completed(3)
    assert found.methods == {"pre": "normal", "post": "normal", "passed": "pmm", "rating": "pmm"}
    assert frame["passed"].dtype == "boolean"
    assert frame["rating"].dtype == data["rating"].dtype
    assert set(frame["passed"]) == {True, False}


def test_imputed_values_can_be_read_by_target(data, found):
    values = found.imputed("post")
    assert values.shape == (data["post"].isna().sum(), 6)
    for i in (0, 5):
        assert values[i].tolist() == found.completed(i)["post"][values.index].tolist()
        ratings = found.imputed("rating")[i]
        assert ratings.tolist() == found.completed(i)["rating"][ratings.index].tolist()
    with pytest.raises(DesignError, match="'grade' was no target"):
        found.imputed("grade")
    with pytest.raises(DesignError, match="imputations 0 to 5"):
        found.completed(6)


def test_the_trace_tells_how_the_draws_went(data, found):
    trace = found.trace
    assert len(trace) == 4 * 10 * 6
    last = trace[trace["iteration"] == 10].set_index(["target", "imputation"])
    for i in range(6):
        values = found.imputed("post")[i]
        assert last.loc[("post", i), "mean"] == pytest.approx(values.mean())
        assert last.loc[("post", i), "sd"] == pytest.approx(values.std(ddof=0))
    assert not any(flag.startswith("not converged") for flag in found.flags)


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), m=st.integers(2, 5))
def test_complete_data_come_back_unchanged(seed, m):
    data = students(seed, holes=0).assign(post=lambda d: d["post"].fillna(200.0))
    found = impute(data, targets=["pre", "post", "passed", "rating"], seed=seed, m=m, **MODEL)
    assert all(frame.equals(data) for frame in found)
    assert found.methods == dict.fromkeys(["pre", "post", "passed", "rating"], "complete")
    assert found.trace.empty
    assert found.imputed("post").shape == (0, m)


def test_complete_data_pool_to_the_complete_data_answer():
    data = students(holes=0).assign(post=lambda d: d["post"].fillna(200.0))
    fits = [
        ols_cluster_robust("post ~ pre + arm", frame, cluster="class_id")["arm[T.product]"]
        for frame in impute(data, targets=["pre", "post"], seed=1, m=5, **MODEL)
    ]
    pooled = pool_estimates(fits)
    assert (pooled.estimate, pooled.std_error) == (fits[0].estimate, fits[0].std_error)


# seeds, order, names ----------------------------------------------------------------------------


@settings(max_examples=8)
@given(seed=st.integers(0, 1000))
def test_shuffling_rows_that_keep_their_index_changes_nothing(seed):
    data = students(seed)
    options = {"targets": ["pre", "post", "passed"], "seed": seed, "m": 3, "iterations": 3}
    one = impute(data, **options, **MODEL)
    other = impute(data.sample(frac=1, random_state=seed), **options, **MODEL)
    for i in range(3):
        left, right = one.completed(i), other.completed(i).loc[data.index]
        np.testing.assert_allclose(left["post"], right["post"], rtol=1e-8)
        assert left["passed"].equals(right["passed"])


def test_the_same_seed_gives_the_same_draws_and_another_does_not(data):
    options = {"targets": ["pre", "post"], "m": 3, **MODEL}
    one, same, other = (impute(data, seed=s, **options).imputed("post") for s in (7, 7, 8))
    assert one.equals(same)
    assert not one.equals(other)
    assert (one[0] != one[1]).all()


@settings(max_examples=8)
@given(factor=st.sampled_from([0.001, -5.0, 1e5]), shift=st.floats(-1000, 1000))
def test_the_unit_of_a_score_does_not_matter(factor, shift):
    data = students(3)
    options = {"targets": ["pre", "post"], "m": 3, "iterations": 3, "seed": 5, **MODEL}
    one = impute(data, **options).imputed("pre")
    moved = impute(data.assign(post=data["post"] * factor + shift), **options).imputed("pre")
    if factor > 0:
        np.testing.assert_allclose(moved, one, rtol=1e-6)
    assert (moved.std(axis=1) > 0).all()


def test_the_names_of_classes_and_schools_do_not_matter(data):
    options = {"targets": ["pre", "post"], "m": 3, "seed": 5, **MODEL}
    numbers = data.assign(
        class_id=data["class_id"].str[1:].astype(int) + 100,
        school_id=pd.Categorical(data["school_id"], ["S0", "S1", "S2", "S3", "S9"]),
    )
    one, other = (impute(d, **options).imputed("post") for d in (data, numbers))
    np.testing.assert_allclose(other, one, rtol=1e-9)


def test_an_index_that_has_no_order_is_taken_row_by_row(data):
    mixed = data.set_axis([1, *map(str, range(1, len(data)))])
    frame = impute(mixed, targets=["post"], seed=1, m=2).completed(0)
    assert frame["post"].notna().all()


# what the model knows -----------------------------------------------------------------------------


def test_values_follow_arm_class_school_and_the_other_score():
    """Each effect is large against the noise, so that a model without it would miss it."""
    draw = np.random.default_rng(2)
    data = students(2, schools=4, classes=10, size=10, holes=0)
    group = data["class_id"].str[1:].astype(int).to_numpy()
    of_class = draw.normal(0, 30, 40)[group]
    school = data["school_id"].str[1:].astype(int) * 100
    treated = (data["arm"] == "product").astype(int)
    # the slope of pre differs by arm
    truth = 2 * data["pre"] + 3 * treated * data["pre"] + school + of_class
    truth = truth + draw.normal(0, 1, len(data))
    lost = draw.random(len(data)) < 0.2
    found = impute(data.assign(post=truth.mask(lost)), targets=["post", "pre"], seed=3, **MODEL)
    error = found.imputed("post").sub(truth[lost], axis=0)
    assert error.mean(axis=1).abs().max() < 3
    assert error.std(axis=1).median() < 1.6


def test_a_class_without_any_score_varies_as_classes_do():
    draw = np.random.default_rng(5)
    data = students(5, schools=1, classes=60, size=10, holes=0)
    group = data["class_id"].str[1:].astype(int).to_numpy()
    post = pd.Series(draw.normal(0, 5, 60)[group] + draw.normal(0, 5, 600), index=data.index)
    post = post.mask(data["class_id"].isin(["C07"]))
    values = impute(
        data.assign(post=post), targets=["post"], cluster="class_id", seed=1, m=2000
    ).imputed("post")
    # the means of the class over imputations vary by the classes' variance + residual / 10
    assert values.mean(axis=0).std() == pytest.approx(np.sqrt(25 + 2.5), rel=0.25)
    assert values.std(axis=0).mean() == pytest.approx(5, rel=0.1)


def test_arms_that_differ_by_school_are_kept_apart_on_request():
    data = students(6, schools=3, classes=12, size=10, holes=0)
    school = data["school_id"].str[1:].astype(int)
    treated = (data["arm"] == "product").astype(int)
    truth = 10.0 * treated * school + np.random.default_rng(1).normal(0, 1, len(data))
    lost = (data["school_id"] == "S2") & (np.arange(len(data)) % 4 == 0)
    options = {"targets": ["post"], "seed": 1, **MODEL}
    inside = data.assign(post=truth.mask(lost))
    error = {
        by_school: impute(inside, arm_by_school=by_school, **options)
        .imputed("post")
        .mean(axis=1)
        .sub(truth[lost])
        .abs()
        .mean()
        for by_school in (True, False)
    }
    assert error[True] < 1.2


def test_predictive_mean_matching_gives_observed_values_near_the_expected_ones():
    draw = np.random.default_rng(8)
    x = draw.normal(size=400)
    y = np.round(np.exp(1 + x + 0.2 * draw.normal(size=400)), 3)
    lost = draw.random(400) < 0.2
    data = pd.DataFrame({"x": x, "y": np.where(lost, np.nan, y)})
    values = impute(data, targets=["y"], covariates=["x"], methods={"y": "pmm"}, seed=1)
    drawn = values.imputed("y")
    assert set(drawn.to_numpy().ravel()) <= set(y[~lost])
    assert np.corrcoef(drawn.mean(axis=1), y[lost])[0, 1] > 0.85


def test_shares_of_yes_are_right_where_no_is_lost_more_often():
    draw = np.random.default_rng(9)
    x = draw.normal(size=3000)
    yes = draw.random(3000) < 1 / (1 + np.exp(-x))
    lost = draw.random(3000) < 1 / (1 + np.exp(1 + 1.5 * x))
    data = pd.DataFrame({"x": x, "yes": pd.Series(yes, dtype=object).mask(lost)})
    found = impute(data, targets=["yes"], covariates=["x"], seed=1)
    shares = [frame["yes"].mean() for frame in found]
    assert found.completed(0)["yes"].dtype == bool
    assert yes[~lost].mean() - yes.mean() > 0.06
    assert np.mean(shares) == pytest.approx(yes.mean(), abs=0.025)


# not at random ------------------------------------------------------------------------------------


@pytest.mark.parametrize("delta", [0, -5.0, 2])
def test_delta_shifts_imputed_values_and_no_others(data, delta):
    options = {"targets": ["pre", "post"], "seed": 4, "m": 3, **MODEL}
    plain = impute(data, **options)
    moved = impute(data, delta={"post": delta}, **options)
    np.testing.assert_allclose(moved.imputed("post") - plain.imputed("post"), delta, atol=1e-9)
    assert moved.imputed("pre").equals(plain.imputed("pre"))
    assert moved.trace.equals(plain.trace)


def test_delta_may_differ_by_arm(data):
    options = {"targets": ["pre", "post"], "seed": 4, "m": 3, **MODEL}
    plain = impute(data, **options).imputed("post")
    moved = impute(data, delta={"post": {"product": -5}}, **options).imputed("post")
    treated = data["arm"][plain.index] == "product"
    np.testing.assert_allclose((moved - plain)[treated], -5, atol=1e-9)
    assert moved[~treated].equals(plain[~treated])


# flags ------------------------------------------------------------------------------------------


def test_with_few_classes_their_means_are_left_out_and_it_says_so():
    found = impute(students(1, schools=2, classes=4), targets=["pre", "post"], seed=1, m=2, **MODEL)
    assert "class means left out" in found.flags
    many = impute(students(1), targets=["pre", "post"], seed=1, m=2, **MODEL)
    assert "class means left out" not in many.flags


def test_one_incomplete_target_needs_one_round(data):
    found = impute(data.assign(pre=data["pre"].fillna(200)), targets=["pre", "post"], seed=1)
    assert found.iterations == 1
    assert found.methods["pre"] == "complete"


def test_chains_that_stay_apart_are_seen():
    draw = np.random.default_rng(0)
    mixed, apart = (
        draw.normal(size=(10, 20)),
        draw.normal(size=20) + 0.3 * draw.normal(size=(10, 20)),
    )
    assert scale_reduction(mixed) < 1.2 < scale_reduction(apart)
    assert scale_reduction(apart[:3]) == 1.0
    assert scale_reduction(np.ones((10, 20))) == 1.0


def test_two_scores_that_are_never_seen_together_do_not_mix():
    draw = np.random.default_rng(0)
    x = draw.normal(size=300)
    data = pd.DataFrame({"a": x + 0.01 * draw.normal(size=300), "b": x})
    data.loc[:145, "a"] = np.nan
    data.loc[154:, "b"] = np.nan
    found = impute(data, targets=["a", "b"], seed=1)
    assert any(flag.startswith("not converged: the chains of") for flag in found.flags)


def test_whole_schools_in_one_arm_are_no_obstacle():
    data = students(2)
    data["arm"] = pd.Categorical(np.where(data["school_id"].isin(["S0", "S1"]), "x", "y"))
    found = impute(data, targets=["pre", "post"], seed=1, m=2, **MODEL)
    assert found.completed(1)["post"].notna().all()


# bad and degenerate input -------------------------------------------------------------------------


def never(d):
    return np.nan


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"post": never}, {}, "'post' has no values at all"),
        ({"post": lambda d: d["post"].where(d.index > "P005", np.inf)}, {}, "infinite values in"),
        ({"post": lambda d: d["post"] * 0}, {}, "are the same"),
        ({"post": lambda d: d["post"].map(str)}, {}, "'post' holds text"),
        ({"post": lambda d: d["grade"].astype("category").cat.add_categories("six")
          .where(d.index > "P005", "six")}, {}, "3 categories without an order"),
        ({"post": lambda d: d["post"].where(d.index < "P014")},
         {"arm": None, "cluster": None, "school": None}, "known values are too few for an imputat"),
        ({"arm": "product"}, {}, "one arm only"),
        ({"arm": lambda d: d["arm"].where(d.index > "P000")}, {}, "'arm' is empty in 1 of"),
        ({"class_id": lambda d: d["class_id"].where(d.index > "P001")}, {}, "'class_id' is empty"),
        ({"school_id": lambda d: d["school_id"].where(d.index > "P001")}, {}, "'school_id' is emp"),
        ({"grade": lambda d: d["grade"].where(d.index > "P001")}, {"covariates": ["grade"]},
         "belongs among the targets"),
        ({"grade": np.inf}, {"covariates": ["grade"]}, "'grade' holds infinite"),
        ({"post": lambda d: d["post"].mask(d["school_id"] == "S3")}, {},
         "Nobody with a value of 'post' shows what goes with: school_id S3"),
        ({"post": lambda d: d["post"].mask(d["arm"] == "product")}, {}, "goes with: arm product"),
        ({"post": lambda d: d["post"].mask((d["arm"] == "product") & (d["school_id"] == "S3"))},
         {"arm_by_school": True}, "arm product, school_id S3"),
        ({}, {"m": 1}, "m must be a whole number from 2"),
        ({}, {"m": 2.5}, "m must be a whole number from 2"),
        ({}, {"iterations": 0}, "iterations must be a whole number from 1"),
        ({}, {"seed": None}, "seed must be a whole number"),
        ({}, {"targets": []}, "at least one target"),
        ({}, {"targets": ["post", "post"]}, "'post' is named twice"),
        ({}, {"targets": ["post", "arm"]}, "'arm' is named twice"),
        ({}, {"targets": ["height"]}, "no column 'height'"),
        ({}, {"methods": {"post": "logistic"}}, "normal or pmm"),
        ({}, {"methods": {"height": "pmm"}}, "not one of the targets"),
        ({}, {"targets": ["passed"], "methods": {"passed": "normal"}}, "drawn by pmm, not normal"),
        ({}, {"delta": {"height": 1}}, "'height', which is not one of the targets"),
        ({}, {"delta": {"post": np.nan}}, "finite number; got nan"),
        ({}, {"delta": {"post": "low"}}, "finite number; got 'low'"),
        ({}, {"delta": {"post": {"control": 1}}}, "arm 'control', which is not there"),
        ({}, {"delta": {"post": 1}, "methods": {"post": "pmm"}}, "only targets drawn as normal"),
    ],
)  # fmt: skip
def test_what_cannot_be_imputed_is_refused_in_a_sentence(change, options, message):
    data = students().assign(**change)
    with pytest.raises(DesignError, match=message):
        impute(data, **{"targets": ["pre", "post"], "seed": 1, "m": 2, **MODEL, **options})


def test_targets_that_follow_from_one_another_are_refused():
    data = students()
    copy = data["pre"] * 2 + 1
    with pytest.raises(DesignError, match="follow from the others"):
        impute(data.assign(copy=copy), targets=["pre", "copy", "post"], seed=1, m=2, **MODEL)


def test_a_perfect_fit_is_imputed_as_it_is():
    data = students(holes=0)
    truth = 3 * data["pre"] - 7
    lost = np.arange(len(data)) % 5 == 0
    found = impute(data.assign(post=truth.mask(lost)), targets=["post", "pre"], seed=1, m=3)
    assert np.abs(found.imputed("post").sub(truth[lost], axis=0)).max(axis=None) < 0.05


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_rows_are_refused(n):
    data = students().iloc[10 : 10 + n].assign(post=[np.nan, 1.0][:n] if n else [])
    with pytest.raises(DesignError):
        impute(data, targets=["post"], seed=1)
