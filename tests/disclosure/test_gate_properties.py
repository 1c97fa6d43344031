"""What must hold of the whole gate, for pilots of every kind of result at once."""

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policies import capped

from pilot_analysis.disclosure import DisclosurePolicy, protect
from pilot_analysis.disclosure.primary import GONE, SHOWN, SUPPRESSED, judge_all
from pilot_analysis.disclosure.secondary import Ties
from pilot_analysis.evaluation.contributions import remainder_percent
from pilot_analysis.results import CONSENT, ONE_PERSON, Results, result, result_id

few = settings(max_examples=6, deadline=None)
sizes = st.integers(1, 12)
classes = st.integers(4, 60)
hours = st.lists(st.sampled_from([0, 1, 2, 4, 40]), min_size=1, max_size=9)
STRICTER = {
    "minimum_n.students": (10, 15, 25), "minimum_n.teachers": (5, 6, 8),
    "minimum_n.respondents": (5, 6, 8), "minimum_n.records": (1, 5, 9),
    "minimum_category.students": (1, 5, 10), "minimum_category.respondents": (1, 3, 5),
    "dominance_percent": (0, 5, 10, 50, 100), "coding_of_means": (0, 0.05, 0.2),
    "single_person_roles": ("shown", "with consent", "hidden"),
    "comments": ("shown", "without school and role", "hidden"),
    "coding_bands": ([], [[1, 0.05]], [[40, 0.05], [1, 0.2]]),
}  # fmt: skip
"""Setting -> values, from the mildest to the strictest."""


