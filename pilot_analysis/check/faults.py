"""What is wrong with a pilot, sorted by the file that it is found in."""

from pilot_analysis.config import PilotConfig
from pilot_analysis.errors import PilotError

__all__ = ["CONFIG", "faults_by_file"]

CONFIG = "pilot.toml"


def faults_by_file(error: PilotError, config: PilotConfig) -> dict[str, list[str]]:
    """Return the faults that an error lists, by file in the order of ``pilot.toml``.

    Parameters
    ----------
    error : PilotError
        As `load_pilot` raises it.
    config : PilotConfig

    Returns
    -------
    dict of str to list of str
        What is about no file stands under `CONFIG`, first.
    """
    files = [source.file for sources in config.sources.values() for source in sources]
    by_file: dict[str, list[str]] = {file: [] for file in (CONFIG, *files)}
    for fault in error.faults or (str(error),):
        for line in map(str.strip, fault.splitlines()):
            by_file[_file_of(line, files)].append(line)
    return {file: lines for file, lines in by_file.items() if lines}


def _file_of(line: str, files: list[str]) -> str:
    """Return the file that a line begins with: itself, a member of it, or one of a pattern."""
    beginnings = {file: file.partition("*")[0].rstrip("/") for file in files}
    fitting = [file for file, start in beginnings.items() if start and line.startswith(start)]
    return max(fitting, key=lambda file: len(beginnings[file]), default=CONFIG)
