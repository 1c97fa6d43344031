"""Several exports of totals -> weeks: what each total grew by from one export to the next.

Only an export that reaches seven days further than the one before tells of a week. Of a longer gap
nobody knows how the use was spread over its weeks: it is set aside, with the reason.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from pilot_analysis.config import Source, nearest
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.faults import Origin, describe, describe_rows
from pilot_analysis.ingest.formats import TableMap
from pilot_analysis.ingest.parse import parse_cells
from pilot_analysis.ingest.raw import RawTable, header_key
from pilot_analysis.ingest.readers.frames import raw_of
from pilot_analysis.ingest.readers.periods import NO_PERIOD, period_of, school_years
from pilot_analysis.ingest.readers.reading import SAME_ROW, Reading, Step, not_asked_for, unmatched
from pilot_analysis.ingest.readers.rows import made_of, rows_aside, rows_wanted
from pilot_analysis.schema import Table

__all__ = ["LAST_DAY", "weeks_of"]

FIRST_DAY, LAST_DAY = "Last Week Start Date", "Last Week End Date"
_MEASURES = ("minutes", "lessons_attempted", "lessons_passed")
_KEY = ["student_id", "product_id", "year"]
_ALIKE = "Every export of the folder needs it: export them alike, and keep other files elsewhere"
_NO_STUDENT, _NO_WEEK = "no student named", "no last week named"
_FIRST = "the student's first export, from which the next is counted"
_LESS = "a total below that of the export before"
_NO_TOTAL = "no total in this export or the one before"


def weeks_of(
    raws: Sequence[RawTable], sources: Sequence[Source], given: TableMap, unit: str, table: Table
) -> Reading:
    """Return the weeks between exports.

    Parameters
    ----------
    raws, sources : sequence
        Each export, and the source with what the format knows of it.
    given : TableMap
    unit : str
        What a row of an export is, for the ledger.
    table : Table

    Raises
    ------
    DataError
        A column that is not in every export; a text that is no number, day or school year; a last
        week that does not lie between Monday and Sunday; a student twice in one week; no two
        exports that are a week apart.
    """
    both = tuple(zip(raws, sources, strict=True))
    measures = [name for name in _MEASURES if any(_has(*each, name) for each in both)]
    if faults := [*_recoded(sources[0], measures), *_not_alike(both, measures)]:
        raise DataError("\n  ".join(faults))
    aside: Counter[str] = Counter()
    parts, faults = [], _unmatched(raws, sources[0])
    for raw, source in both:
        aside.update(_set_aside(raw, source, given))
        part, more = _totals(raw, source, given, measures, table)
        parts.append(part)
        faults += more
    rows = pd.concat(parts, ignore_index=True)
    rows, more = _one_each(_known(rows, aside), sources[0], aside)
    if faults or more:
        raise DataError("\n  ".join((*faults, *more)))
    weeks = _growth(rows, measures, aside)
    step = Step(unit, sum(len(raw.rows) for raw in raws), {r: n for r, n in aside.items() if n})
    if weeks.empty:
        told = "; ".join(f"{n:,} {reason}" for reason, n in step.aside.items())
        advice = "Add the exports of the weeks between, or name one export alone to have months"
        raise DataError(describe(sources[0].file, f"no week is known: {told}", advice))
    return Reading(_as_raw(weeks, measures, sources[0]), _settled(weeks, sources[0]), {}, (step,))


def _has(raw: RawTable, source: Source, clean: str) -> bool:
    return header_key(source.columns.get(clean, "")) in raw.columns


def _recoded(source: Source, measures: list[str]) -> list[str]:
    """Return a line where `recode` or `blanks` would change totals of which the growth is taken."""
    changed = [name for name in measures if name in {*source.recode, *source.blanks}]
    if not changed:
        return []
    what = f"recode and blanks mean nothing for {changed[0]}, which is what a total grew by"
    return [describe(source.file, what, "Take it out of pilot.toml")]


def _not_alike(both: Sequence[tuple[RawTable, Source]], measures: list[str]) -> list[str]:
    """Return a line for each export without a column that it needs."""
    faults = []
    for raw, source in both:
        columns = source.columns
        totals = [columns.get(name) or _called(both, name) for name in measures]
        keys = [columns[name] for name in ("student_id", "period_start") if name in columns]
        needed = dict.fromkeys([*keys, LAST_DAY, *totals, *source.where])
        missing = [name for name in needed if header_key(name) not in raw.columns]
        missing += made_of(raw, source.templates.get("product_id", ""))[1]
        if missing:
            near = nearest(missing[0], raw.names.values()) if len(missing) == 1 else ""
            named = " or ".join(f'"{name}"' for name in missing)
            what = f"there is no column {named}{near}"
            faults.append(describe(raw.file, what, _ALIKE, row=1))
    return faults


def _called(both: Sequence[tuple[RawTable, Source]], clean: str) -> str:
    """Return what the first export that has a clean column calls it."""
    return next(source.columns[clean] for raw, source in both if _has(raw, source, clean))


def _unmatched(raws: Sequence[RawTable], source: Source) -> list[str]:
    """Return a line for each column with a value of `where` that no export has."""
    faults = []
    for name, values in source.where.items():
        held = {text for raw in raws for text in raw.columns[header_key(name)].distinct}
        faults += unmatched(source.file, name, values, held)
    return faults


def _set_aside(raw: RawTable, source: Source, given: TableMap) -> dict[str, int]:
    aside = rows_aside(raw, given)
    counts = {reason: int(mask.sum()) for reason, mask in aside.items()}
    if source.where:
        wanted = int(rows_wanted(raw, source, aside).sum())
        counts[not_asked_for(source)] = len(raw.rows) - sum(counts.values()) - wanted
    return counts


def _totals(
    raw: RawTable, source: Source, given: TableMap, measures: list[str], table: Table
) -> tuple[pd.DataFrame, list[str]]:
    """Return the totals of one export, and the week that each row reaches to."""
    wanted = rows_wanted(raw, source, rows_aside(raw, given))
    frame = pd.DataFrame(
        {clean: _text(raw, source, clean) for clean in ("student_id", "product_id")}
    )
    years, faults = school_years(raw, source, wanted)
    frame = frame.assign(year=years, file=raw.file, row=raw.rows)[wanted].reset_index(drop=True)
    columns = {measure: source.columns[measure] for measure in measures} | {"last": LAST_DAY}
    if header_key(FIRST_DAY) in raw.columns:
        columns["first"] = FIRST_DAY
    for name, called in columns.items():
        field = table.by_name[name if name in measures else "period_start"]
        labels = {(raw.file, field.name): raw.names[header_key(called)]}
        origin = Origin(frame["file"].to_numpy(object), frame["row"].to_numpy(), labels)
        cells = raw.columns[header_key(called)].where(wanted)
        values, more = parse_cells(field, cells, origin, source.dates)
        frame[name] = values.astype("float64") if name in measures else values
        faults += more
    week = frame["last"] - pd.Timedelta(days=6)
    frame["first"] = frame["first"].fillna(week) if "first" in frame else week
    return frame, [*faults, *_no_weeks(frame, raw)]


def _text(raw: RawTable, source: Source, clean: str) -> np.ndarray:
    """Return the text of a clean column that is the same in all exports of a student."""
    constants = source.values  # noqa: PD011 (a key of pilot.toml)
    if clean in source.templates:
        return made_of(raw, source.templates[clean])[0].texts()
    if _has(raw, source, clean):
        return raw.columns[header_key(source.columns[clean])].texts()
    return np.full(len(raw.rows), constants.get(clean, ""), dtype=object)


def _no_weeks(frame: pd.DataFrame, raw: RawTable) -> list[str]:
    """Return a line where the last week of an export is none."""
    spans = frame[["first", "last"]].drop_duplicates().dropna()
    none = [
        (first, last)
        for first, last in spans.itertuples(index=False)
        if (period_of(first.date(), last.date()) or ("", ""))[1] != "week"
    ]
    pairs = pd.MultiIndex.from_frame(frame[["first", "last"]])
    labels = {(raw.file, "last"): LAST_DAY}
    return describe_rows(
        Origin(frame["file"].to_numpy(object), frame["row"].to_numpy(), labels),
        "last",
        pairs.isin(none) if none else np.zeros(len(frame), dtype=bool),
        lambda i: f"{frame['first'][i]:%Y-%m-%d} to {frame['last'][i]:%Y-%m-%d} is no week",
        NO_PERIOD,
    )


def _known(rows: pd.DataFrame, aside: Counter[str]) -> pd.DataFrame:
    """Return the rows that name a student and a week."""
    no_student = rows["student_id"].eq("")
    no_week = ~no_student & rows[["first", "last"]].isna().any(axis=1)
    aside.update({_NO_STUDENT: int(no_student.sum()), _NO_WEEK: int(no_week.sum())})
    return rows[~no_student & ~no_week]


def _one_each(
    rows: pd.DataFrame, source: Source, aside: Counter[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Return one row for each student and week, and a line for each file with a second one."""
    if source.keep == "distinct":
        repeated = rows.drop(columns=["file", "row"]).duplicated()
        aside[SAME_ROW] += int(repeated.sum())
        rows = rows[~repeated]
    rows = rows.reset_index(drop=True)
    second = rows.duplicated([*_KEY, "last"])
    origin = Origin(rows["file"].to_numpy(object), rows["row"].to_numpy(), {})

    def what(position: int) -> str:
        same = rows[[*_KEY, "last"]].eq(rows.loc[position, [*_KEY, "last"]]).all(axis=1)
        place = origin.place(int(np.argmax(same)))
        day = rows.loc[position, "last"]
        return f"the same student has totals to {day:%Y-%m-%d} here and in {place}"

    advice = "Take one of them out, or tell products apart in pilot.toml"
    return rows, describe_rows(origin, "student_id", second.to_numpy(), what, advice)


