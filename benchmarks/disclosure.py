"""Hiding and auditing 1,800 schools x 40 groups with all totals, beside one program per cell.

Made-up counts: every school's and every group's total and the grand total are published. First
the whole gate: `protect` for the public (zeros are protected too), and the audit of what it
releases. Then one table alone, in which counts from 1 to 9
are to be protected, each keeping ten possible values: `suppress` and `audit`. The naive peer solves
two linear programs for each protected cell, over the same hidden cells; it is timed on a sample of
cells and scaled up to all.

    python benchmarks/disclosure.py [--schools 1800] [--groups 40] [--spread 1.0] [--sample 2]
"""

import argparse
import resource
import time

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import coo_array

from pilot_analysis.disclosure import (
    DisclosurePolicy,
    PublishedTable,
    audit,
    protect,
    suppress,
)
from pilot_analysis.disclosure.attacked import audit_released
from pilot_analysis.disclosure.relations import relations_of
from pilot_analysis.disclosure.structure import rows_of
from pilot_analysis.results import Results, result

MINIMUM = 10
TARGET_SECONDS, TARGET_GB = 60, 2


def made_up(schools: int, groups: int, spread: float, students: float) -> pd.DataFrame:
    """Return counts, schools x groups; the smaller `spread`, the more of them are small."""
    rng = np.random.default_rng(1)
    size = rng.gamma(4, students / 4, schools)
    share = rng.dirichlet(np.full(groups, spread)) * 3  # a student is in about three groups
    values = rng.poisson(np.outer(size, share) * rng.gamma(2, 0.5, (schools, groups)))
    return pd.DataFrame(
        values, [f"s{i}" for i in range(schools)], [f"g{j}" for j in range(groups)]
    )  # fmt: skip


def seconds_of_peer(values: pd.DataFrame, hidden: frozenset[str], cells: list[str]) -> float:
    """Return the seconds for two linear programs for each of `cells`."""
    rows = {name: at for at, name in enumerate(values.index)}
    columns = {name: at for at, name in enumerate(values.columns)}
    inner = sorted(name for name in hidden if "total" not in name)
    where = np.array([(rows[r], columns[c]) for r, c in (name.split("|") for name in inner)])
    truth = values.to_numpy()[where[:, 0], where[:, 1]]
    at = np.arange(len(inner))
    sums = coo_array(
        (np.ones(2 * len(inner)), (np.concatenate([where[:, 0], where[:, 1] + len(rows)]),
                                   np.concatenate([at, at])))
    ).tocsr()  # fmt: skip
    start = time.perf_counter()
    for name in cells:
        for sign in (1.0, -1.0):
            objective = sign * (at == inner.index(name))
            linprog(objective, A_eq=sums, b_eq=sums @ truth, bounds=(0, None), method="highs")
    return time.perf_counter() - start


def results_of(values: pd.DataFrame) -> Results:
    """Return the counts with all totals as results, as `protect` takes them."""
    table = values.assign(total=values.sum(axis=1))
    table.loc["total"] = table.sum()
    rows = [
        result(
            "made", "up", "count", "students", float(table.loc[school, group]),
            n=int(table.loc[school, "total"]), school_id="" if school == "total" else school,
            category="" if group == "total" else group,
        )
        for school in table.index
        for group in table.columns
    ]  # fmt: skip
    return Results.from_rows(rows)


def timed(function):
    """Return what a function returns, and the seconds and CPU seconds that it took."""
    start, cpu = time.perf_counter(), time.process_time()
    found = function()
    return found, time.perf_counter() - start, time.process_time() - cpu


def time_the_gate(values: pd.DataFrame) -> None:
    """Time `protect` over all results, and the audit of what it releases."""
    results = results_of(values)
    policy = DisclosurePolicy.named("public")
    protected, hiding, cpu = timed(lambda: protect(results, policy))
    relations, gathering, more = timed(lambda: relations_of(rows_of(results.frame)))
    findings, auditing, most = timed(lambda: audit_released(protected.frame, relations, policy))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    hidden = protected.frame["suppressed"].value_counts()
    by_rule = ", ".join(f"{count:,} {rule}" for rule, count in hidden.items() if rule)
    both = hiding + gathering + auditing
    met = both <= TARGET_SECONDS and peak <= TARGET_GB and not len(findings)
    print(f"{len(protected.frame):,} results ({by_rule}), {len(findings)} findings")
    print(f"protect {hiding:.1f} s ({cpu:.1f} CPU s), audit {gathering + auditing:.1f} s "
          f"({more + most:.1f}): {both:.1f} s of {TARGET_SECONDS}, {peak:.2f} GB of {TARGET_GB}: "
          f"{'met' if met else 'MISSED'}")  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for option, default in (("schools", 1800), ("groups", 40), ("sample", 2)):
        parser.add_argument(f"--{option}", type=int, default=default)
    parser.add_argument("--spread", type=float, default=1.0)
    parser.add_argument("--students", type=float, default=480.0)
    options = parser.parse_args()
    values = made_up(options.schools, options.groups, options.spread, options.students)
    time_the_gate(values)
    numbers = values.to_numpy()
    small = [(values.index[i], values.columns[j])
             for i, j in np.argwhere((numbers > 0) & (numbers < MINIMUM))]  # fmt: skip
    table, building, _ = timed(
        lambda: PublishedTable.from_crosstab(values, small, least_values=MINIMUM)
    )
    hidden, hiding, _ = timed(lambda: suppress(table))
    findings, auditing, _ = timed(lambda: audit([table.hide(hidden)], only_findings=True))
    print(f"{options.schools:,} schools x {options.groups} groups: {numbers.size:,} cells, "
          f"{len(small):,} to protect, {len(hidden) - len(small):,} hidden in addition, "
          f"{len(findings)} findings")  # fmt: skip
    print(f"table {building:.1f} s, suppress {hiding:.1f} s, audit {auditing:.1f} s")
    undone = next(iter(sorted(hidden & set(map("|".join, small)))))
    shown = table.cells["value"].where(table.cells.index == undone)
    broken = table.hide(hidden)
    cells = broken.cells.assign(low=shown.fillna(broken.cells["low"]),
                                high=shown.fillna(broken.cells["high"]))  # fmt: skip
    mended = PublishedTable(cells, broken.relations, broken.suppressed - {undone})
    found, looking, _ = timed(lambda: audit([mended], only_findings=True))
    print(f"with {undone} printed after all: {len(found)} findings, in {looking:.1f} s")
    sample = ["|".join(small[at]) for at in
              np.linspace(0, len(small) - 1, options.sample).astype(int)]  # fmt: skip
    peer = seconds_of_peer(values, hidden, sample)
    print(f"one program for each end of each cell: {peer:.1f} s for {len(sample)} cells, so "
          f"{peer / len(sample) * len(small):,.0f} s for one audit of all "
          f"({peer / len(sample) * len(small) / auditing:,.0f} times ours)")  # fmt: skip


if __name__ == "__main__":
    main()
