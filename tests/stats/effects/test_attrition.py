import csv
from fractions import Fraction
from importlib import resources
from math import isnan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects import attrition, attrition_of_clusters

SOURCE = Path(__file__).parents[2] / "oracles" / "attrition_boundary.csv"
ROWS = [
    {
        "overall": int(row["overall_attrition_pct"]),
        "cautious": Fraction(row["cautious_max_differential_pct"]),
        "optimistic": Fraction(row["optimistic_max_differential_pct"]),
    }
    for row in csv.DictReader(SOURCE.read_text(encoding="utf-8").splitlines())
]


def lost(overall: Fraction, differential: Fraction):
    """Return the attrition of two arms of 100,000 that lose these percentages."""
    n = 100_000
    losses = [(overall + sign * differential / 2) * n / 100 for sign in (1, -1)]
    assert all(loss == int(loss) for loss in losses)
    return attrition(n, n - int(losses[0]), n, n - int(losses[1]))


# the table ------------------------------------------------------------------------------------


def test_the_package_holds_the_table_of_the_source():
    packaged = resources.files("pilot_analysis.stats.effects") / "attrition_boundary.csv"
    assert packaged.read_bytes() == SOURCE.read_bytes()
    assert [row["overall"] for row in ROWS] == list(range(58))


@pytest.mark.parametrize("row", ROWS[6:], ids=lambda row: f"{row['overall']}%")
@pytest.mark.parametrize("column", ["cautious", "optimistic"])
def test_the_boundary_is_exact_at_every_row(row, column):
    overall, limit = Fraction(row["overall"]), row[column]
    at = lost(overall, limit)
    assert at.overall == pytest.approx(row["overall"] / 100, abs=1e-15)
    assert at.differential == pytest.approx(float(limit) / 100, abs=1e-15)
    assert getattr(at, f"{column}_limit") == pytest.approx(float(limit) / 100, abs=1e-15)
    assert getattr(at, column) == "low"
    beyond = lost(overall, limit + Fraction(2, 1000))
    assert getattr(beyond, column) == "high"


@pytest.mark.parametrize("row", ROWS[:6], ids=lambda row: f"{row['overall']}%")
def test_little_attrition_is_low_whatever_the_difference(row):
    # one arm loses everybody who is lost: no larger difference exists at this overall attrition
    if row["overall"]:
        at = lost(Fraction(row["overall"]), 2 * Fraction(row["overall"]))
        assert at.cautious == ("low" if 2 * row["overall"] <= row["cautious"] else "high")
    none = attrition(50, 50, 50, 50)
    assert (none.overall, none.differential, none.cautious) == (0, 0, "low")


def test_unequal_arms_weigh_by_their_size():
    found = attrition(100, 90, 300, 210)
    assert found.overall == 0.25
    assert found.differential == pytest.approx(0.20, abs=1e-15)


@pytest.mark.parametrize("column", ["cautious", "optimistic"])
@pytest.mark.parametrize("lower", range(6, 57))
def test_between_two_rows_the_smaller_limit_holds(column, lower):
    limits = ROWS[lower][column], ROWS[lower + 1][column]
    between = Fraction(lower) + Fraction(1, 2)
    assert getattr(lost(between, min(limits)), column) == "low"
    assert getattr(lost(between, min(limits) + Fraction(2, 1000)), column) == "high"


@pytest.mark.parametrize("overall", [Fraction(5701, 100), Fraction(58), Fraction(80)])
def test_beyond_the_table_attrition_is_high(overall):
    found = lost(overall, Fraction(0))
    assert (found.cautious, found.optimistic) == ("high", "high")
    assert isnan(found.cautious_limit)
    assert isnan(found.optimistic_limit)


def test_at_57_percent_only_the_optimistic_boundary_leaves_room():
    found = lost(Fraction(57), Fraction(1))
    assert (found.cautious, found.optimistic) == ("high", "low")
    assert lost(Fraction(57), Fraction(0)).cautious == "low"


# identities -----------------------------------------------------------------------------------


@st.composite
def flows(draw):
    assigned = draw(st.integers(1, 300)), draw(st.integers(1, 300))
    analyzed = [draw(st.integers(0, n)) for n in assigned]
    return assigned[0], analyzed[0], assigned[1], analyzed[1]


@given(flow=flows(), factor=st.integers(2, 50))
def test_arms_may_be_swapped_and_counts_multiplied(flow, factor):
    one, swapped = attrition(*flow), attrition(*flow[2:], *flow[:2])
    larger = attrition(*(factor * count for count in flow))
    for other in (swapped, larger):
        assert (other.overall, other.differential) == (one.overall, one.differential)
        assert (other.cautious, other.optimistic) == (one.cautious, one.optimistic)


