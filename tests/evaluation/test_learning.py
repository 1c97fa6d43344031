"""Did students learn more: STAR's published numbers, the demo's truth, and what cannot be told."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pilot_analysis.evaluation import learning_models
from pilot_analysis.evaluation.comparison import assemble_comparison
from pilot_analysis.evaluation.learning import learning
from pilot_analysis.evaluation.learning_models import ComparisonModels
from pilot_analysis.results import Results, result_id
from pilot_analysis.stats.estimate import Estimate
from pilot_analysis.stats.mixed import fit_mixed


@pytest.fixture(scope="module")
def star_results(star):
    return learning(star).frame.set_index("result_id")


@pytest.fixture(scope="module")
def demo_results(demo):
    return learning(demo).frame.set_index("result_id")


def rid(name, **keys):
    return result_id("learning", name, **keys)


@pytest.mark.parametrize(
    ("outcome", "arm", "estimate", "std_error"),
    [
        ("math_k", "small", 8.027, 2.595),
        ("math_k", "aide", -0.143, 2.679),
        ("math_1", "small", 8.374, 2.290),
        ("math_1", "aide", 2.375, 2.420),
    ],
)
def test_star_effects(star_results, outcome, arm, estimate, std_error):
    row = star_results.loc[rid("effect", outcome=outcome, category=arm)]
    assert row["estimate"] == pytest.approx(estimate, abs=5e-4)
    # lme4's standard error; Kenward and Roger's adjustment adds less than .001 to it
    assert std_error - 5e-4 < row["std_error"] < std_error + 1.5e-3
    assert row["unit"] == "points"


def test_star_effects_have_lme4s_standard_errors(star):
    models = _models(star, "math_k")
    fit = models.mixed()
    errors = np.sqrt(np.diag(fit.model_vcov))
    assert dict(zip([e.name for e in fit.estimates], errors.round(3), strict=True)) == {
        "Intercept": 2.933, "arm[T.small]": 2.595, "arm[T.aide]": 2.679,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "variances"),
    [
        ("math_k", {"class": 270.14, "school": 391.19, "residual": 1611.08}),
        ("math_1", {"class": 239.22, "school": 258.27, "residual": 752.01}),
    ],
)
def test_star_variances(star_results, outcome, variances):
    for category, value in variances.items():
        row = star_results.loc[rid("variance", outcome=outcome, category=category)]
        assert row["estimate"] == pytest.approx(value, abs=0.01)


@pytest.mark.parametrize(
    ("outcome", "name", "value"),
    [
        ("math_k", "students", 5871), ("math_k", "schools", 79), ("math_k", "classes", 337),
        ("math_1", "students", 4165), ("math_1", "schools", 76), ("math_1", "classes", 349),
        ("math_1", "lost", 1706), ("math_1", "moved", 169), ("math_1", "changed_arm", 1636),
        ("math_k", "moved", 0), ("math_k", "changed_arm", 0),
    ],
)  # fmt: skip
def test_star_counts(star_results, outcome, name, value):
    assert star_results.loc[rid(name, outcome=outcome), "estimate"] == value


def test_star_lost_share(star_results):
    row = star_results.loc[rid("lost_share", outcome="math_1")]
    assert round(row["estimate"], 2) == 0.29
    assert row["n"] == 5871
    assert row["conf_low"] < row["estimate"] < row["conf_high"]


def test_the_answers_about_star(star_results):
    verdicts = {
        (outcome, arm): star_results.loc[rid("verdict", outcome=outcome, category=arm), "level"]
        for outcome in ("math_k", "math_1") for arm in ("small", "aide")
    }  # fmt: skip
    assert verdicts["math_k", "small"] == "higher"
    assert verdicts["math_k", "aide"] == "cannot tell"
    assert verdicts["math_1", "small"] == "higher"


def test_school_intercepts_and_fixed_effects_agree_about_star(star_results):
    row = star_results.loc[rid("effect_cr2", outcome="math_k", category="small")]
    assert row["estimate"] == pytest.approx(8.932, abs=5e-4)
    assert row["std_error"] == pytest.approx(2.704, abs=5e-4)
    assert row["n_clusters"] == 337


@pytest.mark.parametrize("results", ["star_results", "demo_results"])
def test_every_estimate_carries_its_interval_numbers_and_method(results, request):
    frame = request.getfixturevalue(results)
    effects = frame[(frame["kind"] == "effect") & (frame["name"] != "mdes")]
    assert effects[["estimate", "conf_low", "conf_high", "n", "n_clusters"]].notna().all(axis=None)
    assert (effects["method"] != "").all()
    assert (effects["conf_low"] < effects["conf_high"]).all()
    tested = effects.dropna(subset="p_value")
    excludes = (tested["conf_low"] > 0) | (tested["conf_high"] < 0)
    assert (excludes == (tested["p_value"] < 0.05)).all()


@pytest.mark.parametrize("results", ["star_results", "demo_results"])
def test_every_relation_names_a_result(results, request):
    frame = request.getfixturevalue(results)
    for relations in frame["relation"]:
        for relation in relations:
            assert relation.split(" ", 2)[2] in frame.index


def test_effects_in_sd_stand_beside_what_the_pilot_could_have_seen(demo_results):
    for outcome, arm in (("reading", "readwell"), ("mathematics", "numera")):
        detectable = demo_results.loc[rid("mdes", outcome=outcome, category=arm), "estimate"]
        found = demo_results.loc[rid("effect_sd", outcome=outcome, category=arm)]
        assert 2 * found["std_error"] < detectable < 4 * found["std_error"]


def test_shrunken_effects_lie_closer_together_with_narrower_intervals(star_results):
    for arm in ("small", "aide"):
        rows = star_results[star_results["category"].eq(arm) & star_results["outcome"].eq("math_k")]
        raw = rows[rows["name"] == "school_effect"].set_index("school_id")
        leaning = rows[rows["name"] == "school_effect_shrunken"].set_index("school_id")
        assert leaning["estimate"].std() < raw["estimate"].std()
        width = (leaning["conf_high"] - leaning["conf_low"]) / (raw["conf_high"] - raw["conf_low"])
        assert (width < 1).all()
        assert (width > 0.05).all()  # never of no width


def test_a_schools_standard_error_counts_its_classes(star):
    models = _models(star, "math_k")
    fit = models.mixed()
    raw = models.school_effects("small", fit)
    school = raw.index[0]
    frame = models.comparison.frame
    own = frame[frame["school_id"].eq(school) & frame["arm"].isin(["small", "regular"])]
    means = own.groupby("arm", observed=True)["post"].mean()
    assert raw.loc[school, "estimate"] == pytest.approx(means["small"] - means["regular"])
    variance = 0.0
    for arm in ("small", "regular"):
        sizes = own[own["arm"].eq(arm)].groupby("class_id").size()
        variance += fit.variances["class_id"] * (sizes**2).sum() / sizes.sum() ** 2
        variance += fit.variances["residual"] / sizes.sum()
    assert raw.loc[school, "std_error"] == pytest.approx(np.sqrt(variance))


def _models(pilot, outcome):
    return ComparisonModels(
        assemble_comparison(pilot, outcome), pilot.config.design, pilot.config.inference
    )


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.02, 0.30, "higher"), (-0.30, -0.02, "lower"), (-0.05, 0.30, "cannot tell"),
        (-0.30, 0.05, "cannot tell"), (-0.08, 0.09, "about the same"),
        (0.01, 0.09, "about the same"), (-0.2, 0.2, "cannot tell"),
    ],
)  # fmt: skip
def test_the_verdict_follows_from_the_interval(demo, low, high, word):
    interval = Estimate.from_interval("g", (low + high) / 2, low, high, n=9, unit="sd", method="x")
    assert _models(demo, "reading").verdict(interval) == word


def _pilot(make_pilot, unit="class", schools=6, classes=4, size=8, design=None, drop=(), seed=1):
    """Make a pilot whose odd units are in the product's arm, with a true effect of 5 points."""
    rng = np.random.default_rng(seed)
    tables = {
        "schools": [{"school_id": f"S{s}", "name": f"School {s}"} for s in range(schools)],
        "students": [], "enrollments": [], "assessments": [], "assignments": [],
    }  # fmt: skip
    for s in range(schools):
        school = f"S{s}"
        for c in range(classes):
            group, shared = f"{school}-C{c}", rng.normal(s, 2)
            for i in range(size):
                student = f"{group}-{i}"
                treated = {"school": s, "class": c, "student": i}[unit] % 2
                pre = 200 + shared + rng.normal(0, 8)
                post = pre + 5 * treated + shared + rng.normal(0, 6)
                tables["students"].append({"student_id": student, "school_id": school})
                tables["enrollments"].append({
                    "student_id": student, "class_id": group, "teacher_id": group,
                    "school_id": school,
                })  # fmt: skip
                tables["assessments"] += [
                    {"student_id": student, "outcome_id": "test", "window": window, "score": score}
                    for window, score in (("fall", pre), ("spring", post))
                ]
    units = {"school": "school_id", "class": "class_id", "student": "student_id"}
    frame = pd.DataFrame(tables["enrollments"])
    for name in sorted(frame[units[unit]].unique()):
        number = int(name.removeprefix("S").replace("-", " ").replace("C", "").split()[-1])
        tables["assignments"].append({
            "unit": unit, "unit_id": name, "window": "year",
            "arm": "product" if number % 2 else "usual",
        })  # fmt: skip
    config = {
        "comparison": "rostered", "assigned_unit": unit, "reference": "usual",
        "arms": {"usual": {"label": "usual classes"}, "product": {"label": "classes with it"}},
    }  # fmt: skip
    outcome = {
        "label": "reading", "assessment": "test", "pre_window": "fall", "post_window": "spring",
        "assignment_window": "year",
    }  # fmt: skip
    return make_pilot(
        {name: rows for name, rows in tables.items() if name not in drop},
        design=config | (design or {}), outcomes={"reading": outcome},
        groups={"english_learner": {"label": "learners", "reference_label": "others"}},
    )  # fmt: skip


