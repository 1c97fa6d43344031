"""`audit`: published cases of numbers given away, and brute force on small tables."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_attacks import crosstab_relations, every_table, possible_by_flow

from pilot_analysis.disclosure import Linear, Product, PublishedTable, audit, denominators
from pilot_analysis.disclosure.tables import intervals, walks
from pilot_analysis.disclosure.tables.seen import Seen
from pilot_analysis.disclosure.tables.system import join
from pilot_analysis.errors import DisclosureError

NAN = float("nan")
FOUR = pd.DataFrame(
    [[30, 47, 64, 89], [90, 124, 5, 31], [92, 100, 59, 85], [800, 991, 651, 685]],
    index=list("wxyz"), columns=list("abcd"),
)  # fmt: skip
FOUR_HIDDEN = [("w", "a"), ("w", "b"), ("w", "c"), ("x", "a"), ("x", "c"), ("y", "b"), ("y", "d"),
               ("z", "b"), ("z", "d")]  # fmt: skip
few = settings(max_examples=40, deadline=None)


def published(numbers, relations=(), suppressed=()):
    """A table from id -> (low, high), whole numbers unless an end is not."""
    low, high = (np.array(ends, float) for ends in zip(*numbers.values(), strict=True))
    whole = [all(end == round(end) for end in pair if np.isfinite(end))
             for pair in zip(low, high, strict=True)]  # fmt: skip
    frame = pd.DataFrame({"value": NAN, "low": low, "high": high, "is_whole": whole,
                          "least_values": 0}, index=list(numbers))  # fmt: skip
    return PublishedTable(frame, relations, suppressed)


def found(tables, **options):
    return audit(tables, **options).set_index("cell")


class TestPublishedCases:
    def test_two_hidden_cells_in_every_line_do_not_protect(self):
        rows = found([PublishedTable.from_crosstab(FOUR, FOUR_HIDDEN)])
        assert set(rows.index) == {f"{r}|{c}" for r, c in FOUR_HIDDEN}
        assert list(rows.index[rows["pinned"]]) == ["w|b"]
        assert rows.loc["w|b", ["low", "high", "values"]].tolist() == [47, 47, 1]
        # rows w and x less columns a and c leave b of w and printed cells of w, x, y and z
        lines = {"w|d", "w|total", "x|b", "x|d", "x|total", "y|a", "y|c", "z|a", "z|c",
                 "total|a", "total|c"}  # fmt: skip
        assert set(rows.loc["w|b", "by"]) == lines
        assert rows.drop("w|b")["by"].map(len).eq(0).all()
        assert rows.loc["w|c", ["low", "high", "values"]].tolist() == [0, 69, 70]

    def test_percentages_in_one_order_and_counts_in_the_other_give_the_hidden_level(self):
        """Montana: ``*, 37.21%, 32.56%, 23.26%, 10, 14, 16, *``."""
        counts = {"level 1": (0, np.inf), "level 2": (16, 16), "level 3": (14, 14),
                  "level 4": (10, 10)}  # fmt: skip
        shares = {"share 1": (0, 100.5), "share 2": (37.205, 37.215), "share 3": (32.555, 32.565),
                  "share 4": (23.255, 23.265)}  # fmt: skip
        relations = [Product(f"level {i}", f"share {i}", "all", 100) for i in range(1, 5)]
        relations.append(Linear({**dict.fromkeys(counts, 1), "all": -1}))
        hidden = {"level 1", "share 1", "all"}
        rows = found([published({**counts, **shares, "all": (0, np.inf)}, relations, hidden)])
        assert rows.loc["all", ["low", "high"]].tolist() == [43, 43]
        assert rows.loc["level 1", ["low", "high", "values"]].tolist() == [3, 3, 1]
        assert rows.loc["share 1", "low"] == pytest.approx(100 * 3 / 43)
        assert rows["pinned"].all()
        assert set(rows.loc["level 1", "by"]) <= {*counts, *shares}

    def test_a_single_share_leaves_few_sizes(self):
        assert denominators(0.37205, 0.37215, limit=100) == [43, 86]
        assert denominators(0, 1, limit=4) == [1, 2, 3, 4]
        assert denominators(0.5, 0.5, limit=9) == [2, 4, 6, 8]
        with pytest.raises(DisclosureError, match="0 <= low <= high <= 1"):
            denominators(0.5, 0.4)
        numbers = {"k": (0, np.inf), "share": (37.205, 37.215), "n": (0, 99)}
        rows = found([published(numbers, [Product("k", "share", "n", 100)], {"k", "n"})])
        assert rows.loc["n", ["low", "high", "values"]].tolist() == [43, 86, 2]
        assert rows.loc["k", ["low", "high", "values"]].tolist() == [16, 32, 2]
        assert not rows["pinned"].any()

    def test_a_total_that_grows_by_one_cell_gives_that_cell(self):
        first = published({"a": (12, 12), "b": (15, 15), "autumn": (27, 27)},
                          [Linear({"a": 1, "b": 1, "autumn": -1})])  # fmt: skip
        parts = {"a": (0, np.inf), "b": (0, np.inf), "late": (0, np.inf), "spring": (31, 31)}
        total = Linear({"a": 1, "b": 1, "late": 1, "spring": -1})
        second = published(parts, [total], {"a", "b", "late"})
        alone = found([second])
        assert not alone["pinned"].any()
        rows = found([first, second])
        assert rows.loc["late", ["low", "high"]].tolist() == [4, 4]
        assert set(rows.loc["late", "by"]) in ({"a", "b", "spring"}, {"autumn", "spring"})

    def test_a_school_can_be_had_from_districts_and_network(self):
        """Hidden in its district's table, but the network less the other districts gives it."""
        parts = {"A1": (0, np.inf), "A2": (11, 11), "A": (0, np.inf), "B": (30, 30),
                 "network": (44, 44)}  # fmt: skip
        relations = [Linear({"A1": 1, "A2": 1, "A": -1}), Linear({"A": 1, "B": 1, "network": -1})]
        rows = found([published(parts, relations, {"A1", "A"})])
        assert rows.loc["A1", ["low", "high"]].tolist() == [3, 3]
        assert set(rows.loc["A1", "by"]) == {"A2", "B", "network"}

    def test_a_score_with_its_size_leaves_few_counts(self):
        """A Net Promoter Score of 13 (whole points) of eight people: promoters - detractors = 1."""
        numbers = {"promoters": (0, np.inf), "passives": (0, np.inf), "detractors": (0, np.inf),
                   "difference": (-8, 8), "score": (12.5, 13.5), "n": (8, 8)}  # fmt: skip
        relations = [
            Linear({"promoters": 1, "passives": 1, "detractors": 1, "n": -1}),
            Linear({"promoters": 1, "detractors": -1, "difference": -1}),
            Product("difference", "score", "n", 100),
        ]
        hidden = {"promoters", "passives", "detractors", "difference"}
        rows = found([published(numbers, relations, hidden)])
        assert rows.loc["difference", ["low", "high"]].tolist() == [1, 1]
        assert rows["values"].to_dict() == {
            "promoters": 4, "passives": 4, "detractors": 4, "difference": 1,
        }  # fmt: skip
        assert rows.loc["passives", "high"] == 7, "of 1, 3, 5 and 7"

    def test_rounded_parts_and_an_exact_total_are_narrowed(self):
        numbers = {"a": (0, np.inf), "b": (35, 45), "all": (46, 46)}
        rows = found([published(numbers, [Linear({"a": 1, "b": 1, "all": -1})], {"a"})])
        assert rows.loc["a", ["low", "high", "values"]].tolist() == [1, 11, 11]

    def test_nested_counts_hold_each_other(self):
        numbers = {"licensed": (20, 20), "logged in": (0, np.inf), "met": (19, 19)}
        steps = [Linear({"licensed": 1, "logged in": -1}, 0, np.inf),
                 Linear({"logged in": 1, "met": -1}, 0, np.inf)]  # fmt: skip
        rows = found([published(numbers, steps, {"logged in"})])
        assert rows.loc["logged in", ["low", "high", "values"]].tolist() == [19, 20, 2]

    def test_a_number_of_which_nothing_is_known_has_no_ends(self):
        numbers = {"change": (-np.inf, np.inf), "before": (0, np.inf), "after": (12, 12)}
        relation = Linear({"before": 1, "change": 1, "after": -1})
        rows = found([published(numbers, [relation], {"change", "before"})])
        assert rows.loc["change", ["low", "high"]].tolist() == [-np.inf, 12]
        alone = found([published({"change": (-np.inf, np.inf)}, (), {"change"})])
        assert alone.loc["change", ["low", "high"]].tolist() == [-np.inf, np.inf]
        assert not rows["pinned"].any()
        assert not alone["pinned"].any()

    def test_whole_numbers_between_two_possible_ones_may_be_impossible(self):
        """``2 a + 3 b + 6 c = 24``: a is a multiple of 3, b is even."""
        numbers = {"a": (0, np.inf), "b": (0, np.inf), "c": (0, np.inf), "all": (24, 24)}
        relation = Linear({"a": 2, "b": 3, "c": 6, "all": -1})
        rows = found([published(numbers, [relation], set("abc"))])
        assert rows["values"].to_dict() == {"a": 5, "b": 5, "c": 5}
        assert rows["high"].to_dict() == {"a": 12, "b": 8, "c": 4}


