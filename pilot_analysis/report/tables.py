"""Tables and bars as HTML, every number of them a data element with its result."""

from collections.abc import Sequence
from dataclasses import dataclass

from pilot_analysis.report.claims import Html, Label, Prose, escape
from pilot_analysis.report.facts import Fact

__all__ = [
    "Bar",
    "bars",
    "beside",
    "details",
    "items",
    "pair",
    "paragraph",
    "section",
    "stack",
    "table",
]

_LEGEND = (
    '<p class="note">[c] not shown: it is about too few people, or would give such a number away.'
    "</p>"
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a label, the fact that gives its length, and a quiet remark."""

    label: "str | Label"
    fact: Fact | None
    remark: "str | Label | Html" = ""


def paragraph(*sentences: Html, css: str = "") -> Html:
    """Return the sentences as one paragraph: empty ones left out, repeated ones said once."""
    said = list(dict.fromkeys(sentence for sentence in sentences if sentence))
    if not said:
        return Html("")
    attribute = f' class="{css}"' if css else ""
    return Html(f"<p{attribute}>{' '.join(said)}</p>")


def section(*parts: Html) -> Html:
    """Return the parts under one another."""
    return Html("\n".join(part for part in parts if part))


def items(parts: Sequence[Html], css: str = "") -> Html:
    """Return a bulleted list, or nothing."""
    attribute = f' class="{css}"' if css else ""
    inside = "".join(f"<li>{part}</li>" for part in parts if part)
    return Html(f"<ul{attribute}>{inside}</ul>") if inside else Html("")


def details(summary: str, *parts: Html) -> Html:
    """Return a part that opens on demand (and is open on paper), or nothing."""
    inside = section(*parts)
    if not inside:
        return Html("")
    return Html(f"<details><summary>{escape(summary)}</summary>\n{inside}\n</details>")


def pair(*figures: Html) -> Html:
    """Return figures that stand beside each other where there is room."""
    shown = [figure for figure in figures if figure]
    if not shown:
        return Html("")
    return Html(f'<div class="pair">{"".join(shown)}</div>')


def stack(*parts: Html) -> Html:
    """Return parts that stand under one another in one column of a `pair`, or nothing."""
    shown = section(*parts)
    return Html(f"<div>{shown}</div>") if shown else Html("")


def beside(*words: Html) -> Html:
    """Return words that stand beside a figure in a `pair`, or nothing."""
    said = section(*words)
    return Html(f'<div class="beside">{said}</div>') if said else Html("")


def table(
    caption: "str | Html",
    columns: Sequence[str],
    rows: Sequence[Sequence["Html | Label | str"]],
    *,
    words: Sequence[int] = (),
) -> Html:
    """Return a table with row headers in a box that scrolls by itself on a phone.

    Parameters
    ----------
    caption : str or Html
        What the table shows.
    columns : sequence of str
        Headings; the first belongs to the row headers.
    rows : sequence of sequences
        Cells made by `Prose.cell`, labels, or plain words.
    words : sequence of int
        Columns that hold words: set to the left, where numbers are set to the right.

    Returns
    -------
    Html
        Empty without rows; a legend follows where a cell is "[c]".
    """
    if not rows:
        return Html("")
    head = "".join(
        f'<th scope="col"{_left(i, words)}>{escape(name)}</th>' for i, name in enumerate(columns)
    )
    body = []
    for first, *rest in rows:
        cells = "".join(
            f"<td{_left(i, words)}>{escape(cell)}</td>" for i, cell in enumerate(rest, start=1)
        )
        body.append(f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>')
    name = escape(caption)
    made = (
        f'<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>'
        f"<caption>{name}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )
    return Html(made + (_LEGEND if ">[c]<" in made else ""))


def bars(
    prose: Prose,
    caption: Html,
    rows: Sequence[Bar],
    *,
    whole: float = 0.0,
    ordered: bool = False,
) -> Html:
    """Return counts or means as a list of bars with their numbers beside them.

    Parameters
    ----------
    prose : Prose
        Writes the numbers.
    caption : Html
        Stands under the bars.
    rows : sequence of Bar
        Longest bar is `whole`, or the largest shown value.
    whole : float
        Value that fills the line.
    ordered : bool
        Whether the order means something (a funnel).
    """
    if not rows:
        return Html("")
    shown = [row.fact.estimate for row in rows if row.fact and row.fact.has("estimate")]
    longest = whole or max(shown, default=0.0) or 1.0
    made = []
    for row in rows:
        has_value = row.fact is not None and row.fact.has("estimate")
        width = 100 * max(row.fact.estimate, 0) / longest if has_value else 0
        remark = f'<span class="remark">{escape(row.remark)}</span>' if row.remark else ""
        made.append(
            f'<li><span class="label">{escape(row.label)}</span>'
            f'<span class="track"><span class="fill" style="width:{width:.1f}%"></span></span>'
            f'<span class="number">{prose.cell(row.fact)}</span>{remark}</li>'
        )
    kind = "ol" if ordered else "ul"
    legend = _LEGEND if any(">[c]<" in row for row in made) else ""
    return Html(
        f'<figure class="bars"><{kind}>{"".join(made)}</{kind}>'
        f"<figcaption>{caption}</figcaption></figure>{legend}"
    )


def _left(column: int, words: Sequence[int]) -> str:
    return ' class="words"' if column in words else ""
