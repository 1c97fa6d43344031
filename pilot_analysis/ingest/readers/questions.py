"""The header rows of a survey export: columns found by header, question or ImportId."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pilot_analysis.config import nearest
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.raw import check_width, header_key
from pilot_analysis.ingest.records import Record
from pilot_analysis.ingest.text import printed_header

__all__ = ["Questions", "read_questions"]

_IMPORT_ID = '{"ImportId"'


@dataclass(frozen=True, slots=True)
class Questions:
    """The columns of a survey export and everything that each may be called by.

    Attributes
    ----------
    file : str
    headers : tuple of str
        What each column is called in messages: its header, made unique by its part or ImportId.
    labels : tuple of frozenset of str
        Keys of each column: header, question text, "question [part]" and ImportId.
    row : int
        Row of the last header.
    """

    file: str
    headers: tuple[str, ...]
    labels: tuple[frozenset[str], ...]
    row: int

    def position(self, name: str, use: str) -> int:
        """Return the column that `name` calls.

        Raises
        ------
        DataError
            No column is called that, or more than one is.
        """
        key = header_key(name)
        found = [i for i, labels in enumerate(self.labels) if key in labels]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(f'"{self.headers[i]}"' for i in found)
            raise DataError(
                describe(
                    self.file,
                    f'{len(found)} columns are called "{name}"',
                    f"{use} needs one of {names}",
                    row=1,
                )
            )
        raise DataError(
            describe(
                self.file,
                f'there is no column "{name}"{nearest(name, self.headers)}',
                f"{use} needs it: correct it in pilot.toml",
                row=1,
            )
        )


def read_questions(
    file: str, records: Sequence[Record], n_headers: int
) -> tuple[Questions, list[Record]]:
    """Tell the header rows of a survey export from its responses.

    Parameters
    ----------
    file : str
        Name for messages.
    records : sequence of Record
    n_headers : int
        Header rows: 1 (headers alone), 2 (with a row of question texts or of answer options) or
        3 (with a row of ImportIds, ``{"ImportId":"QID1"}``).

    Returns
    -------
    questions : Questions
    responses : list of Record

    Raises
    ------
    DataError
        Fewer rows than headers, no response, an ImportId that is none, or rows of another width.
    """
    if len(records) <= n_headers:
        found = f"there are {n_headers} rows of headers and no response below them"
        raise DataError(describe(file, found, "Export it again, or take the source out"))
    tops = records[:n_headers]
    _check_headers(file, tops, records[n_headers])
    check_width(file, [printed_header(cell) for cell in tops[0].cells], records)
    names = [printed_header(cell) for cell in tops[0].cells]
    texts = [[printed_header(cell) for cell in top.cells] for top in tops[1:2]]
    ids = _import_ids(file, tops[2]) if n_headers == 3 else [""] * len(names)
    stems = _stems(names, *texts)
    parts = [
        f"{stem} [{text}]" if stem and text else ""
        for stem, text in zip(stems, *texts or [[""] * len(names)], strict=True)
    ]
    headers = _headers(stems, parts, ids)
    columns = zip(stems, *texts, parts, ids, headers, strict=True)
    labels = tuple(frozenset(header_key(label) for label in column if label) for column in columns)
    return Questions(file, headers, labels, tops[-1].row), list(records[n_headers:])


def _check_headers(file: str, tops: Sequence[Record], first: Record) -> None:
    """Refuse rows of headers that are not where, or not what, the format says."""
    for number, record in enumerate(tops, start=1):
        if record.row != number:
            found = f"the row is blank, and the first {len(tops)} must be headers"
            raise DataError(describe(file, found, "Export it again, as it was", row=number))
    if any(cell.startswith(_IMPORT_ID) for cell in first.cells):
        found = f"holds ImportIds, so there are more than {len(tops)} rows of headers"
        raise DataError(describe(file, found, 'Say format = "qualtrics"', row=first.row))


def _stems(names: Sequence[str], texts: Sequence[str] = ()) -> list[str]:
    """Return the question of each column: it stands only over the first of its parts."""
    stems, stem = [], ""
    for name, text in zip(names, texts or [""] * len(names), strict=True):
        stem = name or (stem if text else "")
        stems.append(stem)
    return stems


def _headers(stems: Sequence[str], parts: Sequence[str], ids: Sequence[str]) -> tuple[str, ...]:
    """Return each column's question; where it is not the only one, with what tells it apart."""
    times, times_part = Counter(map(header_key, stems)), Counter(map(header_key, parts))
    headers = []
    for position, (stem, part, import_id) in enumerate(zip(stems, parts, ids, strict=True)):
        numbered = f"{stem} [{import_id or f'column {position + 1}'}]".strip()
        is_part = not import_id and part and times_part[header_key(part)] == 1
        is_only = stem and times[header_key(stem)] == 1
        header = stem if is_only else part if is_part else numbered
        seen = set(map(header_key, headers))
        headers.append(f"{stem} [column {position + 1}]" if header_key(header) in seen else header)
    return tuple(headers)


def _import_ids(file: str, record: Record) -> list[str]:
    ids = []
    for cell in record.cells:
        try:
            ids.append(str(json.loads(cell)["ImportId"]) if cell.strip() else "")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(
                describe(
                    file,
                    "the third row should hold an ImportId in every column",
                    'Export from Qualtrics with its three header rows, or say format = "survey"',
                    row=record.row,
                )
            ) from error
    return ids
