"""What teachers answer: three waves of a survey, comments, and the check of the draft."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from pilot_analysis.simulate.comments import ADDED, COMMENTS, DISPUTED
from pilot_analysis.simulate.frame import clean_frame
from pilot_analysis.simulate.plan import School, Team
from pilot_analysis.simulate.terms import WAVES, SurveyWave

__all__ = ["make_member_checks", "make_survey_responses"]

_STEMS = {"usefulness": "useful", "ease": "ease", "engagement": "engage"}
_ITEMS: Mapping[str, tuple[str, ...]] = {
    scale: tuple(f"{stem}_{number}" for number in range(1, 6)) for scale, stem in _STEMS.items()
}
_REVERSED = 3
"""position of the item that is worded the other way round"""
_EASIER = np.array([0.25, 0.1, 0.0, -0.15, -0.2])
"""how much more readily each item of a scale is agreed with (scale points)"""
_MOOD = {"fall": 0.15, "winter": -0.1, "spring": 0.0}
"""enthusiasm before the first problem; then the answers settle"""
_SILENT_SHARE = 0.1
_NO_ANSWER_SHARE = 0.02
_COMMENT_SHARE = 0.55
_ENOUGH = 5
"""a team's answers may be shown from here on; `Team.too_few_in` falls one short of it"""


def _respondents(schools: tuple[School, ...]) -> Iterator[tuple[School, Team, list[str]]]:
    """Yield (school, team, pseudonyms of its teachers as respondents)."""
    n_before = 0
    for school in schools:
        for team in school.teams:
            yield school, team, [f"R{n_before + i:03d}" for i in range(1, team.classes + 1)]
            n_before += team.classes


def make_survey_responses(schools: tuple[School, ...], rng: np.random.Generator) -> pd.DataFrame:
    """Return the answers of the teachers with a product, one row per answer."""
    rows: list[dict] = []
    for school, team, names in _respondents(schools):
        liking = team.liking + rng.normal(0, 0.6, team.classes)
        by_scale = {s: 0.85 * liking + rng.normal(0, 0.4, team.classes) for s in _ITEMS}
        unsaid: dict[str, list[str]] = {}
        for wave in WAVES:
            if wave.name == "fall" and "fall survey" in school.missing:
                continue
            for i in _who_answers(team, wave, rng):
                day = pd.Timestamp(wave.begin) + pd.Timedelta(days=int(rng.integers(0, 10)))
                about = {
                    "response_id": f"{names[i]}-{wave.name}",
                    "survey_id": "teacher_survey",
                    "wave": wave.name,
                    "respondent_id": names[i],
                    "respondent_role": "teacher",
                    "school_id": school.id,
                    "product_id": team.product,
                    "answered_on": day,
                }
                scales = {scale: values[i] for scale, values in by_scale.items()}
                rows += [
                    about | answer for answer in _answers(wave, liking[i], scales, unsaid, rng)
                ]
    return clean_frame("survey_responses", rows)


def _who_answers(team: Team, wave: SurveyWave, rng) -> np.ndarray:
    silent = min(int(rng.binomial(team.classes, _SILENT_SHARE)), team.classes - _ENOUGH)
    if team.too_few_in == wave.name:
        silent = team.classes - _ENOUGH + 1
    return np.sort(rng.permutation(team.classes)[silent:])


def _answers(wave, liking, scales, unsaid, rng) -> list[dict]:
    mood, rows = _MOOD[wave.name], []
    for scale, items in _ITEMS.items():
        middle = 3.4 + 0.75 * (scales[scale] + mood)
        values = np.clip(np.rint(middle + _EASIER + rng.normal(0, 0.6, len(items))), 1, 5)
        values[_REVERSED] = 6 - values[_REVERSED]
        answered = rng.random(len(items)) > _NO_ANSWER_SHARE
        rows += [
            {"item_id": item, "value": value}
            for item, value, given in zip(items, values, answered, strict=True)
            if given
        ]
    if wave.asks_to_recommend:
        likely = 7.6 + 1.4 * (liking + mood) + rng.normal(0, 0.9)
        rows.append({"item_id": "recommend", "value": np.clip(np.rint(likely), 0, 10)})
    if rng.random() < _COMMENT_SHARE:
        rows.append({"item_id": "comment", "text": _comment(liking, unsaid, rng)})
    return rows


def _comment(liking, unsaid, rng) -> str:
    tone = "warm" if liking > 0.6 else "cool" if liking < -0.5 else "mixed"
    tones = [tone, "mixed"] if rng.random() < 0.4 else [tone]
    return " ".join(_draw(unsaid, tone, COMMENTS[tone], rng) for tone in tones)


def _draw(unsaid: dict[str, list[str]], deck: str, texts: tuple[str, ...], rng) -> str:
    """Draw a text; none comes again before all others of its deck have been drawn."""
    if not unsaid.get(deck):
        unsaid[deck] = [texts[i] for i in rng.permutation(len(texts))]
    return unsaid[deck].pop()


def make_member_checks(schools: tuple[School, ...], rng: np.random.Generator) -> pd.DataFrame:
    """Return what the teams said about the draft, finding by finding."""
    teams: dict[School, list[str]] = {}
    for school, _, names in _respondents(schools):
        teams.setdefault(school, []).extend(names)
    rows: list[dict] = []
    for school, names in teams.items():
        unsaid: dict[str, list[str]] = {}
        for finding in DISPUTED if "member_checks" not in school.missing else ():
            for name in rng.choice(names, rng.integers(1, 4), replace=False):
                response = str(rng.choice(["agree", "dispute", "add"], p=[0.65, 0.2, 0.15]))
                said = {"dispute": DISPUTED, "add": ADDED}.get(response)
                text = _draw(unsaid, finding + response, said[finding], rng) if said else None
                rows.append(
                    {
                        "school_id": school.id,
                        "finding_id": finding,
                        "respondent_id": str(name),
                        "response": response,
                        "text": text,
                        "on": pd.Timestamp("2026-10-05")
                        + pd.Timedelta(days=int(rng.integers(0, 12))),
                    }
                )
    return clean_frame("member_checks", rows)
