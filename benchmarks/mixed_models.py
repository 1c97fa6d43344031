"""Time, memory and likelihood of a mixed model: ours, statsmodels' MixedLM and mixedlm.

    python benchmarks/mixed_models.py [--repeats N] [--skip-statsmodels]

All fit the same formula to the same data frame in the same run, from the formula to the fit; ours
includes Kenward-Roger's covariance and degrees of freedom, the others do not. The likelihoods
stand beside the seconds, so that a fast wrong fit can be seen. Prints tables with their targets.
"""

import argparse
import gc
import statistics
import time
import tracemalloc
import warnings

import numpy as np
import pandas as pd

from pilot_analysis.stats.mixed import fit_mixed

FORMULA = "score ~ pre + arm"


def students(schools: int, per_school: int, classes: int = 1, seed: int = 1) -> pd.DataFrame:
    """Return students in schools and classes, half of the classes with the product."""
    rng = np.random.default_rng(seed)
    n = schools * per_school
    school = np.repeat(np.arange(schools), per_school)
    group = np.arange(n) // (per_school // classes)
    arm = (group % 2 if classes > 1 else rng.integers(0, 2, n)).astype(float)
    pre = rng.normal(0, 10, n)
    level, slope = rng.normal(0, 3, schools), rng.normal(0, 0.1, schools)
    score = 50 + level[school] + (0.6 + slope[school]) * pre + 1.5 * arm
    score += rng.normal(0, 2, group.max() + 1)[group] * (classes > 1) + rng.normal(0, 6, n)
    names = {"school": [f"s{s}" for s in school], "class": [f"c{c}" for c in group]}
    return pd.DataFrame(names | {"pre": pre, "arm": arm, "score": score})


def ours(data: pd.DataFrame, groups, slopes) -> float:
    """Fit and return the log restricted likelihood."""
    return fit_mixed(FORMULA, data, groups=groups, random_slopes=slopes).log_likelihood


def mixedlm(data: pd.DataFrame, groups, slopes) -> float:
    """Fit with the package mixedlm."""
    from mixedlm import lmer

    inside = f"1 + {slopes[0]}" if slopes else "1"
    parts = [f"({inside} | {groups[0]})", *(f"(1 | {group})" for group in groups[1:])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of singular fits, which are not the question here
        return float(lmer(" + ".join([FORMULA, *parts]), data).logLik().value)


def statsmodels_mixedlm(data: pd.DataFrame, groups, slopes) -> float:
    """Fit with statsmodels."""
    import statsmodels.formula.api as smf

    inner = {"class": f"0 + C(Q('{groups[1]}'))"} if len(groups) == 2 else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of many things; its likelihood shows the rest
        model = smf.mixedlm(
            FORMULA, data, groups=data[groups[0]], vc_formula=inner,
            re_formula=f"1 + {slopes[0]}" if slopes else "1",
        )  # fmt: skip
        return float(model.fit(reml=True).llf)


def seconds(fit, arguments, repeats: int) -> tuple[float, float | None]:
    """Return the median time of a fit and its log likelihood; nothing if it cannot be run."""
    times, value = [], None
    try:
        for _ in range(repeats):
            gc.collect()
            begin = time.perf_counter()
            value = fit(*arguments)
            times.append(time.perf_counter() - begin)
    except ImportError:
        return float("nan"), None
    return statistics.median(times), value


def compare(name: str, arguments, repeats: int, with_statsmodels: bool) -> dict:
    """Time all three on one problem, ours and mixedlm by turns."""
    seconds(ours, arguments, 1)
    seconds(mixedlm, arguments, 1)
    turns = [(seconds(ours, arguments, 1), seconds(mixedlm, arguments, 1)) for _ in range(repeats)]
    mine, theirs = (statistics.median(t[0] for t in side) for side in zip(*turns, strict=True))
    fastest = min(first[0] for first, _ in turns)
    value, peer_value = turns[0][0][1], turns[0][1][1]
    slow, slow_value = (
        seconds(statsmodels_mixedlm, arguments, 1) if with_statsmodels else (float("nan"), None)
    )
    return {
        "model": name, "ours (ms)": 1000 * mine, "(fastest)": 1000 * fastest,
        "mixedlm (ms)": 1000 * theirs,
        "ours / mixedlm": mine / theirs, "MixedLM (ms)": 1000 * slow, "MixedLM / ours": slow / mine,
        "logLik": value, "mixedlm - ours": _gap(peer_value, value),
        "MixedLM - ours": _gap(slow_value, value),
    }  # fmt: skip


def _gap(theirs: float | None, mine: float) -> float:
    return float("nan") if theirs is None else theirs - mine


def peak_memory(data: pd.DataFrame, slopes) -> float:
    """Return the largest memory (MB) that a fit holds on top of the data."""
    gc.collect()
    tracemalloc.start()
    ours(data, ["school"], slopes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--skip-statsmodels", action="store_true")
    options = parser.parse_args()
    large, pilot = students(2000, 50), students(10, 240, classes=10)
    problems = {
        "100,000 students, 2,000 schools": (large, ["school"], []),
        "  the same, random slope": (large, ["school"], ["pre"]),
        "2,400 students, 10 schools": (pilot, ["school"], []),
        "  and 100 classes": (pilot, ["school", "class"], []),
        "  schools, random slope": (pilot, ["school"], ["arm"]),
        "  schools and classes, random slope": (pilot, ["school", "class"], ["arm"]),
    }
    rows = []
    for name, arguments in problems.items():
        possible = not options.skip_statsmodels and len(arguments[1]) == 1
        rows.append(compare(name, arguments, options.repeats, possible))
    print(pd.DataFrame(rows).to_string(index=False, float_format=lambda v: f"{v:,.2f}"))
    print("\nTargets: 100,000 students: MixedLM / ours at least 10, ours / mixedlm at most 2;")
    print("2,400 students: ours under 10 ms. A likelihood below ours (-) was no optimum.\n")
    for name, slopes in (("intercept", []), ("slope", ["pre"])):
        half, full = (peak_memory(students(g, 50), slopes) for g in (1000, 2000))
        print(
            f"peak memory, random {name}: {half:.1f} MB at 50,000 rows, {full:.1f} MB at 100,000; "
            f"ratio {full / half:.2f} (linear: 2)"
        )


if __name__ == "__main__":
    main()
