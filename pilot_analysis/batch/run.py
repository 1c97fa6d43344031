"""`run_briefs`: every school's brief and the network's, into one folder that appears when done."""

import json
import os
import shutil
import tempfile
import time
import traceback
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pilot_analysis.batch.forking import Zygote
from pilot_analysis.batch.progress import Progress, summary_table
from pilot_analysis.errors import PilotError, RunError

if TYPE_CHECKING:
    from pilot_analysis.batch.tasks import BriefTask

__all__ = ["AUDIENCES", "Run", "run_briefs"]

AUDIENCES = ("team", "public", "internal")
FAILED_FILE = "failed_run.txt"


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run.

    Attributes
    ----------
    folder : pathlib.Path
        The run's folder; ``index.html`` in it links every brief that was made.
    made : tuple of str
        Briefs by their folder in the run, e.g. "network", "schools/S03".
    failed : mapping of str to str
        Brief -> why it was not made, in one line.
    seconds : mapping of str to float
        Wall time of each brief.
    peak_bytes : int
        Memory of the largest process that made a brief, what it shares with others included.
    survived : str
        How many of the headline numbers, and of all about people, are shown, in words.
    """

    folder: Path
    made: tuple[str, ...]
    failed: Mapping[str, str]
    seconds: Mapping[str, float]
    peak_bytes: int
    survived: str

    @property
    def exit_status(self) -> int:
        """0 when every brief was made, else 1."""
        return 1 if self.failed else 0

    def table(self) -> str:
        """Return the run as a table for a terminal."""
        table = summary_table(self.folder, self.made, self.failed, self.seconds, self.peak_bytes)
        return f"{self.survived}\n{table}"


def run_briefs(
    pilot_folder: str | Path,
    out: str | Path = "reports",
    audience: str = "team",
    schools: Iterable[str] | None = None,
    jobs: int | None = None,
    *,
    notebooks: str | Path | None = None,
) -> Run:
    """Make the briefs of a pilot and put them into ``out/<pilot_id>/<run_id>/``.

    The results of all schools are computed and protected once, because what may be shown of one
    depends on the others. Then each notebook is executed in a fresh kernel, exported and checked.
    A school that fails leaves the others alone. The run is made in a hidden folder and audited
    there as a stranger would read it; only then do its pages appear. An earlier run is never
    overwritten.

    Parameters
    ----------
    pilot_folder : path
        Folder that holds ``pilot.toml``.
    out : path
        Folder for the reports of all pilots.
    audience : {"team", "public", "internal"}
    schools : iterable of str
        Make the briefs of these schools only, and not the network's; default: all of them.
    jobs : int
        Briefs made at a time; default 2, or 1 on a machine with one core.
    notebooks : path
        Folder of the notebooks; default: the project's own.

    Returns
    -------
    Run

    Raises
    ------
    PilotError
        The run could not start: the pilot, a school id, the audience, or a notebook is at fault.
        Nothing is written then. When the audit finds something, only
        ``out/<pilot_id>/_private/refused_audit.json`` is; when an error that nobody foresaw ends
        the run, only ``failed_run.txt`` beside it. A run that passes removes both.
    """
    _require(audience, jobs)
    with Zygote() as zygote:  # it imports what the notebooks need while this process computes
        from pilot_analysis.batch.tasks import plan_briefs
        from pilot_analysis.pilot import load_pilot

        pilot = load_pilot(pilot_folder)
        chosen = None if schools is None else sorted(set(schools))
        plan = plan_briefs(pilot, chosen, audience, notebooks)
        return _run(zygote, pilot, plan, audience, chosen, Path(out), jobs)


def _require(audience: str, jobs: int | None) -> None:
    if audience not in AUDIENCES:
        raise RunError(f"There is no audience {audience!r}. Choose one of {', '.join(AUDIENCES)}.")
    if jobs is not None and jobs < 1:
        raise RunError(f"jobs is {jobs}, but at least one brief must be made at a time.")


def _run(zygote, pilot, plan, audience, chosen, out, jobs) -> Run:
    from pilot_analysis.batch.index import render_index
    from pilot_analysis.batch.manifest import manifest, private_inputs, run_id
    from pilot_analysis.batch.tasks import make_tasks
    from pilot_analysis.release import people_of, require_safe
    from pilot_analysis.report import prepare

    notebooks = {notebook for notebook, _ in plan.values()}
    contents = manifest(pilot, {"audience": audience, "schools": chosen}, notebooks)
    identity = run_id(contents)
    home = out / pilot.config.pilot.id
    partial = _new_folder(home, identity)
    try:
        private = partial / "_private"
        private.mkdir(mode=0o700)
        (private / "errors").mkdir()
        progress = Progress(len(plan))
        progress.say("computing the results of all schools")
        prepared = prepare(pilot, audience)
        prepared.write(private / "prepared")
        tasks = make_tasks(pilot, plan, partial, audience)
        done = _make_all(zygote, tasks, _jobs(jobs), progress, private / "log.jsonl")
        made = tuple(name for name in plan if not done[name]["reason"])
        _write_json(partial / "manifest.json", contents)
        _write_json(private / "inputs.json", private_inputs(pilot))
        _write_json(private / "timings.json", done)
        (private / "zygote.log").write_text(zygote.told(), encoding="utf-8")
        index = render_index(pilot, plan=tuple(plan), made=made, audience=audience)
        (partial / "index.html").write_text(index, encoding="utf-8")
        _tidy(partial)
        audit = require_safe(partial, home / "_private", people_of(pilot))
        (home / "_private" / FAILED_FILE).unlink(missing_ok=True)  # what an earlier run left
        folder = _settle(partial, home / identity)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, Exception) and not isinstance(error, PilotError):
            raise _given_up(error, home / "_private") from error
        raise
    return Run(
        folder=folder,
        made=made,
        failed={name: done[name]["reason"] for name in plan if done[name]["reason"]},
        seconds={name: done[name]["wall"] for name in plan},
        peak_bytes=max(max(d["kernel_bytes"], d["driver_bytes"]) for d in done.values()),
        survived=audit.told_share,
    )


def _given_up(error: Exception, private: Path) -> RunError:
    """Return what to say of an error that nobody foresaw; its traceback may quote the data."""
    from pilot_analysis.release import write_private

    kept = private / FAILED_FILE
    write_private("".join(traceback.format_exception(error)), kept)
    first = (str(error).strip().splitlines() or [""])[0]
    return RunError(
        f"The run was given up, and nothing was handed out ({type(error).__name__}: {first}). This "
        f"is a fault of the program, or data that it did not foresee: {kept} says where."
    )


def _new_folder(home: Path, identity: str) -> Path:
    """Return a new hidden folder for a run in the making; no two runs share one."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        made = tempfile.mkdtemp(prefix=f".{identity}.", suffix=".partial", dir=home)
    except OSError as error:
        raise RunError(
            f"{home}: a run cannot be written there ({error.strerror}). Choose another folder with "
            "--out."
        ) from error
    return Path(made).resolve()


