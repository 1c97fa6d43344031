"""Raw exports -> clean tables, with every fault listed at once and every row accounted for."""

import hashlib
from dataclasses import dataclass

import pandas as pd

from pilot_analysis.config import PilotConfig, Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.columns import Sheet, clean_columns
from pilot_analysis.ingest.configured import check_configured
from pilot_analysis.ingest.plain import RawTable, read_plain
from pilot_analysis.ingest.reconcile import (
    Ledger,
    Loaded,
    check_references,
    drop_repeats,
    drop_unmeasured,
    stack,
)
from pilot_analysis.ingest.validate import check_keys, check_order, check_schema
from pilot_analysis.schema import TABLES

__all__ = ["FileRead", "Ingested", "read_tables"]


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file as it was read: its rows and size (bytes), and the sha256 of those same bytes."""

    file: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Ingested:
    """Clean tables, the reconciliation ledger, and the files by table."""

    tables: dict[str, pd.DataFrame]
    ledger: pd.DataFrame
    files: tuple[tuple[str, FileRead], ...]


def read_tables(config: PilotConfig) -> Ingested:
    """Read, check and reconcile every table that the configuration has sources for.

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
    raws, reads, faults = _read_files(config)
    ledger = Ledger()
    loaded = {}
    for name in TABLES:
        sources = config.sources.get(name, ())
        sheets, more = _read_sheets(name, sources, raws, config, ledger)
        faults += more
        # With a source missing, every id of the table would look unknown to the others.
        if sheets and len(sheets) == len(sources):
            rows = drop_repeats(stack(TABLES[name], sheets), ledger)
            loaded[name] = drop_unmeasured(rows, ledger)
    tables = {}
    for name, rows in loaded.items():
        keys = {other: loaded[other].frame for other in loaded}
        tables[name], more = _check(rows, keys, config, ledger)
        faults += more
    if faults:
        raise DataError(_report(config, list(dict.fromkeys(faults))))
    files = [(name, reads[s.file]) for name in tables for s in config.sources[name]]
    return Ingested(tables, ledger.frame(), tuple(dict.fromkeys(files)))


def _read_files(
    config: PilotConfig,
) -> tuple[dict[str, RawTable], dict[str, FileRead], list[str]]:
    """Read each file once, whatever the number of tables it feeds."""
    raws, reads, faults = {}, {}, []
    for file in dict.fromkeys(s.file for sources in config.sources.values() for s in sources):
        try:
            data = (config.folder / file).read_bytes()
            raws[file] = read_plain(file, data)
        except OSError as error:
            faults.append(f"{file}: cannot be read ({error.strerror}). Check its permissions.")
        except DataError as error:
            faults.append(str(error))
        else:
            digest = hashlib.sha256(data).hexdigest()
            reads[file] = FileRead(file, len(raws[file].rows), len(data), digest)
    return raws, reads, faults


def _read_sheets(
    name: str,
    sources: tuple[Source, ...],
    raws: dict[str, RawTable],
    config: PilotConfig,
    ledger: Ledger,
) -> tuple[list[tuple[Source, Sheet]], list[str]]:
    sheets, faults = [], []
    for source in sources:
        if source.file not in raws:
            continue
        raw = raws[source.file]
        sheet, more = clean_columns(raw, source, TABLES[name], config.groups)
        faults += more
        if sheet is not None:
            ledger.read(name, source.file, len(raw.rows))
            ledger.not_wanted(name, source.file, source, sheet.not_wanted)
            sheets.append((source, sheet))
    return sheets, faults


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
