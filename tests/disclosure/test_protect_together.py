"""Random pilots through the whole gate, attacked by a model of what a reader knows.

The model (`Reader`) is written from the printed rows alone and shares no code with the auditor. At
the end the auditor itself is asked, about larger schools.
"""

import re
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policies import capped
from scipy.optimize import Bounds, LinearConstraint, milp

from pilot_analysis.disclosure import DisclosurePolicy, protect
from pilot_analysis.disclosure.attacked import audit_released
from pilot_analysis.disclosure.relations import relations_of
from pilot_analysis.results import Results, result, result_id
from pilot_analysis.stats.estimate import Estimate

MANY = 500
SIDES = ("group", "reference")
WHOLE = ("", "")


def share(school, group, category, k, n):
    value = Estimate.from_interval("x", k / n, 0, 1, n=n, unit="proportion", method="made_up")
    keys = {"school_id": school, "product_id": "readwell", "group": group, "category": category}
    return result("usage", "met_dose", "proportion", "students", value, **keys)


@st.composite
def pilots(draw):
    """How many of each school, group and side there are, and how many of them used it as planned.

    Each group (english_learner, disability) divides all students of a school in two.
    """
    sizes = st.integers(1, 12) | st.integers(1, 60)
    people = {}
    for at in range(draw(st.integers(2, 4))):
        school = f"S{at}"
        parts = [draw(sizes), draw(sizes)]
        met = [draw(st.integers(0, n)) for n in parts]
        people[school, "english_learner"] = list(zip(met, parts, strict=True))
        if draw(st.booleans()):
            n, k = sum(parts), sum(met)
            own = draw(st.integers(1, max(n - 1, 1)))
            inside = draw(st.integers(max(0, k - (n - own)), min(own, k)))
            if 0 < own < n:
                people[school, "disability"] = [(inside, own), (k - inside, n - own)]
    return people


def results_of(people):
    rows, totals = {}, defaultdict(lambda: np.zeros(2, int))
    for (school, group), sides in people.items():
        for side, (k, n) in zip(SIDES, sides, strict=True):
            rows[school, group, side] = (k, n)
            totals["", group, side] += (k, n)
        rows[school, *WHOLE] = tuple(np.sum(sides, axis=0))
    for (_, *about), numbers in list(rows.items()):
        if about == list(WHOLE):
            totals["", *WHOLE] += numbers
    with_all = {school for school, group in people if group == "disability"}
    rows |= {
        key: tuple(numbers)
        for key, numbers in totals.items()
        if key[1] != "disability" or with_all == {school for school, _ in people}
    }
    return rows


class Reader:
    """Whole numbers k and n for each row, and what is printed of them."""

    def __init__(self, frame):
        self.at = {}
        for row in frame.itertuples(index=False):
            about = (row.school_id, row.group, row.category)
            self.at[about] = (len(self.at) * 2, len(self.at) * 2 + 1)
        self.low = np.zeros(2 * len(self.at))
        self.high = np.full(2 * len(self.at), float(MANY))
        self.sums = []
        for row in frame.itertuples(index=False):
            self.read(row, *self.at[row.school_id, row.group, row.category])
        self.add_up()

    def read(self, row, k, n):
        self.sums.append(({k: 1, n: -1}, -MANY, 0))
        if row.n == row.n:
            self.low[n] = self.high[n] = row.n
            low, high = 0.0, 1.0
            if row.estimate == row.estimate:
                low, high = row.estimate - 0.005, row.estimate + 0.005
            elif found := re.fullmatch(r"(at most|at least) (\d+)%", row.level):
                end = int(found[2]) / 100
                low, high = (0.0, end) if found[1] == "at most" else (end, 1.0)
            self.low[k] = np.ceil(low * row.n - 1e-9)
            self.high[k] = np.floor(high * row.n + 1e-9)

    def add_up(self):
        schools = {school for school, *_ in self.at} - {""}
        abouts = {tuple(about) for _, *about in self.at}
        for what in (0, 1):
            for about in abouts:
                parts = [self.at[s, *about][what] for s in schools if (s, *about) in self.at]
                if ("", *about) in self.at:
                    total = self.at["", *about][what]
                    self.sums.append(({**dict.fromkeys(parts, 1), total: -1}, 0, 0))
            for school in (*schools, ""):
                for group in ("english_learner", "disability"):
                    sides = [self.at.get((school, group, side)) for side in SIDES]
                    if all(sides):
                        one, other, whole = (c[what] for c in (*sides, self.at[school, *WHOLE]))
                        self.sums.append(({one: 1, other: 1, whole: -1}, 0, 0))

    def values(self, cell, most):
        """Whole numbers that a cell may be, one program for each; stops at `most`."""
        matrix = np.zeros((len(self.sums), len(self.low)))
        for row, (weights, *_) in enumerate(self.sums):
            for at, weight in weights.items():
                matrix[row, at] = weight
        ends = np.array([sum_[1:] for sum_ in self.sums], float)
        found = 0
        for value in range(int(self.low[cell]), int(min(self.high[cell], 70)) + 1):
            low, high = self.low.copy(), self.high.copy()
            low[cell] = high[cell] = value
            made = milp(
                np.zeros(len(low)), integrality=np.ones(len(low)), bounds=Bounds(low, high),
                constraints=LinearConstraint(matrix, ends[:, 0], ends[:, 1]),
            )  # fmt: skip
            found += made.status == 0
            if found >= most:
                break
        return found


