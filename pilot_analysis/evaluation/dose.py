"""What each licensed student did in the weeks of term, against the student's own target."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pilot_analysis.config import DoseConfig
from pilot_analysis.evaluation.contributions import largest_two
from pilot_analysis.evaluation.rosters import license_holders
from pilot_analysis.evaluation.weeks import begin_of_week, begin_weekday, term_weeks

__all__ = ["COUNTED", "Dose", "fates_of_use", "measure_dose"]

COUNTED = "matched"
NO_LICENSE = "student without a license for the product"
OUTSIDE_TERM = "outside the weeks of term"
WEEKS_KNOWN = "a month, where the weeks are known"


@dataclass(frozen=True, slots=True)
class Dose:
    """Use against plan.

    Attributes
    ----------
    licenses : pandas.DataFrame
        One row per license: student_id, product_id, school_id, class_id, teacher_id, cluster,
        rostered, collected (use of that product was exported for that school), monthly, logged_in,
        target (minutes a week, NaN if there is none), term_weeks, minutes (in term), active_weeks,
        active_minutes (in active weeks), weeks_on_target, is_active, met.
    periods : pandas.DataFrame
        One row per school, product, cluster and period of term: teacher_id, time (first day),
        weeks (of term in the period), minutes (total), students (licensed), largest and second
        (minutes of the two students who used it most). Only where use of that product was exported
        for that school.
    """

    licenses: pd.DataFrame
    periods: pd.DataFrame


def measure_dose(pilot) -> Dose:
    """Measure the use of every license in the weeks of term.

    An export by month is not spread over weeks: a month counts with all its weeks of term if its
    average week reached the threshold.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    Dose
    """
    weeks = term_weeks(pilot)
    licenses = _licenses(pilot, weeks)
    usage = _usage(_rows_of_use(pilot, licenses))
    periods = _periods(weeks, licenses, usage)
    in_term = usage.merge(periods, on=["unit", "time"])
    licenses = _add_use(licenses, usage, in_term, pilot.config.dose)
    return Dose(licenses.drop(columns="unit"), _class_periods(licenses, periods, in_term))


def fates_of_use(pilot) -> pd.Series:
    """Return what becomes of each row of `usage` where the dose is measured.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    pandas.Series of str
        In the order of `usage`: `COUNTED`, or why a row is not.
    """
    weeks = term_weeks(pilot)
    licenses = _licenses(pilot, weeks)
    rows = _rows_of_use(pilot, licenses)
    periods = _periods(weeks, licenses, _usage(rows))
    places = rows[["unit", "time"]].fillna({"unit": -1}).astype({"unit": int})
    in_term = places.merge(periods, on=["unit", "time"], how="left")["weeks"].notna()
    fates = pd.Series(COUNTED, index=rows.index, dtype="str")
    fates = fates.mask(~in_term, OUTSIDE_TERM)
    fates = fates.mask(rows["replaced"], WEEKS_KNOWN)
    return fates.mask(rows["license"].isna(), NO_LICENSE)


def _licenses(pilot, weeks: pd.DataFrame) -> pd.DataFrame:
    """Return the licenses, numbered by their index, with the number of their school and product."""
    licenses = license_holders(pilot)
    products = pilot.table("products").set_index("product_id")
    planned = licenses["product_id"].map(products["recommended_minutes_per_week"])
    target = licenses["target_minutes_per_week"].fillna(planned)
    counts = weeks.groupby("school_id").size()
    return licenses.assign(
        unit=licenses.groupby(["school_id", "product_id"]).ngroup(),
        target=target.where(target > 0),
        term_weeks=licenses["school_id"].map(counts).fillna(0).astype(int),
    ).drop(columns="target_minutes_per_week")


def _rows_of_use(pilot, licenses: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `usage`, in their order, with the license that they belong to.

    Columns license and unit (NaN where no license fits), time, minutes, used, monthly, replaced
    (a month of a unit whose weeks are known).
    """
    anchor = begin_weekday(pilot)
    usage = pilot.table("usage")
    key = ["student_id", "product_id"]
    numbered = licenses[[*key, "unit"]].assign(license=licenses.index)
    usage = usage[[*key, "period_start", "period", "minutes", "sessions"]]
    usage = usage.merge(numbered, on=key, how="left")
    monthly = usage["period"].eq("month").astype(bool)
    starts = usage["period_start"].dt.normalize()
    month = starts - pd.to_timedelta(starts.dt.day - 1, unit="D")
    minutes = usage["minutes"].fillna(0.0)
    usage = usage[["license", "unit"]].assign(
        time=begin_of_week(starts, anchor).mask(monthly, month),
        minutes=minutes,
        used=(minutes > 0) | usage["sessions"].gt(0).fillna(False).astype(bool),
        monthly=monthly,
    )
    by_week = usage.loc[~monthly, "unit"].dropna().unique()
    return usage.assign(replaced=monthly & usage["unit"].isin(by_week))


