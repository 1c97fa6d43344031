"""Traces of the machine, the moment and the makers, which no released file may hold."""

import contextlib
import getpass
import re
import socket
from collections.abc import Collection, Iterator
from pathlib import Path

from pilot_analysis.release.findings import Finding

__all__ = ["find_traces", "new_lines"]

_CSS = re.compile(r"<style\b[^>]*>.*?</style>", re.DOTALL)
_ROOTS = ("home", "Users", "root", "tmp", "var", "usr", "opt", "mnt", "srv", "private")
_SECRETS = ("password", "passwd", "secret", "token", "apikey", "api_key")
_RULES = (
    ("clock time", (":",), re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\b\d\d:\d\d:\d\d\b")),
    ("place on a machine", (*(f"/{r.lower()}/" for r in _ROOTS), ":\\", "file://"), re.compile(
        rf"(?<![\w.<:/])/(?:{'|'.join(_ROOTS)})/[\w.-]+|\b[A-Za-z]:\\+[\w.-]+|file://"
    )),
    ("error text", ("traceback", "error: ", "exception: "), re.compile(
        r"Traceback \(most recent|[a-z](?:Error|Exception): "
    )),
    ("secret", ("-----begin", *_SECRETS), re.compile(
        rf"-----BEGIN|(?i:{'|'.join(_SECRETS)})[\"']?\s*[:=]\s*[\"']?\w"
    )),
)  # fmt: skip
"""Kind, what stands in every such text in small letters (quick to look for), and the rule."""

_HEX = re.compile(r"(?<![0-9a-zA-Z])[0-9a-f]{12,}(?![0-9a-zA-Z])")
_SHA256 = 64
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
_SHORTEST = 4
"""Shorter user and machine names are also words ("ci")."""


def new_lines(text: str, seen: set[str]) -> str:
    """Return the lines of a file that no file before it has, without style sheets.

    Parameters
    ----------
    text : str
        A released file; in a notebook a line may end as JSON writes it.
    seen : set of str
        Lines of the files before; those of this one are added. Every brief repeats the results of
        the network, and each line need be searched only once.
    """
    lines = dict.fromkeys(_CSS.sub(" ", text).replace("\\n", "\n").split("\n"))
    new = [line for line in lines if line not in seen]
    seen.update(new)
    return "\n".join(new)


def find_traces(
    name: str, text: str, sha256: Collection[str], known: Collection[str], folder: Path
) -> Iterator[Finding]:
    """Yield what a file tells of the machine, the moment or a secret.

    Parameters
    ----------
    name, text : str
        A released file, as `new_lines` returns it.
    sha256 : collection of str
        Plain hashes of the inputs.
    known : collection of str
        Names and settings of the pilot, in which a user's or machine's name is no trace.
    folder : pathlib.Path
        Of the run.
    """
    small = text.lower()
    for kind, hints, rule in _RULES:
        if any(hint in small for hint in hints):
            for found in dict.fromkeys(m[0] for m in rule.finditer(text)):
                yield Finding(kind, name, f"It holds {found!r}.")
    for found in dict.fromkeys(_HEX.findall(text)):
        if len(found) == _SHA256 or any(found in digest for digest in sha256):
            yield Finding("plain hash", name, f"It holds {found[:12]}..., a hash without a key.")
    for found in dict.fromkeys(_MAIL.findall(text) if "@" in text else ()):
        if not any(found in phrase for phrase in known):
            yield Finding("e-mail", name, "It holds an e-mail address.")
    for word in _of_this_machine(folder):
        whole = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
        if whole.search(text) and not any(word in phrase for phrase in known):
            yield Finding("place on a machine", name, f"It holds {word!r}.")


def _of_this_machine(folder: Path) -> list[str]:
    words = {str(folder.resolve().parent), f"{Path.home()}/", socket.gethostname()}
    with contextlib.suppress(OSError, KeyError):  # a process may have no user
        words.add(getpass.getuser())
    common = {"root", "user", "admin", "localhost", "runner", "jovyan"}
    return sorted(word for word in words if len(word) >= _SHORTEST and word not in common)
