"""The simulated pilot: its tables are clean and its truth is known."""

import re

import numpy as np
import pandas as pd
import pytest

from pilot_analysis.errors import DesignError
from pilot_analysis.schema import TABLES, pandera_schema
from pilot_analysis.simulate import DEMO_SEED, Truth, simulate_pilot, write_pilot
from pilot_analysis.simulate.plan import plan_schools

ENOUGH_RESPONDENTS = 5


@pytest.fixture(scope="module")
def demo():
    return simulate_pilot(seed=DEMO_SEED)


def first_class(tables):
    start = tables["enrollments"].sort_values("begin").drop_duplicates("student_id")
    return start.set_index("student_id")["class_id"]


def score_table(simulated, subject):
    """Index student_id: fall, spring, class_id, school_id, arm; complete students on a roster."""
    rows = simulated.tables["assessments"]
    rows = rows[rows["outcome_id"] == subject]
    wide = rows.pivot_table(index="student_id", columns="window", values="score")
    wide["class_id"] = first_class(simulated.tables)
    arms = simulated.tables["assignments"].set_index("unit_id")
    wide["arm"] = wide["class_id"].map(arms["arm"])
    wide["school_id"] = wide["class_id"].map(arms["block"])
    return wide.dropna(subset=["fall", "spring", "class_id"])


def adjusted_difference(simulated, subject, product):
    """Spring difference (points) given the fall score, within schools."""
    frame = score_table(simulated, subject)
    schools = frame.loc[frame["arm"] == product, "school_id"].unique()
    frame = frame[frame["school_id"].isin(schools) & frame["arm"].isin([product, "comparison"])]
    columns = [(frame["arm"] == product).astype(float), frame["fall"]]
    columns += [(frame["school_id"] == s).astype(float) for s in schools]
    return np.linalg.lstsq(np.column_stack(columns), frame["spring"], rcond=None)[0][0]


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_clean(demo, name):
    frame = demo.tables[name]
    pandera_schema(name).validate(frame, lazy=True)
    assert list(frame.columns) == [f.name for f in TABLES[name].fields]
    assert [str(t) for t in frame.dtypes] == [f.dtype for f in TABLES[name].fields]
    assert not frame.empty


@pytest.mark.parametrize(("n_schools", "per_class"), [(1, 1), (2, 3), (11, 2)])
def test_small_pilots_are_clean_too(n_schools, per_class):
    simulated = simulate_pilot(seed=3, n_schools=n_schools, students_per_class=per_class)
    assert len(simulated.tables["schools"]) == n_schools
    for name, frame in simulated.tables.items():
        pandera_schema(name).validate(frame, lazy=True)


def test_seed_decides_everything(tmp_path):
    for folder, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_pilot(simulate_pilot(seed=seed, n_schools=2), tmp_path / folder)
    same = [(tmp_path / f / "usage.csv").read_bytes() for f in "abc"]
    assert same[0] == same[1] != same[2]


def test_pilot_has_the_size_of_massnet(demo):
    tables = demo.tables
    assert len(tables["schools"]) == 10
    assert len(tables["teachers"]) == 100
    assert len(tables["students"]) == 2400
    assert set(first_class(tables).value_counts()) == {24}


def test_every_class_has_one_arm_and_nobody_was_randomized(demo):
    assignments = demo.tables["assignments"]
    assert assignments["unit_id"].is_unique
    assert not assignments["randomized"].any()
    by_school = assignments.groupby("block")["arm"].agg(set)
    assert all("comparison" in arms and len(arms) >= 2 for arms in by_school)
    assert by_school["S05"] == by_school["S06"] == {"comparison", "readwell", "numera"}


def test_teams_have_five_respondents_in_every_wave_but_one(demo):
    answers = demo.tables["survey_responses"]
    people = answers.groupby(["school_id", "product_id", "wave"])["respondent_id"].nunique()
    assert people[people < ENOUGH_RESPONDENTS].to_dict() == {("S04", "readwell", "winter"): 4}


def test_missing_instruments_are_missing_where_the_plan_says_so(demo):
    tables = demo.tables
    everywhere = set(tables["schools"]["school_id"])

    def without(table, **where):
        rows = tables[table]
        for column, value in where.items():
            rows = rows[rows[column] == value]
        return everywhere - set(rows["school_id"])

    assert without("observations") == {"S04", "S09"}
    assert without("professional_development") == {"S02"}
    assert without("survey_responses", wave="fall") == {"S08"}
    assert without("goals") == {"S10"}
    assert without("member_checks") == {"S08"}
    assert without("assessments", window="winter") == {"S09"}
    assert without("teachers", role="point_person") == {"S06"}
    assert tables["schools"].set_index("school_id")["principal_support"].isna()["S04"]


def test_decisions_and_scores_mostly_agree(demo):
    answers = demo.tables["survey_responses"]
    answers = answers[(answers["item_id"] == "recommend") & (answers["wave"] == "spring")]
    nps = answers.groupby(["school_id", "product_id"])["value"].agg(
        lambda v: 100 * ((v >= 9).mean() - (v <= 6).mean())
    )
    decisions = demo.tables["decisions"].set_index(["school_id", "product_id"])
    assert (decisions["decided_on"] > answers["answered_on"].max()).all()
    kinds = decisions["decision"].value_counts().to_dict()
    assert kinds == {"continue": 9, "change": 1, "stop": 1, "undecided": 1}
    goes_on = nps[decisions["decision"] == "continue"]
    assert goes_on[goes_on < 0].index.tolist() == [("S02", "readwell")]
    assert abs(nps["S07", "numera"]) <= 20


