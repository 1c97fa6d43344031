"""What every test may ask for: reference numbers from R, and the data that they were made from."""

import copy
import csv
import json
import os
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings

from pilot_analysis.batch.forking import Zygote

# the same examples on every run and machine, and no example database in the working tree
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")

_ORACLES = Path(__file__).parent / "oracles"


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
def shared_data() -> Path:
    """Folder of real and vendor-shaped exports, which is not part of the project."""
    beside = Path(__file__).parents[1].parent / "shared" / "data"
    folder = Path(os.environ.get("PILOT_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip("the folder of real exports is not here (PILOT_SHARED_DATA)")
    return folder
