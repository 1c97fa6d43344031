"""A pilot in memory that holds only what people said and decided, for tests of the evaluation."""

from pathlib import Path

import pandas as pd

from pilot_analysis.config import PilotConfig
from pilot_analysis.pilot import Pilot
from pilot_analysis.simulate.frame import clean_frame

ITEMS = {
    "recommend": {"question": "Recommend?", "kind": "recommend", "low": 0, "high": 10},
    "comment": {"question": "What else?", "kind": "comment"},
    "easy": {"question": "It is easy.", "scale": "ease"},
    "slow": {"question": "It costs time.", "scale": "ease", "reverse": True},
    "alone": {
        "question": "Students work alone.",
        "kind": "observation",
        "scale": "ease_seen",
        "low": 1,
        "high": 4,
    },
    "band": {"question": "On task.", "kind": "observation", "low": 0, "high": 100},
}
SCALES = {
    "ease": {"label": "ease of use", "measures": "ease"},
    "ease_seen": {"label": "ease seen", "measures": "ease"},
}


def opinion_pilot(schools=("A", "B"), *, teachers_invited=10, items=None, **tables) -> Pilot:
    """Return a pilot of `schools` and the product "p" with the given clean tables (rows).

    `items` come in the place of those of `ITEMS` that are called so.
    """
    config = PilotConfig(
        folder=Path("nowhere"),
        pilot={"id": "small", "title": "Small"},
        sources={"schools": {"file": "schools.csv"}},
        items=ITEMS | (items or {}),
        scales=SCALES,
    )
    rows = {
        "schools": [
            {"school_id": s, "name": f"School {s}", "teachers_invited": teachers_invited}
            for s in schools
        ],
        "products": [{"product_id": p, "name": p} for p in ("p", "q")],
        **tables,
    }
    frames = {name: clean_frame(name, columns) for name, columns in rows.items()}
    return Pilot(config, frames, pd.DataFrame(), pd.DataFrame())


def answers(school, values, *, item="recommend", wave="1", day="2026-05-01", first=0, **more):
    """Return one answer per value, from persons numbered from `first` on."""
    return [
        {
            "response_id": f"{school}-{wave}-{more.get('product_id', 'p')}-{first + i}",
            "item_id": item,
            "survey_id": "survey",
            "wave": wave,
            "respondent_id": f"{school}-{first + i}",
            "respondent_role": "teacher",
            "school_id": school,
            "product_id": "p",
            "answered_on": pd.Timestamp(day),
            "value": value,
        }
        | more
        for i, value in enumerate(values)
    ]


def decision(school, word, *, day="2026-06-01", product="p"):
    """Return one decision."""
    return {
        "school_id": school,
        "product_id": product,
        "decision": word,
        "decided_on": pd.Timestamp(day),
        "reason": "Because.",
    }


def lesson(number, values, *, school="A", item="alone", **more):
    """Return the ratings of one lesson, one per observer."""
    return [
        {
            "observation_id": f"L{number}",
            "rater_id": f"V{i}",
            "item_id": item,
            "school_id": school,
            "teacher_id": f"{school}-T{number % 3}",
            "product_id": "p",
            "value": value,
        }
        | more
        for i, value in enumerate(values)
    ]


def only(results, name, **keys):
    """Return the single result of that name and those keys."""
    wanted = dict.fromkeys(("school_id", "product_id", "category", "time"), "") | keys
    found = results.select(name=name, **wanted)
    assert len(found) == 1, f"{len(found)} results {name} {keys}"
    return found.iloc[0]


def absences(results) -> dict[tuple[str, str], str]:
    """Return (school, instrument) -> sentence."""
    rows = results.select(kind="absence")
    return dict(
        zip(zip(rows["school_id"], rows["category"], strict=True), rows["value_text"], strict=True)
    )
