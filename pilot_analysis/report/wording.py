"""Plain words by fixed rules: shares, dates, lists, and how sure a finding is."""

from collections.abc import Sequence
from datetime import date

from pilot_analysis.report.claims import Html, Label, escape
from pilot_analysis.report.facts import Fact

__all__ = [
    "AUDIENCES",
    "DECISIONS",
    "FLAGS",
    "INSTRUMENTS",
    "NETWORK_AUDIENCES",
    "capitalized",
    "day",
    "direction",
    "listed",
    "month_name",
    "not_comparable",
    "people",
    "scale_ends",
    "share_words",
    "sure",
    "warnings_of",
]

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
# A share is called by the nearest of these. Rounded, 0 may stand for one person, 1 for all but one.
_SHARES = {
    0.0: "hardly any", 0.05: "few", 0.1: "about one in ten", 1 / 7: "about one in seven",
    0.2: "about one in five", 0.25: "about a quarter", 1 / 3: "about a third",
    0.4: "about two in five", 0.5: "about half", 0.6: "about three in five",
    2 / 3: "about two thirds", 0.75: "about three quarters", 0.8: "about four in five",
    0.9: "about nine in ten", 0.95: "nearly all", 1.0: "practically all",
}  # fmt: skip
# What a reader is told of an estimate that carries one of these flags.
FLAGS = {
    "singular": "The model could find no difference between classes or schools beyond that of "
    "their students. That is unlikely to be quite true, so the interval may be too narrow.",
    "few clusters": "Few groups stand behind this interval, so it is rough.",
    "rare categories": "Some answers are so rare that this interval is rough.",
    "understated": "Some groups are fitted exactly, so the interval is too narrow.",
    "chosen because it was large": "A number that was chosen because it was large tends to fall "
    "by itself.",
    "chosen because it was low": "A number that was chosen because it was low tends to rise by "
    "itself.",
}
AUDIENCES = {
    "team": "For the school’s team",
    "public": "For everyone",
    "internal": "Internal: not to be passed on",
}
NETWORK_AUDIENCES = AUDIENCES | {"team": "For the schools’ teams"}
DECISIONS = {
    "continue": "continue",
    "change": "continue with changes",
    "stop": "stop",
    "undecided": "wait",
}
INSTRUMENTS = {
    "teachers_invited": "how many teachers were invited",
    "volunteered": "whether teachers volunteered",
    "motivation": "how motivated they were at the start",
    "point_person": "whether there was a point person",
    "principal_support": "how the principal supported it",
    "whys": "the reason for taking part",
    "goals": "the school’s learning goals",
    "teachers": "who took part among the teachers",
    "students": "student rosters",
    "enrollments": "class lists",
    "assignments": "which class was in which group",
    "licenses": "licenses",
    "assessments": "test scores",
    "usage": "time on the product",
    "calendar": "the school calendar",
    "survey_responses": "the teacher survey",
    "observations": "classroom observations",
    "support_log": "the support log",
    "professional_development": "training sessions",
    "decisions": "the school’s decision",
    "shadow_days": "days spent shadowing a student",
    "member_checks": "the team’s response to the draft",
    "schools": "school information",
    "products": "product information",
}
_ENDS = {
    "0": "zero",
    "1": "one",
    "2": "two",
    "3": "three",
    "4": "four",
    "5": "five",
    "6": "six",
    "7": "seven",
    "10": "ten",
}


def share_words(share: float) -> str:
    """Return a share between 0 and 1 in words, e.g. "about half"."""
    return _SHARES[min(_SHARES, key=lambda named: abs(named - share))]


def day(iso: str) -> Html:
    """Return an ISO date as "12 September 2025" in a time element."""
    when = date.fromisoformat(iso[:10])
    words = f"{when.day} {_MONTHS[when.month - 1]} {when.year}"
    return Html(f'<time datetime="{when.isoformat()}">{words}</time>')


def month_name(iso: str, *, short: bool = False) -> str:
    """Return the month of an ISO date or "YYYY-MM", without the year."""
    name = _MONTHS[int(iso[5:7]) - 1]
    return name[:3] if short else name


def listed(parts: Sequence["str | Label | Html"]) -> Html:
    """Return "a", "a and b" or "a, b and c"."""
    marked = [str(escape(part)) for part in parts]
    if len(marked) < 2:
        return Html("".join(marked))
    return Html(", ".join(marked[:-1]) + " and " + marked[-1])


def warnings_of(fact: Fact) -> Html:
    """Return what a reader must know of how an estimate was made, from its flags."""
    return Html(" ".join(FLAGS[flag] for flag in fact.flags if flag in FLAGS))


def capitalized(text: str) -> str:
    """Return `text` with its first letter large and the rest as it is."""
    return text[:1].upper() + text[1:]


def scale_ends(unit: str) -> str:
    """Return "on a scale from one to five" for "scale points (1-5)" or "... (asked 1-5)"."""
    _, _, ends = unit.partition("(")
    low, _, high = (
        ends.removeprefix("asked ").rstrip(")").replace("\N{EN DASH}", "-").partition("-")
    )
    if low in _ENDS and high in _ENDS:
        return f"on a scale from {_ENDS[low]} to {_ENDS[high]}"
    return ""


def direction(change: Fact) -> str:
    """Return "rose", "fell" or "cannot tell", the last where the interval holds zero."""
    if change.has_interval and change.conf_low <= 0 <= change.conf_high:
        return "cannot tell"
    return "rose" if change.estimate > 0 else "fell"


def people(fact: Fact) -> str:
    """Return whom the n of a fact counts, as the two forms of a word that agrees with it."""
    return {
        "students": "student/students",
        "respondents": "answer/answers",
        "teachers": "teacher/teachers",
    }.get(fact.population, "record/records")


def not_comparable(score: Fact) -> Html:
    """Return the caution beside a score that was not asked from zero to ten, or nothing."""
    ends = scale_ends(score.unit)
    if not ends:
        return Html("")
    return Html(f"Asked {ends}: not to be compared with scores from zero to ten.")


def sure(level: int, words: Html) -> Html:
    """Return how sure we are: up to three dots, and the words that carry the meaning."""
    dots = "●" * level + "○" * (3 - level)
    return Html(
        f'<span class="sure"><span class="dots" aria-hidden="true">{dots}</span> {words}</span>'
    )
