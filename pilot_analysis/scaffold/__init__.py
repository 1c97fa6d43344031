"""`pilot new`: a folder for a pilot, with a commented ``pilot.toml`` made from its exports."""

from pilot_analysis.scaffold.new import NewPilot, new_pilot

__all__ = ["NewPilot", "new_pilot"]