class TestRefusals:
    def test_numbers_that_contradict_each_other_are_named(self):
        values = {"a": (5, 5), "b": (3, 3), "ab": (9, 9), "far": (1, 1)}
        with pytest.raises(DisclosureError, match="contradict each other: a, b, ab\\."):
            audit([published(values, [Linear({"a": 1, "b": 1, "ab": -1})])])

    def test_a_contradiction_across_several_sums_is_named(self):
        numbers = {**dict.fromkeys("xyz", (0, np.inf)), "xy": (5, 5), "yz": (6, 6), "xz": (4, 4),
                   "other": (7, 7)}  # fmt: skip
        relations = [Linear({one: 1, other: 1, one + other: -1}) for one, other in
                     (("x", "y"), ("y", "z"), ("x", "z"))]  # fmt: skip
        with pytest.raises(DisclosureError, match=r"each other: xy, yz, xz\."):
            audit([published(numbers, relations, set("xyz"))])

    def test_one_number_with_two_values_is_refused(self):
        with pytest.raises(DisclosureError, match="contradict each other: a"):
            audit([published({"a": (5, 5)}), published({"a": (6, 6)})])

    def test_a_share_that_no_count_has_is_refused(self):
        numbers = {"k": (3, 3), "share": (0.405, 0.415), "n": (8, 8)}
        with pytest.raises(DisclosureError, match=r"each other: share, n\."):
            audit([published(numbers, [Product("k", "share", "n")])])

    @pytest.mark.parametrize("tables", [[], [FOUR]])
    def test_what_is_not_a_table_is_refused(self, tables):
        with pytest.raises(DisclosureError, match="PublishedTable"):
            audit(tables)


