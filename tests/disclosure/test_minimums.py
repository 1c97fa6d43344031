"""Which milder choices are kept, so that no stricter minimum shows what a milder one hides."""

from functools import cache

import pytest

from pilot_analysis.disclosure import DisclosurePolicy
from pilot_analysis.disclosure.minimums import milder, stricter

PUBLIC = DisclosurePolicy.named("public")


def policy_with(n, category=1, who="students"):
    """The public's policy with other minimums of one population, and no other categories'."""
    other = {key: 1 for key in PUBLIC.minimums if key.startswith("minimum_category")}
    return PUBLIC.with_minimums(
        {**other, f"minimum_n.{who}": n, f"minimum_category.{who}": category}
    )


def minimums(policy, who="students"):
    return policy.minimum_n(who), policy.minimum_category(who)


@cache
def kept(n, category, who):
    """Minimums of all policies whose choices are kept, in one step or more."""
    found = set()
    for mild in milder(policy_with(n, category, who)):
        pair = minimums(mild, who)
        found |= {pair} | kept(*pair, who)
    return frozenset(found)


def bound(n, category, who="students"):
    """Minimums of the policy within whose choice this one's lies."""
    return minimums(stricter(policy_with(n, category, who)), who)


def is_contained(mild, strict, who="students"):
    """Whether the choice for `mild` is by construction within the one for `strict`."""
    down = {strict} | kept(*strict, who)
    while mild not in down and (further := bound(*mild, who)) != mild:
        mild = further
    return mild in down


@pytest.mark.parametrize("name", ["team", "public"])
def test_the_minimums_of_the_built_in_policies_are_stricter(name):
    policy = DisclosurePolicy.named(name)
    assert stricter(policy) is policy


def test_a_usual_policy_keeps_the_choices_for_lower_usual_ones_alone():
    assert milder(DisclosurePolicy.named("team")) == []
    (mild,) = milder(PUBLIC)
    assert mild.minimums == DisclosurePolicy.named("team").minimums
    twice = [minimums(mild) for mild in milder(policy_with(20, 20))]
    assert twice == [(15, 15), (20, 15)]


def test_an_unusual_minimum_goes_step_by_step_up_to_the_next_usual_one():
    assert bound(11, 1) == (15, 1)
    assert bound(11, 11) == (15, 15)
    assert [bound(11, 7), bound(4, 3), bound(30, 7)] == [(11, 10), (10, 10), (30, 10)]
    assert bound(1000, 700) == (1000, 800)
    assert minimums(stricter(DisclosurePolicy.named("texas_example"))) == (10, 1)
    assert milder(DisclosurePolicy.named("texas_example")) == []
    assert [bound(3, 1), bound(5, 1), bound(10, 1)] == [(5, 1), (10, 1), (10, 1)]
    assert [minimums(mild) for mild in milder(policy_with(12))] == [(11, 1)]
    assert [minimums(mild) for mild in milder(policy_with(11))] == [(10, 1)]
    assert [minimums(mild) for mild in milder(policy_with(10, 7))] == [(9, 7), (10, 1)]
    assert minimums(stricter(PUBLIC.with_minimums({"minimum_n.students": 1000}))) == (1000, 10)


def test_people_of_one_kind_do_not_change_the_steps_of_another():
    mixed = policy_with(10).with_minimums({"minimum_n.respondents": 7})
    (mild,) = milder(mixed)
    assert (mild.minimum_n("students"), mild.minimum_n("respondents")) == (10, 6)
    assert stricter(mixed).minimum_n("respondents") == 10


@pytest.mark.parametrize("who", ["students", "respondents"])
def test_what_is_milder_is_nowhere_stricter(who):
    for n in range(1, 45):
        for category in range(1, n + 1):
            policy = policy_with(n, category, who)
            strict = stricter(policy)
            assert all(strict.minimums[key] >= least for key, least in policy.minimums.items())
            for mild in milder(policy):
                assert mild.minimums != policy.minimums
                assert all(mild.minimums[key] <= most for key, most in policy.minimums.items())


@pytest.mark.parametrize("who", ["students", "respondents"])
def test_a_stricter_minimum_n_contains_every_milder_one_by_construction(who):
    for category in range(1, 23):
        for n in range(category, 45):
            assert is_contained((n, category), (n + 1, category), who), (n, category)


@pytest.mark.parametrize("who", ["students", "respondents"])
def test_all_minimums_cut_at_a_level_are_contained_too(who):
    for n, category in ((10, 10), (20, 20), (7, 7), (11, 11), (16, 5), (30, 10)):
        for level in range(1, n):
            cut, less = [(min(n, at), min(category, at)) for at in (level + 1, level)]
            assert is_contained(less, cut, who), (n, category, level)


@pytest.mark.parametrize("who", ["students", "respondents"])
def test_a_usual_minimum_of_a_category_contains_all_below_and_is_contained_in_all_above(who):
    steps = (1, 10, 20) if who == "students" else (1, 5, 10, 20)
    for n in range(20, 45):
        for category in range(1, n + 1):
            for step in steps:
                pair = sorted([(n, category), (n, step)])
                if category != step:
                    assert is_contained(*pair, who), pair


@pytest.mark.parametrize("who", ["students", "respondents"])
def test_what_is_kept_lies_within_the_bound(who):
    for n in range(1, 45):
        for category in range(1, n + 1):
            strict = bound(n, category, who)
            for mild in milder(policy_with(n, category, who)):
                assert is_contained(minimums(mild, who), strict, who), (n, category)
