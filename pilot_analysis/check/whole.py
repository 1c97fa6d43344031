"""`check_pilot`: read a pilot, look at everything, and write down what was found."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pilot_analysis.check.faults import faults_by_file
from pilot_analysis.check.findings import find_everything
from pilot_analysis.check.page import page_of
from pilot_analysis.check.terminal import text_of
from pilot_analysis.config import read_config
from pilot_analysis.errors import ConfigError, DataError, RunError
from pilot_analysis.pilot import load_pilot

__all__ = ["Checked", "check_pilot"]

_NAME = "check.html"


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
    """Check a pilot and write ``out/<pilot_id>/check.html``.

    Parameters
    ----------
    folder : path
        Folder that holds ``pilot.toml``.
    out : path
        Folder for the reports of all pilots.

    Returns
    -------
    Checked
        Also where the data are at fault: every fault is told then, and nothing else.

    Raises
    ------
    ConfigError
        ``pilot.toml`` itself cannot be used.
    RunError
        The page cannot be written.
    """
    config = read_config(folder)
    faults, findings = {}, None
    try:
        findings = find_everything(load_pilot(folder))
    except (ConfigError, DataError) as error:
        faults = faults_by_file(error, config)
    target = Path(out) / config.pilot.id / _NAME
    _write(target, page_of(config, faults, findings))
    text = text_of(config, faults, findings)
    n_faults = sum(map(len, faults.values()))
    called = "The same as a page" if faults else "The same with all lists"
    return Checked(f"{text}\n{called}: {target}", target, n_faults)


def _write(target: Path, text: str) -> None:
    """Write a page that only its maker may read; it appears when all of it is there."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
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
