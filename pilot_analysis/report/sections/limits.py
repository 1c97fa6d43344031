"""What we cannot say, and what to talk about next; both by fixed rules."""

from pilot_analysis.disclosure import RULES
from pilot_analysis.report.claims import Html, Label, escape, recorded
from pilot_analysis.report.page import Page
from pilot_analysis.report.sections.header import whys
from pilot_analysis.report.sections.learning import compared, is_causal
from pilot_analysis.report.sections.member_check import member_check
from pilot_analysis.report.tables import items, section
from pilot_analysis.report.wording import INSTRUMENTS, listed

__all__ = ["limits"]

_LEFT_OUT = {
    "small groups": Html(
        "Some numbers are left out because too few people stand behind them, or because one could "
        "work them out from others. Left out does not mean zero."
    ),
    "single person role": Html("What is known of one person by their role is left out."),
    "no consent": Html(
        "What is known of one person by their role is left out where no consent is recorded."
    ),
}
"""Rule, as readers are told it -> what it left out; of the others, `RULES` says it."""
_MANY = 4  # sentences beyond which a list reads better


def limits(page: Page) -> Html:
    """Return the limits of this brief and questions for the team."""
    return section(
        items(_limits(page)),
        member_check(page),
        Html("<h3>Questions to talk about</h3>"),
        items(_questions(page)),
    )


def _limits(page: Page) -> list[Html]:
    said = [_cause(page), _volunteers(page), _few_answers(page), *_lost(page)]
    said.append(_not_collected(page))
    return [*said, *(_LEFT_OUT.get(r, escape(Label(RULES[r]))) for r in sorted(page.facts.rules()))]


def _cause(page: Page) -> Html:
    pairs = compared(page)
    if not pairs:
        return page.prose.sentence(
            "Whether students learned more because of it: there is no comparison group in this "
            "{called}.",
            called=page.called,
        )
    if not all(is_causal(page, outcome) for outcome, _ in pairs):
        return page.prose.sentence(
            "Whether {what} is the cause of a difference, where chance did not decide who was in "
            "which group.",
            what=page.intervention,
        )
    return Html("Whether the same would happen in schools unlike these.")


def _volunteers(page: Page) -> Html:
    fact = page.own("conditions.volunteered")
    if fact is None or not fact.has("estimate") or fact.estimate < 0.5:
        return Html("")
    return Html(
        "What teachers who would not volunteer would make of it: most of these did volunteer."
    )


def _few_answers(page: Page) -> Html:
    for product in page.products or [""]:
        score = page.own("recommendation.nps", product_id=product)
        if score is not None and score.has("n") and score.n < 20:
            return Html(
                "How another team of teachers would answer: the interval of the score "
                "speaks of chance among these few, and not of others."
            )
    return Html("")


def _lost(page: Page) -> list[Html]:
    said = []
    for outcome in dict.fromkeys(outcome for outcome, _ in compared(page)):
        fact = page.overall("learning.lost_share", outcome=outcome)
        if fact is not None and fact.has("estimate") and fact.estimate >= 0.05:
            said.append(
                page.prose.sentence(
                    "How the students did who were not tested at the end: {lost} of those in the "
                    "comparison for {outcome}.",
                    lost=fact,
                    outcome=page.outcome(outcome),
                )
            )
    return said


def _not_collected(page: Page) -> Html:
    absences = [f for f in page.absences() if f.value_text]
    said = dict.fromkeys(recorded(f.value_text) for f in absences)
    if len(said) > _MANY:
        names = dict.fromkeys(INSTRUMENTS.get(f.category, f.category) for f in absences)
        return page.prose.sentence("What was not collected: {names}.", names=listed(list(names)))
    return Html(" ".join(said))


def _questions(page: Page) -> list[Html]:
    asked = []
    if not page.is_network and whys(page):
        asked.append(
            Html(
                "The school’s own reason stands at the top. What else changed this year "
                "that could have moved its number?"
            )
        )
    for product in page.products:
        met = page.own("usage.met_dose", product_id=product, group="", category="")
        if met is not None and met.has("estimate") and met.estimate < 0.6:
            asked.append(
                page.prose.sentence(
                    "What kept students from using {product} as much as planned, and is the plan "
                    "the right one?",
                    product=page.product(product),
                )
            )
    apart = [
        f
        for f in page.own_all("teachers.triangulation")
        if f.is_shown and f.level not in ("agree", "")
    ]
    if apart:
        asked.append(
            Html("Where teachers’ answers and what was seen differ: who could explain it?")
        )
    verdicts = [
        page.overall("learning.verdict", outcome=outcome, category=arm)
        for outcome, arm in compared(page)
    ]
    if any(f is not None and f.is_shown and f.level == "cannot tell" for f in verdicts):
        asked.append(
            Html(
                "What would it take to be able to tell next time: more classes, a longer "
                "time, a better-matched test?"
            )
        )
    asked.append(
        Html("What in this brief does not fit what you saw? It belongs in the next version.")
    )
    return asked
