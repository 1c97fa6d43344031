"""Export formats as data: what each is called, how it is recognised, what its columns mean.

A format is one TOML file in this folder; ``docs/formats.md`` says how to add one.
"""

import tomllib
from functools import cache
from pathlib import Path

from pilot_analysis.ingest.formats.format import Format, TableMap

__all__ = ["Format", "TableMap", "formats"]


@cache
def formats() -> dict[str, Format]:
    """Return every format by the name that `format` in ``pilot.toml`` uses."""
    files = sorted(Path(__file__).parent.glob("*.toml"))
    return {
        file.stem: Format.of(file.stem, tomllib.loads(file.read_text(encoding="utf-8")))
        for file in files
    }
