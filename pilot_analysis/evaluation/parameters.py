"""The thresholds and levels that a reader could ask about, as results like any other."""

from pilot_analysis.results import Results, result

__all__ = ["parameters"]


def parameters(pilot) -> Results:
    """Return one row per value of the configuration that a brief refers to.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    Results
        Kind "parameter"; `value_text` names the source of the value where there is one.
    """
    inference, dose = pilot.config.inference, pilot.config.dose
    rows = (
        ("conf_level", inference.conf_level, "proportion", ""),
        (
            "smallest_worthwhile_effect",
            inference.smallest_worthwhile_effect,
            "sd",
            inference.smallest_worthwhile_effect_source,
        ),
        ("power", inference.power, "proportion", ""),
        ("active_weeks", dose.active_weeks, "weeks", dose.source),
        ("active_minutes", dose.active_minutes, "minutes", dose.source),
        ("share_of_weeks", dose.share_of_weeks, "proportion", dose.source),
        ("response_gate", inference.response_gate, "proportion", ""),
        ("icc", inference.icc, "coefficient", ""),
    )
    return Results.from_rows(
        result("parameters", name, "parameter", "none", value, unit=unit, text=text)
        for name, value, unit, text in rows
    )