def test_few_students_reach_the_full_dose_and_some_never_start(demo):
    usage, licenses = demo.tables["usage"], demo.tables["licenses"]
    weeks = usage["period_start"].nunique()
    both = usage.merge(licenses, on=["student_id", "product_id"])
    reached = both[both["minutes"] >= both["target_minutes_per_week"]]
    times = reached.groupby(["student_id", "product_id"]).size()
    assert 0.02 < (times >= weeks / 2).sum() / len(licenses) < 0.10
    never = ~licenses["student_id"].isin(usage["student_id"])
    assert 0.02 < never.mean() < 0.10
    assert len(both) == len(usage), "minutes without a license"


def test_nobody_uses_a_product_in_a_holiday(demo):
    calendar = demo.tables["calendar"]
    weeks = set(demo.tables["usage"]["period_start"])
    district = calendar[(calendar["kind"] == "holiday") & (calendar["scope_id"] == "D1")]
    for begin, end in zip(district["begin"], district["end"], strict=True):
        assert not any(begin <= week <= end for week in weeks)


def test_scores_have_the_spread_of_the_truth(demo):
    for subject in ("reading", "mathematics"):
        frame = score_table(demo, subject)
        assert 13.5 < frame["fall"].std() < 16.5
        assert 0.75 < frame["fall"].corr(frame["spring"]) < 0.86
        assert 6 < (frame["spring"] - frame["fall"]).mean() < 11
        sizes = frame.groupby("class_id")["fall"].agg(["var", "mean", "size"])
        n = sizes["size"].mean()
        between = n * sizes["mean"].var()
        icc = (between - sizes["var"].mean()) / (between + (n - 1) * sizes["var"].mean())
        assert 0.08 < icc < 0.28


def test_low_starters_are_lost_more_often(demo):
    rows = demo.tables["assessments"]
    wide = rows.pivot_table(index=["student_id", "outcome_id"], columns="window", values="score")
    wide = wide.dropna(subset=["fall"])
    lost = wide["spring"].isna()
    low = wide["fall"] < wide["fall"].quantile(0.2)
    assert 0.06 < lost.mean() < 0.11
    assert lost[low].mean() > 1.5 * lost[~low].mean()


def test_known_effect_is_found_again():
    truth = Truth(effects={"readwell": 0.40, "numera": -0.20}, effect_sd=0.0)
    found = {"readwell": [], "numera": []}
    for seed in range(3):
        simulated = simulate_pilot(seed=seed, truth=truth)
        for product, subject in (("readwell", "reading"), ("numera", "mathematics")):
            found[product].append(adjusted_difference(simulated, subject, product) / 15)
    # One pilot's standard error is about .05 SD, so that of three is about .03.
    assert np.mean(found["readwell"]) == pytest.approx(0.40, abs=0.12)
    assert np.mean(found["numera"]) == pytest.approx(-0.20, abs=0.12)


def test_truth_names_each_schools_effect(demo):
    assert set(demo.truth["school_effects"]["readwell"]) == {f"S0{i}" for i in range(1, 7)}
    assert demo.truth["mean_effects"]["readwell"] == pytest.approx(0.15, abs=0.01)
    assert demo.truth["mean_effects"]["numera"] == pytest.approx(0.05, abs=0.01)


def test_product_without_an_effect_in_the_truth_has_none():
    simulated = simulate_pilot(seed=1, truth=Truth(effects={}))
    assert simulated.truth["school_effects"] == {}


def test_words_name_nobody_and_hold_no_numbers(demo):
    tables = demo.tables
    texts = pd.concat([
        tables["survey_responses"]["text"], tables["whys"]["statement"],
        tables["goals"]["objective"], tables["decisions"]["reason"],
        tables["member_checks"]["text"], tables["schools"]["name"], tables["products"]["name"],
    ]).dropna()  # fmt: skip
    assert not [text for text in texts if re.search(r"\d|@|\bM(r|s|rs)\b", text)]


def test_school_names_do_not_repeat():
    schools = plan_schools(1810)
    assert len({s.name for s in schools}) == len({s.id for s in schools}) == len(schools)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n_schools": 0}, "n_schools must lie between 1 and"),
        ({"n_schools": 5000}, "n_schools must lie between 1 and"),
        ({"students_per_class": 0}, "students_per_class must be one or more; got 0"),
    ],
)
def test_impossible_pilots_are_refused(arguments, words):
    with pytest.raises(DesignError, match=words):
        simulate_pilot(seed=1, **arguments)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"effects": {"lexica": 0.1}},
            "no simulated product 'lexica'; choose from readwell, numera",
        ),
        ({"icc_class": 0.9}, r"icc_class must lie between 0 and 0\.4; got 0\.9"),
        ({"effect_sd": -1.0}, "effect_sd must not be negative"),
        ({"score_sd": 1.0}, "score_sd must be 10 points or more"),
    ],
)
def test_impossible_truths_are_refused(values, words):
    with pytest.raises(DesignError, match=words):
        Truth(**values)
