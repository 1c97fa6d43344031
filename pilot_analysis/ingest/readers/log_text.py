"""The bytes of a log's text file, in pieces: unpacked, decoded, hashed, and looked at."""

import codecs
import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from pilot_analysis.errors import DataError
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.text import holds_nul, is_not_text

__all__ = ["BLOCK", "Hashed", "Seen", "pieces", "start_of"]

BLOCK = 1 << 22
_HEAD = 1 << 20
_GZIP = b"\x1f\x8b"
_SMALL, _BOMB_RATIO = 64 * 1024**2, 200
_QUOTE, _LF, _CR = b'"\n\r'
# A quote after a backslash that does not end its cell.
_ESCAPED = re.compile(rb'\\"[^",;\t\r\n]')
_BLANK = re.compile(rb"^\r?\n", re.MULTILINE)


@dataclass(slots=True)
class Hashed:
    """A file whose bytes go through a digest as they are read."""

    file: BufferedReader
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def read(self, n: int) -> bytes:
        """Return the next `n` bytes."""
        data = self.file.read(n)
        self.size += len(data)
        self.digest.update(data)
        return data


@dataclass(slots=True)
class Seen:
    """What was seen of a text in UTF-8 so far.

    Attributes
    ----------
    head : bytes
        Its beginning.
    size, lines, blank_lines : int
        Bytes, line ends, and lines with nothing before their end.
    ends : set of {"lf", "crlf", "cr"}
        Kinds of line ends.
    is_folded : bool
        A line ends after an odd number of quotes: inside a cell, or the quote is never closed.
    is_escaped : bool
        A quote inside a cell is written as a backslash and a quote, where the standard has two
        quotes.
    """

    head: bytes = b""
    size: int = 0
    lines: int = 0
    blank_lines: int = 0
    ends: set[str] = field(default_factory=set)
    is_folded: bool = False
    is_escaped: bool = False
    _in_quotes: bool = False
    _tail: bytes = b"\n"

    def see(self, piece: bytes) -> None:
        """Look at the next piece, which does not end between a CR and its LF."""
        if len(self.head) < _HEAD:
            self.head += piece[: _HEAD - len(self.head)]
        self.size += len(piece)
        has_cr = b"\r" in piece
        crlf = piece.count(b"\r\n") if has_cr else 0
        cr = piece.count(b"\r") - crlf if has_cr else 0
        lf = piece.count(b"\n") - crlf
        self.lines += crlf + lf + cr
        self.ends |= {name for name, n in (("crlf", crlf), ("lf", lf), ("cr", cr)) if n}
        if b"\\" in self._tail or b"\\" in piece:
            self.is_escaped = self.is_escaped or bool(_ESCAPED.search(self._tail + piece))
        begun = b"" if self._tail.endswith(b"\n") else b"x"
        if not begun or b"\n\n" in piece or (has_cr and b"\n\r\n" in piece):
            self.blank_lines += len(_BLANK.findall(begun + piece))
        self._tail = piece[-2:]
        self._count_quotes(piece)

    def rows(self) -> int:
        """Return the number of lines with something in them."""
        return self.lines - self.blank_lines + (not self._tail.endswith(b"\n"))

    def is_open(self) -> bool:
        """Return whether the last quote was not closed."""
        return self._in_quotes

    def _count_quotes(self, piece: bytes) -> None:
        if self.is_folded or not (self._in_quotes or b'"' in piece):
            return
        codes = np.frombuffer(piece, dtype=np.uint8)
        odd = (np.cumsum(codes == _QUOTE, dtype=np.uint8) & 1).astype(bool) ^ self._in_quotes
        self.is_folded = bool((odd & ((codes == _LF) | (codes == _CR))).any())
        self._in_quotes = bool(odd[-1])


def start_of(label: str, path: Path) -> tuple[bool, bytes]:
    """Return whether gzip packed a file, and the first bytes of what it holds."""
    with path.open("rb") as file:
        is_packed = file.peek(2).startswith(_GZIP)
        return is_packed, next(_blocks(label, Hashed(file)), b"")[:4]


def pieces(label: str, hashed: Hashed, codec: str, seen: Seen) -> Iterator[bytes]:
    """Return a text in UTF-8, piece by piece, none of which ends between a CR and its LF.

    Parameters
    ----------
    label : str
        Name for messages.
    hashed : Hashed
    codec : str
        How the text is written.
    seen : Seen
        What the caller has seen of the pieces before, to tell the row of a fault.

    Yields
    ------
    bytes

    Raises
    ------
    DataError
        Bytes that the codec does not have, NUL characters, a damaged archive, or one that
        unpacks to more than is safe.
    """
    decoder, held = codecs.getincrementaldecoder(codec)(), b""
    for block in chain(_blocks(label, hashed), (b"",)):
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(codec, errors="ignore")
            row = seen.lines + before.count("\n") + 1
            fault = is_not_text(label, codec, error.object[error.start], row)
            raise DataError(fault) from error
        piece = held + (block if codec == "utf-8-sig" else text.encode())
        if b"\0" in piece:
            row = seen.lines + piece[: piece.index(b"\0")].count(b"\n") + 1
            raise DataError(holds_nul(label, row))
        held = b"\r" if block and piece.endswith(b"\r") else b""
        if piece := piece.removesuffix(held):
            yield piece


def _blocks(label: str, hashed: Hashed) -> Iterator[bytes]:
    """Return the bytes of a file, unpacked where gzip packed them."""
    is_packed = hashed.file.peek(2).startswith(_GZIP)
    source = gzip.GzipFile(fileobj=hashed, mode="rb") if is_packed else hashed
    size = 0
    while True:
        try:
            block = source.read(BLOCK)
        except (OSError, EOFError, zlib.error) as error:
            if not is_packed:
                raise
            raise DataError(
                describe(label, "is a damaged gzip file", "Export or download it again")
            ) from error
        if not block:
            return
        size += len(block)
        if is_packed and size > max(_SMALL, _BOMB_RATIO * hashed.size):
            raise DataError(
                describe(
                    label,
                    f"unpacks to more than {_BOMB_RATIO} times its size",
                    "No export is packed that tightly: ask where the file comes from",
                )
            )
        yield block