@pytest.mark.parametrize("unit", ["student", "class", "school"])
@pytest.mark.parametrize("generalize_to", ["these schools", "schools like these"])
def test_every_kind_of_assignment_finds_the_effect(make_pilot, unit, generalize_to):
    pilot = _pilot(make_pilot, unit, schools=10, design={"generalize_to": generalize_to})
    frame = learning(pilot).frame.set_index("result_id")
    keys = {"outcome": "reading", "category": "product"}
    row = frame.loc[rid("effect", **keys)]
    assert row["conf_low"] < 5 < row["conf_high"]
    assert row["n_clusters"] == {"student": 320, "class": 40, "school": 10}[unit]
    if unit == "school":
        assert row["df"] < 9
    assert frame.loc[rid("mdes", **keys), "estimate"] > 0
    if generalize_to == "schools like these":
        assert row["method"] == "cr2"
        assert rid("effect_cr2", **keys) not in frame.index
    else:
        assert row["method"] == "mixed"
        assert rid("effect_cr2", **keys) in frame.index


def test_one_class_of_each_kind_in_a_school_still_gives_an_answer(make_pilot):
    frame = learning(_pilot(make_pilot, classes=2)).frame.set_index("result_id")
    keys = {"outcome": "reading", "category": "product"}
    assert np.isfinite(frame.loc[rid("effect", **keys), "conf_low"])
    assert frame.loc[rid("mdes", **keys), "estimate"] > 0