def _growth(rows: pd.DataFrame, measures: list[str], aside: Counter[str]) -> pd.DataFrame:
    """Return what each student's totals grew by in a week."""
    rows = rows.sort_values([*_KEY, "last"], kind="stable")
    groups = rows.groupby(_KEY, sort=False)
    days, growth = groups["last"].diff().dt.days, groups[measures].diff()
    reasons = pd.Series("", index=rows.index, dtype="str")
    reasons[(growth < 0).any(axis=1)] = _LESS
    reasons[growth.isna().all(axis=1)] = _NO_TOTAL
    gap = days.notna() & days.ne(7)
    reasons[gap] = days[gap].map("{:.0f} days after the export before, so no week is known".format)
    reasons[days.isna()] = _FIRST
    aside.update(reasons[reasons.ne("")].value_counts(sort=False).to_dict())
    return rows.assign(**growth)[reasons.eq("")]


def _as_raw(weeks: pd.DataFrame, measures: list[str], source: Source) -> RawTable:
    mondays = weeks["last"] - pd.to_timedelta(weeks["last"].dt.day_of_week, unit="D")
    texts = {"student_id": weeks["student_id"], "period_start": mondays.dt.strftime("%Y-%m-%d")}
    if weeks["product_id"].ne("").any():
        texts["product_id"] = weeks["product_id"]
    for measure in measures:
        known = weeks[measure].notna()
        texts[measure] = weeks[measure].map(repr).where(known, "")
    # A week is made of two rows, so none of a file is its own.
    return raw_of(source.file, pd.DataFrame(texts).astype("str").assign(row=0))


def _settled(weeks: pd.DataFrame, source: Source) -> Source:
    """Return the source of rows that are made: every column by its own name."""
    made = ["student_id", "period_start", *(m for m in _MEASURES if m in weeks)]
    made += ["product_id"] if weeks["product_id"].ne("").any() else []
    return source.model_copy(
        update={
            "columns": {name: name for name in made},
            "values": {"period": "week"},
            **{key: {} for key in ("templates", "where")},
            "dates": "",
            "keep": "all",
        }
    )
