"""What is hidden stays hidden when everything that is shown is taken together."""

import pytest

from pilot_analysis.disclosure import DisclosurePolicy, protect
from pilot_analysis.disclosure.attacked import audit_released
from pilot_analysis.disclosure.relations import relations_of, values_of
from pilot_analysis.disclosure.rounding import round_results
from pilot_analysis.results import Results, result, result_id
from pilot_analysis.stats.estimate import Estimate


def rows_of(results):
    return list(results.frame.itertuples(index=False, name="Row"))


def released(results, policy):
    policy = DisclosurePolicy.named(policy)
    return protect(results, policy).frame, relations_of(rows_of(results)), policy


def undo(frame, results, cell):
    """Print a number after all."""
    frame = frame.copy()
    at = frame.index[frame["result_id"].eq(cell)][0]
    truth = results.frame.set_index("result_id").loc[cell]
    for column in ("estimate", "n"):
        frame.loc[at, column] = truth[column]
    frame.loc[at, "suppressed"] = ""
    return frame


def share(school, group, category, k, n, product="readwell"):
    value = Estimate.from_interval("x", k / n, 0, 1, n=n, unit="proportion", method="made_up")
    keys = {"school_id": school, "product_id": product, "group": group, "category": category}
    return result("usage", "met_dose", "proportion", "students", value, **keys)


def flow(counts, school="", group="readwell"):
    keys = {"school_id": school, "outcome": "reading", "group": group}
    start = result_id("conditions", "flow", category="rostered", **keys)
    return [
        result("conditions", "flow", "count", "students", k, n=counts[0], category=category,
               relation=() if category == "rostered" else (f"part of {start}",), **keys)
        for category, k in zip(("rostered", "pre", "post", "both"), counts, strict=True)
    ]  # fmt: skip


@pytest.mark.parametrize("policy", ["team", "public"])
def test_nothing_is_given_away_and_what_is_undone_by_hand_is_found(catalogue, policy):
    frame, relations, policy = released(catalogue, policy)
    assert audit_released(frame, relations, policy).empty
    hidden = frame[frame["suppressed"].isin(["protects another", "minimum n"])]
    hidden = hidden[hidden["kind"].eq("count") & ~hidden["population"].eq("none")]
    assert len(hidden)
    found = [
        cell
        for cell in hidden["result_id"]
        if len(audit_released(undo(frame, catalogue, cell), relations, policy))
    ]
    assert found, "no suppression was needed at all"


