"""What can be said of a pilot that cannot be loaded: the tables that have no fault of their own."""

from collections.abc import Container

import pandas as pd

from pilot_analysis.config import PilotConfig
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.reconcile import Ledger, drop_repeats, drop_unmeasured, stack
from pilot_analysis.ingest.sheets import read_sheets
from pilot_analysis.schema import TABLES

__all__ = ["readable_tables"]


def readable_tables(config: PilotConfig, at_fault: Container[str]) -> pd.DataFrame:
    """Read every table of which no file is at fault, each by itself.

    Nothing is kept of it: the ids of a table are looked up in the others only where all are sound.

    Parameters
    ----------
    config : PilotConfig
    at_fault : container of str
        Files, as ``pilot.toml`` names them.

    Returns
    -------
    pandas.DataFrame
        As `Pilot.ledger`; without the rows that looking up would set aside.
    """
    files = Files(config.folder)
    parts = [Ledger().frame()]
    for name in (name for name in TABLES if name in config.sources):
        if any(source.file in at_fault for source in config.sources[name]):
            continue
        ledger = Ledger()
        sheets, faults = read_sheets(name, files, config, ledger)
        if not faults and len(sheets) == len(config.sources[name]):
            ledger.keep(drop_unmeasured(drop_repeats(stack(TABLES[name], sheets), ledger), ledger))
            parts.append(ledger.frame())
    return pd.concat(parts, ignore_index=True)
