"""Each source of a clean table -> typed columns, without what says who somebody is."""

from dataclasses import replace
from itertools import chain

from pilot_analysis.config import PilotConfig, Source, nearest
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.columns import Sheet, clean_columns
from pilot_analysis.ingest.containers import check_places
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import Format, formats
from pilot_analysis.ingest.names import Redactor
from pilot_analysis.ingest.privacy import (
    COMMENTS,
    NAMED_IN,
    PERSONS,
    address_faults,
    private_faults,
    with_pseudonyms,
)
from pilot_analysis.ingest.readers import READERS
from pilot_analysis.ingest.reconcile import Ledger
from pilot_analysis.schema import TABLES

__all__ = ["read_sheets"]


def read_sheets(
    name: str, files: Files, config: PilotConfig, ledger: Ledger
) -> tuple[list[tuple[Source, Sheet]], list[str]]:
    """Read every source of one clean table.

    Parameters
    ----------
    name : str
        The clean table.
    files : Files
    config : PilotConfig
    ledger : Ledger
        Counts the rows that are read and set aside.

    Returns
    -------
    sheets : list of (Source, Sheet)
        One for each source that could be read.
    faults : list of str
    """
    sheets, faults = [], []
    pseudonyms = config.privacy.pseudonyms
    for source in config.sources[name]:
        # Not read where this is wrong: what is told of a file may quote its cells.
        wrong = private_faults(source, name, pseudonyms=pseudonyms, groups=config.groups)
        wrong += _blank_values(source, name)
        if wrong:
            faults += wrong
            continue
        try:
            check_places(config.folder, source.file)
            form = _format_of(source, name)
            reading = READERS[form.reader](files, source, form, TABLES[name], config)
        except DataError as error:
            faults.append(str(error))
            continue
        untold = PERSONS if pseudonyms else ()
        sheet, more = clean_columns(reading, TABLES[name], config.groups, untold)
        faults += [*reading.faults, *more]
        if sheet is not None:
            sheet = _without_persons(name, sheet, files, config)
            faults += address_faults(name, sheet.frame, sheet.origin)
            ledger.read_sheet(name, reading, sheet)
            sheets.append((reading.source, sheet))
    return sheets, faults


def _blank_values(source: Source, table: str) -> list[str]:
    blank = [clean for clean, value in source.values.items() if not value]
    return [
        f"pilot.toml, sources.{table}.values: {clean} is blank for {source.file}. Fill it in, map "
        "it with `columns`, or take it out."
        for clean in blank
    ]


def _without_persons(name: str, sheet: Sheet, files: Files, config: PilotConfig) -> Sheet:
    """Replace ids and redact comments as ``[privacy]`` says; names are read before comments."""
    frame, column = sheet.frame, COMMENTS.get(name)
    if config.privacy.pseudonyms:
        frame = with_pseudonyms(name, frame)
    if column and config.privacy.redact_comments:
        tables = (config.sources.get(table, ()) for table in (*NAMED_IN, name))
        redact = Redactor(files.names(chain.from_iterable(tables))).redact
        redacted = frame[column].map(redact, na_action="ignore").astype("str")
        frame = frame.assign(**{column: redacted})
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
