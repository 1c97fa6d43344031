"""Numbers in words."""

import pytest

from pilot_analysis.release.words import Vocabulary, number_of
from pilot_analysis.results import result


def words(*names, **details):
    row = result(
        "usage",
        "met_dose",
        "proportion",
        "students",
        0.12,
        n=168,
        time="2025-10-06",
        school_id="S1",
    )
    plain = {key: None if value != value else value for key, value in row.items()}
    return Vocabulary([plain | {"suppressed": ""} | details], names)


@pytest.mark.parametrize(
    "text",
    ["12%", "12 percent of 168", "in the week of 2025-10-06", "6 October 2025", "October 2025",
     "Lexia Core5", "School No. 7, 168 students", "schools", "S1", "school_id = 'S1'"],
)  # fmt: skip
def test_numbers_of_shown_results_names_and_days_are_accounted_for(text):
    assert words("Lexia Core5", "School No. 7").unknown_numbers(text) == []


@pytest.mark.parametrize(
    ("text", "unknown"),
    [("13%", "13%"), ("11.9%", "11.9%"), ("Lexia Core6", "6"), ("7 October", "7"), ("167", "167"),
     ("Lexia Core55", "55"), ("\u22123", "\u22123")],
)  # fmt: skip
def test_other_numbers_are_not(text, unknown):
    assert words("Lexia Core5").unknown_numbers(text) == [unknown]


def test_the_number_of_a_hidden_result_is_not_accounted_for():
    assert words(suppressed="minimum n").unknown_numbers("12%") == ["12%"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("+2.8", 2.8), ("\u22124", -4), ("20%", 0.2), ("1,200", 1200), ("May", None)],
)
def test_a_number_is_read_as_it_is_written(text, value):
    assert number_of(text) == value