def test_one_school_alone_is_compared_by_its_classes(make_pilot):
    frame = learning(_pilot(make_pilot, schools=1, classes=8)).frame.set_index("result_id")
    row = frame.loc[rid("effect", outcome="reading", category="product")]
    assert np.isfinite(row["conf_low"])
    assert row["n_clusters"] == 8


def test_without_a_comparison_nothing_is_compared(make_pilot):
    pilot = _pilot(make_pilot, design={"comparison": "none", "arms": {}, "reference": ""})
    frame = learning(pilot).frame
    assert frame["kind"].tolist() == ["absence"]
    assert "no comparison group" in frame["value_text"].item()


@pytest.mark.parametrize("table", ["assessments", "assignments", "enrollments"])
def test_a_missing_table_is_said_to_be_missing(make_pilot, table):
    frame = learning(_pilot(make_pilot, drop=[table])).frame
    assert frame["name"].tolist() == ["not_collected"]
    assert frame["category"].tolist() == [table]


def test_an_arm_with_a_single_class_is_refused_not_estimated(make_pilot):
    frame = learning(_pilot(make_pilot, schools=1, classes=3)).frame
    assert frame.loc[frame["name"].eq("not_estimable"), "kind"].tolist() == ["absence"]
    assert "two or more" in frame.loc[frame["name"].eq("not_estimable"), "flags"].item()[0]
    assert not frame["name"].eq("effect").any()


