"""The weeks of term of each school, from the calendar or from the exports."""

import numpy as np
import pandas as pd

__all__ = ["begin_of_week", "begin_weekday", "term_weeks"]

SCHOOL_DAYS_OF_A_WEEK = 3
"""School days from which a week counts as a week of term: most of the five. Set by this project."""


def term_weeks(pilot) -> pd.DataFrame:
    """Return the weeks of term of each school.

    A week belongs to the term if most of its school days do: the calendar's terms without its
    holidays. A school without a calendar has the weeks in which the exports show use anywhere.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    pandas.DataFrame
        Columns school_id and week (first day); weeks begin on the weekday the exports begin on.
    """
    anchor = begin_weekday(pilot)
    calendar = pilot.table("calendar")
    by_scope = dict(iter(calendar.groupby("scope_id")))
    fallback = _weeks_with_use(pilot, anchor)
    found, parts = {}, []
    for school in pilot.table("schools")[["school_id", "district_id"]].itertuples(index=False):
        scopes = tuple(s for s in (school.school_id, school.district_id) if s in by_scope)
        if scopes not in found:
            found[scopes] = _weeks_of([by_scope[s] for s in scopes], anchor)
        weeks = found[scopes] if len(found[scopes]) else fallback
        parts.append(pd.DataFrame({"school_id": school.school_id, "week": weeks}))
    return pd.concat(parts, ignore_index=True)


def begin_weekday(pilot) -> int:
    """Return the weekday on which the exported weeks begin (0 Monday; Monday if unknown)."""
    usage = pilot.table("usage")
    starts = usage.loc[usage["period"].eq("week"), "period_start"].dt.day_of_week
    return int(starts.mode().iloc[0]) if len(starts) else 0


def begin_of_week(days: pd.Series, anchor: int) -> pd.Series:
    """Return the first day of the week that each day lies in; weeks begin on weekday `anchor`."""
    days = days.dt.normalize()
    return days - pd.to_timedelta((days.dt.day_of_week - anchor) % 7, unit="D")


def _weeks_of(calendars: list[pd.DataFrame], anchor: int) -> pd.DatetimeIndex:
    """Weeks of the first calendar that knows a term, without the holidays of any."""
    terms = next((c[c["kind"].eq("term")] for c in calendars if c["kind"].eq("term").any()), None)
    if terms is None:
        return pd.DatetimeIndex([])
    holidays = [c[c["kind"].eq("holiday")] for c in calendars]
    days = np.setdiff1d(_days(terms), _days(pd.concat(holidays)))
    days = pd.DatetimeIndex(days[np.is_busday(days)])
    begins = days - pd.to_timedelta((days.day_of_week - anchor) % 7, unit="D")
    counts = begins.value_counts().sort_index()
    return pd.DatetimeIndex(counts.index[counts >= SCHOOL_DAYS_OF_A_WEEK])


def _days(ranges: pd.DataFrame) -> np.ndarray:
    begins = ranges["begin"].to_numpy().astype("datetime64[D]")
    ends = ranges["end"].to_numpy().astype("datetime64[D]") + np.timedelta64(1, "D")
    days = [np.arange(*span, dtype="datetime64[D]") for span in zip(begins, ends, strict=True)]
    return np.unique(np.concatenate(days)) if days else np.array([], dtype="datetime64[D]")


def _weeks_with_use(pilot, anchor: int) -> pd.DatetimeIndex:
    usage = pilot.table("usage")
    used = usage[usage["minutes"].fillna(0) > 0]
    weekly = used.loc[used["period"].eq("week"), "period_start"]
    begins = begin_of_week(weekly, anchor).drop_duplicates()
    months = used.loc[used["period"].eq("month"), "period_start"].drop_duplicates()
    if begins.empty and len(months):
        days = [pd.date_range(m, m + pd.offsets.MonthEnd(0), freq="D") for m in months]
        days = pd.Series(np.unique(np.concatenate([d.to_numpy() for d in days])))
        begins = begin_of_week(days[days.dt.day_of_week == (anchor + 3) % 7], anchor)
    return pd.DatetimeIndex(begins.drop_duplicates().sort_values())