def shown(results, policy):
    frame = protect(results, policy).frame
    return set(frame.loc[frame["suppressed"].eq("") & frame["estimate"].notna(), "result_id"])


@pytest.mark.parametrize("name", ["team", "public"])
@settings(max_examples=6, deadline=None)
@given(people=pilots(), levels=st.tuples(st.integers(2, 9), st.integers(10, 14)))
def test_no_stricter_minimum_shows_a_share_that_a_milder_one_hides(name, people, levels):
    rows, policy = results_of(people), DisclosurePolicy.named(name)
    results = Results.from_rows([share(*key, *numbers) for key, numbers in rows.items()])
    strict = policy.with_value("minimum_n.students", levels[1], "a test")
    by_level = [shown(results, p) for p in (capped(policy, levels[0]), policy, strict)]
    assert by_level[0] >= by_level[1] >= by_level[2]


@pytest.mark.parametrize("name", ["team", "public"])
@settings(max_examples=12, deadline=None)
@given(people=pilots())
def test_no_small_group_and_no_small_category_can_be_found_out(name, people):
    rows = results_of(people)
    results = Results.from_rows([share(*key, *numbers) for key, numbers in rows.items()])
    policy = DisclosurePolicy.named(name)
    frame = protect(results, policy).frame
    reader = Reader(frame)
    least = policy.minimum_n("students")
    for row in frame[frame["suppressed"].isin(["minimum n", "small category"])].itertuples():
        k, n = reader.at[row.school_id, row.group, row.category]
        if row.suppressed == "minimum n":
            assert reader.values(n, least) == least, (row.result_id, "size")
        category = max(policy.minimum_category("students"), 2)
        assert reader.values(k, category) == category, (row.result_id, "people")


def findings(by_school, policy):
    """What the auditor finds in one share by school, and of all schools: (k, n) each."""
    whole = tuple(int(total) for total in np.sum(list(by_school.values()), axis=0))
    results = Results.from_rows(
        [share(school, "", "", *numbers) for school, numbers in {**by_school, "": whole}.items()]
    )
    rows = list(results.frame.itertuples(index=False, name="Row"))
    return audit_released(protect(results, policy).frame, relations_of(rows), policy)


def test_a_range_that_tells_more_than_the_rounded_share_did_is_reckoned_with():
    # 9 of 450 are printed as 2% up to a minimum of nine: up to eleven; then as "at most 2%": nine
    schools = {"P": (8, 11), "C": (3, 16), "A1": (9, 450), "A2": (9, 450), "A3": (9, 450)}
    assert findings({**schools, "B": (80, 763)}, DisclosurePolicy.named("public")).empty


@settings(max_examples=15, deadline=None)
@given(
    large=st.lists(st.tuples(st.integers(5, 60), st.integers(300, 1000)), min_size=2, max_size=4),
    small=st.lists(st.tuples(st.integers(1, 8), st.integers(11, 20)), min_size=2, max_size=3),
)
def test_nothing_is_found_in_shares_of_small_schools_among_large_ones(large, small):
    schools = {f"S{at}": numbers for at, numbers in enumerate([*large, *small])}
    assert findings(schools, DisclosurePolicy.named("public")).empty


def test_hidden_averages_of_two_times_and_their_change_are_safe():
    keys = {"school_id": "S1", "outcome": "engagement", "category": "W1"}
    ids = {time: result_id("why", "grounded_in", time=time, **keys) for time in ("then", "now")}
    rows = [
        result("why", "grounded_in", "mean", "respondents", mean, n=n, unit="scale points (1-5)",
               time=time, **keys)
        for time, mean, n in (("then", 3.5, 3), ("now", 3.25, 4))
    ]  # fmt: skip
    relation = (f"change from {ids['then']}", f"derived from {ids['now']}")
    change = result("why", "change", "effect", "respondents", -0.25, n=3, smallest_n=3,
                    unit="scale points (1-5)", relation=relation, **keys)  # fmt: skip
    frame = protect(Results.from_rows([*rows, change]), DisclosurePolicy.named("team")).frame
    assert frame["suppressed"].tolist() == ["minimum n"] * 3