def test_a_model_that_fails_is_flagged_and_stops_nothing(demo, monkeypatch):
    def failed(*args, **options):
        fit = fit_mixed(*args, **options)
        lost = [
            Estimate.undefined(e.name, "not converged", n=e.n, unit=e.unit, method=e.method)
            for e in fit.estimates
        ]
        return replace(fit, estimates=tuple(lost), flags=("not converged",))

    monkeypatch.setattr(learning_models, "fit_mixed", failed)
    results = learning(demo)
    assert isinstance(results, Results)
    frame = results.frame.set_index("result_id")
    row = frame.loc[rid("effect", outcome="reading", category="readwell")]
    assert np.isnan(row["estimate"])
    assert "did not converge" in row["flags"][0]
    assert (
        frame.loc[rid("not_estimable", outcome="reading", category="readwell"), "kind"] == "absence"
    )
    assert rid("students", outcome="reading") in frame.index


def test_those_lost_are_those_tested_before_and_not_after(make_pilot):
    pilot = _pilot(make_pilot)
    tests = pilot.tables["assessments"]
    gone = tests["window"].eq("spring") & tests["student_id"].str.endswith("-3")
    pilot.tables["assessments"] = tests[~gone]
    frame = learning(pilot).frame.set_index("result_id")
    assert frame.loc[rid("lost", outcome="reading"), "estimate"] == 24
    assert frame.loc[rid("lost", outcome="reading"), "n"] == 192
    assert frame.loc[rid("students", outcome="reading"), "estimate"] == 168


def test_every_difference_tells_the_gate_how_many_are_in_its_smaller_arm(make_pilot):
    pilot = _pilot(make_pilot)
    students, tests = pilot.tables["students"], pilot.tables["assessments"]
    arm = students["student_id"].str.extract(r"C(\d)", expand=False).astype(int) % 2
    place = students["student_id"].str.extract(r"-(\d)$", expand=False).astype(int)
    # Of the 8 students in every class: 5 of the product's and 3 of the others' learn English.
    pilot.tables["students"] = students.assign(english_learner=place < arm * 2 + 3)
    gone = tests["student_id"].isin(["S0-C0-7", "S0-C0-6", "S0-C2-7", "S1-C1-7"])
    pilot.tables["assessments"] = tests[~gone]
    frame = learning(pilot).frame
    found = frame[frame["kind"].eq("effect") & frame["population"].eq("students")]
    found = found.set_index(["name", "school_id"])["smallest_n"]
    # 6 schools, 2 classes of 8 in each arm: 96 in each, of whom 3 were not tested in the one (at
    # S0) and 1 in the other (at S1).
    for name in ("effect", "effect_sd", "effect_cr2", "baseline"):
        assert found[name].tolist() == [93]
    for name in ("school_effect", "school_effect_shrunken"):
        assert found[name].to_dict() == {
            "S0": 13, "S1": 15, "S2": 16, "S3": 16, "S4": 16, "S5": 16,
        }  # fmt: skip
    assert found["group_effect"].tolist() == [36]  # 3 of 8 in the 12 classes without it
    assert found.notna().all()


def test_the_network_result_does_not_depend_on_the_order_of_rows(make_pilot):
    pilot = _pilot(make_pilot)
    first = learning(pilot).frame
    for name, table in pilot.tables.items():
        pilot.tables[name] = table.sample(frac=1, random_state=3)
    second = learning(pilot).frame
    assert first["result_id"].tolist() == second["result_id"].tolist()
    np.testing.assert_allclose(first["estimate"], second["estimate"], rtol=1e-9)