@given(flow=flows())
def test_low_under_caution_is_low_under_optimism(flow):
    found = attrition(*flow)
    assert found.optimistic == "low" or found.cautious == "high"


# joiners ----------------------------------------------------------------------------------------


def test_joiners_do_not_make_up_for_losses():
    found = attrition(100, 80, 100, 80, joiners_treated=20, joiners_comparison=20)
    assert found.overall == pytest.approx(0.20, abs=1e-15)
    assert found.joiner_share == 0.20
    with pytest.raises(DesignError, match="count those who joined later as joiners"):
        attrition(100, 105, 100, 80)


def test_where_nobody_was_analyzed_there_is_no_share_of_joiners():
    found = attrition(10, 0, 10, 0)
    assert (found.overall, found.cautious) == (1, "high")
    assert isnan(found.joiner_share)


# clusters ---------------------------------------------------------------------------------------


def test_lost_clusters_and_lost_students_are_counted_apart():
    found = attrition_of_clusters(
        treated=[True, True, True, False, False, False],
        assigned=[20, 20, 20, 20, 20, 20],
        analyzed=[18, 20, 0, 15, 19, 20],
        joiners=[2, 0, 5, 0, 1, 0],
    )
    assert (found.clusters.assigned_treated, found.clusters.analyzed_treated) == (3, 2)
    assert found.clusters.overall == pytest.approx(1 / 6)
    assert found.clusters.differential == pytest.approx(1 / 3)
    # the students (and joiners) of the lost cluster are no part of the second level
    assert (found.students.assigned_treated, found.students.analyzed_treated) == (40, 38)
    assert (found.students.joiners_treated, found.students.joiners_comparison) == (2, 1)
    assert found.students.differential == pytest.approx(6 / 60 - 2 / 40)
    assert (found.clusters.cautious, found.students.cautious, found.cautious) == (
        "high",
        "low",
        "high",
    )
    assert found.optimistic == "high"


def test_attrition_is_low_where_both_levels_are():
    found = attrition_of_clusters([1, 1, 0, 0], [25] * 4, [24, 25, 23, 25])
    assert (found.clusters.overall, found.cautious, found.optimistic) == (0, "low", "low")
    students = attrition(50, 49, 50, 48)
    assert found.students == students


@given(order=st.permutations(range(6)))
def test_the_order_of_clusters_does_not_matter(order):
    order = list(order)
    columns = [np.array(c) for c in ([1, 1, 1, 0, 0, 0], [9, 8, 7, 6, 5, 4], [9, 0, 7, 5, 4, 4])]
    assert attrition_of_clusters(*columns) == attrition_of_clusters(*(c[order] for c in columns))


# bad and degenerate input -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flow", "message"),
    [
        ((0, 0, 10, 10), "Nobody was assigned to the treated arm"),
        ((10, 10, 0, 0), "Nobody was assigned to the comparison arm"),
        ((10, 11, 10, 10), "11 units of the treated arm were analyzed and only 10"),
        ((10, -1, 10, 10), "analyzed_treated must be at least 0"),
        ((10, 9.5, 10, 10), "analyzed_treated must be a whole number"),
        ((10, float("nan"), 10, 10), "analyzed_treated must be a known number"),
    ],
)
def test_flows_that_cannot_be_are_refused(flow, message):
    with pytest.raises(DesignError, match=message):
        attrition(*flow)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([], [], []), "No cluster with analyzed students is left"),
        (([1, 1], [5, 5], [5, 5]), "No cluster with analyzed students is left"),
        (([1, 0], [5, 5], [5, 0]), "No cluster with analyzed students is left"),
        ((["a", "b"], [5, 5], [5, 5]), "treated must say"),
        (([1, 0], [5, 5, 5], [5, 5]), "assigned must hold one count for each of the 2"),
        (([1, 0], [5, 5], [5, 4.5]), "analyzed must hold whole numbers"),
        (([1, 0], [5, float("nan")], [5, 5]), "assigned must hold whole numbers"),
        (([1, 0], [5, 5], [5, 6]), "more students were analyzed than were there"),
    ],
)
def test_clusters_that_cannot_be_are_refused(columns, message):
    with pytest.raises(DesignError, match=message):
        attrition_of_clusters(*columns)


def test_a_verdict_on_which_copies_of_the_table_differ_says_so():
    doubtful = attrition(1000, 749, 1000, 851)  # 20% overall, 10.2 points apart
    assert (doubtful.optimistic, len(doubtful.flags)) == ("low", 1)
    assert "Copies of the boundary table differ" in doubtful.flags[0]
    assert attrition(1000, 760, 1000, 840).flags == ()  # 8 points: low by every copy
    assert attrition(1000, 740, 1000, 860).flags == ()  # 12 points: high by every copy
    assert attrition(1000, 846, 1000, 954).flags == ()  # 10%: the copies agree
