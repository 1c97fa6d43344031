"""`load_pilot`: a pilot's folder -> its configuration, clean tables and reconciliation ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pilot_analysis.config import PilotConfig, nearest, read_config
from pilot_analysis.errors import ConfigError
from pilot_analysis.ingest import Ingested, read_tables
from pilot_analysis.provenance import keyed_hash
from pilot_analysis.schema import TABLES

__all__ = ["Pilot", "load_pilot"]


@dataclass(frozen=True, slots=True, eq=False)
class Pilot:
    """A pilot whose tables have passed every check.

    Attributes
    ----------
    config : PilotConfig
    tables : Mapping of str to pandas.DataFrame
        The tables that were given, each with every column of its schema; an optional column that
        the files do not have is missing throughout. `students` also has the group columns.
    ledger : pandas.DataFrame
        Columns table, file, unit, step ("read", "set aside" or "kept"), reason, rows: for each
        table, file and unit, read = set aside + kept.
    files : pandas.DataFrame
        Columns table, file, rows, bytes, sha256, keyed_hash.
    """

    config: PilotConfig
    tables: Mapping[str, pd.DataFrame]
    ledger: pd.DataFrame
    files: pd.DataFrame

    def has(self, table: str) -> bool:
        """Return whether a clean table was given and has rows."""
        _known_table(table)
        return table in self.tables and not self.tables[table].empty

    def table(self, name: str) -> pd.DataFrame:
        """Return a clean table, with all columns and no row where it was not given."""
        known = _known_table(name)
        if name in self.tables:
            # Shallow: a column that a caller adds is not added to the pilot.
            return self.tables[name].copy(deep=False)
        return pd.DataFrame({f.name: pd.array([], dtype=f.dtype) for f in known.fields})

    @property
    def schools(self) -> tuple[str, ...]:
        """Ids of the schools, sorted."""
        return tuple(sorted(self.tables["schools"]["school_id"]))

    @property
    def products(self) -> tuple[str, ...]:
        """Ids of the products, sorted; none where no products were given."""
        return tuple(sorted(self.table("products")["product_id"]))

    def school(self, school_id: str) -> pd.Series:
        """Return a school's row of `schools`; `ConfigError` names the nearest id if unknown."""
        return self._row("schools", "school", school_id)

    def product(self, product_id: str) -> pd.Series:
        """Return a product's row of `products`; `ConfigError` names the nearest id if unknown."""
        return self._row("products", "product", product_id)

    def _row(self, table: str, thing: str, wanted: str) -> pd.Series:
        rows = self.table(table)
        found = rows[rows[f"{thing}_id"] == wanted]
        if found.empty:
            raise ConfigError(
                f"{self.config.pilot.id}: there is no {thing} {wanted!r}"
                f"{nearest(wanted, rows[f'{thing}_id'])}"
            )
        return found.iloc[0]


def load_pilot(folder: str | Path) -> Pilot:
    """Read a pilot's folder: ``pilot.toml`` and every file it names.

    Parameters
    ----------
    folder : path
        Folder that holds ``pilot.toml``.

    Returns
    -------
    Pilot

    Raises
    ------
    ConfigError
        ``pilot.toml`` is at fault, or names something that the data do not have.
    DataError
        A file is at fault: the message lists every fault of every file.
    """
    config = read_config(folder)
    ingested = read_tables(config)
    _cross_check(config, ingested.tables)
    return Pilot(config, ingested.tables, ingested.ledger, _files(ingested))


def _known_table(name: str):
    if name not in TABLES:
        raise ConfigError(f"there is no clean table {name!r}{nearest(name, TABLES)}")
    return TABLES[name]


def _files(ingested: Ingested) -> pd.DataFrame:
    keyed = {read.sha256: keyed_hash(read.sha256) for _, read in ingested.files}
    return pd.DataFrame(
        [
            (table, read.file, read.rows, read.bytes, read.sha256, keyed[read.sha256])
            for table, read in ingested.files
        ],
        columns=["table", "file", "rows", "bytes", "sha256", "keyed_hash"],
    )


def _cross_check(config: PilotConfig, tables: Mapping[str, pd.DataFrame]) -> None:
    """Check what the configuration says against what the data hold."""
    faults = [
        *_outcome_faults(config, tables),
        *_assignment_faults(config, tables),
        *_group_faults(config, tables),
        *_consent_faults(config, tables),
    ]
    if faults:
        lines = "\n".join(f"  {fault}" for fault in faults)
        raise ConfigError(
            f"{config.folder / 'pilot.toml'}: {len(faults)} to mend, where it does not fit the "
            f"data:\n{lines}",
            faults,
        )


def _outcome_faults(config, tables):
    if "assessments" not in tables:
        return
    tests = tables["assessments"]
    for name, outcome in config.outcomes.items():
        windows = tests["window"][tests["outcome_id"] == outcome.assessment].unique()
        if not len(windows):
            yield (
                f"outcomes.{name}.assessment: no test has the outcome_id {outcome.assessment!r}"
                f"{nearest(outcome.assessment, tests['outcome_id'].unique())}"
            )
            continue
        for key in ("pre_window", "post_window"):
            window = getattr(outcome, key)
            if window and window not in windows:
                yield (
                    f"outcomes.{name}.{key}: {outcome.assessment!r} has no test in the window "
                    f"{window!r}{nearest(window, windows)}"
                )


def _assignment_faults(config, tables):
    if "assignments" not in tables:
        return
    windows = tables["assignments"]["window"].unique()
    for name, outcome in config.outcomes.items():
        window = outcome.assignment_window
        if window and window not in windows:
            yield (
                f"outcomes.{name}.assignment_window: nothing was assigned for the window "
                f"{window!r}{nearest(window, windows)}"
            )


def _group_faults(config, tables):
    if "students" not in tables:
        return
    students = tables["students"]
    for name, group in config.groups.items():
        if students[name].isna().all():
            known = [c for c in students if students[c].notna().any()]
            yield f"groups.{name}: the table students has no such column{nearest(name, known)}"
            continue
        flags = students[name].dtype == "boolean"
        values = ("true", "false") if flags else students[name].dropna().unique()
        if group.value not in values:
            yield (
                f"groups.{name}.value: no student has {group.value!r} in this column"
                f"{nearest(group.value, values)}"
            )


def _consent_faults(config, tables):
    schools = tables["schools"]["school_id"]
    for school in config.disclosure.role_consent:
        if school not in set(schools):
            yield (
                f"disclosure.role_consent: there is no school {school!r}{nearest(school, schools)}"
            )
