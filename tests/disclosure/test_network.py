"""Room that is seen without solving anything is there: compared with a program for each number."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from pilot_analysis.disclosure import Linear, PublishedTable
from pilot_analysis.disclosure.tables.blocks import split
from pilot_analysis.disclosure.tables.bounds import propagate
from pilot_analysis.disclosure.tables.network import network_of
from pilot_analysis.disclosure.tables.pattern import Choice
from pilot_analysis.disclosure.tables.seen import Spread
from pilot_analysis.disclosure.tables.system import join

few = settings(max_examples=25, deadline=None)


def crosstab(values, hidden=None):
    frame = pd.DataFrame(values)
    frame.index, frame.columns = frame.index.map("r{}".format), frame.columns.map("c{}".format)
    every = [(r, c) for r in frame.index for c in frame.columns]
    return PublishedTable.from_crosstab(frame, every if hidden is None else hidden)


def parts_of(table):
    return [part for _, part in split(propagate(join([table])))]


@st.composite
def hierarchies(draw):
    """Counts of groups in schools; totals of schools, of groups and of all, some of them hidden."""
    rows, columns = draw(st.integers(2, 5)), draw(st.integers(2, 5))
    values = draw(st.lists(st.integers(0, 12), min_size=rows * columns, max_size=rows * columns))
    table = crosstab(np.reshape(values, (rows, columns)), [])
    names = table.cells.index
    hidden = [name for name in names if draw(st.integers(0, 3)) or "total" not in name]
    cells = table.cells.copy()
    ends = draw(st.sampled_from([np.inf, 20]))  # some are known to be no more than that
    for name in hidden:
        cells.loc[name, ["low", "high"]] = 0, max(ends, cells.loc[name, "value"])
    slack = Linear({names[0]: 1.0, names[1]: 1.0}, 0, float(cells["value"].iloc[:2].sum() + 3))
    return PublishedTable(cells, [*table.relations, slack], frozenset(hidden))


def furthest(part, at, sign):
    """How far one number can go from its true value, by an integer program of its own."""
    objective = np.zeros(len(part.ids))
    objective[at] = -sign
    found = milp(
        objective, integrality=np.ones(len(objective)),
        bounds=Bounds(part.low, np.minimum(part.high, 500)),
        constraints=LinearConstraint(part.matrix, part.row_low, part.row_high),
    )  # fmt: skip
    return sign * (found.x[at] - part.value[at])


@few
@given(hierarchies(), st.integers(1, 9))
def test_no_number_is_given_more_room_than_it_has(table, need):
    for part in parts_of(table):
        network = network_of(part)
        if network is None:
            continue
        fall, rise = network.room(part, part.value, need)
        for at in range(len(part.ids)):
            assert 0 <= fall[at] <= min(need, furthest(part, at, -1) + 1e-6)
            assert 0 <= rise[at] <= min(need, furthest(part, at, 1) + 1e-6)


def test_in_a_roomy_table_every_number_has_the_room_that_it_needs():
    (part,) = parts_of(crosstab(np.full((4, 4), 20)))
    fall, rise = network_of(part).room(part, part.value, 9)
    assert (fall == 9).all()
    assert (rise == 9).all()


def test_what_needs_more_than_its_row_holds_is_not_said_to_have_it():
    (part,) = parts_of(crosstab([[0, 2, 3], [30, 30, 30], [30, 30, 30]]))
    fall, rise = network_of(part).room(part, part.value, 9)
    at = list(part.ids).index("r0|c0")
    assert fall[at] == 0
    assert rise[at] == 5


@pytest.mark.parametrize(
    ("relations", "is_network"),
    [
        ([Linear({"a": 1, "b": 1, "t": -1}), Linear({"a": 1, "c": 1, "u": -1})], True),
        ([Linear({"a": 2, "b": 1, "t": -1})], False),
        ([Linear({"a": 1, "b": 1}), Linear({"a": 1, "c": 1}), Linear({"a": 1, "d": 1})], False),
        ([Linear({"a": 1, "b": 1}), Linear({"b": 1, "c": 1}), Linear({"c": 1, "a": 1})], False),
        ([Linear({"a": 1, "b": 1}), Linear({"b": 1, "c": 1}), Linear({"c": 1, "a": -1})], True),
    ],
)
def test_only_what_hangs_together_by_two_sums_a_number_is_a_network(relations, is_network):
    ids = sorted({name for relation in relations for name in relation.ids})
    cells = pd.DataFrame(
        {"value": 0.0, "low": -9.0, "high": 9.0, "is_whole": True, "least_values": 0}, index=ids
    )
    system = join([PublishedTable(cells, relations, frozenset(ids))])
    assert (network_of(system) is not None) == is_network


@few
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(2, 5))
def test_what_was_shown_safe_stays_safe_when_more_is_hidden(seed, least, shares):
    rng = np.random.default_rng(seed)
    values = rng.negative_binomial(1, 0.1, (5, 4))
    frame = pd.DataFrame(values, list("vwxyz"), list("abcd"))
    small = [(r, c) for r in frame.index for c in frame.columns if 0 < frame.loc[r, c] < least]
    system = join([PublishedTable.from_crosstab(frame, small, least_values=least)])
    must, spread = system.least > 0, Spread(len(system.ids))
    choice = Choice(system, must, ~must, np.ones(len(must)))
    hidden = must.copy()
    for _ in range(shares):
        found = choice.unsafe(hidden, spread=spread)
        assert found.tolist() == choice.unsafe(hidden).tolist()
        hidden |= rng.random(len(must)) < 0.2
