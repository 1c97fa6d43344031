"""Header: what this is, the school's own why, and its number then and now."""

from pilot_analysis.report.claims import Html, Label, escape, recorded
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.page import Page
from pilot_analysis.report.tables import paragraph, section
from pilot_analysis.report.wording import (
    AUDIENCES,
    NETWORK_AUDIENCES,
    day,
    listed,
    people,
    scale_ends,
)

__all__ = ["description", "footer", "header", "kicker", "title", "whys"]

_GAPS = ("achievement_gap", "equity_gap")
_NOT_RECORDED = Html(
    "Why this school took part was not recorded, so this brief cannot say whether it got what it "
    "came for."
)
_HIDDEN = Html(
    "The school followed this in numbers. They are not shown here: they are about too few people, "
    "or would give such a number away."
)
_UNMEASURED = Html("No number was recorded for this, so we cannot say whether it changed.")


def title(page: Page) -> str:
    """Return the title of the page, without markup."""
    called = page.config.pilot.called
    if page.is_network:
        return f"{page.name.text}: what the schools learned"
    names = [page.product(p).text for p in page.products]
    if not names:
        return f"{page.name.text}: what we learned from the {called}"
    piloted = ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]
    return f"{page.name.text}: what we learned from piloting {piloted}"


def description(page: Page) -> str:
    """Return one sentence about the page for search and sharing, without markup."""
    simulated = "Simulated data. " if page.config.pilot.simulated else ""
    whom = "all schools of" if page.is_network else f"{page.name.text} in"
    return (
        f"{simulated}Research brief for {whom} {page.config.pilot.title}: why, use, teachers' "
        "view, learning, and how we know."
    )


def header(page: Page) -> Html:
    """Return the kicker, the page's h1, and the why."""
    return section(
        kicker(page, "Network brief" if page.is_network else "Research brief"),
        Html(f"<h1>{escape(Label(title(page)))}</h1>"),
        _standfirst(page) if page.is_network else _why(page),
    )


def kicker(page: Page, kind: str) -> Html:
    """Return the line above the h1: simulated or not, what kind of page, for whom."""
    pilot = page.config.pilot
    tags = ['<li class="tag">Simulated data</li>'] if pilot.simulated else []
    tags += [
        f"<li>{escape(Label(text))}</li>"
        for text in (
            kind,
            pilot.title if not page.is_network else "",
            pilot.period,
            NETWORK_AUDIENCES[page.audience] if page.is_network else AUDIENCES[page.audience],
        )
        if text
    ]
    return Html(f'<ul class="kicker">{"".join(tags)}</ul>')


def footer(page: Page) -> Html:
    """Return the last lines of the page: simulated or not, whom to ask, how to cite."""
    report, pilot = page.config.report, page.config.pilot
    simulated = (
        Html(
            "<strong>The data in this brief are simulated: no school, teacher or student "
            "in it is real.</strong>"
        )
        if pilot.simulated
        else Html("")
    )
    contact = (
        page.prose.sentence("Questions: {who}.", who=Label(report.contact.rstrip(".")))
        if report.contact
        else Html("")
    )
    licence = (
        page.prose.sentence("License: {name}.", name=Label(report.licence.rstrip(".")))
        if report.licence
        else Html("")
    )
    return section(
        paragraph(simulated),
        paragraph(
            page.prose.sentence(
                "{title}, {period}.", title=Label(pilot.title), period=Label(pilot.period)
            )
            if pilot.period
            else Html(""),
            contact,
            licence,
        ),
    )


def whys(page: Page) -> list[Fact]:
    """Return the school's reasons that may be shown, in order."""
    return [fact for fact in page.own_all("why.statement") if fact.is_shown and fact.value_text]


def _standfirst(page: Page) -> Html:
    text = page.config.pilot.description
    return Html(f'<p class="lead">{escape(Label(text))}</p>') if text else Html("")


def _why(page: Page) -> Html:
    found = whys(page)
    if not found:
        return _box(page.not_collected("why") or paragraph(_NOT_RECORDED))
    first, *further = found
    parts = [
        Html(f"<blockquote>{recorded(first.value_text)}</blockquote>"),
        paragraph(_stated(page, first), css="source"),
        then_now(page, first),
    ]
    if further:
        also = listed([Html(f"<q>{recorded(f.value_text)}</q>") for f in further])
        parts.append(paragraph(page.prose.sentence("The school also said: {also}", also=also)))
    return _box(*parts)


def _box(*parts: Html) -> Html:
    return Html(
        '<section class="why" aria-labelledby="why"><h2 id="why">Why this school did it'
        f"</h2>{section(*parts)}</section>"
    )


def _stated(page: Page, why: Fact) -> Html:
    if not why.time:
        return Html("")
    begin = page.config.pilot.begin
    early = begin is not None and why.time[:10] < begin.isoformat()
    when = ", before the {called} began" if early else ""
    return page.prose.sentence(
        "Stated by the school on {day}" + when + ".", day=day(why.time), called=page.called
    )


def then_now(page: Page, why: Fact) -> Html:
    """Return the number that a why was grounded in, then and now, and what it means."""
    keys = {"category": why.category}
    then = page.own("why.grounded_in", time="then", **keys)
    now = page.own("why.grounded_in", time="now", **keys)
    absent = page.own("why.not_measured", **keys)
    missing = recorded(absent.value_text) if absent is not None else Html("")
    shown = [f for f in (then, now) if f is not None and f.has("estimate")]
    if not shown:
        is_hidden = any(f is not None and not f.is_shown for f in (then, now))
        return paragraph(missing or (_HIDDEN if is_hidden else _UNMEASURED), css="absent")
    numbers = "".join(
        f"<div><dt>{word}</dt><dd>{page.prose.sentence('{number:short}', number=fact)}</dd></div>"
        for word, fact in (("then", then), ("now", now))
        if fact in shown
    )
    meaning = paragraph(_meaning(page, why, shown[-1]), *_around(page, why, now), missing)
    return Html(f'<div class="then-now"><dl>{numbers}</dl>{meaning}</div>')


def _meaning(page: Page, why: Fact, fact: Fact) -> Html:
    """Say what the number counts, by the kind of why."""
    group = why.group or fact.group
    names = {
        "outcome": page.outcome(why.outcome or fact.outcome),
        "group": page.group(group),
        "reference": page.group(group, reference=True),
    }
    if why.level in _GAPS:
        return page.prose.sentence(
            "points between {reference} and {group} in {outcome}: the smaller, the better.", **names
        )
    if why.level == "growth":
        return page.prose.sentence("of {group} met typical growth in {outcome}.", **names)
    if why.level == "shadow":
        return page.prose.sentence(
            "of the minutes in a shadowed school day, the student was engaged."
        )
    return page.prose.sentence(
        "is the average answer about {outcome}, {ends}.",
        ends=scale_ends(fact.unit) or "on the survey’s scale",
        **names,
    )


def _around(page: Page, why: Fact, now: Fact | None) -> list[Html]:
    """Give the interval and n of the number now, and the other schools' numbers."""
    said = []
    if now is not None and now.has_interval:
        said.append(
            page.prose.say(
                "Now: {now.n} {now.n:"
                + people(now)
                + "}, and chance alone could put it anywhere from "
                "{now.low} to {now.high}.",
                now=now,
            )
        )
    others = {
        time: page.own("why.grounded_in_others", category=why.category, time=time)
        for time in ("then", "now")
    }
    if all(f is not None and f.has("estimate") for f in others.values()):
        said.append(page.prose.say("At the other schools: {then} then, {now} now.", **others))
    return said
