"""Time and memory of a log of use read to weekly rows, beside pandas on a tenth of it.

    python benchmarks/usage_events.py [--events N] [--folder FOLDER]

Makes a log of N events (50 million are about 3 GB) in a temporary folder, which is removed in the
end, and reads it to weekly rows in a process of its own. pandas reads a tenth of the same log, as
anyone would who had the memory: the whole at once. Prints one table and, as its last line, the same
as JSON.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

# A student has some sixteen events with each of two products in a week of term.
STUDENTS_PER_MILLION, PRODUCTS, WEEKS, FIRST_DAY = 860, 2, 36, "2025-09-01"
HEADER = "event_id,student_id,product_id,started_at,duration_seconds,kind"
PART = 2_000_000
OURS = """import json, resource, sys, time
from pathlib import Path
import pandas
from pilot_analysis.config import Source
from pilot_analysis.ingest.columns import clean_columns
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import formats
from pilot_analysis.ingest.readers import READERS
from pilot_analysis.schema import TABLES
begin = time.perf_counter()
source, form = Source(file=sys.argv[2], format="usage_events"), formats()["usage_events"]
reading = READERS[form.reader](Files(Path(sys.argv[1])), source, form, TABLES["usage"], None)
sheet, faults = clean_columns(reading, TABLES["usage"], ())
seconds = time.perf_counter() - begin
assert not faults, faults
step, weeks = reading.steps[0], sheet.frame
"""
PANDAS = """import json, resource, sys, time
from pathlib import Path
import pandas as pd
begin = time.perf_counter()
log = pd.read_csv(Path(sys.argv[1]) / sys.argv[2])
days = pd.to_datetime(log["started_at"]).dt.tz_localize(None).dt.normalize()
log["period_start"] = days - pd.to_timedelta(days.dt.day_of_week, unit="D")
weeks = log.groupby(["student_id", "product_id", "period_start"], as_index=False).agg(
    minutes=("duration_seconds", "sum"))
weeks["minutes"] /= 60
seconds = time.perf_counter() - begin
"""
TELL = """used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"seconds": seconds, "cpu_seconds": used.ru_utime + used.ru_stime,
    "peak_gb": used.ru_maxrss / 1024**2, "weeks": len(weeks),
    "minutes": float(weeks["minutes"].sum())}))
"""


def write_log(path: Path, events: int) -> None:
    """Write a log of events; everything in it follows from the number of the event."""
    students = max(1, STUDENTS_PER_MILLION * events // 1_000_000)
    duckdb.sql("SET enable_progress_bar = false")
    with path.open("wb") as out:
        out.write(f"{HEADER}\n".encode())
        for begin in range(0, events, PART):
            # DuckDB makes it, in parts and without keeping it; nothing of our reader is used.
            with tempfile.NamedTemporaryFile(suffix=".csv") as part:
                duckdb.sql(
                    f"COPY (SELECT i, 'S' || lpad((hash(i) % {students})::VARCHAR, 6, '0'), "
                    f"'product-' || hash(i + 1) % {PRODUCTS}, "
                    f"strftime(TIMESTAMP '{FIRST_DAY} 08:00' "
                    f"+ INTERVAL (7 * (hash(i + 2) % {WEEKS})::INT + (hash(i + 3) % 5)::INT) DAY "
                    "+ INTERVAL ((hash(i + 4) % 25200)::INT) SECOND, '%Y-%m-%dT%H:%M:%SZ'), "
                    "hash(i + 5) % 1800, "
                    "['lesson', 'practice', 'quiz', 'game'][1 + (hash(i + 6) % 4)::INT] "
                    f"FROM range({begin}, {min(begin + PART, events)}) AS t(i)) "
                    f"TO '{part.name}' (HEADER false)"
                )
                out.write(Path(part.name).read_bytes())


def cut(path: Path, tenth: Path, events: int) -> None:
    """Write the first tenth of a log."""
    with path.open("rb") as whole, tenth.open("wb") as out:
        for _ in range(events // 10 + 1):
            out.write(whole.readline())


def measure(code: str, path: Path) -> dict:
    """Run code on a log in a new process on two cores; return seconds, peak memory and sums."""
    arguments = [sys.executable, "-c", code + TELL, str(path.parent), path.name]
    two_cores = sorted(os.sched_getaffinity(0))[:2]
    done = subprocess.run(
        arguments,
        check=True,
        capture_output=True,
        preexec_fn=lambda: os.sched_setaffinity(0, two_cores),
    )
    return json.loads(done.stdout)


def main() -> None:
    """Make the log, read it, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=50_000_000)
    parser.add_argument("--folder", type=Path, help="where to make the log (default: temporary)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        whole, tenth = Path(scratch) / "events.csv", Path(scratch) / "tenth.csv"
        busy, begin = os.getloadavg()[0], time.perf_counter()
        write_log(whole, options.events)
        cut(whole, tenth, options.events)
        made_in = time.perf_counter() - begin
        rounds = [
            {"way": way, "events": n, "gb": path.stat().st_size / 1e9, **measure(code, path)}
            for way, n, path, code in (
                ("this project", options.events, whole, OURS),
                ("this project, a tenth", options.events // 10, tenth, OURS),
                ("pandas, a tenth", options.events // 10, tenth, PANDAS),
            )
        ]
    same = abs(rounds[1]["minutes"] - rounds[2]["minutes"]) < 1e-6 * rounds[2]["minutes"]
    if not same or rounds[1]["weeks"] != rounds[2]["weeks"]:
        raise SystemExit(f"The sums differ: {rounds}")
    print(f"{platform.machine()}, two cores, Python {platform.python_version()}, log made in "
          f"{made_in:.0f} s; processes that ran before: {busy:.1f}")  # fmt: skip
    print(
        f"{'':<24}{'events':>12}{'GB':>7}{'seconds':>9}{'CPU s':>7}{'peak GB':>9}{'weekly rows':>13}"
    )
    for r in rounds:
        print(f"{r['way']:<24}{r['events']:>12,}{r['gb']:>7.2f}{r['seconds']:>9.1f}{r['cpu_seconds']:>7.1f}"
              f"{r['peak_gb']:>9.2f}{r['weeks']:>13,}")  # fmt: skip
    print(json.dumps(rounds))


if __name__ == "__main__":
    main()