def of_school(school, teachers, students, trained, agreed):
    """One school's results, or the network's (blank)."""
    keys = {"school_id": school}
    active = result_id("usage", "funnel", category="licensed", **keys)
    yield result("usage", "funnel", "count", "students", students, n=students, category="licensed",
                 **keys)  # fmt: skip
    yield result("usage", "funnel", "count", "students", students // 3, n=students,
                 category="active_weeks", relation=[f"part of {active}"], **keys)  # fmt: skip
    yield result("usage", "met_dose", "proportion", "students", (students // 4) / students,
                 n=students, unit="proportion", **keys)  # fmt: skip
    yield result("support", "pd_hours", "mean", "teachers", sum(trained) / len(trained),
                 n=len(trained), unit="hours", remainder_percent=remainder_percent(trained),
                 **keys)  # fmt: skip
    yield result("teachers", "scale", "mean", "respondents", 1 + teachers % 5, n=teachers,
                 unit="scale points (1-5)", **keys)  # fmt: skip
    if school:
        yield result("conditions", "point_person", "level", "schools", n=1, level="yes", **keys,
                     flags=(ONE_PERSON, CONSENT) if agreed else (ONE_PERSON,))  # fmt: skip


@st.composite
def pilots(draw, teachers=sizes, students=classes, trained=hours):
    """Rows of two to four schools, and of all of them together."""
    schools = [
        (f"S{at}", draw(teachers), draw(students), draw(trained), draw(st.booleans()))
        for at in range(draw(st.integers(2, 4)))
    ]
    everybody = [hour for school in schools for hour in school[3]]
    whole = ("", sum(s[1] for s in schools), sum(s[2] for s in schools), everybody, False)
    rows = [row for school in [*schools, whole] for row in of_school(*school)]
    share = result("conditions", "point_person", "proportion", "respondents", 1.0,
                   n=len(schools), unit="proportion")  # fmt: skip
    return Results.from_rows([*rows, share])


def rows_of(results):
    return list(results.frame.itertuples(index=False, name="Row"))


def told(results, policy):
    """Ids of the numbers that are shown, and of what is not hidden, by the rules of the gate."""
    rows = rows_of(results)
    verdicts = Ties(rows).close(judge_all(rows, policy), policy)
    pairs = list(zip(rows, verdicts, strict=True))
    shown = {row.result_id for row, verdict in pairs if verdict.state == SHOWN}
    return shown, {row.result_id for row, verdict in pairs if verdict.state < SUPPRESSED}


def shown(frame):
    return set(frame.loc[frame["suppressed"].eq("") & frame["level"].eq(""), "result_id"])


@few
@given(results=pilots(), name=st.sampled_from(["team", "public"]), data=st.data())
def test_no_threshold_shows_more_when_it_is_made_stricter(results, name, data):
    policy = DisclosurePolicy.named(name)
    for key, values in STRICTER.items():
        mild, strict = sorted(
            data.draw(st.tuples(*[st.integers(0, len(values) - 1)] * 2), label=key)
        )
        found = [
            told(results, policy.with_value(key, values[at], "a test")) for at in (mild, strict)
        ]
        assert found[1][0] <= found[0][0], key


@few
@given(results=pilots(), name=st.sampled_from(["team", "public"]), data=st.data())
def test_no_stricter_minimum_shows_a_number_that_a_milder_one_hides(results, name, data):
    policy = DisclosurePolicy.named(name)
    levels = data.draw(
        st.lists(st.integers(1, 12), min_size=2, max_size=2, unique=True).map(sorted)
    )
    frames = [protect(results, capped(policy, level)).frame for level in levels]
    assert shown(frames[1]) <= shown(frames[0])
    who, more = data.draw(st.sampled_from(["students", "teachers", "respondents"])), levels[1]
    key = f"minimum_n.{who}"
    strict = policy.with_value(key, policy.minimum_n(who) + more, "a test")
    assert shown(protect(results, strict).frame) <= shown(protect(results, policy).frame)


@few
@given(results=pilots())
def test_no_number_of_a_stricter_dominance_was_hidden_by_a_milder_one(results):
    frames = [
        protect(results, DisclosurePolicy.named("team").with_value("dominance_percent", p, "test"))
        for p in (0, 10, 100)
    ]
    by_p = [shown(protected.frame) for protected in frames]
    assert by_p[0] >= by_p[1] >= by_p[2]


@few
@given(results=pilots(), name=st.sampled_from(["internal", "team", "public"]))
def test_protecting_twice_is_protecting_once(results, name):
    policy = DisclosurePolicy.named(name)
    once = protect(results, policy)
    assert protect(once, policy) is once
    assert protect(results, policy).frame.equals(once.frame)


@few
@given(results=pilots(), name=st.sampled_from(["team", "public"]), seed=st.integers(0, 99))
def test_the_order_of_the_results_does_not_matter(results, name, seed):
    policy = DisclosurePolicy.named(name)
    mixed = Results(results.frame.sample(frac=1, random_state=seed))
    one, other = (
        protect(r, policy).frame.set_index("result_id")["suppressed"] for r in (results, mixed)
    )
    assert one.sort_index().equals(other.sort_index())


@pytest.mark.parametrize("minimum", [10, 12])
def test_of_two_choices_that_cost_the_same_the_order_takes_none(minimum):
    counts = {"S0": (72, 67), "S1": (6, 84), "S2": (43, 96), "": (121, 247)}
    rows = [
        result("conditions", "students_rostered", "count", "students", k, n=k, school_id=school,
               product_id=product)
        for school, (a, b) in counts.items()
        for product, k in (("a", a), ("b", b), ("", a + b))
    ]  # fmt: skip
    policy = DisclosurePolicy.named("public")
    policy = policy.with_value("minimum_n.students", minimum, "a test")
    frame = Results.from_rows(rows).frame
    hidden = []
    for seed in range(5):
        shown = protect(Results(frame.sample(frac=1, random_state=seed)), policy).frame
        hidden.append(set(shown.loc[shown["suppressed"] != "", "result_id"]))
    assert all(one == hidden[0] for one in hidden)


def test_no_minimum_is_too_large():
    rows = [
        result("conditions", "students_rostered", "count", "students", k, n=k, school_id=school)
        for school, k in {"S1": 990, "S2": 1200, "S3": 3000, "": 5190}.items()
    ]
    policy = DisclosurePolicy.named("team").with_value("minimum_n.students", 999, "a test")
    frame = protect(Results.from_rows(rows), policy).frame.set_index("school_id")
    assert frame["suppressed"].to_dict() == {
        "S1": "minimum n", "S2": "protects another", "S3": "", "": "",
    }  # fmt: skip


@few
@given(results=pilots(), name=st.sampled_from(["team", "public"]))
def test_nothing_that_a_rule_hides_is_shown(results, name):
    policy = DisclosurePolicy.named(name)
    frame = protect(results, policy).frame.set_index("result_id")
    for row, verdict in zip(rows_of(results), judge_all(rows_of(results), policy), strict=True):
        assert verdict.state != GONE
        if verdict.state != SHOWN:
            left = frame.loc[row.result_id, ["estimate", "conf_low", "conf_high"]]
            assert left.isna().all()
        if row.remainder_percent < policy["dominance_percent"]:
            assert frame.loc[row.result_id, "suppressed"] != ""


@few
@given(
    results=pilots(
        teachers=st.integers(12, 30).map(lambda n: 5 * n + 2),
        students=st.integers(30, 60).map(lambda n: 4 * n),
        trained=st.lists(st.integers(5, 9), min_size=6, max_size=9),
    )
)
def test_where_nothing_is_small_nothing_is_hidden(results):
    frame = results.frame
    people = frame[frame["population"].isin(["students", "teachers"])]
    policy = DisclosurePolicy.named("team").with_value("single_person_roles", "shown", "a test")
    found = protect(Results(people.reset_index(drop=True)), policy).frame
    assert found["suppressed"].eq("").all()
    strict = policy.with_value("minimum_category.students", 10, "a test")
    found = protect(Results(people.reset_index(drop=True)), strict).frame
    assert found["suppressed"].eq("").all()


@pytest.mark.parametrize(("policy", "states"), [("team", ["dominance", "protects another", ""]),
                                                ("internal", ["", "", ""])])  # fmt: skip
def test_a_dominated_amount_does_not_follow_from_the_network_and_the_others(policy, states):
    hours_of = {"S1": [60, 20, 1, 1, 1], "S2": [5] * 6, "S3": [5] * 9}
    everybody = [hour for own in hours_of.values() for hour in own]
    rows = [
        result("support", "pd_hours", "mean", "teachers", sum(own) / len(own), n=len(own),
               unit="hours", remainder_percent=remainder_percent(own), school_id=school)
        for school, own in {**hours_of, "": everybody}.items()
    ]  # fmt: skip
    frame = protect(Results.from_rows(rows), DisclosurePolicy.named(policy)).frame
    found = frame.set_index("school_id")["suppressed"]
    assert found[["S1", "S2", "S3"]].tolist() == states
    assert found[""] == ""
    assert remainder_percent(everybody) < inf
