"""What every test may ask for: reference numbers from R, and the data that they were made from."""

import copy
import csv
import fcntl
import json
import os
import pickle
import shutil
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings

from pilot_analysis import load_pilot
from pilot_analysis.batch.forking import Zygote
from pilot_analysis.evaluation import evaluate
from pilot_analysis.report import prepare

# the same examples on every run and machine, and no example database in the working tree
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")

_ORACLES = Path(__file__).parent / "oracles"
_RAW = Path(__file__).parents[1] / "data" / "raw"
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@cache
def _cases() -> dict[str, dict]:
    document = json.loads((_ORACLES / "expected.json").read_text(encoding="utf-8"))
    return {case["id"]: case for case in document["cases"]}


@cache
def _data(name: str) -> pd.DataFrame:
    """Read a CSV that R wrote: quoted columns are text, the others numbers."""
    path = _ORACLES / "data" / name
    raw = pd.read_csv(
        path, dtype=str, quoting=csv.QUOTE_NONE, keep_default_na=False, na_values=["", "NA"]
    )
    raw.columns = [name.strip('"') for name in raw.columns]
    columns = {}
    for name in raw.columns:
        quoted = raw[name].str.startswith('"').fillna(False).any()
        columns[name] = raw[name].str.strip('"') if quoted else pd.to_numeric(raw[name])
    return pd.DataFrame(columns)


@pytest.fixture(scope="session")
def oracle():
    """`oracle(case_id)`: the case as a dict with "recipe", "expected" and "tolerance"."""
    return lambda case_id: copy.deepcopy(_cases()[case_id])


@pytest.fixture(scope="session")
def oracle_data():
    """`oracle_data(name)`: a data frame of `oracles/data`; text columns are str, others numbers."""
    return lambda name: _data(name if name.endswith(".csv") else f"{name}.csv").copy()


@pytest.fixture(scope="session")
def zygote():
    """One warm process for all runs of the test session: starting one takes seconds."""
    with Zygote() as started:
        started.wait_until_ready()
        yield started


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """`once(name, make)`: a folder that `make(folder)` fills once for all processes of a session.

    A process that asks for it while another makes it waits.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name, make):
        folder = shared / f"once-{name}"
        with folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                unfinished = tmp_path_factory.mktemp(name)
                make(unfinished)
                unfinished.rename(folder)
        return folder

    return made


@pytest.fixture(scope="session")
def demo():
    """The simulated pilot of ten schools, with every instrument."""
    return load_pilot(_RAW / "demo")


@pytest.fixture(scope="session")
def star():
    """Project STAR: tests and classes, and no other instrument."""
    return load_pilot(_RAW / "star")


@pytest.fixture(scope="session")
def evaluated_demo(once, demo):
    """Every result of the simulated pilot."""
    return _evaluated(once, "demo", demo)


@pytest.fixture(scope="session")
def evaluated_star(once, star):
    """Every result of Project STAR."""
    return _evaluated(once, "star", star)


def _evaluated(once, name, pilot):
    def make(folder):
        (folder / "results.pickle").write_bytes(pickle.dumps(evaluate(pilot)))

    return pickle.loads((once(f"{name}-evaluated", make) / "results.pickle").read_bytes())


@pytest.fixture(scope="session")
def prepared_demo(once, demo, evaluated_demo):
    """`prepared_demo(audience)`: the folder from which a run makes the simulated pilot's briefs."""

    def prepared(audience):
        def make(folder):
            with pytest.MonkeyPatch.context() as patch:  # the results are those of every audience
                patch.setattr("pilot_analysis.report.prepared.evaluate", lambda _: evaluated_demo)
                prepare(demo, audience).write(folder)

        return once(f"demo-{audience}", make)

    return prepared


@pytest.fixture(scope="module")
def browser():
    """Chromium, started once for the tests of a file: each start takes longer than most pages."""
    if not _CHROMIUM:
        assert not os.environ.get("PILOT_REQUIRE_BROWSER"), "Chromium is needed here and is missing"
        pytest.skip("Chromium is not installed, so no page was opened (Debian: chromium)")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real and vendor-shaped exports, which is not part of the project."""
    beside = Path(__file__).parents[1].parent / "shared" / "data"
    folder = Path(os.environ.get("PILOT_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip("the folder of real exports is not here (PILOT_SHARED_DATA)")
    return folder
