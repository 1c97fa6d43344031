"""Reads a page as a strict parser would: tags balanced, ids, headings, numbers and words."""

from html.parser import HTMLParser

VOID = {"wbr", "meta", "br", "img", "link", "input", "hr", "circle", "path", "use"}


class PageParser(HTMLParser):
    """Collects what the tests ask about; raises on tags that do not close in order."""

    def __init__(self, html: str):
        super().__init__()
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.referred: list[str] = []
        self.tags: list[str] = []
        self.figures: list[dict[str, str]] = []
        self.prose: list[str] = []  # words outside of data, time, code and drawings
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append(tag)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        for name in ("aria-labelledby", "aria-describedby"):
            self.referred += attributes.get(name, "").split()
        if attributes.get("href", "").startswith("#"):
            self.referred.append(attributes["href"][1:])
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))
        if tag == "svg" and attributes.get("role") == "img":
            self.figures.append(attributes)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1] == tag, f"</{tag}> closes <{self._open[-1]}>"
        self._open.pop()

    def handle_data(self, data):
        if not {"data", "time", "code", "svg", "style", "title"} & set(self._open):
            self.prose.append(data)
