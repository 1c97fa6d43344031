"""The findings at a glance, each a sentence to say aloud, what it rests on, and how sure we are."""

from collections.abc import Iterable
from typing import NamedTuple

from pilot_analysis.report.claims import Html, recorded
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.page import Page
from pilot_analysis.report.sections.header import whys
from pilot_analysis.report.sections.learning import compared, is_causal
from pilot_analysis.report.wording import (
    DECISIONS,
    capitalized,
    direction,
    not_comparable,
    people,
    share_words,
    sure,
    warnings_of,
)

__all__ = [
    "Finding",
    "join_findings",
    "learning_findings",
    "participation_finding",
    "recommend_finding",
    "support_finding",
    "use_finding",
    "voices_finding",
    "why_finding",
]

_ENOUGH_ANSWERS = 20  # answers from which a team's score is more than a few voices
_LEARNED = {
    "higher": "Students in {arm} scored higher in {outcome}.",
    "lower": "Students in {arm} scored lower in {outcome}.",
    "about the same": "Students in {arm} scored about the same in {outcome}.",
    "cannot tell": "We cannot tell whether students in {arm} learned more in {outcome}.",
}


class Finding(NamedTuple):
    """A sentence to say aloud, what it rests on, and how sure we are (1 to 3, and in words)."""

    headline: Html
    detail: Html
    certainty: int
    doubt: Html

    @property
    def html(self) -> Html:
        """The finding as it stands in the list."""
        how_sure = sure(self.certainty, self.doubt)
        return Html(f"<strong>{self.headline}</strong> {self.detail} {how_sure}")


def join_findings(findings: Iterable[Finding | None]) -> Finding | None:
    """Make one finding of those of several products: no surer than the least sure of them."""
    found = [finding for finding in findings if finding]
    if not found:
        return None
    headlines, details, _, doubts = zip(*found, strict=True)
    # what several products share is said once
    said = (Html(" ".join(dict.fromkeys(texts))) for texts in (headlines, details, doubts))
    headline, detail, doubt = said
    return Finding(headline, detail, min(f.certainty for f in found), doubt)


def why_finding(page: Page) -> Finding | None:
    """Tell how the number of the school's why changed, never more than its interval allows."""
    for why in whys(page):
        change = page.own("why.change", category=why.category)
        if change is not None and change.has_interval:
            return _changed(page, why, change)
    return None


def use_finding(page: Page, product: str) -> Finding | None:
    """Tell which share of students met the dose."""
    keys = {"product_id": product}
    share = page.own("usage.met_dose", group="", category="", **keys)
    if share is None or not (share.has("estimate") or share.is_range):
        return None
    headline = page.prose.sentence(
        "{share} of the students used {product} as much as planned.",
        share=share if share.is_range else capitalized(share_words(share.estimate)),
        product=page.product(product),
    )
    met = page.own("usage.funnel", category="met_target", **keys)
    detail = Html("")
    if met is not None and met.is_shown:
        detail = page.prose.say(
            "{met:Word} of {all} with a {product} license reached their own weekly target in "
            "enough weeks{beside}.",
            met=met,
            product=page.product(product),
            all=page.own("usage.funnel", category="licensed", **keys),
            beside=page.beside("usage.met_dose", group="", category="", **keys),
        )
    return Finding(headline, detail, 3, Html("Counted, not estimated."))


def recommend_finding(page: Page, product: str) -> Finding | None:
    """Tell how many would recommend it, the score, and what the school decided."""
    score = page.own("recommendation.nps", product_id=product)
    if score is None or not score.has_interval:
        return None
    detail = page.prose.say(
        "The score of {product} is {score}; chance alone could put it anywhere from {score.low} "
        "to {score.high}.",
        score=score,
        product=page.product(product),
    )
    detail = Html(f"{detail} {not_comparable(score)}".rstrip())
    decision = page.own("recommendation.decision", product_id=product) if product else None
    if decision is not None and decision.is_shown and decision.level in DECISIONS:
        decided = (
            "has not decided yet"
            if decision.level == "undecided"
            else f"decided to {DECISIONS[decision.level]}"
        )
        detail = Html(f"{detail} The school {decided}.")
    few = not score.has("n") or score.n < _ENOUGH_ANSWERS
    words = (
        "Not sure: only {score.n:word} {score.n:answer/answers}."
        if few
        else "Fairly sure of these {score.n} teachers; others may think differently."
    )
    return Finding(
        _would_recommend(page, product, score),
        detail,
        1 if few else 2,
        page.prose.say(words, score=score),
    )


def _would_recommend(page: Page, product: str, score: Fact) -> Html:
    promoters = page.own("recommendation.answers", product_id=product, category="promoters")
    name = page.product(product)
    if promoters is not None and promoters.has("estimate") and score.has("n"):
        return page.prose.sentence(
            "{yes:Word} of {score.n:word} {score.n:teacher/teachers} would recommend {product} "
            "with a nine or ten of ten.",
            yes=promoters,
            score=score,
            product=name,
        )
    return page.prose.sentence(
        "Teachers give {product} a score of {score}.", score=score, product=name
    )


