"""Sentences whose numbers are claims: every digit leads back to a protected result."""

import html
import re
import unicodedata
from dataclasses import dataclass
from math import isfinite
from string import Formatter

from pilot_analysis.disclosure import RULES
from pilot_analysis.errors import RunError
from pilot_analysis.report.facts import Fact, Facts
from pilot_analysis.report.formats import in_words, written

__all__ = ["Fragment", "Html", "Label", "Prose", "escape", "not_shown", "recorded"]

_FIELDS = {
    "": "estimate",
    "low": "conf_low",
    "high": "conf_high",
    "n": "n",
    "clusters": "n_clusters",
    "p": "p_value",
}
_STYLES = ("", "signed", "size", "word", "Word", "short")


class Html(str):
    """Markup that is safe to put on the page as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Label:
    """A name or words as they were recorded ("Lexia Core5", a reason): may hold digits."""

    text: str


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of the page, shown as HTML by Jupyter."""

    html: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return "a section of the brief (shown as HTML)"


def escape(value: "Html | Label | str") -> Html:
    """Return `value` as markup; `Html` stays as it is."""
    if isinstance(value, Html):
        return value
    return Html(html.escape(value.text if isinstance(value, Label) else value))


def recorded(text: str) -> Html:
    """Return words as they were recorded, with the page's apostrophes."""
    return escape(Label(text.replace("'", "’")))


class Prose:
    """Writes sentences, cells and bars of one brief from its facts.

    A template names facts in braces: ``{met}`` is the estimate, ``{met.low}``, ``{met.high}``,
    ``{met.n}``, ``{met.clusters}`` its interval and sizes, ``{met.text}`` recorded words. After a
    colon stands how it is written: ``{change:signed}``, ``{change:size}`` (without its sign),
    ``{count:word}`` (small counts as words), ``{count:Word}`` at the start of a sentence,
    ``{share:short}`` ("47%"). Two forms with a slash are a word that agrees with the number:
    ``within {median} {median:day/days}``.

    Parameters
    ----------
    facts : Facts
        The protected results of the brief.
    """

    def __init__(self, facts: Facts):
        self.facts = facts

    def sentence(self, template: str, **parts: "Fact | Html | Label | str") -> Html:
        """Return the template with its claims filled in.

        Raises
        ------
        RunError
            The template or a plain string holds a digit; a claim names no part, or its result is
            unknown, suppressed or missing: such a page is not made.
        """
        pieces = []
        for literal, field, style, _ in Formatter().parse(template):
            _refuse_digits(literal, template)
            pieces.append(html.escape(literal, quote=False))
            if field is not None:
                part = self._part(field, style or "", parts, template)
                pieces.append(part if any(pieces) else _opened(part))
        return Html("".join(pieces))

    def say(self, template: str, **parts: "Fact | Html | Label | str | None") -> Html:
        """Return `sentence`, or a calm sentence where one of its results may not be shown.

        A part that is None, or a number that is not defined, makes the sentence empty: there is
        nothing to say.
        """
        if any(part is None for part in parts.values()):
            return Html("")
        facts = [part for part in parts.values() if isinstance(part, Fact)]
        hidden = next((fact for fact in facts if not fact.is_shown), None)
        if hidden is not None:
            return not_shown(hidden)
        for _, field, _, _ in Formatter().parse(template):
            name, _, what = (field or "").partition(".")
            part = parts.get(name)
            if not isinstance(part, Fact) or what == "text" or (part.is_range and not what):
                continue
            if not part.has(_FIELDS.get(what, what)):
                return Html("")
        return self.sentence(template, **parts)

    def cell(self, fact: Fact | None, what: str = "", style: str = "") -> Html:
        """Return one number for a table or a bar: a data element, "[c]", or a dash."""
        if fact is None:
            return Html("\N{EN DASH}")
        fact = self.facts[fact.result_id]
        if not fact.is_shown:
            return Html('<span class="c">[c]</span>')
        if fact.is_range and not what:
            return _range(fact)
        if not fact.has(_FIELDS[what]):
            return Html("\N{EN DASH}")
        return _data(fact, what, style, css="cell")

    def interval(self, fact: Fact | None, style: str = "") -> Html:
        """Return "low to high" for a table, "[c]", or a dash."""
        if fact is None or not fact.is_shown or not fact.has_interval:
            return self.cell(fact, "low")
        return Html(f"{self.cell(fact, 'low', style)} to {self.cell(fact, 'high', style)}")

    def _part(self, field: str, style: str, parts: dict, template: str) -> Html:
        name, _, what = field.partition(".")
        if name not in parts:
            raise RunError(f"{template!r}: nothing was given for {{{name}}}.")
        part = parts[name]
        if not isinstance(part, Fact):
            if not isinstance(part, (Html, Label)):
                _refuse_digits(part, template)
            return escape(part)
        fact = self.facts[part.result_id]
        if not fact.is_shown:
            raise RunError(
                f"{fact.result_id}: is suppressed ({fact.suppressed}), and the sentence "
                f"{template!r} would show it."
            )
        if what == "text":
            return recorded(fact.value_text)
        if what in _FIELDS and style.count("/") == 1:
            _refuse_digits(style, template)
            return escape(_agreeing(fact, what, style))
        if fact.is_range and not what:
            return _range(fact)
        if what not in _FIELDS or style not in _STYLES:
            raise RunError(f"{template!r}: {{{field}:{style}}} is no claim; see Prose.")
        return _data(fact, what, style, css="claim")


