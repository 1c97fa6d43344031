"""One table of decimals for every audience, each value with its source."""

import tomllib
from importlib import resources

import pytest

from pilot_analysis.disclosure import DisclosurePolicy, protect
from pilot_analysis.disclosure.rounding import NUMBERS, ROUNDING

TABLE = tomllib.loads(
    (resources.files("pilot_analysis.disclosure") / "rounding.toml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("part", ["units", "columns"])
def test_every_value_has_a_source(part):
    for name, rule in TABLE[part].items():
        assert set(rule) == {"decimals", "source"}, name
        assert rule["decimals"] in range(4), name
        assert rule["source"].strip().endswith("."), name


def test_every_number_of_a_result_is_rounded_by_one_of_the_two_parts():
    assert set(TABLE) == {"units", "columns"}
    by_unit = {"estimate", "std_error", "conf_low", "conf_high"}
    assert set(TABLE["columns"]) == set(NUMBERS) - by_unit
    assert ROUNDING["proportion"] == 2


def test_what_two_audiences_see_of_a_number_is_the_same(catalogue):
    policies = [DisclosurePolicy.named(name) for name in ("internal", "team", "public")]
    frames = [protect(catalogue, policy).frame for policy in policies]
    finest, *others = (frame.set_index("result_id") for frame in frames)
    for frame in others:
        for column in NUMBERS:
            shown = frame[column].dropna()
            assert len(shown) or column == "p_adjusted"  # the made-up results have none
            assert shown.equals(finest.loc[shown.index, column])
