import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.missing import participant_flow

STAGES = ["rostered", "pre", "post"]


@pytest.fixture
def students():
    return pd.DataFrame(
        {
            "arm": ["as usual"] * 4 + ["product"] * 4,
            "class_id": ["a", "a", "b", "b", "c", "c", "d", "d"],
            "rostered": [1, 1, 1, 1, 1, 1, 1, 0],
            "pre": [1, 1, 1, 0, 1, 1, 0, 1],
            "post": [1, 0, 0, 0, 1, 1, 0, 1],
            "why": [None, "moved", "moved", "absent", None, None, None, None],
        }
    )


def random_students(seed: int, n: int = 60) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    made = pd.DataFrame(draw.random((n, 3)) < 0.8, columns=STAGES)
    cluster = draw.integers(0, 12, n)
    return made.assign(class_id=cluster, arm=np.where(cluster < 6, "x", "y"))


def test_by_hand(students):
    flow = participant_flow(students, arm="arm", stages=STAGES, cluster="class_id", reason="why")
    columns = ["students", "students_lost", "students_joined", "clusters", "clusters_lost"]
    assert flow.counts.set_index(["arm", "stage"])[columns].to_dict("index") == {
        ("as usual", "rostered"): dict(zip(columns, (4, 0, 0, 2, 0), strict=True)),
        ("as usual", "pre"): dict(zip(columns, (3, 1, 0, 2, 0), strict=True)),
        ("as usual", "post"): dict(zip(columns, (1, 2, 0, 1, 1), strict=True)),
        ("product", "rostered"): dict(zip(columns, (3, 0, 0, 2, 0), strict=True)),
        ("product", "pre"): dict(zip(columns, (3, 1, 1, 2, 0), strict=True)),
        ("product", "post"): dict(zip(columns, (3, 0, 0, 2, 0), strict=True)),
    }
    assert flow.losses.to_numpy().tolist() == [
        ["as usual", "pre", "absent", 1],
        ["as usual", "post", "moved", 2],
        ["product", "pre", "reason not recorded", 1],
    ]
    assert flow.ends.to_numpy().tolist() == [
        ["as usual", "a", 2, 1, 0],
        ["as usual", "b", 2, 0, 0],
        ["product", "c", 2, 2, 0],
        ["product", "d", 1, 0, 1],
    ]


def test_without_a_cluster_the_ends_are_by_arm(students):
    ends = participant_flow(students, arm="arm", stages=STAGES).ends
    assert ends.columns.tolist() == ["arm", "assigned", "analyzed", "joiners"]
    assert ends.to_numpy().tolist() == [["as usual", 4, 1, 0], ["product", 3, 2, 1]]


def test_a_categorical_keeps_its_order(students):
    students["arm"] = pd.Categorical(students["arm"], ["product", "as usual", "third"])
    flow = participant_flow(students, arm="arm", stages=STAGES)
    assert flow.counts["arm"].unique().tolist() == ["product", "as usual"]


@settings(max_examples=12)
@given(seed=st.integers(0, 10_000))
def test_every_stage_follows_from_the_one_before(seed):
    data = random_students(seed)
    flow = participant_flow(data, arm="arm", stages=STAGES, cluster="class_id")
    for _, rows in flow.counts.groupby("arm"):
        before = rows["students"].shift()
        change = rows["students_joined"] - rows["students_lost"]
        assert (rows["students"] - before).dropna().eq(change.iloc[1:]).all()
    lost = flow.counts.groupby(["arm", "stage"])["students_lost"].sum()
    by_reason = flow.losses.groupby(["arm", "stage"])["students"].sum()
    assert lost[lost > 0].sort_index().equals(by_reason.sort_index().rename("students_lost"))
    assert flow.ends["assigned"].sum() == data["rostered"].sum()
    assert (flow.ends[["analyzed", "joiners"]].sum(axis=1).sum()) == data["post"].sum()
    assert (flow.ends["analyzed"] <= flow.ends["assigned"]).all()


@settings(max_examples=12)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_does_not_matter(seed):
    data = random_students(seed)
    one, other = (
        participant_flow(d, arm="arm", stages=STAGES, cluster="class_id")
        for d in (data, data.sample(frac=1, random_state=seed))
    )
    assert one.counts.equals(other.counts)
    assert one.ends.equals(other.ends)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"stages": ["rostered"]}, "two or more different stages"),
        ({}, {"stages": ["pre", "pre"]}, "two or more different stages"),
        ({}, {"stages": ["rostered", "winter"]}, "no column 'winter'"),
        ({"post": [1.0, 0, np.nan, 0, 1, 1, 0, 1]}, {}, "'post' must say True or False"),
        ({"post": [0.5] * 8}, {}, "'post' must say True or False"),
        ({"arm": [None, *"abcdefg"]}, {}, "'arm' is empty in 1 of 8 rows"),
        ({"class_id": [None, *"abcdefg"]}, {"cluster": "class_id"}, "'class_id' is empty"),
        ({"class_id": ["a"] * 8}, {"cluster": "class_id"}, "'a' holds students of two arms"),
        ({}, {"reason": "because"}, "no column 'because'"),
    ],
)
def test_what_cannot_be_counted_is_refused(students, change, options, message):
    with pytest.raises(DesignError, match=message):
        participant_flow(students.assign(**change), **{"arm": "arm", "stages": STAGES, **options})
