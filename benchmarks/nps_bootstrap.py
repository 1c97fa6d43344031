"""Bootstrap of a Net Promoter Score: one multinomial draw against resampling the respondents.

    python benchmarks/nps_bootstrap.py [--draws N] [--runs N]

Three ways to the same percentile interval, one after the other on the same machine: ours, a loop
that resamples the rows, and scipy.stats.bootstrap. Medians of several runs. The target: 2,000
draws of ours in under 5 ms, Estimate and all.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
from scipy import stats

from pilot_analysis.stats.nps import NpsCounts, net_promoter_score

TEAMS = {"a team": (2, 4, 9), "a school": (60, 120, 220), "a network": (1500, 3000, 5500)}
TARGET_MS = 5.0


def categories(counts: tuple[int, int, int]) -> np.ndarray:
    """Return one value for each respondent: -100, 0 or 100."""
    return np.repeat([-100.0, 0.0, 100.0], counts)


def resample_rows(values: np.ndarray, draws: int) -> tuple[float, float]:
    """Resample the respondents in a loop, as written by hand."""
    rng = np.random.default_rng(1)
    scores = [rng.choice(values, size=len(values)).mean() for _ in range(draws)]
    low, high = np.quantile(scores, [0.025, 0.975])
    return float(low), float(high)


def resample_with_scipy(values: np.ndarray, draws: int) -> tuple[float, float]:
    """Let scipy resample, vectorized, in batches that fit in memory."""
    found = stats.bootstrap(
        (values,), np.mean, n_resamples=draws, method="percentile", axis=-1, vectorized=True,
        batch=max(1, 5_000_000 // len(values)), rng=np.random.default_rng(1),
    )  # fmt: skip
    return found.confidence_interval.low, found.confidence_interval.high


def milliseconds(call: Callable[[], object], runs: int) -> float:
    """Return the median time of `runs` calls, after one that warms up."""
    call()
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return 1000 * statistics.median(times)


def main() -> None:
    """Print one line a team size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
          f"{options.draws} draws, median of {options.runs} runs, ms")  # fmt: skip
    print(f"{'respondents':<22}{'ours':>9}{'row loop':>10}{'ratio':>8}{'scipy':>10}{'ratio':>8}"
          f"   target {TARGET_MS:g} ms")  # fmt: skip
    for name, counts in TEAMS.items():
        values = categories(counts)
        team = NpsCounts(*counts)
        ours = milliseconds(
            lambda team=team: net_promoter_score(team, method="bootstrap", draws=options.draws),
            max(options.runs, 25),
        )
        loop, scipy_ms = (
            milliseconds(lambda f=f, v=values: f(v, options.draws), options.runs)
            for f in (resample_rows, resample_with_scipy)
        )
        met = "met" if ours < TARGET_MS else "MISSED"
        print(f"{name + f' ({team.n:,})':<22}{ours:>9.3f}{loop:>10.1f}{loop / ours:>8.0f}"
              f"{scipy_ms:>10.1f}{scipy_ms / ours:>8.0f}   {met}")  # fmt: skip
    found = net_promoter_score(TEAMS["a team"], method="bootstrap", draws=options.draws)
    values = categories(TEAMS["a team"])
    print("intervals of the team: "
          f"ours {found.conf_low:.1f} to {found.conf_high:.1f}, "
          "row loop {:.1f} to {:.1f}, ".format(*resample_rows(values, options.draws)) +
          "scipy {:.1f} to {:.1f}".format(*resample_with_scipy(values, options.draws)))  # fmt: skip


if __name__ == "__main__":
    main()
