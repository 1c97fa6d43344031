"""The pages and notebooks of a brief: whatever is printed or drawn leads to a shown result."""

from collections.abc import Iterator, Mapping
from typing import Any

from pilot_analysis.disclosure.rounding import NUMBERS
from pilot_analysis.release.drawings import (
    faults_of_bars,
    faults_of_drawing,
    is_in_drawing,
    measure,
)
from pilot_analysis.release.findings import Finding
from pilot_analysis.release.page import Page, read_page
from pilot_analysis.release.reading import Brief, Released
from pilot_analysis.release.words import Vocabulary, forms_of, numbers_in, strings_in

__all__ = [
    "NOTEBOOK_METADATA",
    "find_in_brief",
    "find_in_index",
    "find_in_manifest",
    "names_of",
]

NOTEBOOK_METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3",
    },
    "language_info": {"name": "python"},
}  # fmt: skip
"""All that the metadata of a released notebook say. A kernel writes more, which tells of the
machine; versions stand in manifest.json."""

_MANIFEST = {"pilot", "simulated", "parameters", "seed", "code", "versions", "inputs"}
_INPUT = {"table", "file", "rows", "keyed_hash"}
_CELL = {"tags"}
_CLAIM = {"result_id", "field", "value", "shown"}


def names_of(released: Released) -> frozenset[str]:
    """Return every name, label, setting and file that the briefs of a run may name."""
    manifest = {key: value for key, value in released.manifest.items() if key in _MANIFEST}
    seed = released.manifest.get("seed")
    return frozenset(
        [*strings_in(released.context), *strings_in(manifest), str(seed), *released.texts]
    )


def find_in_manifest(released: Released) -> Iterator[Finding]:
    """Yield what manifest.json holds beside what a run writes into it."""
    manifest = released.manifest
    inputs = manifest.get("inputs", [])
    strange = (set(manifest) - _MANIFEST) | {key for row in inputs for key in set(row) - _INPUT}
    for key in sorted(strange):
        yield Finding("unknown content", "manifest.json", f"It has the key {key!r}.")
    for row in inputs:
        if str(row.get("file", "")).startswith(("/", "\\", "..", "~")):
            yield Finding("place on a machine", "manifest.json", "A file is named by its folder.")


def find_in_index(released: Released, words: Vocabulary) -> Iterator[Finding]:
    """Yield numbers of index.html that are not part of a name."""
    yield from _texts("index.html", read_page(released.index), words)


def find_in_brief(brief: Brief, words: Vocabulary) -> Iterator[Finding]:
    """Yield what a brief's page, notebook and claims say that no shown result bears out."""
    rows = {row["result_id"]: row for row in brief.rows}
    pages = [(f"{brief.name}/brief.html", brief.html), *_outputs(brief)]
    for where, html in pages:
        page = read_page(html)
        for fault in page.faults:
            yield Finding("unknown content", where, f"It holds {fault}.")
        for claim in page.claims:
            yield from _claim(where, claim, rows)
        for name, said in page.ranges:
            level = rows.get(name, {}).get("level", "")
            if not level or said.lower() != level.lower():
                yield Finding("hidden result", name, f"{where} says {said!r} in its place.")
        yield from _texts(where, page, words)
        yield from _drawn(where, page, brief, words)
    yield from _notebook(brief, words)
    for claim in brief.claims:
        if set(claim) != _CLAIM:
            yield Finding("unknown content", f"{brief.name}/claims.json", "A claim has other keys.")
        yield from _claim(f"{brief.name}/claims.json", claim, rows)


def _claim(where: str, claim: Mapping[str, Any], rows: Mapping[str, Mapping]) -> Iterator[Finding]:
    name = str(claim["result_id"])
    row = rows.get(name)
    if row is None:
        yield Finding("not accounted for", where, f"It states {name}, no result of this brief.")
        return
    value = row.get(claim.get("field")) if claim.get("field") in NUMBERS else None
    if row["suppressed"]:
        yield Finding("hidden result", name, f"{where} states it.")
    elif value is None or claim.get("value") != f"{value:.10g}":
        yield Finding("not accounted for", name, f"{where} states another number than it has.")
    elif not forms_of(row, claim["field"]).issuperset(numbers_in(str(claim.get("shown", "")))):
        yield Finding("not accounted for", name, f"{where} shows another number than it has.")


