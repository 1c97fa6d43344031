"""The numbers that a page states, each traced back to the result that it came from."""

from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import Any

from pilot_analysis.errors import RunError

__all__ = ["read_claims", "require_traced"]


def read_claims(html: str) -> list[dict[str, Any]]:
    """Return every number of a page that names its result, in the order of the page.

    Parameters
    ----------
    html : str
        A page with elements such as ``<data class="claim" value="0.42"
        data-result="usage.met_dose[school=S03]" data-field="estimate">42 percent</data>``.

    Returns
    -------
    list of dict
        "result_id"; "field", the column of the result; "value" as written there; "shown", the
        words on the page; "in_prose": whether its class is "claim" (else it stands in a table).
    """
    parser = _ClaimParser()
    parser.feed(html)
    parser.close()
    return parser.claims


def require_traced(claims: Iterable[Mapping], results: Iterable[Mapping]) -> None:
    """Refuse claims that no shown result bears out.

    Parameters
    ----------
    claims : iterable of dict
        As `read_claims` returns them.
    results : iterable of dict
        Rows of results.json, with "result_id", "suppressed" and the values.

    Raises
    ------
    RunError
        The result is not there, is suppressed, or has another value: every case is listed.
    """
    rows = {row["result_id"]: row for row in results}
    faults = [fault for claim in claims if (fault := _fault(claim, rows.get(claim["result_id"])))]
    if faults:
        raise RunError("Numbers cannot be traced to a shown result:\n  " + "\n  ".join(faults))


def _fault(claim: Mapping, row: Mapping | None) -> str:
    said = f"{claim['shown']!r} ({claim['result_id']})"
    if row is None:
        return f"{said}: this brief has no such result"
    if row["suppressed"]:
        return f"{said}: the result is suppressed by the rule {row['suppressed']!r}"
    value = row.get(claim["field"])
    written = f"{value:.10g}" if isinstance(value, (int, float)) else value
    if written is None or claim["value"] != written:
        return f"{said}: says {claim['value']}, but {claim['field']} is {written}"
    return ""


class _ClaimParser(HTMLParser):
    def __init__(self):
        super().__init__()
        self.claims: list[dict[str, Any]] = []
        self._open = False

    def handle_starttag(self, tag, attrs):
        attributes = {name: value or "" for name, value in attrs}
        classes = attributes.get("class", "").split()
        if tag == "data" and ("claim" in classes or "data-result" in attributes):
            self._open = True
            self.claims.append(
                {
                    "result_id": attributes.get("data-result", ""),
                    "field": attributes.get("data-field", "estimate"),
                    "value": attributes.get("value", ""),
                    "shown": "",
                    "in_prose": "claim" in classes,
                }
            )

    def handle_data(self, data):
        if self._open:
            self.claims[-1]["shown"] += data

    def handle_endtag(self, tag):
        if tag == "data":
            self._open = False
