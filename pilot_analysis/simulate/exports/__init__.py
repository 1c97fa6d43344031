"""A simulated pilot in the form in which schools really have one: exports of many systems."""

from pathlib import Path

import numpy as np
import pandas as pd

from pilot_analysis.errors import DataError
from pilot_analysis.simulate import SimulatedPilot
from pilot_analysis.simulate.exports.clever import export_clever
from pilot_analysis.simulate.exports.iready import export_iready
from pilot_analysis.simulate.exports.lexia import export_lexia
from pilot_analysis.simulate.exports.mess import Aside
from pilot_analysis.simulate.exports.nwea import export_nwea
from pilot_analysis.simulate.exports.people import invent_people
from pilot_analysis.simulate.exports.records import export_records
from pilot_analysis.simulate.exports.roster import export_roster
from pilot_analysis.simulate.exports.surveys import export_surveys

__all__ = ["write_exports"]

_PARTS = ("people", "roster", "nwea", "iready", "clever", "lexia", "surveys", "records")
_MESS = 0x6D657373
"""sets the stream of the mess apart from the one that the pilot was drawn from"""


def write_exports(simulated: SimulatedPilot, folder: str | Path) -> pd.DataFrame:
    """Write a simulated pilot as its roster, test and software vendors would export it.

    Everything that the clean tables hold is there, under other names, in other forms, between
    rows that do not count; nothing of it is lost on reading. The same pilot gives the same bytes.
    ``pilot.toml`` and ``README.md`` are written by people, not by this function.

    Parameters
    ----------
    simulated : SimulatedPilot
    folder : path
        It is made where it is not there; files of the same names are written over.

    Returns
    -------
    pandas.DataFrame
        Columns table, unit, reason, rows: what reading must set aside, in the words of the
        reconciliation ledger.

    Raises
    ------
    DataError
        The folder cannot be made.
    """
    folder = Path(folder)
    files, aside = _exports(simulated)
    for name, data in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        except OSError as error:
            raise DataError(
                f"{path}: cannot be written ({error.strerror}). Choose another folder."
            ) from error
    frame = pd.DataFrame(aside, columns=list(Aside._fields))
    keys = ["table", "unit", "reason"]
    return frame.groupby(keys, sort=False, as_index=False)["rows"].sum()


def _exports(simulated: SimulatedPilot) -> tuple[dict[str, bytes], list[Aside]]:
    spawned = np.random.SeedSequence([simulated.truth["seed"], _MESS]).spawn(len(_PARTS))
    rng = {
        part: np.random.default_rng(stream) for part, stream in zip(_PARTS, spawned, strict=True)
    }
    tables = simulated.tables
    people = invent_people(tables, rng["people"])
    files: dict[str, bytes] = {}
    aside: list[Aside] = []
    for made, more in (
        export_roster(tables, people, rng["roster"]),
        export_nwea(tables, rng["nwea"]),
        export_iready(tables, people, rng["iready"]),
        export_clever(tables, people, rng["clever"]),
        export_lexia(tables, people, rng["lexia"]),
        export_surveys(tables, people, rng["surveys"]),
        export_records(tables, people, rng["records"]),
    ):
        files |= made
        aside += more
    return files, aside
