"""What each kind of result would say on its own, and that anything without a rule stops the run."""

import math

import numpy as np
import pytest

from pilot_analysis.disclosure import CODED_FLAG, RULES, DisclosurePolicy, protect
from pilot_analysis.disclosure.primary import _JUDGES
from pilot_analysis.disclosure.rounding import NUMBERS, decimals_of
from pilot_analysis.errors import DisclosureError
from pilot_analysis.results import (
    COLUMNS,
    CONSENT,
    KINDS,
    NAMES_REMOVED,
    NEVER_SHOWN,
    ONE_PERSON,
    ONE_QUESTION,
    Results,
)
from pilot_analysis.stats.cluster.mean import NO_VARIATION
from pilot_analysis.stats.estimate import Estimate


def gate(*rows, policy="team"):
    if isinstance(policy, str):
        policy = DisclosurePolicy.named(policy)
    return protect(Results.from_rows(rows), policy).frame


def first(*rows, policy="team"):
    return gate(*rows, policy=policy).iloc[0]


def is_coded(row):
    return row["suppressed"] == "" and math.isnan(row["estimate"]) and row["flags"] == (CODED_FLAG,)


def nps_rows(row, detractors, passives, promoters, **keys):
    counts = {"detractors": detractors, "passives": passives, "promoters": promoters}
    n = sum(counts.values())
    score = 100 * (promoters - detractors) / n
    value = Estimate.from_interval(
        "nps", score, max(score - 30, -100), min(score + 30, 100), n=n, unit="NPS points",
        method="nps_score",
    )  # fmt: skip
    made = [row("score", "respondents", value, name="recommendation.nps", **keys)]
    whole = made[0]["result_id"]
    made += [
        row("count", "respondents", k, n, name="recommendation.answers", category=category,
            relation=[f"part of {whole}"], **keys)
        for category, k in counts.items()
    ]  # fmt: skip
    worst = max(score - 10, -100)
    made.append(row("score", "respondents", worst, n, name="recommendation.nps_worst",
                    relation=[f"derived from {whole}"], **keys))  # fmt: skip
    made.append(row("level", "none", name="scorecard.verdict", level="strong",
                    relation=[f"derived from {whole}"], **keys))  # fmt: skip
    return made


def test_every_kind_has_exactly_one_rule():
    assert set(_JUDGES) | {"score"} == set(KINDS)


@pytest.mark.parametrize("kind", ["count", "proportion", "mean", "effect", "coefficient", "score"])
@pytest.mark.parametrize(("population", "minimum"), [("students", 10), ("teachers", 5),
                                                     ("respondents", 5)])  # fmt: skip
def test_the_minimum_n_bounds_the_denominator(row, kind, population, minimum):
    units = {"mean": "minutes", "effect": "sd", "coefficient": "coefficient"}
    number = 3 if kind == "count" else 0.5
    value = Estimate.from_t("x", number, 0.1, 9, n=minimum, unit=units.get(kind, ""), method="m")
    shown = first(row(kind, population, value, flags=("singular",)))
    assert shown["suppressed"] == ""
    assert shown["n"] == minimum
    hidden = first(row(kind, population, value, minimum - 1, text="9 of 10", level="low"))
    assert hidden["suppressed"] == "minimum n"
    assert hidden[list(NUMBERS)].isna().all()
    assert (hidden["level"], hidden["value_text"], hidden["method"], hidden["flags"]) == (
        "",
        "",
        "",
        (),
    )


def test_internal_readers_see_a_group_of_one(row):
    assert first(row("count", "students", 1, 1), policy="internal")["estimate"] == 1


@pytest.mark.parametrize(
    ("k", "n", "rule"), [(10, 40, ""), (9, 40, "small category"), (31, 40, "small category"),
                         (0, 40, "small category"), (40, 40, "small category")],
)  # fmt: skip
def test_the_public_sees_a_category_only_where_it_and_the_rest_are_large_enough(row, k, n, rule):
    made = row("count", "students", k, n, category="moved")
    assert first(made, policy="public")["suppressed"] == rule
    assert first(made, policy="team")["suppressed"] == ""


