"""``[sources]``: where each clean table comes from, and how its columns are named there."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

__all__ = ["Names", "Section", "Source", "fill", "placeholders"]

# Not str.format: the name of a column may hold a dot or a colon.
_BRACES = re.compile(r"\{([^{}]+)\}")

Names = Annotated[tuple[str, ...], Field(strict=False)]


class Section(BaseModel):
    """Base of every section: unknown keys and wrong types are refused, nothing changes later."""

    # Strict: "8" is no number and 1 is no truth value; only TOML's arrays become tuples.
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, strict=True)


class Source(Section):
    """Where one clean table comes from, and how its columns are named there.

    Without `columns`, `values` or `templates` the file must use the clean column names.
    """

    file: str
    format: str = "plain"
    """what made the file: a name of docs/formats.md"""
    columns: dict[str, str] = {}
    """clean column -> column of the file"""
    values: dict[str, str] = {}
    """clean column -> one value for every row"""
    templates: dict[str, str] = {}
    """clean column -> text with {columns of the file} filled in, e.g. "{gr}-{tch}\""""
    recode: dict[str, dict[str, str]] = {}
    """clean column -> value in the file -> clean value; a value that is not named is refused"""
    blanks: dict[str, str] = {}
    """clean column -> the value that stands for a blank cell, e.g. school_id = "not stated\""""
    where: dict[str, Names] = {}
    """column of the file -> the values whose rows are wanted; the others are set aside.
    With keep = "first", rows are preferred in the order of these values"""
    windows: dict[str, Annotated[tuple[date, date], Field(strict=False)]] = {}
    """window -> its first and last day; for tests whose export gives a day and no window"""
    units: dict[str, Literal["seconds", "hours"]] = {}
    """clean column of minutes -> the unit that the file has instead"""
    items: dict[str, str] = {}
    """item of ``[items]`` -> column of a survey with one row per respondent: its header, the
    question as printed, or its ImportId"""
    pulled_on: date | None = None
    """day on which a cumulative export was made"""
    encoding: Literal["", "utf-8", "utf-16", "latin-1", "windows-1252"] = ""
    """how the text is written; blank: UTF-8, or UTF-16 where its mark says so"""
    delimiter: Literal["", "comma", "semicolon", "tab"] = ""
    """what separates the cells; blank: what separates the header"""
    sheet: str = ""
    """sheet of a workbook; blank: the only one"""
    dates: Literal["", "month first", "day first"] = ""
    """how dates with slashes are written; blank: they are read only where 03/25/2026 or 05/05/2026
    leaves no doubt"""
    keep: Literal["all", "distinct", "first"] = "all"
    """rows with the same key: all (a duplicate is an error), distinct (identical rows are one),
    first (the first row of each key: by source, by the order of `where`, then of the file)"""

    @field_validator("file")
    @classmethod
    def _inside_the_folder(cls, file: str) -> str:
        outside = PurePosixPath(file).is_absolute() or PureWindowsPath(file).anchor
        if not file or outside or ".." in PureWindowsPath(file).parts:
            raise ValueError(f"expected a path inside the pilot's folder, found {file!r}")
        return file

    @field_validator("windows")
    @classmethod
    def _windows_in_order(
        cls, windows: dict[str, tuple[date, date]]
    ) -> dict[str, tuple[date, date]]:
        last: tuple[str, date] | None = None
        for name, (first_day, last_day) in sorted(windows.items(), key=lambda w: w[1]):
            if first_day > last_day:
                raise ValueError(f"{name}: begins on {first_day}, after its end on {last_day}")
            if last and first_day <= last[1]:
                raise ValueError(f"{last[0]} and {name} overlap on {first_day}")
            last = (name, last_day)
        return windows

    @model_validator(mode="after")
    def _one_origin_each(self):
        origins = {"columns": self.columns, "values": self.values, "templates": self.templates}
        seen: dict[str, str] = {}
        for key, mapping in origins.items():
            for name in mapping:
                if name in seen:
                    raise ValueError(f"{name!r} stands in {seen[name]} and in {key}: keep one")
                seen[name] = key
        for name, template in self.templates.items():
            if not placeholders(template):
                raise ValueError(
                    f"templates.{name}: {template!r} names no column in braces; one value for "
                    "every row belongs in `values`"
                )
        return self


def placeholders(template: str) -> tuple[str, ...]:
    """Return the names that stand in braces, each once, in order.

    Raises
    ------
    ValueError
        A brace is not closed, or holds no name.
    """
    if set("{}") & set(_BRACES.sub("", template)):
        raise ValueError(f"{template!r}: a brace is not closed, or holds no name")
    return tuple(dict.fromkeys(_BRACES.findall(template)))


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return `template` with each name in braces replaced by its value."""
    return _BRACES.sub(lambda found: values[found[1]], template)
