"""The one gate between `Results` and anything that is shown.

`protect` decides, once per run and for all schools together, what an audience may see under a
`DisclosurePolicy`; what it returns is the only thing that a report accepts.
"""

from pilot_analysis.disclosure.policy import DisclosurePolicy
from pilot_analysis.disclosure.primary import RULES
from pilot_analysis.disclosure.protect import CODED_FLAG, protect
from pilot_analysis.disclosure.protected import ProtectedResults, shown_share

__all__ = ["CODED_FLAG", "RULES", "DisclosurePolicy", "ProtectedResults", "protect", "shown_share"]
