"""Honest, fast, safe research briefs from school software pilots."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pilot_analysis.config import PilotConfig
    from pilot_analysis.pilot import Pilot, load_pilot

__all__ = ["Pilot", "PilotConfig", "load_pilot"]

_HOMES = {"Pilot": "pilot", "PilotConfig": "config", "load_pilot": "pilot"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: `pilot --help` needs none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