def test_the_size_of_a_group_is_no_category(row):
    assert first(row("count", "students", 40, 40), policy="public")["suppressed"] == ""


def test_an_arm_smaller_than_the_minimum_is_hidden_even_if_counted_in_a_larger_group(row):
    made = [row("count", "students", k, 40, name="learning.students", category=arm)
            for arm, k in {"small": 9, "regular": 31}.items()]  # fmt: skip
    assert list(gate(*made)["suppressed"]) == ["minimum n", "protects another"]


@pytest.mark.parametrize(
    ("share", "n", "words", "rule"),
    [
        (0.5, 40, "", ""), (0.25, 40, "", ""), (0, 9, "", "minimum n"),
        (0.05, 40, "at most 5%", ""), (0, 40, "at most 5%", ""), (0.2, 10, "at most 20%", ""),
        (0.95, 40, "at least 95%", ""), (1, 20, "at least 90%", ""),
        (1, 300, "at least 99%", ""), (0.01, 299, "at most 2%", ""),
        (0.2, 40, "at most 23%", ""), (0.8, 40, "at least 77%", ""),
        (0.04, 148, "at most 7%", ""), (0.25, 16, "at most 57%", ""),
        (0.4, 15, "", "small category"), (0.25, 12, "", "small category"),
    ],
)  # fmt: skip
def test_public_shares_near_none_and_all_are_given_as_a_range(row, share, n, words, rule):
    value = Estimate.from_interval("x", share, 0, 1, n=n, unit="proportion", method="cluster")
    found = first(row("proportion", "students", value, text="3 of 40"), policy="public")
    assert found["suppressed"] == rule
    assert found["level"] == words
    if words:
        assert is_coded(found)
        assert found[[c for c in NUMBERS if c not in ("n", "n_clusters")]].isna().all()
        assert (found["value_text"], found["method"], found["n"]) == ("", "", n)
    team = first(row("proportion", "students", value), policy="team")
    assert team["suppressed"] == ("minimum n" if n < 10 else "")
    assert n < 10 or team["estimate"] == share


@pytest.mark.parametrize(
    ("k", "n", "printed"),
    [(24, 24, ">99%"), (0, 5, "<1%"), (22, 23, 0.96), (198, 200, 0.99), (3, 4, "minimum n")],
)
def test_the_example_of_texas_prints_the_cases_that_were_published(row, k, n, printed):
    value = Estimate.from_interval("x", k / n, 0, 1, n=n, unit="proportion", method="cluster")
    found = first(row("proportion", "students", value), policy="texas_example")
    shown = found["suppressed"] or found["level"] or found["estimate"]
    assert shown == printed


@pytest.mark.parametrize(
    ("k", "words"), [(0, "<5%"), (1, "<5%"), (2, "<25%"), (9, "<25%"), (10, ""), (39, ">95%")]
)
def test_less_than_does_not_hold_the_bound_itself(row, k, words):
    policy = DisclosurePolicy.named("public").with_value("coding_form", "less than", "a test")
    value = Estimate.from_interval("x", k / 40, 0, 1, n=40, unit="proportion", method="cluster")
    assert first(row("proportion", "students", value), policy=policy)["level"] == words


@pytest.mark.parametrize(
    ("value", "words"), [(5.0, "top"), (4.81, "top"), (4.7, ""), (1.1, "bottom")]
)
def test_a_public_average_at_the_end_of_its_scale_would_say_what_everyone_answered(
    row, value, words
):
    made = row("mean", "respondents", value, 8, unit="scale points (1-5)")
    found = first(made, policy="public")
    assert is_coded(found) == bool(words)
    assert words in found["level"]
    assert first(made, policy="team")["estimate"] == round(value, 1)


