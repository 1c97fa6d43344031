"""What the tables say against what ``pilot.toml`` says: items, arms, classes, reasons."""

import difflib
from collections.abc import Mapping

import numpy as np
import pandas as pd

from pilot_analysis.config import ItemConfig, PilotConfig, nearest
from pilot_analysis.ingest.faults import Origin, describe_rows
from pilot_analysis.ingest.reconcile import Loaded
from pilot_analysis.schema import TABLES

__all__ = ["check_configured"]


def check_configured(
    loaded: Loaded, tables: Mapping[str, pd.DataFrame], config: PilotConfig
) -> list[str]:
    """Return a line for each file and rule where a table does not fit the configuration.

    Survey and observation items must be known, and their answers on the item's own scale; the
    recommend item is answered in whole numbers. Arms must be the design's, assigned units known,
    a class in one school. What a why is about may be something that was never measured.

    Parameters
    ----------
    loaded : Loaded
    tables : mapping of str to pandas.DataFrame
        The other tables, to look up what is assigned.
    config : PilotConfig
    """
    match loaded.table.name:
        case "survey_responses" | "observations":
            return _items(loaded, config.items)
        case "assignments":
            return [*_arms(loaded, config), *_units(loaded, tables, config)]
        case "enrollments":
            return _classes(loaded)
        case "whys":
            return _whys(loaded, config)
        case _:
            return []


def _arms(loaded: Loaded, config: PilotConfig) -> list[str]:
    arms, known = loaded.frame["arm"], config.design.arms
    return describe_rows(
        loaded.origin,
        "arm",
        (arms.notna() & ~arms.isin(list(known))).to_numpy() & bool(known),
        lambda i: f'"{arms[i]}" is not in design.arms of pilot.toml{nearest(arms[i], known)}',
        "Correct it, or add it there",
    )


def _units(loaded: Loaded, tables: Mapping[str, pd.DataFrame], config: PilotConfig) -> list[str]:
    unit = config.design.assigned_unit
    home = {"student": "students", "class": "enrollments", "school": "schools"}[unit]
    if home not in tables:
        return []
    known, ids = tables[home][f"{unit}_id"], loaded.frame["unit_id"]
    assigned = (loaded.frame["unit"] == unit).to_numpy(dtype=bool, na_value=False)
    if ids[assigned].isin(known).any():
        return []
    return describe_rows(
        loaded.origin,
        "unit_id",
        np.arange(len(ids)) == np.argmax(assigned),
        lambda i: f"no {unit} of the table {home} is assigned{nearest(ids[i], known)}",
        "Use the same ids in both files",
    )


def _classes(loaded: Loaded) -> list[str]:
    frame = loaded.frame
    first = frame.groupby("class_id")["school_id"].transform("first")
    elsewhere = (
        first.notna() & frame["school_id"].notna() & (frame["school_id"] != first)
    ).to_numpy()
    return describe_rows(
        loaded.origin,
        "class_id",
        elsewhere,
        lambda i: (
            f'the class "{frame.loc[i, "class_id"]}" is in the schools {first[i]} and '
            f"{frame.loc[i, 'school_id']}"
        ),
        "Give each class an id of its own, for instance with a template",
    )


def _whys(loaded: Loaded, config: PilotConfig) -> list[str]:
    tests = {outcome.assessment for outcome in config.outcomes.values()}
    about = {*config.outcomes, *config.scales, *tests}
    groups = {*config.groups, *TABLES["students"].by_name}
    faults = []
    for column, known, what in (
        ("outcome_id", about, "neither an outcome nor a scale of pilot.toml"),
        ("group", groups, "no column of students"),
        ("reference_group", groups, "no column of students"),
    ):
        words = loaded.frame[column]
        # A why may speak of something that was never measured, and the brief then says so; but a
        # slip of the pen must not pass for that.
        slips = {w for w in words.dropna() if w not in known and _close(w, known)}
        faults += describe_rows(
            loaded.origin,
            column,
            words.isin(slips).to_numpy(),
            lambda i, words=words, known=known, what=what: (
                f'"{words[i]}" is {what}{nearest(words[i], known)}'
            ),
            "Correct it, or name something quite different",
        )
    return faults


def _close(word: str, known: set[str]) -> bool:
    return bool(difflib.get_close_matches(word, known, n=1, cutoff=0.8))


def _items(loaded: Loaded, items: dict[str, ItemConfig]) -> list[str]:
    ids, origin = loaded.frame["item_id"], loaded.origin
    strange = (ids.notna() & ~ids.isin(list(items))).to_numpy()
    faults = describe_rows(
        origin,
        "item_id",
        strange,
        lambda i: f'"{ids[i]}" is not an item of pilot.toml{nearest(ids[i], items)}',
        "Correct it, or describe the item under [items]",
    )
    rated = {name: item for name, item in items.items() if item.kind != "comment"}
    for column in ("value", "value_low", "value_high"):
        if column not in loaded.frame:
            continue
        for name, item in rated.items():
            mask = (ids == name).to_numpy(dtype=bool, na_value=False)
            faults += _off_scale(origin, column, loaded.frame[column], mask, name, item)
    return faults


def _off_scale(
    origin: Origin, column: str, values: pd.Series, mask: np.ndarray, name: str, item: ItemConfig
) -> list[str]:
    number = values.to_numpy()
    # A missing value compares as false on both sides: it is not off the scale.
    low = item.offered_from or item.low
    outside = mask & ((number < low) | (number > item.high))
    faults = describe_rows(
        origin,
        column,
        outside,
        lambda i: f'{number[i]:g} is outside {low}-{item.high} (item "{name}")',
        "Check the export's scale",
    )
    if item.kind == "recommend":
        broken = mask & ~outside & np.isfinite(number) & (number != np.round(number))
        faults += describe_rows(
            origin,
            column,
            broken,
            lambda i: f'{number[i]:g} is not a whole number from {low} to 10 (item "{name}")',
            "An answer is never rounded: check the export",
        )
    return faults
