"""Raw exports -> clean tables, with every fault listed at once and every row accounted for."""

from dataclasses import dataclass, replace

import pandas as pd

from pilot_analysis.config import PilotConfig, Source, nearest
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.columns import Sheet, clean_columns
from pilot_analysis.ingest.configured import check_configured
from pilot_analysis.ingest.files import FileRead, Files
from pilot_analysis.ingest.formats import Format, formats
from pilot_analysis.ingest.privacy import Redactor, private_faults, with_pseudonyms
from pilot_analysis.ingest.readers import READERS
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
    files, faults = Files(config.folder), []
    ledger = Ledger()
    loaded = {}
    for name in TABLES:
        sources = config.sources.get(name, ())
        sheets, more = _read_sheets(name, sources, files, config, ledger)
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
    read = [(name, r) for name in tables for s in config.sources[name] for r in files.reads(s)]
    return Ingested(tables, ledger.frame(), tuple(dict.fromkeys(read)))


def _read_sheets(
    name: str, sources: tuple[Source, ...], files: Files, config: PilotConfig, ledger: Ledger
) -> tuple[list[tuple[Source, Sheet]], list[str]]:
    sheets, faults = [], []
    for source in sources:
        try:
            form = _format_of(source, name)
            reading = READERS[form.reader](files, source, form, TABLES[name], config)
        except DataError as error:
            faults.append(str(error))
            continue
        sheet, more = clean_columns(reading, TABLES[name], config.groups)
        faults += [*reading.faults, *more]
        faults += private_faults(source, name, pseudonyms=config.privacy.pseudonyms)
        if sheet is not None:
            sheet = _without_persons(name, sheet, files, config)
            ledger.read_sheet(name, reading, sheet)
            sheets.append((reading.source, sheet))
    return sheets, faults


def _without_persons(name: str, sheet: Sheet, files: Files, config: PilotConfig) -> Sheet:
    """Replace ids and redact comments as ``[privacy]`` says; rosters are read before comments."""
    frame = sheet.frame
    if config.privacy.pseudonyms:
        frame = with_pseudonyms(name, frame)
    if config.privacy.redact_comments:
        frame = Redactor(files.names).applied(name, frame)
    return replace(sheet, frame=frame)


def _format_of(source: Source, table: str) -> Format:
    known = formats()
    if source.format not in known:
        raise DataError(
            f"pilot.toml, sources.{table}: there is no format {source.format!r}"
            f"{nearest(source.format, known)}"
        )
    form = known[source.format]
    if form.tables and table not in form.tables:
        raise DataError(
            f"pilot.toml, sources.{table}: {form.title} gives no table {table}, but "
            f"{', '.join(form.tables)}. Correct `format`, or take the source out."
        )
    return form


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
