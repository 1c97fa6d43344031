"""What looked odd in data that pass every check, and what was done about each."""

from pilot_analysis.evaluation.oddity_kinds import ODDITY_KINDS, OddityKind
from pilot_analysis.report.claims import Html, escape
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.page import Page
from pilot_analysis.report.tables import paragraph, section
from pilot_analysis.report.wording import listed

__all__ = ["oddities"]

_OTHERS = {
    "nothing": "Looked for and not found: {kinds}.",
    "hidden": "Not said, because nobody or too few people would stand behind the number: {kinds}.",
    "unknown": "Could not be looked for, since what it takes was not collected: {kinds}.",
}
_LISTED = Html(
    "The command <code>pilot check</code> lists the students, teachers and rows, for those who "
    "hold the data."
)
_PEOPLE = {"students": "student/students", "respondents": "person/people"}


def oddities(page: Page) -> Html:
    """Return what was found, with rule, treatment and next step; then what was not found."""
    by_state: dict[str, list[str]] = {}
    for name in ODDITY_KINDS:
        by_state.setdefault(_state(_fact(page, name)), []).append(name)
    found = "".join(_found(page, name) for name in by_state.pop("found", []))
    return section(
        Html(f'<ol class="findings">{found}</ol>')
        if found
        else paragraph(Html("Nothing odd was found.")),
        *(_names(page, _OTHERS[state], names) for state, names in by_state.items()),
        paragraph(_LISTED),
    )


def _state(fact: Fact | None) -> str:
    if fact is None:
        return "unknown"
    if not fact.has("estimate"):
        return "hidden"
    return "found" if fact.estimate else "nothing"


def _fact(page: Page, name: str) -> Fact | None:
    """Return how many people are concerned, or how many rows where the people are not known."""
    people = page.overall("quality.oddity", category=name)
    return people or page.overall("quality.oddity_rows", category=name)


def _found(page: Page, name: str) -> Html:
    kind = ODDITY_KINDS[name]
    limit = page.overall("quality.limit", category=name)
    rule = page.prose.sentence(kind.rule, limit=limit) if limit else page.prose.sentence(kind.rule)
    return Html(
        f"<li><strong>{escape(kind.title)}</strong>"
        + paragraph(_counted(page, kind), rule)
        + paragraph(
            Html(f"<em>What was done:</em> {escape(kind.done)}"),
            Html(f"<em>What to do next:</em> {escape(kind.advice)}"),
        )
        + "</li>"
    )


def _counted(page: Page, kind: OddityKind) -> Html:
    rows = page.overall("quality.oddity_rows", category=kind.name)
    people = page.overall("quality.oddity", category=kind.name)
    if people is None:
        return page.prose.say("{rows:Word} {rows:row/rows} of {rows.n}.", rows=rows)
    return page.prose.say(
        "{people:Word} of {people.n} {people.n:" + _PEOPLE[kind.population] + "}, in "
        "{people.clusters} {people.clusters:school/schools}; {rows} {rows:row/rows} in all.",
        people=people,
        rows=rows,
    )


def _names(page: Page, sentence: str, names: list[str]) -> Html:
    titles = [ODDITY_KINDS[name].title for name in names]
    words = [title[0].lower() + title[1:] for title in titles]
    return paragraph(page.prose.sentence(sentence, kinds=listed(words))) if words else Html("")
