"""The one gate between `Results` and anything that is shown.

`protect` decides, once per run and for all schools together, what an audience may see under a
`DisclosurePolicy`; what it returns is the only thing that a report accepts. `audit` is the
attacker: it takes `PublishedTable`s, numbers as a reader of them knows them, and says what can be
worked out; `suppress` chooses what else to hide so that nothing can.
"""

from pilot_analysis.disclosure.policy import DisclosurePolicy
from pilot_analysis.disclosure.protect import CODED_FLAG, protect
from pilot_analysis.disclosure.protected import ProtectedResults, shown_share
from pilot_analysis.disclosure.rules import RULES
from pilot_analysis.disclosure.tables import (
    Linear,
    Pattern,
    Product,
    PublishedTable,
    audit,
    choose_pattern,
    denominators,
    suppress,
)

__all__ = [
    "CODED_FLAG",
    "RULES",
    "DisclosurePolicy",
    "Linear",
    "Pattern",
    "Product",
    "ProtectedResults",
    "PublishedTable",
    "audit",
    "choose_pattern",
    "denominators",
    "protect",
    "shown_share",
    "suppress",
]
