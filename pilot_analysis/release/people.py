"""Ids of students, teachers and respondents, searched for in everything that is released."""

import re
from collections.abc import Collection, Iterator

from pilot_analysis.pilot import Pilot
from pilot_analysis.release.findings import Finding

__all__ = ["find_people", "people_of"]

_COLUMNS = ("student_id", "teacher_id", "respondent_id", "rater_id", "response_id", "contact_id")
_WORD = re.compile(r"[\w@.+-]*\w")
_SHORTEST_NUMBER = 5
"""Digits from which a number in a file is taken for an id and not for a count."""


def people_of(pilot: Pilot) -> frozenset[str]:
    """Return every id of a person, or of what one person wrote, in the clean tables."""
    return frozenset(
        str(value)
        for table in pilot.tables.values()
        for column in set(_COLUMNS) & set(table.columns)
        for value in table[column].dropna().unique()
        if str(value)
    )


def find_people(
    name: str,
    text: str,
    people: Collection[str],
    known: Collection[str],
    numbers: Collection[str],
) -> Iterator[Finding]:
    """Yield the ids of persons that stand in a file as whole words.

    Parameters
    ----------
    name, text : str
        A released file, as `traces.new_lines` returns it.
    people : collection of str
        As `people_of` returns them.
    known : collection of str
        Names and settings of the pilot: a word of these is no trace of a person.
    numbers : collection of str
        Numbers of shown results, as they are written. An id of few digits is looked for only
        among the numbers that nothing accounts for, which are findings already.
    """
    if not people:
        return
    words = set(_WORD.findall(text))
    words |= {part for word in words for part in re.split(r"[.@]", word)}
    found = words & set(people)
    for word in sorted(found):
        is_number = word.isdigit()
        if word in known or (is_number and (len(word) < _SHORTEST_NUMBER or word in numbers)):
            continue
        yield Finding(
            "id of a person", name, "It holds the id of a student, teacher or respondent."
        )