def _jobs(jobs: int | None) -> int:
    return jobs or min(2, os.cpu_count() or 1)


def _make_all(
    zygote: Zygote, tasks: list["BriefTask"], jobs: int, progress: Progress, log: Path
) -> dict[str, dict[str, Any]]:
    """Make the briefs, `jobs` at a time; one that fails leaves the others alone."""
    done = {}
    pool = ThreadPoolExecutor(jobs)
    try:
        zygote.wait_until_ready()
        _log(log, "start", jobs=jobs, briefs=len(tasks))
        waiting = {pool.submit(_make_one, zygote, task): task.name for task in tasks}
        for future in as_completed(waiting):
            name, outcome = waiting[future], future.result()
            done[name] = outcome
            progress.finish(name, outcome["wall"], made=not outcome["reason"])
            _log(log, "brief", name=name, **outcome)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        zygote.close()  # kills what still runs, so that the threads come back
        raise
    finally:
        pool.shutdown()
        progress.close()
    return done


def _make_one(zygote: Zygote, task: "BriefTask") -> dict[str, Any]:
    begin = time.perf_counter()
    target = "pilot_analysis.batch.brief:make_brief"
    outcome = {"seconds": {}, "kernel_bytes": 0, "driver_bytes": 0}
    try:
        process = zygote.fork(target, {"task": asdict(task), "zygote": zygote.address})
        outcome |= process.result()
        outcome["driver_bytes"] = process.peak_bytes
    except RunError as error:  # not the notebook, but the process that drove it
        task.work.with_suffix(".txt").write_text(str(error), encoding="utf-8")
        outcome["reason"] = str(error).splitlines()[-1]
    return outcome | {"wall": time.perf_counter() - begin}


def _tidy(partial: Path) -> None:
    """Remove what is left of a brief whose process was killed."""
    for left in partial.rglob(".*.partial"):
        shutil.rmtree(left, ignore_errors=True)


def _settle(partial: Path, wanted: Path) -> Path:
    """Give the finished run its name; the same run again becomes "-2", "-3", and so on."""
    partial.chmod(0o755)
    number, folder = 1, wanted
    while True:
        try:
            folder.mkdir()  # ours from here on: of two runs that end together one goes on
        except FileExistsError:
            number += 1
            folder = wanted.with_name(f"{wanted.name}-{number}")
        else:
            partial.rename(folder)  # replaces the empty folder in one step
            return folder


def _log(path: Path, event: str, **fields: Any) -> None:
    line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **fields}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