def _usage(rows: pd.DataFrame) -> pd.DataFrame:
    """Return license, unit, time, minutes, used, monthly: weeks where a unit has both kinds."""
    usage = rows[rows["license"].notna() & ~rows["replaced"]]
    usage = usage.astype({"license": int, "unit": int})
    return usage.groupby(["license", "unit", "time"], as_index=False).agg(
        minutes=("minutes", "sum"), used=("used", "max"), monthly=("monthly", "max")
    )


def _periods(weeks: pd.DataFrame, licenses: pd.DataFrame, usage: pd.DataFrame) -> pd.DataFrame:
    """Return unit, time and the weeks of term in the period, for the units with an export."""
    middle = (weeks["week"] + pd.Timedelta(days=3)).dt.normalize()
    months = weeks.assign(time=middle - pd.to_timedelta(middle.dt.day - 1, unit="D"))
    months = months.groupby(["school_id", "time"], as_index=False).agg(weeks=("week", "size"))
    single = weeks.rename(columns={"week": "time"}).assign(weeks=1)
    both = pd.concat([single.assign(monthly=False), months.assign(monthly=True)])
    both["time"] = both["time"].astype("datetime64[us]")
    exported = usage[["unit", "monthly"]].drop_duplicates()
    exported = exported.merge(licenses[["unit", "school_id"]].drop_duplicates(), on="unit")
    return exported.merge(both, on=["school_id", "monthly"])[["unit", "time", "weeks"]]


def _add_use(licenses, usage, in_term, dose: DoseConfig) -> pd.DataFrame:
    average = in_term["minutes"] / in_term["weeks"]
    active = average >= dose.active_minutes
    target = licenses["target"].reindex(in_term["license"]).to_numpy()
    sums = pd.DataFrame(
        {
            "minutes": in_term["minutes"],
            "active_weeks": in_term["weeks"] * active,
            "active_minutes": in_term["minutes"] * active,
            "weeks_on_target": in_term["weeks"] * (average >= target),
        }
    )
    sums = sums.groupby(in_term["license"]).sum().reindex(licenses.index, fill_value=0)
    enough = np.ceil(dose.share_of_weeks * licenses["term_weeks"] - 1e-9).clip(lower=1)
    return licenses.join(sums).assign(
        collected=licenses["unit"].isin(usage["unit"].unique()),
        monthly=licenses["unit"].isin(usage.loc[usage["monthly"], "unit"].unique()),
        logged_in=licenses.index.isin(usage.loc[usage["used"], "license"]),
        is_active=sums["active_weeks"] >= dose.active_weeks,
        met=licenses["target"].notna() & (sums["weeks_on_target"] >= enough),
    )


def _class_periods(licenses, periods, in_term) -> pd.DataFrame:
    place = ["unit", "cluster"]
    labels = ["school_id", "product_id", "teacher_id"]
    classes = licenses.groupby(place, as_index=False).agg(
        students=("unit", "size"), **{label: (label, "first") for label in labels}
    )
    frame = classes.merge(periods, on="unit")
    clusters = licenses["cluster"].reindex(in_term["license"]).to_numpy()
    key = [in_term["unit"], clusters, in_term["time"]]
    minutes = largest_two(in_term["minutes"], key)
    minutes["minutes"] = in_term["minutes"].groupby(key).sum()
    minutes = minutes.rename_axis([*place, "time"]).reset_index()
    frame = frame.merge(minutes, on=[*place, "time"], how="left").drop(columns="unit")
    return frame.fillna({"minutes": 0.0, "largest": 0.0, "second": 0.0})
