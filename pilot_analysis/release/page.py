"""A page taken apart: its words, its numbers, its bars and its drawings."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["Drawing", "Mark", "Page", "Text", "read_page"]

_VOID = {"wbr", "meta", "br", "img", "link", "input", "hr", "col"}
_STRUCTURE = {
    "charset", "class", "cx", "cy", "clip-path", "colspan", "d", "data-field", "data-result",
    "fill", "fill-opacity", "height", "id", "lang", "name", "open", "points", "r", "role",
    "rowspan", "rx", "scope", "stroke", "stroke-dasharray", "stroke-width", "tabindex",
    "transform", "viewbox", "width", "x", "x1", "x2", "xlink:href", "xmlns", "xmlns:xlink", "y",
    "y1", "y2",
    "aria-labelledby", "aria-describedby", "aria-hidden",
}  # fmt: skip
"""Attributes that hold no words."""

_MARKUP = {"style", "script"}
_WIDTH = re.compile(r"width: ?([\d.]+)%")
_FILL = re.compile(r"fill: ?var\(--fig-(\w+)")
_STROKE = re.compile(r"stroke: ?var\(--fig-(\w+)")
_POINT = re.compile(r"[ML] (-?[\d.]+) (-?[\d.]+)")


@dataclass(frozen=True, slots=True)
class Text:
    """Words of a page and where they stand: "words", "caption", "alt text", "title", ..."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What is drawn at one place: a marker, or the points of a line.

    Attributes
    ----------
    points : tuple of (float, float)
    ink : str
        Name of its color in the house's palette; blank: none.
    """

    points: tuple[tuple[float, float], ...]
    ink: str


@dataclass(slots=True)
class Drawing:
    """An SVG drawing: its words, the numbers written in it, and its marks."""

    alt: str = ""
    texts: list[tuple[str, float, float, str]] = field(default_factory=list)
    """(text, x, y, name of its color)"""
    marks: list[Mark] = field(default_factory=list)


@dataclass(slots=True)
class Page:
    """What stands on a page.

    Attributes
    ----------
    texts : list of Text
        Words outside of claims and drawings, attributes with words included.
    claims : list of dict
        Data elements: "result_id", "field", "value", "shown".
    ranges : list of (str, str)
        Result id and the words that stand in place of its number.
    bars : list of list of (width, value)
        For each bar chart the width of each bar in percent, and the value of the number beside it;
        None where there is none.
    drawings : list of Drawing
    faults : list of str
        What no page may hold.
    """

    texts: list[Text] = field(default_factory=list)
    claims: list[dict[str, str]] = field(default_factory=list)
    ranges: list[tuple[str, str]] = field(default_factory=list)
    bars: list[list[tuple[float, float | None]]] = field(default_factory=list)
    drawings: list[Drawing] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def read_page(html: str) -> Page:
    """Return what stands on a page, or on the part of one that a cell of a notebook shows."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    return parser.page


class _Parser(HTMLParser):
    def __init__(self):
        super().__init__()
        self.page = Page()
        self._open: list[tuple[str, dict[str, str]]] = []
        self._drawing: Drawing | None = None

    def handle_starttag(self, tag, attrs):
        attributes = {name: value or "" for name, value in attrs}
        if tag in _MARKUP - {"style"} or any(name.startswith("on") for name in attributes):
            self.page.faults.append(f"a script (<{tag}>)")
        if tag == "svg" and attributes.get("role") == "img":
            self._drawing = Drawing()
            self.page.drawings.append(self._drawing)
        if tag == "figure" and "bars" in attributes.get("class", "").split():
            self.page.bars.append([])
        self._read_attributes(tag, attributes)
        if tag not in _VOID:
            self._open.append((tag, attributes))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if tag == "svg":
            self._drawing = None
        while self._open and tag in (name for name, _ in self._open):
            if self._open.pop()[0] == tag:
                return

    def handle_comment(self, data):
        self.page.texts.append(Text("comment", data))

    def _read_attributes(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "data":
            self.page.claims.append({
                "result_id": attributes.get("data-result", ""),
                "field": attributes.get("data-field", "estimate"),
                "value": attributes.get("value", ""),
                "shown": "",
            })  # fmt: skip
            self._note_bar_value(attributes)
        elif self._drawing is not None and tag in ("path", "use"):
            self._note_mark(attributes)
            return
        elif "data-result" in attributes:
            self.page.ranges.append((attributes["data-result"], ""))
        if "fill" in attributes.get("class", "").split() and self.page.bars:
            found = _WIDTH.fullmatch(attributes.get("style", ""))
            self.page.bars[-1].append((float(found[1]) if found else -1.0, None))
            attributes = attributes | {"style": ""}
        for name, value in attributes.items():
            if name in _STRUCTURE or (tag == "data" and name == "value"):
                continue
            if (name == "style" and self._drawing is not None) or value.startswith("#"):
                continue
            self.page.texts.append(Text(f"attribute {name}", value))

    def _note_bar_value(self, attributes: dict[str, str]) -> None:
        bars = self.page.bars
        inside = any("bars" in own.get("class", "").split() for _, own in self._open)
        beside = any("number" in own.get("class", "").split() for _, own in self._open)
        if inside and beside and bars and bars[-1] and bars[-1][-1][1] is None:
            bars[-1][-1] = (bars[-1][-1][0], float(attributes.get("value") or "nan"))

    def _note_mark(self, attributes: dict[str, str]) -> None:
        if any(tag in ("defs", "clippath") for tag, _ in self._open):
            return
        if "d" in attributes:
            points = tuple((float(x), float(y)) for x, y in _POINT.findall(attributes["d"]))
        else:
            points = ((float(attributes.get("x", "nan")), float(attributes.get("y", "nan"))),)
        style = attributes.get("style", "")
        found = _STROKE.search(style) or _FILL.search(style)
        self._drawing.marks.append(Mark(points, found[1] if found else ""))

    def handle_data(self, data):
        tags = [tag for tag, _ in self._open]
        if not data.strip() or "style" in tags:
            return
        if "script" in tags:
            self.page.texts.append(Text("script", data))
        elif "data" in tags:
            self.page.claims[-1]["shown"] += data
        elif self._drawing is not None:
            self._note_words(tags, data)
        elif self._open and "range" in self._open[-1][1].get("class", "").split():
            name, said = self.page.ranges[-1]
            self.page.ranges[-1] = (name, said + data)
        else:
            place = "caption" if {"figcaption", "caption"} & set(tags) else "words"
            self.page.texts.append(Text("title" if tags[-1:] == ["title"] else place, data))

    def _note_words(self, tags: list[str], data: str) -> None:
        if tags[-1] == "desc":
            self._drawing.alt += data
        elif tags[-1] == "text":
            attributes = self._open[-1][1]
            found = _FILL.search(attributes.get("style", ""))
            x, y = (float(attributes.get(name, "nan")) for name in "xy")
            self._drawing.texts.append((data.strip(), x, y, found[1] if found else ""))
        else:
            self.page.texts.append(Text("title of a drawing", data))