def learning_findings(page: Page) -> list[Finding]:
    """Tell the verdict of each comparison, the school's own estimate beside it."""
    found = []
    for outcome, arm in compared(page):
        keys = {"outcome": outcome, "category": arm}
        effect, verdict = (page.overall(f"learning.{n}", **keys) for n in ("effect", "verdict"))
        if effect is None or verdict is None or not (effect.has_interval and verdict.is_shown):
            continue
        headline = page.prose.sentence(
            _LEARNED[verdict.level], arm=page.arm(arm), outcome=page.outcome(outcome)
        )
        detail = page.prose.sentence(
            "At all schools together the difference was {e:signed} points; anything from "
            "{e.low:signed} to {e.high:signed} fits these data.",
            e=effect,
        )
        own = None if page.is_network else page.own("learning.school_effect_shrunken", **keys)
        if own is not None and own.has_interval:
            here = page.prose.sentence(
                "For this school, leaning on the others: {s.low:signed} to {s.high:signed}.", s=own
            )
            detail = Html(f"{detail} {here}")
        found.append(Finding(headline, detail, *_sure_of(page, outcome, verdict, effect)))
    return found


def voices_finding(page: Page) -> Finding | None:
    """Tell the first disagreement between what teachers say and what was seen."""
    for fact in page.own_all("teachers.triangulation"):
        if fact.is_shown and fact.level not in ("agree", "") and fact.value_text:
            return Finding(
                page.prose.sentence(
                    "What teachers say{about} and what else we saw do not quite agree.",
                    about=page.about(fact.product_id),
                ),
                recorded(fact.value_text),
                1,
                Html("Worth talking about: both can be true."),
            )
    return None


def support_finding(page: Page) -> Finding | None:
    """Tell how fast requests for help were settled."""
    median = page.own("support.median_days_to_resolve")
    if median is None or not median.has("estimate"):
        return None
    headline = page.prose.sentence(
        "Half of the requests for help that were settled took {days:word} {days:day/days} or less.",
        days=median,
    )
    detail = page.prose.say(
        "Teachers asked {contacts} {contacts:time/times}.",
        contacts=page.own("support.contacts", category=""),
    )
    return Finding(headline, detail, 3, Html("Counted, not estimated."))


def participation_finding(page: Page) -> Finding | None:
    """Tell how many students and classes the pilot reached."""
    students = page.own("conditions.students_rostered")
    classes = page.own("conditions.classes")
    if students is None or not students.has("estimate"):
        return None
    headline = page.prose.say(
        "{students} {students:student/students} in {classes:word} {classes:class/classes} took "
        "part in this {called}.",
        students=students,
        classes=classes,
        called=page.called,
    )
    if not headline:
        return None
    return Finding(headline, Html(""), 3, Html("Counted, not estimated."))


def _changed(page: Page, why: Fact, change: Fact) -> Finding:
    is_gap = why.level.endswith("_gap")
    moved = direction(change)
    subject = (
        "The gap this school set out to close" if is_gap else "What this school set out to change"
    )
    ending = {
        "cannot tell": "may not have changed at all",
        "rose": "is wider than before" if is_gap else "went up",
        "fell": "is smaller than before" if is_gap else "went down",
    }[moved]
    unit = {"points": " points", "scale points": " scale points"}.get(
        change.unit.split(" (")[0], ""
    )
    verb = "rose by" if change.estimate > 0 else "fell by"
    # then and now are over everyone at their time; the change is over those who have both
    where = "Among students tested both times" if is_gap or why.level == "growth" else "Here"
    told = f"{where} it {verb} {{change:size}}{unit}"
    told = told if change.estimate else f"{where} it did not move"
    keys = {"category": why.category}
    then, now = (page.own("why.grounded_in_others", time=t, **keys) for t in ("then", "now"))
    others = page.prose.say(
        "At the other schools it went from {then} to {now}.", then=then, now=now
    )
    detail = page.prose.sentence(f"{told}.", change=change)
    who = people(change)
    doubt = (
        "Not sure: anything from {c.low:signed} to {c.high:signed} fits these data ({c.n} {c.n:"
        f"{who}}})."
        if moved == "cannot tell"
        else f"Fairly sure that it changed ({{c.n}} {{c.n:{who}}}); this alone does not show why."
    )
    words = page.prose.sentence(doubt, c=change)
    by_itself = Html("") if moved == "cannot tell" else warnings_of(change)
    return Finding(
        Html(f"{subject} {ending}."),
        Html(f"{detail} {others} {by_itself}"),
        1 if moved == "cannot tell" else 2,
        words,
    )


def _sure_of(page: Page, outcome: str, verdict: Fact, effect: Fact) -> tuple[int, Html]:
    size = page.prose.sentence(
        "({e.n} students in {e.clusters} {e.clusters:class/classes})", e=effect
    )
    if verdict.level not in ("higher", "lower"):
        return 1, Html(f"Not sure either way {size}.")
    if is_causal(page, outcome):
        return 3, Html(f"Sure: chance decided who was in which group {size}.")
    return 2, Html(f"Fairly sure of the difference, not of its cause {size}.")
