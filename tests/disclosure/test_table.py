"""`PublishedTable`: what it holds, and what it refuses."""

import numpy as np
import pandas as pd
import pytest

from pilot_analysis.disclosure import Linear, Product, PublishedTable
from pilot_analysis.errors import DisclosureError


def cells(**columns):
    frame = {"value": [3.0, 4.0], "low": 0.0, "high": [9.0, 9.0], "is_whole": True,
             "least_values": 0} | columns  # fmt: skip
    return pd.DataFrame(frame, index=["a", "b"])


def test_a_crosstab_names_cells_and_margins_and_says_how_they_add_up():
    values = pd.DataFrame([[1, 2], [3, 4]], index=["S1", "S2"], columns=["math", "art"])
    table = PublishedTable.from_crosstab(values, [("S1", "art"), ("S1", "total")])
    assert table.cells["value"].to_dict() == {
        "S1|math": 1, "S1|art": 2, "S1|total": 3, "S2|math": 3, "S2|art": 4, "S2|total": 7,
        "total|math": 4, "total|art": 6, "total|total": 10,
    }  # fmt: skip
    assert table.suppressed == {"S1|art", "S1|total"}
    assert table.cells.loc["S1|art", ["low", "high"]].tolist() == [0, np.inf]
    assert table.cells.loc["S2|art", ["low", "high"]].tolist() == [4, 4]
    assert table.cells["is_whole"].all()
    assert len(table.relations) == 6
    value = table.cells["value"]
    for relation in table.relations:
        assert sum(k * value[name] for name, k in relation.coefficients.items()) == 0


def test_without_margins_nothing_adds_up():
    table = PublishedTable.from_crosstab(pd.DataFrame([[1, 2.5]]), [(0, 0)], margins=False)
    assert list(table.cells.index) == ["0|0", "0|1"]
    assert table.relations == ()
    assert not table.cells["is_whole"].any()


def test_what_is_hidden_later_keeps_its_natural_bounds_only():
    frame = cells(hidden_low=[1.0, 0.0], hidden_high=[7.0, 8.0], low=[3.0, 0.0], high=[3.0, 5.0])
    table = PublishedTable(frame, suppressed={"b"}).hide({"a", "b"})
    assert table.suppressed == {"a", "b"}
    assert table.cells.loc["a", ["low", "high"]].tolist() == [1, 7]
    assert table.cells.loc["b", ["low", "high"]].tolist() == [0, 5], "a printed range stays"


def test_a_number_that_may_be_negative_has_no_natural_bound_below():
    table = PublishedTable(cells(value=[-3.0, 4.0], low=[-3.0, 0.0]))
    assert table.cells["hidden_low"].tolist() == [-np.inf, 0]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PublishedTable(cells().drop(columns="high")), "columns high"),
        (lambda: PublishedTable(pd.concat([cells(), cells()])), "twice: a, b"),
        (lambda: PublishedTable(cells(low=4.0)), "own bounds.*: a"),
        (lambda: PublishedTable(cells(least_values=-1)), "own bounds"),
        (lambda: PublishedTable(cells(), (Linear({"a": 1, "c": -1}),)), "relation names c"),
        (lambda: PublishedTable(cells(), suppressed={"z"}), "`suppressed` names z"),
        (lambda: Linear({"a": 1}, 2, 1), "low <= high"),
        (lambda: Linear({"a": np.nan}), "finite coefficients"),
        (lambda: Product("a", "b", "a"), "three different cells"),
        (lambda: Product("a", "b", "c", scale=0), "scale above 0"),
        (lambda: PublishedTable.from_crosstab(pd.DataFrame([[1, -1]])), "0|1"),
        (lambda: PublishedTable.from_crosstab(pd.DataFrame([[1, np.nan]])), "from 0 up"),
        (
            lambda: PublishedTable.from_crosstab(pd.DataFrame([[1]], ["total"], ["a"])),
            "twice: total",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(make, words):
    with pytest.raises(DisclosureError, match=words):
        make()


def test_a_table_cannot_be_changed_through_what_it_was_made_from():
    frame, parts = cells(), {"a": 1.0, "b": -1.0}
    table = PublishedTable(frame, [Linear(parts, -1, 1)])
    frame.loc["a", "value"], parts["a"] = 8.0, 5.0
    assert table.cells.loc["a", "value"] == 3
    assert table.relations[0].coefficients["a"] == 1
