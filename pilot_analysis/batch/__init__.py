"""Runs of the notebooks for every school and the network: quick, traced, never overwritten."""

from pilot_analysis.batch.run import Run, run_briefs

__all__ = ["Run", "run_briefs"]