class TestFindings:
    def test_a_hidden_number_that_is_printed_elsewhere_is_given_away_by_itself(self):
        rows = found([published({"a": (0, np.inf)}, (), {"a"}), published({"a": (6, 6)})])
        assert rows.loc["a", "pinned"]
        assert rows.loc["a", "by"] == ("a",)

    def test_fewer_values_than_asked_for_are_a_finding_though_none_is_pinned(self):
        values = pd.DataFrame([[3, 5, 40], [1, 60, 70], [80, 90, 99]], list("abc"), list("xyz"))
        hidden = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
        for least, findings in ((5, set()), (6, {"a|x", "a|y", "b|x", "b|y"})):
            # one of the four gives the other three, and the first column holds 4 in all
            table = PublishedTable.from_crosstab(values, hidden, least_values=least)
            assert set(found([table], only_findings=True).index) == findings
            every = found([table])
            assert every["values"].eq(5).all()
            assert not every["pinned"].any()
            assert every["by"].map(bool).eq(bool(findings)).all()

    def test_what_is_safe_is_left_out_and_what_is_not_is_the_same(self):
        table = PublishedTable.from_crosstab(FOUR, FOUR_HIDDEN, least_values=75)
        every, findings = found([table]), found([table], only_findings=True)
        is_finding = every["pinned"] | (every["values"] < 75)
        assert list(findings.index) == list(every.index[is_finding])
        pd.testing.assert_frame_equal(findings, every[is_finding])

    def test_many_numbers_are_shown_safe_by_few_programs(self, monkeypatch):
        """Forty schools' flow from a test to the next: not a network, as three sums hold each."""
        programs = []
        for module in (intervals, walks):
            solve = module.solve
            monkeypatch.setattr(
                module, "solve", lambda *a, solve=solve, **k: programs.append(1) or solve(*a, **k)
            )
        schools = [f"s{i}" for i in range(40)]
        cells, relations = {}, []
        for school in schools:
            cells |= {
                f"{school} all": (60, 60),
                f"{school} first": (0, np.inf),
                f"{school} second": (0, np.inf),
                f"{school} both": (0, np.inf),
            }
            for more, fewer in (("all", "first"), ("all", "second"), ("first", "both"),
                                ("second", "both")):  # fmt: skip
                steps = {f"{school} {more}": 1, f"{school} {fewer}": -1}
                relations.append(Linear(steps, 0, np.inf))
            lost = {f"{school} all": 1, f"{school} first": -1, f"{school} second": -1,
                    f"{school} both": 1}  # fmt: skip
            relations.append(Linear(lost, 0, np.inf))
        for kind, total in (("first", 1500), ("second", 1400), ("both", 1000)):
            cells[kind] = (total, total)
            relations.append(Linear({**{f"{s} {kind}": 1 for s in schools}, kind: -1}))
        hidden = {name for name, (low, high) in cells.items() if low < high}
        table = published(cells, relations, hidden)
        asked = table.cells.assign(least_values=[10 * (name in hidden) for name in cells])
        assert not len(audit([PublishedTable(asked, relations, hidden)], only_findings=True))
        assert len(programs) < len(hidden) / 2

    def test_a_row_of_solutions_ends_where_a_relation_does(self):
        numbers = {"more": (0, 20), "fewer": (0, 20)}
        system = join([published(numbers, [Linear({"more": 1, "fewer": -1}, 0, np.inf)])])
        seen = Seen(system, np.array([5.0, 3.0]), marked=True)
        seen.add_line(seen.last, np.array([0.0, 1.0]), 10)
        assert seen.values(1) == {0, 1, 2, 3, 4, 5}
        assert seen.values(0) == {5}

    def test_an_answer_that_is_remembered_is_that_of_the_same_numbers(self):
        numbers = {"a": (0, np.inf), "b": (0, np.inf), "c": (0, np.inf), "ab": (9, 9), "bc": (7, 7)}
        relations = [Linear({"a": 1, "b": 1, "ab": -1}), Linear({"b": 1, "c": 1, "bc": -1})]
        first = found([published(numbers, relations, set("abc"))])
        numbers["bc"] = (5, 5)
        second = found([published(numbers, relations, set("abc"))])
        assert first.loc["a", ["low", "high"]].tolist() == [2, 9]
        assert second.loc["a", ["low", "high"]].tolist() == [4, 9]
        again = found([published(numbers, relations, set("abc"))])
        pd.testing.assert_frame_equal(again, second)

    def test_explanations_can_be_limited(self):
        table = PublishedTable.from_crosstab(FOUR, FOUR_HIDDEN)
        assert found([table], explained=0).loc["w|b", "by"] == ()

    def test_what_explains_a_finding_is_enough_and_none_of_it_can_be_left_out(self):
        table = PublishedTable.from_crosstab(FOUR, FOUR_HIDDEN)
        by = found([table]).loc["w|b", "by"]
        printed = set(table.cells.index) - table.suppressed
        assert found([table.hide(printed - set(by))]).loc["w|b", "pinned"]
        for name in by:
            rest = table.hide(printed - set(by) | {name})
            assert not found([rest]).loc["w|b", "pinned"], name


