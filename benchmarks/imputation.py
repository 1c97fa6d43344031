"""Twenty imputations of the demo pilot's outcomes: ours against statsmodels' MICE, in one run.

    python benchmarks/imputation.py [FOLDER] [--runs N]

The outcomes are those of the pilot's configuration, each with its pre-score, on the students of
its comparison, with the scores that are missing there; ours also for all together. Both sides
run 10 rounds for each of 20 imputations on the same columns. statsmodels has no random class
intercepts: it gets arm and school as indicators and matches predictive means with Gaussian
perturbation. Prints one table and, as its last line, the same as JSON. Target: all outcomes, one
by one, in under 1 second.
"""

import argparse
import json
import platform
import statistics
import time
from pathlib import Path

import pandas as pd

from pilot_analysis import load_pilot
from pilot_analysis.evaluation.rosters import arm_members
from pilot_analysis.stats.missing import impute

try:
    from statsmodels.imputation.mice import MICEData
except ImportError:
    MICEData = None

ROOT = Path(__file__).resolve().parent.parent
M, ROUNDS, TARGET_SECONDS = 20, 10, 1.0
TOGETHER = "all together"


def outcome_frames(pilot) -> dict[str, tuple[pd.DataFrame, list[str]]]:
    """Return, per outcome and for all together, the students and the columns to impute."""
    frames, everyone, scores = {}, [], []
    for name, outcome in pilot.config.outcomes.items():
        people = arm_members(pilot, name).set_index("student_id")
        tests = pilot.table("assessments")
        tests = tests[tests["outcome_id"] == outcome.assessment].set_index("student_id")
        columns = {}
        for window in filter(None, (outcome.pre_window, outcome.post_window)):
            taken = tests.loc[tests["window"] == window, "score"]
            columns[f"{name}_{window}"] = taken.reindex(people.index)
            scores.append(taken.rename(f"{name}_{window}"))
        frames[name] = (people.assign(**columns), list(columns))
        everyone.append(people)
    people = pd.concat(everyone)
    people = people[~people.index.duplicated()]
    together = people.assign(**{s.name: s.reindex(people.index) for s in scores})
    frames[TOGETHER] = (together, [s.name for s in scores])
    return frames


def ours(frame: pd.DataFrame, targets: list[str]) -> None:
    """Impute with arm, class and school."""
    found = impute(
        frame, targets=targets, arm="arm", cluster="class_id", school="school_id", m=M,
        iterations=ROUNDS, seed=1,
    )  # fmt: skip
    for completed in found:
        assert completed[targets].notna().all(axis=None)


def theirs(frame: pd.DataFrame, targets: list[str]) -> None:
    """Impute with statsmodels; its chains follow one another."""
    known = pd.get_dummies(frame[["arm", "school_id"]].astype(str), drop_first=True, dtype=float)
    known.columns = [f"x{j}" for j in range(known.shape[1])]
    data = MICEData(
        pd.concat([frame[targets], known], axis=1).reset_index(drop=True),
        perturbation_method="gaussian",
        rng=1,
    )
    for _ in range(M):
        data.update_all(ROUNDS)
        assert data.data[targets].notna().all(axis=None)


def median_seconds(work, runs: int) -> float:
    """Return the median time of several runs."""
    seconds = []
    for _ in range(runs):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "data" / "raw" / "demo")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    rows = []
    for name, (frame, targets) in outcome_frames(load_pilot(options.folder)).items():
        ours(frame, targets)  # first calls load what later ones find loaded
        row = {
            "outcome": name,
            "students": len(frame),
            "missing": int(frame[targets].isna().sum().sum()),
            "ours": median_seconds(lambda f=frame, t=targets: ours(f, t), options.runs),
        }
        if MICEData is not None and name != TOGETHER:  # minutes, and no more to learn
            row["statsmodels"] = median_seconds(lambda f=frame, t=targets: theirs(f, t), 1)
        rows.append(row)
    python = f"{platform.machine()}, Python {platform.python_version()}"
    print(f"{M} imputations, {ROUNDS} rounds; {python}")
    heads = ("students", "missing", "ours (s)", "statsmodels (s)", "ratio")
    print(f"{'outcome':<14}" + "".join(f"{head:>17}" for head in heads))
    for row in rows:
        peer = row.get("statsmodels")
        cells = [str(row["students"]), str(row["missing"]), f"{row['ours']:.3f}"]
        if peer is not None:
            cells += [f"{peer:.2f}", f"{peer / row['ours']:.0f}"]
        elif MICEData is None:
            cells += ["not installed", ""]
        print(f"{row['outcome']:<14}" + "".join(f"{cell:>17}" for cell in cells))
    separate = sum(row["ours"] for row in rows[:-1])
    verdict = "met" if separate < TARGET_SECONDS else "missed"
    print(f"all outcomes, one by one: {separate:.3f} s; target {TARGET_SECONDS:g} s: {verdict}")
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