@pytest.mark.parametrize(
    ("counts", "words"),
    [((1, 1, 7), "mostly promoters"), ((0, 0, 8), "mostly promoters"),
     ((8, 0, 0), "mostly detractors"), ((3, 3, 4), "mixed"), ((5, 5, 4), "mixed")],
)  # fmt: skip
def test_a_public_score_is_a_word_where_its_counts_could_not_be_shown(row, counts, words):
    made = gate(*nps_rows(row, *counts, school_id="S01"), policy="public")
    assert is_coded(made.iloc[0])
    assert made["level"].iloc[0] == words
    # the verdict too: "leaning no" would tell on which side of zero a "mixed" score lies
    assert list(made["suppressed"].iloc[1:6]) == ["source hidden"] * 5
    team = gate(*nps_rows(row, *counts, school_id="S01"), policy="team")
    assert (team["suppressed"] == "").all()
    assert tuple(team["estimate"].iloc[1:4]) == counts


@pytest.mark.parametrize("counts", [(5, 5, 20), (0, 6, 7)])
def test_a_public_score_stands_with_its_interval_where_its_counts_could_be_shown(row, counts):
    made = gate(*nps_rows(row, *counts), policy="public")
    assert (made["suppressed"] == "").all()
    assert made.loc[0, ["estimate", "conf_low", "conf_high"]].notna().all()


def test_a_score_whose_counts_are_not_known_is_a_word_to_the_public(row):
    assert is_coded(first(row("score", "respondents", 20, 200), policy="public"))


def test_scores_that_name_each_other_do_not_vouch_for_each_other(row):
    ids = [f"recommendation.{name}" for name in ("nps", "nps_worst")]
    made = [
        row("score", "respondents", 20, 200, name=own, relation=[f"derived from {other}"])
        for own, other in (ids, ids[::-1])
    ]
    assert gate(*made, policy="public")["estimate"].isna().all()
    itself = row("score", "respondents", 20, 200, name=ids[0], relation=[f"part of {ids[0]}"])
    assert gate(itself, policy="public")["estimate"].isna().all()


def test_a_score_whose_counts_do_not_add_up_is_refused(row):
    made = nps_rows(row, 5, 5, 20)
    with pytest.raises(DisclosureError, match="add up to 25, not to n = 30"):
        gate(*(made[:2] + made[3:]), policy="public")


def test_a_small_team_hides_its_score_and_everything_that_follows(row):
    made = gate(*nps_rows(row, 1, 1, 2, school_id="S01"), policy="team")
    assert (made["suppressed"] != "").all()


def funnel(row, *counts, flags=("2 had left",)):
    return [
        row("count", "students", k, counts[0], name="usage.funnel", category=f"step {i}",
            flags=flags)
        for i, k in enumerate(counts)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ((240, 231, 224, 187, 118), (240, 187, 118)),
        ((240, 230, 220), (240, 230, 220)),
        ((240, 240, 200), (240, 240, 200)),
        ((240, 231, 231, 200), (240, 200)),
        ((240, 100, 4), (240, 100)),
        ((240, 100, 0), (240, 100)),
    ],
)
def test_public_steps_of_a_funnel_are_zero_or_large_enough(row, counts, shown):
    found = gate(*funnel(row, *counts), policy="public")
    assert tuple(found["estimate"].dropna()) == shown
    assert tuple(gate(*funnel(row, *counts), policy="team")["estimate"]) == counts


def test_a_flag_that_counts_who_was_lost_goes_with_the_hidden_count(row):
    made = funnel(row, 240, 231, 187, flags=("9 had left", "counted by month"))
    assert gate(*made, policy="public")["flags"].iloc[0] == ("counted by month",)
    assert gate(*made, policy="team")["flags"].iloc[0] == ("9 had left", "counted by month")


@pytest.mark.parametrize("kind", ["level", "text"])
def test_a_role_held_by_one_person_is_hidden_from_the_public(row, kind):
    made = row(kind, "schools", level="yes", flags=("single person role",))
    assert first(made, policy="public")["suppressed"] == "single person role"
    assert first(made, policy="internal")["level"] == "yes"