def not_shown(fact: Fact, what: Html | str = "A number") -> Html:
    """Return the calm sentences that say that `what` may not be shown, and why."""
    return Html(f"{escape(what)} is not shown here. {escape(Label(RULES[fact.suppressed]))}")


def _range(fact: Fact) -> Html:
    """Return the words that the gate put in the place of a number."""
    return Html(
        f'<span class="range" data-result="{html.escape(fact.result_id)}">'
        f"{html.escape(fact.level)}</span>"
    )


def _opened(part: Html) -> Html:
    """Start a sentence that begins with a range in words with a capital letter."""
    return Html(re.sub(r'^(<span class="range"[^>]*>)(\w)', lambda m: m[1] + m[2].upper(), part))


def _agreeing(fact: Fact, what: str, forms: str) -> str:
    """Return the form of a word, "day/days", that agrees with the number as it is written."""
    one, many = forms.split("/")
    if fact.is_range and not what:
        return many
    return one if _shown(fact, what, "size") == "1" else many


def _data(fact: Fact, what: str, style: str, *, css: str) -> Html:
    shown = _shown(fact, what, style, long=css == "claim" and style != "short")
    field = _FIELDS[what]
    return Html(
        f'<data class="{css}" value="{getattr(fact, field):.10g}" '
        f'data-result="{html.escape(fact.result_id)}" data-field="{field}">{shown}</data>'
    )


def _shown(fact: Fact, what: str, style: str, *, long: bool = False) -> str:
    field = _FIELDS[what]
    value = getattr(fact, field)
    if not isfinite(value):
        raise RunError(f"{fact.result_id}: has no {field}, and a sentence would show it.")
    kind, unit = {
        "n": ("count", ""),
        "n_clusters": ("count", ""),
        "p_value": ("test", "p"),
    }.get(field, (fact.kind, fact.unit))
    shown = in_words(value, unit, kind) if style.lower() == "word" else ""
    shown = shown.capitalize() if style == "Word" else shown
    return shown or written(
        value, unit, kind, signed=style == "signed", magnitude=style == "size", long=long
    )


def _refuse_digits(text: str, template: str) -> None:
    if any(unicodedata.category(character)[0] == "N" for character in text):
        raise RunError(
            f"{template!r}: holds a digit that no result stands behind. Numbers in prose are "
            "claims: put the result in braces."
        )