@st.composite
def small_tables(draw):
    r, c = draw(st.integers(2, 3)), draw(st.integers(2, 3))
    cells = [[draw(st.integers(0, 6)) for _ in range(c)] for _ in range(r)]
    frame = pd.DataFrame(cells, [f"r{i}" for i in range(r)], [f"c{j}" for j in range(c)])
    places = [(row, column) for row in frame.index for column in frame.columns]
    hidden = draw(st.sets(st.sampled_from(places), min_size=1, max_size=7))
    margin = draw(st.sampled_from([[], [("r0", "total")], [("r0", "total"), ("total", "c0")]]))
    return frame, [*hidden, *margin]


@few
@given(small_tables())
def test_ranges_and_counts_are_those_of_every_table_that_fits(case):
    frame, hidden = case
    table = PublishedTable.from_crosstab(frame, hidden)
    rows = found([table], explained=0)
    relations = crosstab_relations(frame.index, frame.columns)
    value = table.cells["value"].astype(int)
    printed = value.drop(list(table.suppressed)).to_dict()
    top = int(frame.to_numpy().sum()) * 2
    try:
        possible = every_table(
            relations, printed, dict.fromkeys(table.suppressed, (0, top)), most=20_000
        )
    except AssertionError:
        return
    for name, values in possible.items():
        if max(values) < top:
            ends = (min(values), max(values), len(values))
            assert tuple(rows.loc[name, ["low", "high", "values"]]) == ends, name
            assert rows.loc[name, "pinned"] == (len(values) == 1)