@pytest.mark.parametrize("kind", ["level", "text"])
def test_a_team_sees_a_role_held_by_one_person_with_their_consent_only(row, kind):
    silent = row(kind, "schools", level="yes", flags=(ONE_PERSON,))
    agreed = row(kind, "schools", level="yes", flags=(ONE_PERSON, CONSENT))
    found = gate(silent, agreed, policy="team")
    assert list(found["suppressed"]) == ["no consent", ""]
    assert list(found["level"]) == ["", "yes"]
    assert "no consent is recorded" in RULES["no consent"]
    assert first(agreed, policy="public")["suppressed"] == "single person role"


@pytest.mark.parametrize("policy", ["team", "public"])
@pytest.mark.parametrize(
    ("agreed", "rule"),
    [(0, ""), (5, ""), (6, "protects another"), (9, "protects another"), (10, "")],
)
def test_what_all_principals_said_does_not_tell_what_the_few_said_who_are_hidden(
    row, policy, agreed, rule
):
    name = "conditions.point_person"
    schools = [
        row("level", "schools", name=name, school_id=f"S{at}", n=1, level="yes" if at % 2 else "no",
            flags=(ONE_PERSON, CONSENT) if at < agreed else (ONE_PERSON,))
        for at in range(10)
    ]  # fmt: skip
    share = row("proportion", "respondents", 0.5, 10, name=name, unit="proportion")
    found = gate(*schools, share, policy=policy)
    assert found["suppressed"].iloc[-1] == rule
    assert gate(*schools, share, policy="internal")["estimate"].iloc[-1] == 0.5


def test_schools_whose_voices_disagree_are_named_to_internal_readers_only(row):
    named = row("count", "schools", 1, 10, name="recommendation.disagreeing", text="Harbor Street")
    of_one = row("count", "schools", 1, 10, name="recommendation.disagreeing", school_id="S01")
    counted = row("count", "schools", 1, 10, name="recommendation.disagreeing", time="2")
    for policy in ("team", "public"):
        found = gate(named, of_one, counted, policy=policy)
        # not even hidden rows: that there is one says which school it is
        assert list(found["time"]) == ["2"]
        assert "Harbor" not in str(found.to_dict())
        assert "S01" not in str(found.to_dict())
    assert gate(named, of_one, policy="internal")["value_text"].iloc[0] == "Harbor Street"


def test_comments_need_the_minimum_and_an_audience(row):
    made = row("text", "respondents", n=9, text="It crashes on Mondays.", flags=(NAMES_REMOVED,))
    for policy in ("team", "public", "texas_example"):
        assert first(made, policy=policy)["suppressed"] == "comment"
    assert first(made, policy="internal")["value_text"] == "It crashes on Mondays."
    allowed = DisclosurePolicy.named("team").with_value("comments", "shown", "names were removed")
    assert first(made, policy=allowed)["suppressed"] == ""
    few = row("text", "respondents", n=4, text="It crashes on Mondays.", flags=(NAMES_REMOVED,))
    assert first(few, policy=allowed)["suppressed"] == "minimum n"
    one = row("text", "respondents", n=1, text="It crashes on Mondays.",
              flags=(NAMES_REMOVED, ONE_PERSON, CONSENT))  # fmt: skip
    assert first(one, policy=allowed)["suppressed"] == "minimum n"


