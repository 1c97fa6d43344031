"""Texts become values as what they are, or are refused."""

from datetime import datetime

import pandas as pd
import pytest

from pilot_analysis.ingest.parse import Refused, parse_text
from pilot_analysis.schema import Field

NUMBER = Field("score", "number", "")
SHARE = Field("weight", "number", "", low=0, high=1)
PERCENTILE = Field("percentile", "number", "", low=0, high=100)
WHOLE = Field("sessions", "whole", "")
FLAG = Field("volunteered", "flag", "")
DATE = Field("begin", "date", "")
ID = Field("student_id", "id", "")
TEXT = Field("reason", "text", "")


@pytest.mark.parametrize("text", ["", "NA", "n/a", "N/A", "na"])
@pytest.mark.parametrize("field", [NUMBER, WHOLE, FLAG, DATE, ID])
def test_blank_and_na_are_missing(field, text):
    assert parse_text(field, text) is None


@pytest.mark.parametrize("field", [NUMBER, WHOLE, FLAG, DATE])
def test_a_star_is_a_suppressed_value_and_not_a_missing_one(field):
    assert parse_text(field, "*").rule == "is a suppressed value, not a missing one"


def test_a_star_in_a_text_is_a_text():
    assert parse_text(ID, "*") == "*"


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (NUMBER, "12.50", 12.5),
        (NUMBER, "-3", -3),
        (NUMBER, "+.5", 0.5),
        (NUMBER, "7.", 7),
        (NUMBER, "1,234", 1234),
        (NUMBER, "1,234,567.8", 1234567.8),
        (NUMBER, "1.2e3", 1200),
        (SHARE, "45%", 0.45),
        (SHARE, "45 %", 0.45),
        (PERCENTILE, "45%", 45),
        (WHOLE, "1,200", 1200),
        (WHOLE, "3.0", 3),
    ],
)
def test_numbers_are_read_as_what_they_are(field, text, value):
    assert parse_text(field, text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("field", "text", "rule"),
    [
        (NUMBER, "12,5", "is not a number"),
        (NUMBER, "1,23,456", "is not a number"),
        (NUMBER, "25-49", "is not a number"),
        (NUMBER, "inf", "is not a number"),
        (NUMBER, "nan", "is not a number"),
        (NUMBER, ".", "is not a number"),
        (NUMBER, "%", "is not a number"),
        (NUMBER, "٣", "is not a number"),
        (NUMBER, "9e999", "is too large a number"),
        (NUMBER, "45%", "is a percentage, which this column does not hold"),
        (WHOLE, "2.5", "is not a whole number of things"),
        (WHOLE, "99999999999999999999", "is not a whole number of things"),
        (FLAG, "maybe", "is neither yes nor no"),
        (FLAG, "2", "is neither yes nor no"),
        (DATE, "10/06/25", "is a date with two digits for the year"),
        (DATE, "2025-13-01", "is no day or time of the calendar"),
        (DATE, "2025-02-29", "is no day or time of the calendar"),
        (DATE, "2025-02-28 25:00", "is no day or time of the calendar"),
        (DATE, "45936", "is not a date"),
    ],
)
def test_other_texts_are_refused_with_their_rule(field, text, rule):
    assert parse_text(field, text).rule == rule


@pytest.mark.parametrize("text", ["true", "TRUE", "yes", "Yes", "1", "Y", "y"])
def test_yes(text):
    assert parse_text(FLAG, text) is True


@pytest.mark.parametrize("text", ["false", "No", "0", "N"])
def test_no(text):
    assert parse_text(FLAG, text) is False


@pytest.mark.parametrize(
    ("text", "dates", "value"),
    [
        ("2025-10-06", "", datetime(2025, 10, 6)),
        ("2025-10-06 14:30", "", datetime(2025, 10, 6, 14, 30)),
        ("2025-10-06T14:30:05.123", "", datetime(2025, 10, 6, 14, 30, 5)),
        ("10/26/2025", "", datetime(2025, 10, 26)),
        ("5/5/2026", "", datetime(2026, 5, 5)),
        ("10/26/2025 2:30 PM", "", datetime(2025, 10, 26, 14, 30)),
        ("10/26/2025 12:05 am", "", datetime(2025, 10, 26, 0, 5)),
        ("03/04/2026", "month first", datetime(2026, 3, 4)),
        ("03/04/2026", "day first", datetime(2026, 4, 3)),
        ("26/10/2025", "day first", datetime(2025, 10, 26)),
        ("2025-10-06", "day first", datetime(2025, 10, 6)),
    ],
)
def test_dates(text, dates, value):
    assert parse_text(DATE, text, dates) == value


def test_a_date_that_can_be_read_in_two_ways_is_refused_unless_the_source_says_which():
    refused = parse_text(DATE, "03/04/2026")
    assert refused.rule == "may be month/day or day/month"
    assert 'dates = "month first"' in refused.advice
    assert isinstance(parse_text(DATE, "26/10/2025"), Refused)
    assert isinstance(parse_text(DATE, "26/10/2025", "month first"), Refused)


@pytest.mark.parametrize("field", [NUMBER, WHOLE, FLAG, DATE, ID])
def test_every_kind_has_a_dtype_that_holds_missing_values(field):
    assert pd.array([None], dtype=field.dtype).isna().all()


@pytest.mark.parametrize(
    "text",
    ["2025-10-06T10:00:00Z", "2025-10-06 10:00:00+01:00", "2025/10/6 10:00:00 AM GMT+1"],
)
def test_a_time_zone_is_read_and_not_converted(text):
    assert parse_text(DATE, text) == datetime(2025, 10, 6, 10)


def test_two_digits_of_a_year_are_read_once_the_order_is_said():
    assert parse_text(DATE, "9/8/18 15:29", "month first") == datetime(2018, 9, 8, 15, 29)
    assert parse_text(DATE, "8/9/86", "day first") == datetime(1986, 9, 8)


def test_a_dash_is_missing_but_in_a_text():
    assert parse_text(NUMBER, "-") is None
    assert parse_text(TEXT, "-") == "-"
