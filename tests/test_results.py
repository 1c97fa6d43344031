"""Results have one vocabulary, unique stable ids, and refuse what they do not know."""

from math import isnan

import pytest

from pilot_analysis.results import COLUMNS, NEVER_SHOWN, Results, result, result_id
from pilot_analysis.stats.estimate import Estimate


def test_the_id_names_what_the_result_is_about_in_a_fixed_order():
    assert result_id("usage", "funnel", category="rostered", school_id="S03") == (
        "usage.funnel[school=S03,category=rostered]"
    )
    assert result_id("parameters", "power") == "parameters.power"


def test_an_estimate_brings_its_numbers_along():
    made = Estimate.from_t(
        "b", 8.0, 2.0, 30, n=100, n_clusters=12, unit="points", method="mixed", flags=("singular",)
    )
    row = result("learning", "effect", "effect", "students", made, outcome="math")
    assert (row["estimate"], row["n"], row["n_clusters"]) == (8.0, 100, 12)
    assert row["flags"] == ("singular",)
    assert set(row) == {*COLUMNS, *NEVER_SHOWN}


def test_sizes_given_by_name_go_before_those_of_the_estimate():
    made = Estimate.from_t("b", 8.0, 2.0, 30, n=100, unit="points", method="mixed")
    row = result("why", "change", "effect", "students", made, n=40, flags=("chosen",))
    assert (row["n"], row["flags"]) == (40, ("chosen",))
    assert isnan(row["n_clusters"])
    assert result("why", "change", "effect", "students", made, n_clusters=7)["n_clusters"] == 7


def test_what_a_bare_number_does_not_say_is_missing():
    row = result("usage", "minutes", "mean", "students", 3, n=10, unit="minutes", method="mean")
    assert list(row) == [*COLUMNS, *NEVER_SHOWN]
    assert (row["estimate"], row["n"], row["unit"], row["method"]) == (3.0, 10, "minutes", "mean")
    numbers = ("std_error", "df", "p_value", "conf_level", "conf_low", "conf_high", "n_clusters")
    assert all(isnan(row[column]) for column in (*numbers, "p_adjusted", *NEVER_SHOWN))
    assert isnan(result("parameters", "power", "parameter", "none")["estimate"])


def test_the_same_id_twice_is_refused():
    row = result("usage", "funnel", "count", "students", 3, n=10)
    with pytest.raises(ValueError, match=r"usage\.funnel"):
        Results.from_rows([row, row])


def test_an_unknown_kind_or_population_is_refused():
    with pytest.raises(ValueError, match="kind"):
        Results.from_rows([result("usage", "funnel", "counts", "students", 3, n=10)])
    with pytest.raises(ValueError, match="population"):
        Results.from_rows([result("usage", "funnel", "count", "pupils", 3, n=10)])


def test_parts_are_put_under_one_another():
    parts = [
        Results.from_rows([result("usage", "tested", "count", "students", 3, n=10)]),
        Results.from_rows([result("teachers", "comments", "count", "respondents", 2, n=5)]),
        Results.from_rows([]),
    ]
    whole = Results.concat(parts)
    assert len(whole.frame) == 2
    assert len(whole.select(section="usage")) == 1