@pytest.mark.parametrize(
    ("keys", "flags", "rule"),
    [
        ({}, (), ""), ({"school_id": "S01"}, (), ""), ({"group": "coach"}, (), ""),
        ({"school_id": "S01", "group": "coach"}, (), "school and role"),
        ({"school_id": "S01"}, (ONE_PERSON, CONSENT), "school and role"),
    ],
)  # fmt: skip
def test_a_comment_is_not_shown_with_school_and_role(row, keys, flags, rule):
    policy = DisclosurePolicy.named("team").with_value("comments", "without school and role", "us")
    made = row("text", "respondents", n=9, text="It crashes on Mondays.", **keys,
               flags=(NAMES_REMOVED, *flags))  # fmt: skip
    found = first(made, policy=policy)
    assert found["suppressed"] == rule
    assert found["value_text"] == ("" if rule else "It crashes on Mondays.")
    shown = policy.with_value("comments", "shown", "us")
    assert first(made, policy=shown)["suppressed"] == ""


@pytest.mark.parametrize("value", ["shown", "without school and role"])
def test_a_comment_that_may_still_hold_names_stops_the_run(row, value):
    policy = DisclosurePolicy.named("public").with_value("comments", value, "us")
    made = row("text", "respondents", n=9, text="Ms Grace helped.", flags=("names kept",))
    for allowing in (policy, "internal"):
        with pytest.raises(DisclosureError, match="needs the flag 'names removed'"):
            gate(made, policy=allowing)
    assert first(made, policy="team")["suppressed"] == "comment"


def test_words_carry_no_numbers(row):
    value = Estimate.from_t("x", 0.5, 0.1, 9, n=50, unit="sd", method="m")
    found = first(row("level", "students", value, level="cannot tell"))
    assert found["level"] == "cannot tell"
    assert found[[c for c in NUMBERS if c not in ("n", "n_clusters")]].isna().all()


def test_words_may_follow_from_results_instead_of_an_n(row):
    source = row("mean", "respondents", 4, 9, unit="scale points (1-5)")
    words = row("level", "respondents", level="agree",
                relation=[f"derived from {source['result_id']}"])  # fmt: skip
    assert gate(source, words)["level"].iloc[1] == "agree"
    with pytest.raises(DisclosureError, match="needs n"):
        gate(row("level", "respondents", level="agree"))


@pytest.mark.parametrize("policy", ["internal", "team", "public"])
@pytest.mark.parametrize(
    ("kind", "population", "details", "message"),
    [
        ("mean", "students", {"unit": "points"}, "needs n, the number of distinct students"),
        ("count", "teachers", {}, "needs n"),
        ("text", "respondents", {}, "needs n"),
        ("mean", "records", {"unit": "days"}, "needs n"),
        ("mean", "students", {"unit": "furlongs", "n": 50}, "no rounding rule for the unit 'furl"),
        ("effect", "students", {"n": 50}, "no rounding rule for the unit ''"),
        ("count", "students", {"n": 50, "relation": ["sum of x"]}, "'sum of x' is not understood"),
        ("count", "students", {"n": 50, "relation": ["part of "]}, "is not understood"),
        ("count", "students", {"n": 50, "relation": ["part of nothing"]}, "there is no such"),
    ],
)  # fmt: skip
def test_what_no_rule_covers_is_refused_by_every_policy(
    row, policy, kind, population, details, message
):
    made = row(kind, population, 3.0, **details)
    with pytest.raises(DisclosureError, match=message) as caught:
        gate(made, policy=policy)
    assert made["result_id"] in str(caught.value)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [("kind", "histogram", "no rule for kind 'histogram'"),
     ("population", "pupils", "population 'pupils'"),
     ("school_id", None, "school_id must be text")],
)  # fmt: skip
def test_a_frame_changed_behind_the_results_is_refused(row, column, value, message):
    results = Results.from_rows([row("count", "students", 20, 20)])
    results.frame[column] = [value]
    with pytest.raises(DisclosureError, match=message):
        protect(results, DisclosurePolicy.named("internal"))


def test_only_results_and_policies_are_accepted(row):
    results = Results.from_rows([row("count", "students", 20, 20)])
    with pytest.raises(DisclosureError, match="protect takes Results, not DataFrame"):
        protect(results.frame)
    with pytest.raises(DisclosureError, match=r"use DisclosurePolicy.named\('team'\)"):
        protect(results, "team")
    assert protect(results).policy.name == "public"