@few
@given(st.integers(0, 10**6), st.integers(2, 8), st.integers(2, 8))
def test_counts_are_those_of_two_maximum_flows(seed, r, c):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.negative_binomial(1, 0.1, (r, c)), index=[f"r{i}" for i in range(r)],
                         columns=[f"c{j}" for j in range(c)])  # fmt: skip
    hidden = [(row, column) for row in frame.index for column in frame.columns
              if rng.random() < 0.5]  # fmt: skip
    table = PublishedTable.from_crosstab(frame, hidden)
    rows = found([table], explained=0)
    relations = crosstab_relations(frame.index, frame.columns)
    value = table.cells["value"].astype(int).to_dict()
    for name, row in rows.iterrows():
        assert row["values"] == possible_by_flow(relations, value, table.suppressed, name), name


@st.composite
def cubes(draw):
    """Counts by three variables, of which all totals over one are published."""
    sides = [draw(st.integers(2, 3)), 2, 2]
    places = ["".join(map(str, place)) for place in product(*map(range, sides))]
    values = {place: draw(st.integers(0, 5)) for place in places}
    hidden = draw(st.sets(st.sampled_from(places), min_size=6))
    relations = []
    for side in range(3):
        for rest in sorted({place[:side] + "." + place[side + 1 :] for place in places}):
            parts = [place for place in places if place[:side] + "." + place[side + 1 :] == rest]
            values[rest] = sum(values[place] for place in parts)
            relations.append([*((place, 1) for place in parts), (rest, -1)])
    if draw(st.booleans()):  # a weighted sum leaves gaps
        parts = places[:: draw(st.integers(1, 3))]
        values["sum"] = sum(2 * values[place] for place in parts)
        relations.append([*((place, 2) for place in parts), ("sum", -1)])
    return values, hidden, relations, draw(st.integers(2, 5))


@few
@given(cubes())
def test_findings_in_cubes_are_those_of_every_table_that_fits(case):
    values, hidden, relations, least = case
    numbers = {name: (0, np.inf) if name in hidden else (value, value)
               for name, value in values.items()}  # fmt: skip
    table = published(numbers, [Linear(dict(relation)) for relation in relations], hidden)
    asked = table.cells.assign(least_values=[least * (name in hidden) for name in numbers])
    table = PublishedTable(asked, table.relations, hidden)
    printed = {name: value for name, value in values.items() if name not in hidden}
    top = sum(values.values())
    possible = every_table(relations, printed, dict.fromkeys(sorted(hidden), (0, top)))
    rows = found([table], explained=0)
    assert rows["values"].to_dict() == {name: len(possible[name]) for name in rows.index}
    unsafe = {name for name, left in possible.items() if len(left) < least}
    assert set(found([table], only_findings=True, explained=0).index) == unsafe
