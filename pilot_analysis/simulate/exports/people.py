"""Names, addresses and account ids for the simulated people: invented, and made to look so."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["People", "invent_names", "invent_people"]

# fmt: off
_GIVEN = (
    "Ampersand", "Bracket", "Cursor", "Datum", "Ellipsis", "Footnote", "Glyph", "Hyphen", "Italic",
    "Kerning", "Ligature", "Macron", "Numeral", "Octavo", "Pixel", "Quarto", "Ribbon", "Serif",
    "Tilde", "Umlaut", "Vellum", "Widow", "Xylo", "Yardstick", "Zigzag", "Ängström", "Señal",
    "Anne-Margin",
)
_FAMILY = (
    "Allegedly", "Boguston", "Concocter", "Dummyfield", "Examplar", "Fictitia", "Ghostwright",
    "Hypothet", "Imaginatti", "Justpretend", "Knottreal", "Legendary-Mythe", "Makebelief",
    "Nobodyson", "O'Fiction", "Placeholder", "Quasireal", "Ruseworth", "Samplewell", "Testington",
    "Unperson", "Vacantius", "Whoever", "Ximaginé", "Yetunborn", "Zeroson", "de la Nada",
    "Inventado",
)
# fmt: on


@dataclass(frozen=True, slots=True)
class People:
    """Everybody whom an export names.

    Attributes
    ----------
    students, teachers, respondents : pandas.DataFrame
        Index: the id of the clean tables. Columns given, family, account (an opaque id), email.
        Different people may share a name.
    """

    students: pd.DataFrame
    teachers: pd.DataFrame
    respondents: pd.DataFrame


def invent_people(tables: Mapping[str, pd.DataFrame], rng: np.random.Generator) -> People:
    """Invent a name for each student, teacher and respondent of the tables.

    Students whom no roster knows have names too: other systems know them.
    """
    known_to = ("students", "assessments", "licenses", "usage")
    students = pd.concat([tables[name]["student_id"] for name in known_to])
    return People(
        invent_names(students, "student", rng),
        invent_names(tables["teachers"]["teacher_id"], "staff", rng),
        invent_names(tables["survey_responses"]["respondent_id"], "staff", rng),
    )


def invent_names(ids: pd.Series, kind: str, rng: np.random.Generator) -> pd.DataFrame:
    """Return a name, an account and an e-mail address for each id; `kind` is part of them."""
    index = pd.Index(np.sort(ids.unique()))
    n = len(index)
    accounts = [f"{kind[0]}-{number:016x}" for number in rng.integers(0, 2**63, n)]
    return pd.DataFrame(
        {
            "given": rng.choice(_GIVEN, n),
            "family": rng.choice(_FAMILY, n),
            "account": accounts,
            "email": [f"{account[2:10]}@{kind}.example.org" for account in accounts],
        },
        index=index,
    ).astype(object)
