"""Who took part: the flow from invited to analyzed, and the conditions of the first principle."""

from collections.abc import Sequence

from pilot_analysis.report.claims import Html, Label, escape
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.page import Page
from pilot_analysis.report.tables import paragraph, section, table
from pilot_analysis.report.wording import capitalized, listed, scale_ends

__all__ = ["flow_table", "participation"]

_STAGES = {
    "rostered": "On a class list",
    "pre": "Tested before",
    "post": "Tested after",
    "both": "Tested both times",
}
_LEFT_OUT = (
    "Not shown, since it would say too much about a few who were missing: how many were {stages}."
)


def participation(page: Page) -> Html:
    """Return who was invited, who took part and who is in the numbers."""
    parts = [
        page.not_collected("conditions"),
        paragraph(*_teachers(page)),
        paragraph(*_conditions(page)),
        *(flow_table(page, outcome, [page.school_id]) for outcome in page.config.outcomes),
    ]
    return section(*parts)


def _teachers(page: Page) -> list[Html]:
    invited = page.own("conditions.teachers_invited")
    took_part = page.own("conditions.teachers_took_part")
    if invited is None:
        said = page.prose.say("{took:Word} {took:teacher/teachers} took part.", took=took_part)
    elif invited.has("estimate") and took_part and took_part.estimate == invited.estimate:
        said = page.prose.sentence(
            "{invited:Word} {invited:teacher was/teachers were} asked to take part, and "
            "{invited:did so/all of them did}.",
            invited=invited,
        )
    else:
        said = page.prose.say(
            "{invited:Word} {invited:teacher was/teachers were} asked to take part, and "
            "{took:word} did.",
            invited=invited,
            took=took_part,
        )
    network = page.prose.say(
        "In all schools together {teachers} {teachers:teacher/teachers} took part, and there were "
        "{classes} {classes:class/classes}, those compared with included.",
        teachers=page.network("conditions.teachers_took_part"),
        classes=page.network("conditions.classes"),
    )
    return [said, _classes(page), network]


def _classes(page: Page) -> Html:
    where = "in all" if page.is_network else "here"
    return page.prose.say(
        "{classes:Word} {classes:class is/classes are} in these numbers " + where + ", and "
        "{students} {students:student was/students were} on the list.",
        students=page.own("conditions.students_rostered"),
        classes=page.own("conditions.classes"),
    )


def _conditions(page: Page) -> list[Html]:
    volunteered, motivation = page.own("conditions.volunteered"), page.own("conditions.motivation")
    said = []
    if volunteered is not None:
        said.append(
            page.prose.say(
                "{share:Word} of those who took part had volunteered rather than been "
                "assigned{beside}.",
                share=volunteered,
                beside=page.beside("conditions.volunteered"),
            )
        )
    if motivation is not None:
        ends = scale_ends(motivation.unit)
        said.append(
            page.prose.say(
                "At the start they rated their motivation {mean}"
                + (f" {ends}" if ends else "")
                + "{beside}.",
                mean=motivation,
                beside=page.beside("conditions.motivation"),
            )
        )
    said += [_point_person(page), _principal(page)]
    return said


def _point_person(page: Page) -> Html:
    fact = page.own("conditions.point_person")
    if fact is None:
        return Html("")
    if page.is_network:
        return page.prose.say("{share} of the schools had named a point person.", share=fact)
    if not fact.is_shown:
        return Html(
            "Whether a point person was named is not shown here, since one person holds that role."
        )
    named = {"yes": "A point person was named.", "no": "No point person was named."}
    return Html(named.get(fact.level, ""))


def _principal(page: Page) -> Html:
    fact = page.own("conditions.principal_support")
    if fact is None or page.is_network:
        return Html("")
    if not fact.is_shown:
        return Html(
            "How the team rated the principal’s support is not shown here, since one "
            "person holds that role."
        )
    rating = fact.value_text or fact.level
    return (
        page.prose.sentence(
            "The team rated the principal’s support {rating} on a scale from one to four.",
            rating=Label(rating),
        )
        if rating
        else Html("")
    )


def flow_table(page: Page, outcome: str, schools: Sequence[str]) -> Html:
    """Return how many students are left from class list to test, one row per school and group.

    Parameters
    ----------
    page : Page
    outcome : str
    schools : sequence of str
        School ids; blank: all schools together. Where there are several, rows name the school.
    """
    by_place: dict[tuple[str, str], dict[str, Fact]] = {}
    for school in schools:
        for fact in page.facts.find("conditions.flow", outcome=outcome, school_id=school):
            by_place.setdefault((school, fact.group), {})[fact.category] = fact
    given = [s for s in _STAGES if any(s in row for row in by_place.values())]
    stages = [s for s in given if any(s in row and row[s].is_shown for row in by_place.values())]
    if not stages:
        return Html("")
    arms = list(page.config.design.arms) or sorted({arm for _, arm in by_place})
    rows = [
        [
            _place(page, school, arm, several=len(schools) > 1),
            *(page.prose.cell(by_place[school, arm].get(s)) for s in stages),
        ]
        for school in schools
        for arm in arms
        if (school, arm) in by_place
    ]
    where = "at each school" if len(schools) > 1 else "at this school"
    where = "in all schools" if list(schools) == [""] else where
    caption = Html(f"Students {where}, from class list to test: {escape(page.outcome(outcome))}")
    left_out = listed([_STAGES[s].lower() for s in given if s not in stages])
    return section(
        table(caption, ["Group", *(_STAGES[s] for s in stages)], rows),
        paragraph(page.prose.sentence(_LEFT_OUT, stages=left_out), css="note")
        if left_out
        else Html(""),
    )


def _place(page: Page, school: str, arm: str, *, several: bool) -> Label:
    group = page.arm(arm).text
    if not several:
        return Label(capitalized(group))
    name = page.context.schools[school]
    return Label(f"{name}: {group}" if group else name)
