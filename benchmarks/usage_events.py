"""Time and memory of a log of use read to weekly rows, beside pandas on a tenth of it.

    python benchmarks/usage_events.py [--events N] [--folder FOLDER]

Makes a log of N events (50 million are about 3 GB) in a temporary folder, which is removed in the
end, and reads it to weekly rows in a process of its own. pandas reads a tenth of the same log, as
anyone would who had the memory: the whole at once. Compares rows and minutes with what was written,
stops where the whole took more than 4 GB of memory, and prints one table and, as its last line, the
same as JSON. Linux only: the peak is what the kernel saw of the process, DuckDB included.
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
MOST_GB = 4
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
weeks, events = sheet.frame, reading.steps[0].kept
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
seconds, events = time.perf_counter() - begin, len(log)
"""
# Not ru_maxrss: that begins with the memory of the process that started this one.
TELL = """used = resource.getrusage(resource.RUSAGE_SELF)
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(json.dumps({"seconds": seconds, "cpu_seconds": used.ru_utime + used.ru_stime,
    "peak_gb": int(status["VmHWM"].split()[0]) * 1024 / 1e9, "weeks": len(weeks),
    "read": int(events), "minutes": float(weeks["minutes"].sum())}))
"""


def event(students: int) -> dict[str, str]:
    """Return the SQL of what event number i holds."""
    return {
        "student": f"hash(i) % {students}",
        "product": f"hash(i + 1) % {PRODUCTS}",
        "week": f"(hash(i + 2) % {WEEKS})::INT",
        "day": "(hash(i + 3) % 5)::INT",
        "second": "(hash(i + 4) % 25200)::INT",
        "seconds": "hash(i + 5) % 1800",
        "kind": "['lesson', 'practice', 'quiz', 'game'][1 + (hash(i + 6) % 4)::INT]",
    }


def write_log(path: Path, events: int, students: int) -> None:
    """Write a log of events with DuckDB, in parts; nothing of our reader is used."""
    sql = event(students)
    part = path.with_name("part.csv")
    with path.open("wb") as out:
        out.write(f"{HEADER}\n".encode())
        for begin in range(0, events, PART):
            duckdb.sql(
                f"COPY (SELECT i, 'S' || lpad(({sql['student']})::VARCHAR, 6, '0'), "
                f"'product-' || {sql['product']}, "
                f"strftime(TIMESTAMP '{FIRST_DAY} 08:00' + INTERVAL (7 * {sql['week']} "
                f"+ {sql['day']}) DAY + INTERVAL ({sql['second']}) SECOND, '%Y-%m-%dT%H:%M:%SZ'), "
                f"{sql['seconds']}, {sql['kind']} "
                f"FROM range({begin}, {min(begin + PART, events)}) AS t(i)) "
                f"TO '{part}' (HEADER false)"
            )
            out.write(part.read_bytes())
    part.unlink()


def written(events: int, students: int) -> tuple[int, float]:
    """Return the weekly rows and the minutes of the first events, without reading the log."""
    sql = event(students)
    (found,) = duckdb.sql(
        f"SELECT count(*), sum(seconds) / 60 FROM (SELECT sum({sql['seconds']}) AS seconds "
        f"FROM range({events}) AS t(i) GROUP BY {sql['student']}, {sql['product']}, {sql['week']})"
    ).fetchall()
    return found


def cut(path: Path, tenth: Path, events: int) -> None:
    """Write the first events of a log."""
    with path.open("rb") as whole, tenth.open("wb") as out:
        for _ in range(events + 1):
            out.write(whole.readline())


def measure(code: str, path: Path) -> dict:
    """Run code on a log in a new process on two cores; return seconds, peak memory and sums."""
    arguments = [sys.executable, "-c", code + TELL, str(path.parent), path.name]
    two_cores = sorted(os.sched_getaffinity(0))[:2]
    done = subprocess.run(
        arguments,
        check=True,
        capture_output=True,
        env=os.environ | {"TMPDIR": str(path.parent)},
        preexec_fn=lambda: os.sched_setaffinity(0, two_cores),
    )
    return json.loads(done.stdout)


def check(rounds: list[dict], students: int) -> None:
    """Stop where a sum is not that of the events written, or the memory is over its limit."""
    for found in rounds:
        weeks, minutes = written(found["events"], students)
        exact = (found["read"], found["weeks"]) == (found["events"], weeks)
        if not exact or abs(found["minutes"] - minutes) > 1e-9 * minutes:
            raise SystemExit(f"{found} differs from what was written: {weeks} weeks, {minutes}")
    if rounds[0]["peak_gb"] > MOST_GB:
        raise SystemExit(f"The whole log took {rounds[0]['peak_gb']:.2f} GB of memory: {rounds}")


def main() -> None:
    """Make the log, read it, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=50_000_000)
    parser.add_argument("--folder", type=Path, help="where to make the log (default: temporary)")
    options = parser.parse_args()
    events, few = options.events, options.events // 10
    students = max(1, STUDENTS_PER_MILLION * events // 1_000_000)
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        whole, tenth = Path(scratch) / "events.csv", Path(scratch) / "tenth.csv"
        duckdb.sql(f"SET enable_progress_bar = false; SET temp_directory = '{scratch}'")
        busy, begin = os.getloadavg()[0], time.perf_counter()
        write_log(whole, events, students)
        cut(whole, tenth, few)
        made_in = time.perf_counter() - begin
        rounds = [
            {"way": way, "events": n, "gb": path.stat().st_size / 1e9, **measure(code, path)}
            for way, n, path, code in (
                ("this project", events, whole, OURS),
                ("this project, a tenth", few, tenth, OURS),
                ("pandas, a tenth", few, tenth, PANDAS),
            )
        ]
        check(rounds, students)
    print(f"{platform.machine()}, two cores, Python {platform.python_version()}, log made in "
          f"{made_in:.0f} s; processes that ran before: {busy:.1f}")  # fmt: skip
    columns = f"{'events':>12}{'GB':>7}{'seconds':>9}{'CPU s':>7}{'peak GB':>9}{'weekly rows':>13}"
    print(f"{'':<24}{columns}")
    for r in rounds:
        print(f"{r['way']:<24}{r['events']:>12,}{r['gb']:>7.2f}{r['seconds']:>9.1f}"
              f"{r['cpu_seconds']:>7.1f}{r['peak_gb']:>9.2f}{r['weeks']:>13,}")  # fmt: skip
    print(json.dumps(rounds))


if __name__ == "__main__":
    main()
