"""Time and memory of a brief: the warm engine against stock papermill, side by side.

    python benchmarks/briefs.py [FOLDER] [--briefs N] [--jobs N]

Both ways make the same briefs of the same pilot from the same prepared results, one after the
other on the same machine: the ratio travels better than the seconds. Prints one table and, as its
last line, the same as JSON.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pilot_analysis import load_pilot
from pilot_analysis.batch import run_briefs
from pilot_analysis.report import prepare

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks" / "02_school_brief.ipynb"
# As anyone would run it: one process for each brief.
STOCK = """import json, sys
import papermill
from nbconvert.exporters.html import HTMLExporter
notebook, out, parameters, templates = json.loads(sys.argv[1])
nb = papermill.execute_notebook(notebook, out, parameters, progress_bar=False)
exporter = HTMLExporter(template_name="brief", extra_template_basedirs=[templates])
words = {"title": "t", "language": "en", "description": "d"}
html, _ = exporter.from_notebook_node(nb, {"brief": words})
"""


def stock_brief(pilot: Path, prepared: Path, school: str, folder: Path) -> float:
    """Make one brief as papermill and nbconvert do by themselves; return seconds."""
    parameters = {
        "pilot": str(pilot), "school_id": school, "audience": "team", "prepared": str(prepared),
    }  # fmt: skip
    templates = ROOT / "pilot_analysis" / "batch" / "templates"
    arguments = [str(NOTEBOOK), str(folder / f"{school}.ipynb"), parameters, str(templates)]
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", STOCK, json.dumps(arguments)], check=True, capture_output=True
    )
    return time.perf_counter() - begin


def measure(pilot_folder: Path, briefs: int, jobs: int) -> dict:
    """Return the measurements of one round."""
    pilot = load_pilot(pilot_folder)
    schools = pilot.schools[:briefs]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        begin = time.perf_counter()
        prepare(pilot, "team").write(folder / "prepared")
        prepared_in = time.perf_counter() - begin
        begin = time.perf_counter()
        with ThreadPoolExecutor(jobs) as pool:
            stock = list(
                pool.map(
                    lambda school: stock_brief(pilot_folder, folder / "prepared", school, folder),
                    schools,
                )
            )
        stock_wall = time.perf_counter() - begin
        begin = time.perf_counter()
        run = run_briefs(pilot_folder, folder, schools=schools, jobs=jobs)
        whole = time.perf_counter() - begin
        times = [json.loads(line) for line in (run.folder / "_private" / "log.jsonl").open()]
    if run.failed:
        raise SystemExit(run.table())
    warm = [line["wall"] for line in times if line["event"] == "brief"]
    span = _seconds(times[0]["at"], times[-1]["at"])
    return {
        "briefs": len(schools), "jobs": jobs, "prepare": prepared_in,
        "stock_seconds": statistics.median(stock), "warm_seconds": statistics.median(warm),
        "stock_wall_each": stock_wall / len(schools), "warm_wall_each": span / len(schools),
        "ratio": (stock_wall / len(schools)) / (span / len(schools)), "whole_run": whole,
        "peak_mb": run.peak_bytes / 1e6,
    }  # fmt: skip


def _seconds(first: str, last: str) -> float:
    from datetime import datetime

    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


def main() -> None:
    """Measure once at one job and once at two."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "data" / "raw" / "demo")
    parser.add_argument("--briefs", type=int, default=10)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    rounds = [measure(options.folder, options.briefs, jobs) for jobs in options.jobs]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print("                                             " + "".join(
        f"{r['jobs']:>4} at a time" for r in rounds))  # fmt: skip
    for key, label in (
        ("prepare", "evaluate and protect, once (s)"),
        ("stock_wall_each", "stock papermill, seconds a brief"),
        ("warm_wall_each", "warm engine, seconds a brief"),
        ("ratio", "ratio"),
        ("whole_run", "whole warm run, with start-up (s)"),
        ("peak_mb", "largest process (MB)"),
    ):
        print(f"{label:<45}" + "".join(f"{r[key]:>14.2f}" for r in rounds))
    print(json.dumps(rounds))


if __name__ == "__main__":
    main()