def test_the_size_of_a_small_group_does_not_follow_from_the_other_schools():
    sizes = {"S1": 6, "S2": 31, "S3": 44}
    rows = [share("", "english_learner", "group", 30, sum(sizes.values()))]
    rows += [share(s, "english_learner", "group", n // 2, n) for s, n in sizes.items()]
    results = Results.from_rows(rows)
    frame, relations, policy = released(results, "team")
    shown = frame.set_index("result_id")["suppressed"]
    assert shown[rows[1]["result_id"]] == "minimum n"
    assert (shown == "").sum() == 2  # the network and the larger of the others
    assert audit_released(frame, relations, policy).empty
    second = rows[2]["result_id"]
    assert shown[second] == "protects another"
    found = audit_released(undo(frame, results, second), relations, policy)
    size = f"{rows[1]['result_id']}#n"
    assert found.set_index("cell").loc[size, ["low", "high"]].tolist() == [6, 6]
    assert rows[0]["result_id"] + "#n" in found.set_index("cell").loc[size, "by"]


def test_how_many_were_never_tested_does_not_follow_from_a_flow():
    results = Results.from_rows(flow((100, 80, 85, 68)))  # three without a test
    frame, relations, policy = released(results, "public")
    assert audit_released(frame, relations, policy).empty
    assert frame["suppressed"].ne("").any()
    names = [name for name, value in values_of(rows_of(results)).items() if value == 3]
    assert [name.partition("#")[2] for name in names] == ["without a test"]
    for cell in frame.loc[frame["suppressed"].ne(""), "result_id"]:
        frame = undo(frame, results, cell)
    found = audit_released(frame, relations, policy)
    assert found["cell"].tolist() == names
    assert found[["low", "high"]].to_numpy().tolist() == [[3, 3]]


def test_of_a_flow_that_lost_nobody_or_many_everything_is_shown():
    frame, relations, policy = released(Results.from_rows(flow((100, 80, 80, 70))), "public")
    assert frame["suppressed"].eq("").all()
    assert audit_released(frame, relations, policy).empty


def test_the_example_of_texas_gives_all_of_them_and_none_of_them_away():
    rows = [share("S1", "", "", 24, 24), share("S2", "", "", 0, 5), share("S3", "", "", 22, 23)]
    frame, relations, policy = released(Results.from_rows(rows), "texas_example")
    assert frame["level"].tolist() == [">99%", "<1%", ""]
    found = audit_released(frame, relations, policy).set_index("cell")
    people = [f"{row['result_id']}#people" for row in rows[:2]]
    assert list(found.index) == people
    assert found[["low", "high"]].to_numpy().tolist() == [[24, 24], [0, 0]]


def test_a_total_that_does_not_hold_is_no_relation():
    rows = [
        result("conditions", "students_rostered", "count", "students", k, n=k, school_id=school)
        for school, k in (("", 95), ("S1", 50), ("S2", 50))  # five are at both schools
    ]
    whole = [r for r in relations_of(rows_of(Results.from_rows(rows))) if len(r.ids) > 2]
    assert whole == []
    rows[0] = result("conditions", "students_rostered", "count", "students", 100, n=100)
    whole = [r for r in relations_of(rows_of(Results.from_rows(rows))) if len(r.ids) > 2]
    assert len(whole) == 2  # of the counts, and of the groups that they are counted in


def averages(name, sums, hidden="S1"):
    """Averages of schools and of all, by their (sum, people); one is hidden as too small."""
    sums = {**sums, "": tuple(map(sum, zip(*sums.values(), strict=True)))}
    rows = [
        result("teachers", name, "mean", "respondents", total / n, n=n, school_id=school,
               unit="scale points (1-5)", category="easy")
        for school, (total, n) in sums.items()
    ]  # fmt: skip
    results = Results.from_rows(rows)
    frame = round_results(results).assign(suppressed="")
    frame.loc[frame["school_id"].eq(hidden), ["estimate", "n"]] = float("nan")
    frame.loc[frame["school_id"].eq(hidden), "suppressed"] = "minimum n"
    found = audit_released(frame, relations_of(rows_of(results)), DisclosurePolicy.named("team"))
    mean = result_id("teachers", name, school_id=hidden, category="easy")
    return found.set_index("cell").reindex([mean]).iloc[0]


def test_sums_of_whole_answers_are_whole_so_that_two_averages_give_the_third():
    """3.4 of nine and 3.4 of seven people: 31 and 24 points, so 7 of the other two."""
    sums = {"S1": (7, 2), "S2": (24, 7)}
    whole, any_number = averages("item", sums), averages("scale", sums)
    assert whole["pinned"]
    assert (whole["low"], whole["high"]) == pytest.approx((3.5, 3.5))
    assert any_number.isna().all(), "between 3.0 and 3.8 by linear programming"


def test_answers_of_more_than_the_people_counted_have_no_sum():
    """Somebody answered twice: the average times the people is no number of points."""
    row = result("teachers", "item", "mean", "respondents", 3.4, n=9, category="easy",
                 unit="scale points (1-5)")  # fmt: skip
    rows = rows_of(Results.from_rows([row]))
    assert relations_of(rows) == ()
    assert set(values_of(rows)) == {row["result_id"], f"{row['result_id']}#n"}


def test_a_hidden_average_is_not_narrowed_down_to_what_its_rounding_would_leave():
    """Twelve people at 3.0 +- 0.05, three of them at 4.0 +- 0.05: the others within 0.17."""
    narrow = averages("scale", {"S1": (24, 9), "S2": (12, 3)})
    assert narrow["high"] - narrow["low"] == pytest.approx((0.1 * 12 + 0.1 * 3) / 9)
    assert not narrow["pinned"]
    wide = averages("scale", {"S1": (24, 9), "S2": (24, 6)})  # 0.23
    assert wide.isna().all()


def test_numbers_that_contradict_each_other_are_never_called_safe(catalogue):
    frame, relations, policy = released(catalogue, "team")
    at = frame.index[frame["result_id"].eq("conditions.students_rostered")][0]
    frame.loc[at, ["estimate", "n"]] += 1
    with pytest.raises(Exception, match="contradict"):
        audit_released(frame, relations, policy)


def count(name, school, k, n, **keys):
    section, _, name = name.partition(".")
    population = keys.pop("population", "respondents")
    return result(section, name, "count", population, k, n=n, school_id=school, **keys)


def test_an_answer_that_few_gave_does_not_follow_from_the_other_answers():
    rows = [
        count("member_checks.responses", "S1", k, 13, category="use", group=group)
        for group, k in (("agree", 5), ("add", 5), ("dispute", 3))
    ]
    frame, relations, policy = released(Results.from_rows(rows), "public")
    assert frame["suppressed"].ne("").sum() == 2  # the three, and one of the fives
    assert audit_released(frame, relations, policy).empty
    for row in rows[:2]:
        frame = undo(frame, Results.from_rows(rows), row["result_id"])
    assert rows[2]["result_id"] in set(audit_released(frame, relations, policy)["cell"])


def test_an_answer_that_few_gave_does_not_follow_if_it_is_the_first_of_them():
    groups = {"S1": (0, 17, 6), "S2": (3, 6, 3), "": (3, 23, 9)}
    rows = [
        count("member_checks.responses", school, k, sum(counts), category="use", group=group)
        for school, counts in groups.items()
        for group, k in zip(("agree", "add", "dispute"), counts, strict=True)
    ]
    frame, relations, policy = released(Results.from_rows(rows), "public")
    hidden = frame.loc[frame["school_id"].eq("") & frame["estimate"].isna(), "group"]
    assert len(hidden) > 1, "else all who answered less the others are three"
    assert audit_released(frame, relations, policy).empty


def test_a_size_that_another_result_prints_is_known():
    sizes = {"A": 6, "B": 40, "C": 200, "": 246}
    students = {"population": "students"}
    rows = [count("conditions.students_rostered", s, n, n, **students) for s, n in sizes.items()]
    keys = {"school_id": "B", "category": "assessments"}
    value = Estimate.from_interval("x", 0.5, 0, 1, n=40, unit="proportion", method="made_up")
    rows.append(result("quality", "coverage", "proportion", "students", value, **keys))
    frame, relations, policy = released(Results.from_rows(rows), "team")
    shown = frame.set_index("result_id")["suppressed"].eq("")
    assert not shown[rows[0]["result_id"]]
    assert not shown[rows[1]["result_id"]]
    assert not shown[rows[-1]["result_id"]]
    assert audit_released(frame, relations, policy).empty


def test_those_who_scored_a_product_are_those_who_responded():
    responded = {"A": 3, "B": 9, "C": 20, "": 32}
    keys = {"product_id": "readwell"}
    rows = [
        count("recommendation.responded", school, n, n, population="teachers", **keys)
        for school, n in responded.items()
    ]
    score = Estimate.from_interval("x", 11.0, -50, 60, n=9, unit="NPS points", method="made_up")
    rows.append(
        result("recommendation", "nps", "score", "respondents", score, school_id="B", **keys)
    )
    frame, relations, policy = released(Results.from_rows(rows), "team")
    by_school = frame.set_index("school_id")["n"]
    assert by_school["B"].isna().all(), "32 less 9 and 20 are three"
    told = undo(frame, Results.from_rows(rows), rows[-1]["result_id"])
    assert rows[0]["result_id"] in set(audit_released(told, relations, policy)["cell"])
