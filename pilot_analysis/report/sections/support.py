"""Support: training, calls for help, how fast it came, and use before and after."""

from pilot_analysis.report.claims import Html, Label, recorded
from pilot_analysis.report.page import Page
from pilot_analysis.report.tables import Bar, bars, pair, paragraph, section
from pilot_analysis.report.wording import capitalized, month_name

__all__ = ["support"]

_CHANNELS = {
    "email": "By e-mail",
    "phone": "By phone",
    "point_person": "Through the point person",
    "visit": "In a visit",
}


def support(page: Page) -> Html:
    """Return training, contacts by month and channel, time to settle, use around a contact."""
    return section(
        page.not_collected("support"),
        paragraph(_training(page), *_contacts(page)),
        pair(_by_month(page), _by_channel(page)),
        paragraph(*_before_after(page)),
    )


def _training(page: Page) -> Html:
    return page.prose.say(
        "Each teacher had {hours} {hours:hour/hours} of training on average{beside}.",
        hours=page.own("support.pd_hours"),
        beside=page.beside("support.pd_hours"),
    )


def _contacts(page: Page) -> list[Html]:
    left = page.own("support.unresolved")
    none_left = left is not None and left.estimate == 0
    return [
        page.prose.say(
            "Teachers asked for help {contacts} {contacts:time/times}.",
            contacts=page.own("support.contacts", category=""),
        ),
        page.prose.say(
            "Half of what was settled was settled within {median:word} {median:day/days}; the "
            "average was {mean} {mean:day/days}{beside}.",
            median=page.own("support.median_days_to_resolve"),
            mean=page.own("support.days_to_resolve"),
            beside=page.beside("support.days_to_resolve"),
        ),
        page.prose.say(
            "All were settled in the end." if none_left else "Never settled: {left:word}.",
            left=left,
        ),
    ]


def _by_month(page: Page) -> Html:
    facts = sorted(page.own_all("support.contacts_by_month", category=""), key=lambda f: f.time)
    rows = [Bar(month_name(fact.time), fact) for fact in facts]
    return bars(page.prose, Html("Requests for help by month."), rows, ordered=True)


def _by_channel(page: Page) -> Html:
    facts = {f.category: f for f in page.own_all("support.contacts") if f.category}
    rows = [Bar(name, facts[key]) for key, name in _CHANNELS.items() if key in facts]
    rows += [Bar(Label(capitalized(k)), f) for k, f in facts.items() if k not in _CHANNELS]
    topics = [f for f in page.own_all("support.topic") if f.has("estimate")]
    said = "Requests for help by the way they came."
    if topics:
        most = max(topics, key=lambda f: (f.estimate, f.category))
        said += f" The most common topic: {recorded(most.category.replace('_', ' '))}."
    return bars(page.prose, Html(said), rows)


def _before_after(page: Page) -> list[Html]:
    use = {
        key: page.own(f"support.use_{key}")
        for key in ("before", "after", "before_without", "after_without")
    }
    said = page.prose.say(
        "Students of a teacher who asked for help used the product {before} "
        "{before:minute/minutes} a week in the two weeks before the week of the request, and "
        "{after} in the two weeks after it.",
        before=use["before"],
        after=use["after"],
    )
    beside = page.prose.say(
        "In the same weeks, students of teachers who did not ask went from {before} to {after}.",
        before=use["before_without"],
        after=use["after_without"],
    )
    return [said, beside]
