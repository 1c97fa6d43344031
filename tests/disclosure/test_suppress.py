"""`suppress`: nothing protected can be recovered, and little more than needed is lost."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_attacks import crosstab_relations, every_table, possible_by_flow

from pilot_analysis.disclosure import (
    Linear,
    Product,
    PublishedTable,
    audit,
    choose_pattern,
    suppress,
)
from pilot_analysis.disclosure.tables import suppression
from pilot_analysis.errors import DisclosureError

few = settings(max_examples=20, deadline=None)
fewer = settings(max_examples=8, deadline=None)
seeds = st.integers(0, 10**6)


def counts(seed, rows, columns, mean=15):
    rng = np.random.default_rng(seed)
    values = rng.negative_binomial(1, 1 / (1 + mean), (rows, columns))
    return pd.DataFrame(
        values, [f"r{i}" for i in range(rows)], [f"c{j}" for j in range(columns)]
    )  # fmt: skip


def small(frame, minimum):
    return [(r, c) for r in frame.index for c in frame.columns if 0 < frame.loc[r, c] < minimum]


def protectable(frame, minimum):
    """The table with its small cells to protect, or None where nothing could protect them."""
    if frame.to_numpy().sum() < 4 * minimum or min(frame.shape) < 2:
        return None
    return PublishedTable.from_crosstab(frame, small(frame, minimum), least_values=minimum)


def values_of(*tables):
    value = pd.concat([table.cells["value"] for table in tables])
    return value[~value.index.duplicated()].astype(int).to_dict()


def chosen(table, **options):
    """Suppress, or None where there is rightly no safe choice: all hidden is not enough."""
    try:
        return suppress(table, **options)
    except DisclosureError:
        everything = table.hide(table.cells.index)
        assert audit([everything, *options.get("earlier", ())], only_findings=True).size
        return None


class TestTwoWayTables:
    def test_the_table_of_the_methods_page_gets_a_pattern_in_which_no_cell_is_pinned(self):
        frame = pd.DataFrame(
            [[30, 47, 64, 89], [90, 124, 5, 31], [92, 100, 59, 85], [800, 991, 651, 685]],
            index=list("wxyz"), columns=list("abcd"),
        )  # fmt: skip
        hidden = [("w", "a"), ("w", "b"), ("w", "c"), ("x", "a"), ("x", "c"), ("y", "b"),
                  ("y", "d"), ("z", "b"), ("z", "d")]  # fmt: skip
        table = PublishedTable.from_crosstab(frame, hidden, least_values=10)
        pattern = choose_pattern(table)
        assert pattern.suppressed - table.suppressed == {"x|d"}
        assert pattern.lost == pattern.at_least == 31
        assert not audit([table.hide(pattern.suppressed)])["pinned"].any()

    @few
    @given(seeds, st.integers(2, 8), st.integers(2, 8), st.sampled_from([3, 5, 10]))
    def test_no_protected_cell_can_be_recovered(self, seed, rows, columns, minimum):
        frame = counts(seed, rows, columns)
        table = protectable(frame, minimum)
        hidden = table and chosen(table)
        if not hidden:
            return
        assert table.suppressed <= hidden
        relations = crosstab_relations(frame.index, frame.columns)
        for row, column in small(frame, minimum):
            cell = f"{row}|{column}"
            left = possible_by_flow(relations, values_of(table), hidden, cell)
            assert left >= minimum, cell

    @few
    @given(seeds, st.sampled_from([(3, 3), (3, 4)]), st.sampled_from([3, 5]))
    def test_nothing_loses_less(self, seed, shape, minimum):
        """Against every pattern of the inner cells, each attacked by flows."""
        frame = counts(seed, *shape, mean=12)
        table = protectable(frame, minimum)
        if table is None or len(table.suppressed) > 5:
            return
        margins = {name: np.inf for name in table.cells.index if "total" in name}
        try:
            pattern = choose_pattern(table, weights=margins)
        except DisclosureError:
            pattern = None
        best = self.cheapest(frame, table, minimum)
        if pattern is None:
            assert best == np.inf
            return
        assert not pattern.suppressed & set(margins)
        assert pattern.lost <= 1.1 * best
        assert pattern.at_least <= best + 1e-6

    @staticmethod
    def cheapest(frame, table, minimum):
        relations = crosstab_relations(frame.index, frame.columns)
        values = values_of(table)
        inner = [f"{r}|{c}" for r in frame.index for c in frame.columns]
        free = [name for name in inner if name not in table.suppressed]
        patterns = sorted(
            (sum(max(values[name], 1) for name in more), more)
            for k in range(len(free) + 1)
            for more in combinations(free, k)
        )
        for lost, more in patterns:
            hidden = {*table.suppressed, *more}
            if all(
                possible_by_flow(relations, values, hidden, cell) >= minimum
                for cell in table.suppressed
            ):
                return lost
        return np.inf

    @few
    @given(seeds)
    def test_what_was_suppressed_gives_itself(self, seed):
        table = protectable(counts(seed, 5, 5), 10)
        hidden = table and chosen(table)
        if hidden:
            assert suppress(table.hide(hidden)) == hidden

    @few
    @given(seeds)
    def test_with_nothing_small_nothing_is_suppressed(self, seed):
        table = PublishedTable.from_crosstab(counts(seed, 6, 6) + 10)
        assert suppress(table) == frozenset()

    @fewer
    @given(seeds)
    def test_the_heuristic_is_safe_too_and_loses_little_more(self, seed):
        frame = counts(seed, 6, 5)
        table = protectable(frame, 5)
        best = table and chosen(table)
        if not best:
            return
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(suppression, "EXACT_CELLS", 0)
            pattern = choose_pattern(table)
        assert pattern.at_least == 0, "it does not know how good it is"
        relations = crosstab_relations(frame.index, frame.columns)
        for cell in table.suppressed:
            assert possible_by_flow(relations, values_of(table), pattern.suppressed, cell) >= 5
        assert pattern.lost <= 3 * sum(values_of(table)[cell] for cell in best - table.suppressed)


class TestLongTables:
    @pytest.mark.parametrize("shape", [(66, 2), (100, 4), (210, 3), (250, 5)])
    def test_a_small_number_in_every_row_costs_little_more_than_the_smallest_beside_it(self, shape):
        rng = np.random.default_rng(1)
        values = rng.integers(30, 90, shape)
        values[:, 0] = rng.integers(1, 6, shape[0])
        frame = pd.DataFrame(values, [f"r{i}" for i in range(shape[0])],
                             [f"c{j}" for j in range(shape[1])])  # fmt: skip
        table = PublishedTable.from_crosstab(frame, small(frame, 10), least_values=10)
        pattern = choose_pattern(table)
        assert pattern.lost <= 1.1 * values[:, 1:].min(axis=1).sum(), "each row must lose one more"
        assert audit([table.hide(pattern.suppressed)], only_findings=True).empty
        relations = crosstab_relations(frame.index, frame.columns)
        for cell in sorted(table.suppressed)[:5]:
            assert possible_by_flow(relations, values_of(table), pattern.suppressed, cell) >= 10


def districts(seed, groups=2):
    """Schools in two districts of a network, by groups: the table, and relations as a network.

    The relations to attack leave out what follows from the others.
    """
    rng = np.random.default_rng(seed)
    schools = {f"s{i}": f"d{i % 2}" for i in range(5)}
    columns = [f"g{j}" for j in range(groups)]
    inner = {
        f"{s}|{c}": int(rng.negative_binomial(1, 1 / 13)) for s in schools for c in columns
    }  # fmt: skip
    relations = []

    def add(total, parts, also=True):
        inner[total] = sum(inner[part] for part in parts)
        relations.append(([*((part, 1) for part in parts), (total, -1)], also))

    for s in schools:
        add(f"{s}|total", [f"{s}|{c}" for c in columns])
    for d in ("d0", "d1"):
        members = [s for s, where in schools.items() if where == d]
        for c in (*columns, "total"):
            add(f"{d}|{c}", [f"{s}|{c}" for s in members])
        relations.append(([*((f"{d}|{c}", 1) for c in columns), (f"{d}|total", -1)], False))
    for c in (*columns, "total"):
        add(f"all|{c}", [f"d0|{c}", f"d1|{c}"])
    relations.append(([*((f"all|{c}", 1) for c in columns), ("all|total", -1)], False))
    return inner, relations


def as_table(values, relations, minimum):
    value = pd.Series(values, dtype=float)
    is_small = value.between(1, minimum - 1)
    cells = pd.DataFrame({"value": value, "low": value.mask(is_small, 0),
                          "high": value.mask(is_small, np.inf), "is_whole": True,
                          "least_values": is_small * minimum})  # fmt: skip
    return PublishedTable(cells, [Linear(dict(r)) for r, _ in relations], value.index[is_small])


class TestHierarchiesAndReleases:
    @few
    @given(seeds, st.integers(1, 4))
    def test_no_school_can_be_recovered_from_districts_and_network(self, seed, groups):
        values, relations = districts(seed, groups)
        table = as_table(values, relations, 5)
        hidden = chosen(table)
        needed = [relation for relation, needed in relations if needed]
        for cell in table.suppressed if hidden else ():
            assert possible_by_flow(needed, values, hidden, cell) >= 5, cell

    @fewer
    @given(seeds)
    def test_nor_by_going_through_every_table(self, seed):
        values, relations = districts(seed, 1)
        table = as_table(values, relations, 3)
        hidden = chosen(table)
        if not hidden or len(hidden) > 7:
            return
        printed = {name: k for name, k in values.items() if name not in hidden}
        unknown = {name: (0, max(values[name], 3) + 6) for name in hidden}  # a few suffice
        possible = every_table([r for r, _ in relations], printed, unknown)
        for cell in table.suppressed:
            assert len(possible[cell]) >= 3

    @few
    @given(seeds, st.integers(2, 5), st.integers(2, 5))
    def test_no_cell_can_be_recovered_from_two_releases(self, seed, rows, columns):
        """In spring there is one school more than in autumn; the others are as they were."""
        frame = counts(seed, rows + 1, columns)
        groups = [*frame.columns, "total"]
        autumn = protectable(frame.iloc[:-1], 5)
        first = autumn and chosen(autumn)
        if first is None:
            return
        spring = _renamed(protectable(frame, 5))
        second = chosen(spring, earlier=[autumn.hide(first)])
        if second is None:
            return
        printed_before = set(autumn.cells.index) - first
        assert not second & printed_before
        values = values_of(autumn, spring)
        hidden = first.intersection(values) - set(spring.cells.index) | second
        new = frame.index[-1]
        relations = [r for r in crosstab_relations(frame.index[:-1], frame.columns)
                     if r[-1][0] != "total|total" or r[0][0] == "r0|total"]  # fmt: skip
        relations.append([(f"{new}|{c}", 1 if c != "total" else -1) for c in groups])
        relations += [[(f"total|{c}", 1), (f"{new}|{c}", 1), (f"spring|{c}", -1)] for c in groups]
        for cell in autumn.suppressed | spring.suppressed:
            assert possible_by_flow(relations, values, hidden, cell) >= 5, cell

    def test_what_was_printed_before_cannot_be_hidden_again(self):
        frame = pd.DataFrame([[3, 20], [30, 40]], list("ab"), list("xy"))
        before = PublishedTable.from_crosstab(frame)
        with pytest.raises(DisclosureError, match=r"a\|x: .* released before"):
            suppress(PublishedTable.from_crosstab(frame, [("a", "x")], least_values=5),
                     earlier=[before])  # fmt: skip


def _renamed(table):
    """The same table with other ids for its margins below."""
    names = {name: name.replace("total|", "spring|") for name in table.cells.index}
    relations = [Linear({names[k]: v for k, v in r.coefficients.items()}) for r in table.relations]
    hidden = {names[name] for name in table.suppressed}
    return PublishedTable(table.cells.rename(index=names), relations, hidden)


class TestOtherRelations:
    def test_a_count_is_not_left_beside_its_share_and_size(self):
        values = {"k": 3, "rest": 40, "n": 43, "share": 100 * 3 / 43}
        cells = pd.DataFrame({
            "value": values, "low": {**values, "k": 0, "share": 6.975},
            "high": {**values, "k": np.inf, "share": 6.985}, "is_whole": True, "least_values": 0,
        })  # fmt: skip
        cells.loc["share", "is_whole"], cells.loc["k", "least_values"] = False, 5
        relations = (Linear({"k": 1, "rest": 1, "n": -1}), Product("k", "share", "n", 100))
        table = PublishedTable(cells, relations, {"k"})
        hidden = suppress(table, weights={"n": 1000})
        assert hidden == {"k", "share", "rest"}
        rows = audit([table.hide(hidden)]).set_index("cell")
        assert rows.loc["k", ["low", "high", "values"]].tolist() == [0, 43, 44]

    @pytest.mark.parametrize("cells", [0, suppression.EXACT_CELLS])
    def test_a_number_that_is_not_whole_keeps_its_width(self, cells, monkeypatch):
        monkeypatch.setattr(suppression, "EXACT_CELLS", cells)
        values = pd.Series({"now": 6.13, "then": 5.04, "change": 1.09})
        near = pd.DataFrame({"value": values, "is_whole": False, "least_values": 0.0})
        near["low"], near["high"] = values.round(1) - 0.05, values.round(1) + 0.05
        near.loc["now", ["low", "high"]] = -np.inf, np.inf
        relation = Linear({"now": 1, "then": -1, "change": -1})
        for width, hidden in ((0.15, {"now"}), (0.25, {"now", "change"})):
            near.loc["now", "least_values"] = width
            table = PublishedTable(near, [relation], {"now"})
            assert suppress(table) == hidden
            assert audit([table]).loc[0, "high"] == pytest.approx(6.2)
            assert len(audit([table], only_findings=True)) == len(hidden) - 1

    def test_a_cell_that_cannot_be_protected_is_refused_by_name(self):
        cells = pd.DataFrame({"value": [3.0], "low": 0, "high": 4, "is_whole": True,
                              "least_values": 10}, index=["few"])  # fmt: skip
        with pytest.raises(DisclosureError, match=r"few.*narrow"):
            suppress(PublishedTable(cells, (), {"few"}))

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"value": [3.0, np.nan, 7.0]}, "every value must be known"),
            ({"value": [3.0, 5.0, 7.0], "low": [0, 5, 7]}, "a, b, ab do not fit"),
        ],
    )
    def test_values_that_cannot_be_true_are_refused(self, change, words):
        cells = {"value": [3.0, 4.0, 7.0], "low": [0, 4, 7], "high": [9, 9, 9], "is_whole": True,
                 "least_values": 0} | change  # fmt: skip
        table = PublishedTable(pd.DataFrame(cells, index=["a", "b", "ab"]),
                               [Linear({"a": 1, "b": 1, "ab": -1})], {"a"})  # fmt: skip
        with pytest.raises(DisclosureError, match=words):
            suppress(table)

    def test_weights_of_nothing_are_refused(self):
        table = PublishedTable.from_crosstab(pd.DataFrame([[3, 4], [5, 6]]), [(0, 0)])
        with pytest.raises(DisclosureError, match=r"above 0: 1\|1"):
            suppress(table, weights={"1|1": 0})
