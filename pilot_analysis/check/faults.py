"""`Broken`: a pilot that cannot be loaded; its faults by file, and what can be said of the rest."""

from collections.abc import Mapping
from dataclasses import dataclass

from pilot_analysis.check.findings import Chain, chains_of
from pilot_analysis.check.readable import readable_tables
from pilot_analysis.check.unread import Unread, unread_columns
from pilot_analysis.config import PilotConfig
from pilot_analysis.errors import PilotError

__all__ = ["CONFIG", "Broken", "find_faults"]

CONFIG = "pilot.toml"


@dataclass(frozen=True, slots=True)
class Broken:
    """What the report on a pilot tells that cannot be loaded.

    Attributes
    ----------
    faults : mapping of str to tuple of str
        By file, in the order of ``pilot.toml``; what is about no file stands under `CONFIG`, first.
    chains : tuple of Chain
        The files that have no fault of their own.
    unread : tuple of Unread
    """

    faults: Mapping[str, tuple[str, ...]]
    chains: tuple[Chain, ...]
    unread: tuple[Unread, ...]

    @property
    def n_faults(self) -> int:
        """How many faults there are to mend."""
        return sum(map(len, self.faults.values()))


def find_faults(error: PilotError, config: PilotConfig) -> Broken:
    """Sort the faults that an error lists, and look at all that can be read nevertheless.

    Parameters
    ----------
    error : PilotError
        As `load_pilot` raises it.
    config : PilotConfig
    """
    files = [source.file for sources in config.sources.values() for source in sources]
    by_file: dict[str, list[str]] = {file: [] for file in (CONFIG, *files)}
    for fault in error.faults or (str(error),):
        for line in map(str.strip, fault.splitlines()):
            by_file[_file_of(line, files)].append(line)
    faults = {file: tuple(lines) for file, lines in by_file.items() if lines}
    return Broken(faults, chains_of(readable_tables(config, faults)), tuple(unread_columns(config)))


def _file_of(line: str, files: list[str]) -> str:
    """Return the file that a line begins with: itself, a member of it, or one of a pattern."""
    beginnings = {file: file.partition("*")[0].rstrip("/") for file in files}
    fitting = [file for file, start in beginnings.items() if start and line.startswith(start)]
    return max(fitting, key=lambda file: len(beginnings[file]), default=CONFIG)
