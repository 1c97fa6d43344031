"""Raw exports -> clean tables, with every fault listed at once and every row accounted for."""

from dataclasses import dataclass

import pandas as pd

from pilot_analysis.config import PilotConfig
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.cache import CleanCache, CleanTable
from pilot_analysis.ingest.configured import check_configured
from pilot_analysis.ingest.files import FileRead, Files
from pilot_analysis.ingest.reconcile import (
    Ledger,
    Loaded,
    check_references,
    drop_repeats,
    drop_unmeasured,
    stack,
)
from pilot_analysis.ingest.sheets import read_sheets
from pilot_analysis.ingest.validate import check_keys, check_order, check_schema
from pilot_analysis.schema import TABLES

__all__ = ["FileRead", "Ingested", "read_tables"]


@dataclass(frozen=True, slots=True)
class Ingested:
    """Clean tables, the reconciliation ledger, and the files by table."""

    tables: dict[str, pd.DataFrame]
    ledger: pd.DataFrame
    files: tuple[tuple[str, FileRead], ...]


def read_tables(config: PilotConfig) -> Ingested:
    """Read, check and reconcile every table that the configuration has sources for.

    A table that was read before from the very same files and settings comes from the cache.

    Parameters
    ----------
    config : PilotConfig

    Returns
    -------
    Ingested

    Raises
    ------
    DataError
        Anything is wrong with any file: the message lists every fault of every file.
    """
    files, faults = Files(config.folder), []
    kept = CleanCache(config)
    tables = [name for name in TABLES if name in config.sources]
    done = kept.unchanged(tables)
    ledgers = {name: Ledger() for name in tables if name not in done}
    loaded = {}
    for name, ledger in ledgers.items():
        sheets, more = read_sheets(name, files, config, ledger)
        faults += more
        # With a source missing, every id of the table would look unknown to the others.
        if sheets and len(sheets) == len(config.sources[name]):
            rows = drop_repeats(stack(TABLES[name], sheets), ledger)
            loaded[name] = drop_unmeasured(rows, ledger)
    keys = {name: table.frame for name, table in done.items()}
    keys |= {name: rows.frame for name, rows in loaded.items()}
    frames = {}
    for name, rows in loaded.items():
        frames[name], more = _check(rows, keys, config, ledgers[name])
        faults += more
    if faults:
        faults = list(dict.fromkeys(faults))
        raise DataError(_report(config, faults), faults)
    for name, frame in frames.items():
        reads = dict.fromkeys(r for source in config.sources[name] for r in files.reads(source))
        done[name] = CleanTable(frame, ledgers[name].frame(), tuple(reads))
        kept.put(name, done[name])
    kept.forget_others(tables)
    return _together({name: done[name] for name in tables})


def _together(tables: dict[str, CleanTable]) -> Ingested:
    return Ingested(
        {name: table.frame for name, table in tables.items()},
        pd.concat([table.ledger for table in tables.values()], ignore_index=True),
        tuple((name, read) for name, table in tables.items() for read in table.reads),
    )


def _check(
    rows: Loaded, keys: dict[str, pd.DataFrame], config: PilotConfig, ledger: Ledger
) -> tuple[pd.DataFrame, list[str]]:
    rows, faults = check_references(rows, keys, ledger)
    ledger.keep(rows)
    if rows.frame.empty:
        reasons = "; ".join(ledger.reasons(rows.table.name))
        files = ", ".join(dict.fromkeys(s.file for s in config.sources[rows.table.name]))
        faults.append(
            f"{files}: no row is left for the table {rows.table.name}: {reasons}. Check that the "
            "ids are those of the other files."
        )
        return rows.frame, faults
    faults += check_keys(rows) + check_schema(rows) + check_order(rows)
    faults += check_configured(rows, keys, config)
    return rows.frame, faults


def _report(config: PilotConfig, faults: list[str]) -> str:
    lines = "\n".join(f"  {fault}" for fault in faults)
    return f"{config.folder}: {len(faults)} to mend in the data:\n{lines}"
