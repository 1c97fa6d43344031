"""`check_pilot`: read a pilot, look at everything, and write down what was found."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pilot_analysis.check.faults import Broken, find_faults
from pilot_analysis.check.findings import find_everything
from pilot_analysis.check.page import page_of
from pilot_analysis.check.terminal import text_of
from pilot_analysis.config import read_config
from pilot_analysis.errors import ConfigError, DataError, RunError
from pilot_analysis.pilot import load_pilot

__all__ = ["Checked", "check_pilot"]

_NAME = "check.html"
_FOLDER = "_private"  # of a pilot's reports: it is never handed on


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check.

    Attributes
    ----------
    text : str
        The report for a terminal, 80 characters wide.
    page : pathlib.Path
        The report as a page of its own; only the person who made it may read it.
    n_faults : int
    """

    text: str
    page: Path
    n_faults: int


def check_pilot(folder: str | Path, out: str | Path = "reports") -> Checked:
    """Check a pilot and write ``out/<pilot_id>/_private/check.html``.

    Parameters
    ----------
    folder : path
        Folder that holds ``pilot.toml``.
    out : path
        Folder for the reports of all pilots.

    Returns
    -------
    Checked
        Also where the data are at fault: every fault is told then, and what is sound.

    Raises
    ------
    ConfigError
        ``pilot.toml`` itself cannot be used.
    RunError
        The page cannot be written.
    """
    config = read_config(folder)
    try:
        report = find_everything(load_pilot(folder))
    except (ConfigError, DataError) as error:
        report = find_faults(error, config)
    target = Path(out) / config.pilot.id / _FOLDER / _NAME
    _write(target, page_of(config, report))
    is_broken = isinstance(report, Broken)
    called = "The same as a page" if is_broken else "The same with all lists"
    text = f"{text_of(config, report)}\n{called}: {target}"
    return Checked(text, target, report.n_faults if is_broken else 0)


def _write(target: Path, text: str) -> None:
    """Write a page that only its maker may read, and git ignores; it appears when it is whole."""
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (target.parent / ".gitignore").write_text("*\n", encoding="utf-8")
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        aside = Path(name)  # made with the permissions 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            aside.replace(target)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise RunError(
            f"{target}: cannot be written ({error.strerror}). Choose another folder with --out."
        ) from error
