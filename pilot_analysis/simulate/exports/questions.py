"""The words of the teacher survey, as the forms print them."""

from collections.abc import Mapping

__all__ = ["AGREEMENT", "ITEMS", "QUESTIONS", "STEMS", "import_id", "number_of"]

AGREEMENT = ("Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree",
             "Strongly agree")  # fmt: skip
QUESTIONS: Mapping[str, str] = {
    "useful_1": "The software helps me meet the goals of my lessons.",
    "useful_2": "Its reports tell me what my students need next.",
    "useful_3": "It gives students practice at the right level.",
    "useful_4": "I could reach the same without the software.",
    "useful_5": "It is worth the class time that it takes.",
    "ease_1": "Students can sign in and start without my help.",
    "ease_2": "I can assign lessons quickly.",
    "ease_3": "The reports are easy to read.",
    "ease_4": "Technical problems cost us class time.",
    "ease_5": "When something goes wrong, I know how to fix it or whom to ask.",
    "engage_1": "Students like to work with the software.",
    "engage_2": "Students stay with a task when it gets hard.",
    "engage_3": "Students talk about what they have learned with it.",
    "engage_4": "Students click through without thinking.",
    "engage_5": "Students choose it when they have a choice.",
    "recommend": "How likely are you to recommend this software to a colleague?",
    "comment": "What else should we know?",
}
ITEMS = tuple(QUESTIONS)
STEMS: Mapping[str, str] = {
    item: "How much do you agree?" for item in ITEMS if item not in ("recommend", "comment")
}
"""item -> what is asked above the whole matrix"""
_MATRICES = ("useful", "ease", "engage")
_LAST = {"recommend": "QID14", "comment": "QID21_TEXT"}


def number_of(item: str) -> str:
    """Return what Qualtrics calls a column; two questions have the same number."""
    if item in _LAST:
        return "Q14"
    stem, _, place = item.partition("_")
    return f"Q{_MATRICES.index(stem) + 11}_{place}"


def import_id(item: str) -> str:
    """Return what tells a column of Qualtrics from all others."""
    if item in _LAST:
        return _LAST[item]
    stem, _, place = item.partition("_")
    return f"QID{_MATRICES.index(stem) + 3}_{place}"