def test_numbers_are_rounded_by_their_unit(row):
    def rounded(kind, unit, **numbers):
        value = Estimate.from_interval("x", 12.3456, 1.23456, 98.7654, std_error=0.98765, n=50,
                                       unit=unit, method="m")  # fmt: skip
        found = first(row(kind, "students", value))
        return tuple(found[["estimate", "conf_low", "conf_high", "std_error"]])

    assert rounded("score", "NPS points") == (12, 1, 99, 1.0)
    assert rounded("mean", "points") == (12.3, 1.2, 98.8, 0.99)
    assert rounded("effect", "sd") == (12.35, 1.23, 98.77, 0.988)
    assert rounded("mean", "scale points (1-100)") == (12.3, 1.2, 98.8, 0.99)
    assert rounded("mean", "minutes") == (12, 1, 99, 1.0)
    assert decimals_of("proportion", "") == 2
    assert decimals_of("test", "p") == 3


def test_there_is_no_negative_zero_and_a_parameter_is_not_rounded_away(row):
    found = gate(row("effect", "students", -0.001, 50, unit="sd"),
                 row("parameter", "none", 2.5, unit="minutes"))  # fmt: skip
    assert str(found["estimate"].iloc[0]) == "0.0"
    assert found["estimate"].iloc[1] == 2.5


def test_every_rule_has_a_sentence_and_the_columns_are_those_of_results(row):
    found = gate(row("count", "students", 3, 5))
    assert tuple(found.columns) == (*COLUMNS, "suppressed")
    assert set(found["suppressed"]) <= set(RULES)
    assert all(sentence.endswith(".") for sentence in RULES.values())


def test_the_average_of_a_few_whole_answers_goes_without_its_interval(row):
    value = Estimate.from_t("x", 4.7, 0.18, 6, n=7, unit="scale points (1-5)", method="mean_t")
    made = row("mean", "respondents", value, name="teachers.item", category="useful")
    found = first(made, policy="public")
    assert (found["estimate"], found["n"]) == (4.7, 7)
    numbers = [c for c in NUMBERS if c not in ("estimate", "n", "n_clusters")]
    assert found[numbers].isna().all()
    assert (found["method"], found["flags"]) == ("", ())
    assert np.isfinite(first(made, policy="team")["conf_low"])


def test_that_everyone_is_alike_is_not_told(row):
    value = Estimate.undefined(
        "x", NO_VARIATION, n=9, unit="hours", method="cluster_mean", estimate=4.0
    )
    made = row("mean", "teachers", value, name="support.pd_hours")
    assert first(made, policy="public")["suppressed"] == "small category"
    assert first(made, policy="team")["estimate"] == 4.0


def test_many_lessons_of_few_teachers_are_few_people(row):
    made = row("mean", "records", 2.8, 20, unit="scale points (1-4)", n_clusters=4)
    assert first(made, policy="team")["suppressed"] == "minimum n"
    assert first(made | {"n_clusters": 5}, policy="team")["suppressed"] == ""


@pytest.mark.parametrize(
    ("kind", "population", "n"), [("mean", "none", 3), ("proportion", "none", 30),
                                  ("parameter", "students", 3), ("absence", "teachers", None)]
)  # fmt: skip
def test_what_is_about_people_must_say_so_and_what_is_not_must_not(row, kind, population, n):
    with pytest.raises(DisclosureError):
        gate(row(kind, population, 0.5, n), policy="public")


@pytest.mark.parametrize(
    ("kind", "unit"), [("mean", "hours"), ("mean", "minutes (0-60)"), ("effect", "days"),
                       ("mean", "weeks")],
)  # fmt: skip
def test_an_amount_whose_largest_part_could_be_told_is_hidden(row, kind, unit):
    def found(percent, policy):
        made = row(kind, "teachers", 6.5, 8, unit=unit, remainder_percent=percent)
        return first(made, policy=policy)["suppressed"]

    for policy in ("team", "public"):
        assert [found(percent, policy) for percent in (9.9, 10, 11)] == ["dominance", "", ""]
    assert found(0, "internal") == ""
    stricter = DisclosurePolicy.named("team").with_value("dominance_percent", 25, "our own")
    assert [found(percent, stricter) for percent in (24, 25)] == ["dominance", ""]


