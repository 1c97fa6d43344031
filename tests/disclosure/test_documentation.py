"""The page for privacy officers says what the policies say."""

import re
from pathlib import Path

import pytest

from pilot_analysis.disclosure import DisclosurePolicy

PAGE = Path(__file__).parents[2] / "docs" / "disclosure.md"
ROWS = {
    "Smallest group of students": "minimum_n.students",
    "Smallest group of teachers": "minimum_n.teachers",
    "Smallest group of people who answered a survey": "minimum_n.respondents",
    "Smallest number of lessons or contacts in an average": "minimum_n.records",
    "Smallest category of students within a group": "minimum_category.students",
    "Smallest category of teachers within a group": "minimum_category.teachers",
    "Smallest category of answers within a group": "minimum_category.respondents",
    "What all but two people must add to an amount, in percent of what the largest adds": (
        "dominance_percent"
    ),
    "What the principal or point person said": "single_person_roles",
    "Schools whose score and decision disagree": "disagreeing_schools",
    "Comments in teachers' own words": "comments",
}


@pytest.mark.parametrize(("label", "key"), ROWS.items())
def test_the_table_of_audiences_is_that_of_the_policies(label, key):
    found = re.search(rf"^\| {re.escape(label)} \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    cells = [cell.split(",")[0] for cell in found[1].split(" | ")]
    policies = [DisclosurePolicy.named(name) for name in ("internal", "team", "public")]
    assert cells == [str(policy[key]) for policy in policies]


def test_the_bands_of_shares_are_those_of_the_public_policy():
    text = " ".join(PAGE.read_text("utf-8").split())
    bands = DisclosurePolicy.named("public")["coding_bands"]
    first, *middle, last = [(size, f"{100 * share:g}%") for size, share in bands]
    told = [f"at most {first[1]} (or at least 99%) from {first[0]} people on"]
    told += [f"{share} from {size}" for size, share in middle]
    assert ", ".join(told) + f", and {last[1]} below that" in text
