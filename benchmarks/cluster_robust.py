"""Cluster-robust least squares with degrees of freedom: time against the textbook, and memory.

    python benchmarks/cluster_robust.py [--runs N]

The textbook way forms I - H for the rows of each cluster, takes its inverse square root, and gets
the degrees of freedom from the vector that each cluster contributes, one number per row of the
data: its time grows with rows times clusters squared, so it is not asked for the largest size.
statsmodels has neither CR2 nor these degrees of freedom; its CR1 stands there for scale.
All are given the same data frame and start from the formula. Processor time counts all threads, and
does not count what other programs take. Memory is the peak of what Python and
numpy allocate during the call, above what was there before.
"""

import argparse
import os
import platform
import statistics
import time
import tracemalloc
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import pandas as pd

from pilot_analysis.stats.cluster import ols_cluster_robust
from pilot_analysis.stats.formula import design_matrix

FORMULA = "score ~ pre + arm"
LARGE = "100,000 rows, 2,000 clusters"
TENTH = "10,000 rows, 200 clusters"
PILOT = "2,400 rows, 10 clusters"
LARGEST_TEXTBOOK = 10_000
TARGETS = {(LARGE, "ours, CR2"): 0.5, (PILOT, "ours, CR2"): 0.005}


def students(n: int, clusters: int, seed: int) -> pd.DataFrame:
    """Return students in classes of unequal size, every other class with the product."""
    rng = np.random.default_rng(seed)
    group = np.sort(np.append(np.arange(clusters), rng.integers(0, clusters, n - clusters)))
    treated = group % 2
    pre = rng.normal(size=n)
    shared = rng.normal(0, 0.4, clusters)[group]
    return pd.DataFrame({
        "cluster": group, "block": group // 5, "pre": pre, "weight": rng.uniform(0.5, 2, n),
        "arm": pd.Categorical.from_codes(treated, ["comparison", "product"]),
        "score": 0.7 * pre + 0.2 * treated + shared + rng.normal(size=n),
    })  # fmt: skip


def textbook(data: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return standard errors and Satterthwaite df, row by row as the papers define them."""
    design = design_matrix(FORMULA, data, other_columns=["cluster"])
    x, y = design.X, design.y
    bread = np.linalg.inv(x.T @ x)
    residual = y - x @ (bread @ (x.T @ y))
    places = [np.flatnonzero(data["cluster"] == g) for g in np.unique(data["cluster"])]
    n_clusters, p = len(places), x.shape[1]
    meat, adjusted = np.zeros((p, p)), []
    for at in places:
        values, vectors = np.linalg.eigh(np.eye(len(at)) - x[at] @ bread @ x[at].T)
        half = (vectors / np.sqrt(values)) @ vectors.T
        score = x[at].T @ half @ residual[at]
        meat += np.outer(score, score)
        adjusted.append(half @ x[at] @ bread)  # a_g of each coefficient, n_g x p
    df = np.empty(p)
    for j in range(p):
        sums = np.stack([x[at].T @ a[:, j] for at, a in zip(places, adjusted, strict=True)], axis=1)
        gram = np.zeros((n_clusters, n_clusters))
        for g, at in enumerate(places):  # rows of cluster g of the n x G matrix (I - H) a
            part = -x[at] @ (bread @ sums)
            part[:, g] += adjusted[g][:, j]
            gram += part.T @ part
        df[j] = np.trace(gram) ** 2 / np.sum(gram**2)
    return np.sqrt(np.diag(bread @ meat @ bread)), df


def with_statsmodels(data: pd.DataFrame) -> np.ndarray:
    """Return CR1 (times (n-1)/(n-p)) standard errors with normal p."""
    import statsmodels.formula.api as smf

    fit = smf.ols(FORMULA, data)
    return fit.fit(cov_type="cluster", cov_kwds={"groups": data["cluster"]}).bse.to_numpy()


def ours(data: pd.DataFrame, **options) -> tuple[np.ndarray, np.ndarray]:
    """Return standard errors and Satterthwaite df."""
    fit = ols_cluster_robust(FORMULA, data, cluster="cluster", **options)
    return tuple(np.array([(e.std_error, e.df) for e in fit.estimates]).T)


def seconds(work: Callable[[], object], runs: int) -> tuple[float, float]:
    """Return the median wall and processor time of `runs` calls, after one to warm up."""
    times = []
    for _ in range(runs + 1):
        begin = time.perf_counter(), time.process_time()
        work()
        times.append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
    return tuple(statistics.median(column) for column in zip(*times[1:], strict=True))


def peak_bytes(work: Callable[[], object]) -> int:
    """Return the most memory that a call held at once."""
    work()
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def ways(data: pd.DataFrame) -> dict[str, Callable[[], object]]:
    """Return what to time on one data frame."""
    found = {
        "ours, CR2": lambda: ours(data),
        "ours, CR3": lambda: ours(data, vcov="CR3"),
        "ours, CR2, weights": lambda: ours(data, weights="weight"),
        "ours, CR2, blocks absorbed": lambda: ours(data, absorb="block"),
        "of which formula to matrices": lambda: design_matrix(
            FORMULA, data, other_columns=["cluster"]
        ),
        "textbook, CR2": lambda: textbook(data),
        "statsmodels, CR1 without df": lambda: with_statsmodels(data),
    }
    if len(data) > LARGEST_TEXTBOOK:
        del found["textbook, CR2"]
    if not find_spec("statsmodels"):
        del found["statsmodels, CR1 without df"]
        print("statsmodels is not installed")
    return found


def compare(label: str, data: pd.DataFrame, runs: int) -> None:
    """Print the time of each way on one data frame."""
    print(f"\n{label:<34}   seconds     ratio  processor   target")
    mine = 0.0
    for way, work in ways(data).items():
        took, processor = seconds(work, 1 if way.startswith("textbook") else runs)
        mine = mine or took
        target = TARGETS.get((label, way))
        verdict = f"{target:g}: {'met' if took < target else 'missed'}" if target else ""
        row = f"  {way:<32}{took:>10.4f}{took / mine:>10.1f}{processor:>11.4f}   {verdict}"
        print(row.rstrip())
    if len(data) <= LARGEST_TEXTBOOK:
        gaps = [np.max(np.abs(a / b - 1)) for a, b in zip(ours(data), textbook(data), strict=True)]
        print(f"  largest relative gap to the textbook: {gaps[0]:.0e} (SE), {gaps[1]:.0e} (df)")


def memory() -> None:
    """Print the peak memory of growing data with clusters of 50."""
    print("\nrows (clusters of 50)               peak MB   bytes a row")
    for n in (25_000, 50_000, 100_000, 200_000, 400_000):
        data = students(n, n // 50, seed=n)
        for way, options in (("CR2", {}), ("CR2, blocks absorbed", {"absorb": "block"})):
            peak = peak_bytes(lambda data=data, options=options: ours(data, **options))
            print(f"  {n:>9,}  {way:<22}{peak / 1e6:>8.1f}{peak / n:>14.0f}")


def main() -> None:
    """Compare on the large and on the pilot's size, then measure memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    compare(LARGE, students(100_000, 2_000, seed=1), runs)
    compare(TENTH, students(10_000, 200, seed=2), runs)
    compare(PILOT, students(2_400, 10, seed=3), runs)
    memory()


if __name__ == "__main__":
    main()