def _texts(where: str, page: Page, words: Vocabulary) -> Iterator[Finding]:
    for text in page.texts:
        for number in words.unknown_numbers(text.text):
            yield Finding(
                "not accounted for", f"{where}, {text.place}",
                f"{number} is no number of a shown result.",
            )  # fmt: skip


def _drawn(where: str, page: Page, brief: Brief, words: Vocabulary) -> Iterator[Finding]:
    for fault in faults_of_bars(page):
        yield Finding("drawn", f"{where}, bars", f"{fault[0].upper()}{fault[1:]}.")
    shown = [row for row in brief.rows if not row["suppressed"]]
    values, shares = _values(shown), _values(r for r in shown if r["kind"] == "proportion")
    place = f"{where}, drawing"
    for drawing in page.drawings:
        measured = measure(drawing)
        for fault in faults_of_drawing(measured, values, shares):
            yield Finding("drawn", place, f"{fault[0].upper()}{fault[1:]}.")
        for text, *_ in drawing.texts:
            if text not in measured.labels and words.unknown_numbers(text):
                yield Finding("not accounted for", place, f"{text!r} is no shown result.")
        for number in words.numbers_beside_names(drawing.alt):
            if number not in words.numbers or not is_in_drawing(number, measured):
                yield Finding(
                    "not accounted for", f"{where}, alt text",
                    f"{number} is no number of a shown result in the drawing.",
                )  # fmt: skip


def _values(rows) -> list[float]:
    keys = ("estimate", "conf_low", "conf_high")
    return [float(row[key]) for row in rows for key in keys if row[key] is not None]


def _outputs(brief: Brief) -> Iterator[tuple[str, str]]:
    for number, cell in enumerate(brief.notebook["cells"], start=1):
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html", "")
            yield f"{brief.name}/brief.ipynb, cell {number}", "".join(html)


def _notebook(brief: Brief, words: Vocabulary) -> Iterator[Finding]:
    """Yield what a notebook holds beside the sections: metadata, printed words, numbers."""
    where, notebook = f"{brief.name}/brief.ipynb", brief.notebook
    metadata = notebook.get("metadata", {})
    strange = {key for key, value in metadata.items() if value != NOTEBOOK_METADATA.get(key)}
    strange |= set(notebook) - {"cells", "metadata", "nbformat", "nbformat_minor"}
    for key in sorted(strange):
        yield Finding("unknown content", where, f"Its metadata hold {key!r}, or say more of it.")
    texts = [text for key in sorted(strange) for text in strings_in(metadata.get(key))]
    for number, cell in enumerate(notebook["cells"], start=1):
        place = f"{where}, cell {number}"
        metadata = cell.get("metadata", {})
        for key in sorted(set(metadata) - _CELL):
            yield Finding("unknown content", place, f"Its metadata hold {key!r}.")
        texts += [cell.get("id", ""), *strings_in(metadata)]
        if "parameters" not in metadata.get("tags", ()):  # defaults, which no brief was made with
            texts.append("".join(cell.get("source", "")))
        if cell.get("attachments"):
            yield Finding("unknown content", place, "It has an attachment.")
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if output.get("output_type") == "error" or output.get("output_type") == "stream":
                kind = "error text" if output["output_type"] == "error" else "unknown content"
                yield Finding(kind, place, "It shows an error or printed text.")
            if set(data) - {"text/html", "text/plain"} or output.get("metadata"):
                yield Finding("unknown content", place, "It has an output of another kind.")
            texts += strings_in({**data, "text/html": ""})
    for text in texts:
        for token in words.unknown_numbers(text):
            yield Finding("not accounted for", where, f"{token} is no number of a shown result.")
