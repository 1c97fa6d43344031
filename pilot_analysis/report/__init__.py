"""From protected results to the pages that people read."""

from pilot_analysis.report.brief import Brief, open_brief
from pilot_analysis.report.prepared import Prepared, prepare

__all__ = ["Brief", "Prepared", "open_brief", "prepare"]
