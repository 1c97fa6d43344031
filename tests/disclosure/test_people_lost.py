"""On tables of which the best choice is known, `protect` loses no more people than it must."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_attacks import crosstab_relations, possible_by_flow

from pilot_analysis.disclosure import DisclosurePolicy, PublishedTable, choose_pattern, protect
from pilot_analysis.results import Results, result

LEAST = 10
OF_ALL_SCHOOLS = 10
"""How much more a number of all schools counts: it stands in every brief."""

shapes = st.sampled_from([(2, 2), (3, 3), (3, 4), (4, 4), (5, 4)])


def table_of(seed, shape):
    """Students by school and product, few in many cells."""
    values = np.random.default_rng(seed).negative_binomial(1, 1 / 26, shape)
    schools, products = [f"S{i}" for i in range(shape[0])], [f"p{j}" for j in range(shape[1])]
    return pd.DataFrame(values, schools, products)


def with_totals(frame):
    """(school, product) -> number, "total" for all schools or products."""
    frame = pd.concat([frame, frame.sum().to_frame("total").T])
    frame = frame.assign(total=frame.sum(axis=1))
    return {
        (school, name): int(frame.loc[school, name]) for school in frame.index for name in frame
    }


def hidden_by_protect(cells, policy):
    rows = {
        key: result("conditions", "students_rostered", "count", "students", k, n=k,
                    school_id=key[0].replace("total", ""), product_id=key[1].replace("total", ""))
        for key, k in cells.items()
    }  # fmt: skip
    frame = protect(Results.from_rows(list(rows.values())), policy).frame.set_index("result_id")
    names = {key: row["result_id"] for key, row in rows.items()}
    return {"|".join(key) for key in cells if frame.loc[names[key], "suppressed"]}


@pytest.mark.parametrize("name", ["team", "public"])
@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), shapes)
def test_no_more_people_are_lost_than_the_best_choice_loses(name, seed, shape):
    frame = table_of(seed, shape)
    cells = with_totals(frame)
    values = {"|".join(key): k for key, k in cells.items()}
    small = {cell for cell, k in values.items() if k < LEAST}
    if values["total|total"] < 4 * LEAST or len(small) == len(values):
        return
    loss = {
        cell: max(k, 1) * (OF_ALL_SCHOOLS if cell.startswith("total|") else 1)
        for cell, k in values.items()
    }
    hidden = hidden_by_protect(cells, DisclosurePolicy.named(name))
    assert small <= hidden
    relations = crosstab_relations(frame.index, frame.columns)
    for cell in small:
        assert possible_by_flow(relations, values, hidden, cell) >= LEAST
    table = PublishedTable.from_crosstab(
        frame, [cell.split("|") for cell in small], least_values=LEAST
    )
    best = choose_pattern(table, weights=loss)
    assert best.at_least == pytest.approx(best.lost), "it is known to be the best"
    assert sum(loss[cell] for cell in hidden - small) == pytest.approx(best.lost)
