"""What the person at the terminal sees while a run goes on, and when it has ended."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

__all__ = ["Progress", "summary_table"]

_WIDTH = 24


class Progress:
    """A bar that is redrawn on a terminal; elsewhere one line for each brief.

    Parameters
    ----------
    total : int
        Number of briefs to come.
    stream : text stream
        Default: standard error.
    """

    def __init__(self, total: int, stream: TextIO | None = None):
        self.stream = stream or sys.stderr
        self.total, self.done = total, 0
        self.drawn = self.stream.isatty()

    def say(self, text: str) -> None:
        """Say what is going on now."""
        end = "\r" if self.drawn else "\n"
        self.stream.write(f"{self._bar()}{text}{end}")
        self.stream.flush()

    def finish(self, name: str, seconds: float, *, made: bool) -> None:
        """Count one brief as done."""
        self.done += 1
        if self.drawn and not made:
            self.stream.write(f"\x1b[2K{name}: failed\n")  # stays; the bar moves down
        self.say(f"{name} {'made' if made else 'failed'} ({seconds:.1f} s)")

    def close(self) -> None:
        """Clear the bar."""
        if self.drawn:
            self.stream.write("\x1b[2K")
            self.stream.flush()

    def _bar(self) -> str:
        if not self.drawn:
            return f"[{self.done} of {self.total}] "
        filled = _WIDTH * self.done // max(self.total, 1)
        return f"\x1b[2K[{'#' * filled}{'-' * (_WIDTH - filled)}] {self.done} of {self.total}  "


def summary_table(
    folder: Path,
    made: tuple[str, ...],
    failed: Mapping[str, str],
    seconds: Mapping[str, float],
    peak_bytes: int,
) -> str:
    """Return the table that ends a run: what was made, what was not and why, and where it is."""
    width = max(map(len, (*made, *failed)), default=0)
    lines = [f"  {name:<{width}}  made    {seconds[name]:5.1f} s" for name in made]
    lines += [
        f"  {name:<{width}}  FAILED  {seconds[name]:5.1f} s  {failed[name]}" for name in failed
    ]
    lines.append(f"{_count(len(made))} made, {len(failed)} failed.")
    if peak_bytes:
        lines.append(f"Largest process: {peak_bytes / 1e6:.0f} MB.")
    if failed:
        lines.append(f"Failed notebooks and tracebacks: {folder / '_private' / 'errors'}")
    lines.append(f"Open {folder / 'index.html'}")
    return "\n".join(lines)


def _count(briefs: int) -> str:
    return "1 brief" if briefs == 1 else f"{briefs} briefs"