def test_an_amount_of_a_small_group_is_hidden_as_a_small_group(row):
    made = row("mean", "teachers", 6.5, 4, unit="hours", remainder_percent=0.0)
    assert first(made)["suppressed"] == "minimum n"


@pytest.mark.parametrize("n", [4, 8])
def test_an_amount_of_which_nobody_knows_who_made_it_up_is_refused(row, n):
    made = row("mean", "teachers", 6.5, n, unit="hours", remainder_percent=math.nan)
    for policy in ("team", "public"):
        with pytest.raises(DisclosureError, match="needs remainder_percent") as caught:
            gate(made, policy=policy)
        assert made["result_id"] in str(caught.value)
    assert first(made, policy="internal")["estimate"] == 6.5
    no_amount = made | {"unit": "scale points (1-7)"}
    assert first(no_amount | {"n": 8})["suppressed"] == ""


def test_what_only_the_gate_needs_to_know_does_not_leave_it(row):
    made = row("mean", "teachers", 6.5, 8, unit="hours", remainder_percent=123.4)
    results = Results.from_rows([made])
    protected = protect(results, DisclosurePolicy.named("team"))
    assert set(NEVER_SHOWN) <= set(results.frame)
    assert not set(NEVER_SHOWN) & {*protected.frame, *protected.to_json()[0]}
    assert "123" not in str(protected.to_json())


def test_a_difference_is_as_small_as_the_smaller_of_the_groups(row):
    made = row("effect", "students", 5.2, 204, unit="points")
    assert first(made)["estimate"] == 5.2
    assert first(made | {"smallest_n": 10.0})["estimate"] == 5.2
    for policy in ("team", "public"):
        assert first(made | {"smallest_n": 4.0}, policy=policy)["suppressed"] == "minimum n"
        with pytest.raises(DisclosureError, match="needs smallest_n, the people in its smaller"):
            gate(made | {"smallest_n": math.nan}, policy=policy)


def test_an_average_of_records_needs_to_know_of_how_many_people(row):
    made = row("mean", "records", 3.1, 50, unit="scale points (1-4)")
    for people, rule in ((4, "minimum n"), (5, "")):
        assert first(made | {"n_clusters": people})["suppressed"] == rule
        assert first(made | {"n_clusters": 50, "smallest_n": people})["suppressed"] == rule
    with pytest.raises(DisclosureError, match="distinct people behind the records"):
        gate(made | {"n_clusters": math.nan})


def test_a_share_of_those_asked_is_hidden_where_few_answered(row):
    made = row("proportion", "teachers", 3 / 9, 9, name="teachers.response")
    assert first(made)["suppressed"] == "minimum n"
    assert first(made | {"estimate": 5 / 9})["suppressed"] == ""


def test_no_number_beside_the_interval_tells_more_of_whole_answers(row):
    value = Estimate.from_t("x", 4.2, 0.2, 29, n=30, unit="scale points (1-5)", method="mean_t")
    made = row("mean", "respondents", value, name="teachers.item")
    shown = first(made, policy="public")
    assert shown["estimate"] == 4.2
    assert shown["conf_low"] == 3.8
    assert shown[["std_error", "statistic", "df", "p_value"]].isna().all()
    one = row("mean", "respondents", value, name="teachers.scale", flags=(ONE_QUESTION,))
    assert math.isnan(first(one, policy="public")["std_error"])


def test_a_group_without_end_is_refused(row):
    with pytest.raises(DisclosureError, match="infinite"):
        gate(row("effect", "students", 5.2, 20, unit="points") | {"n": math.inf})
