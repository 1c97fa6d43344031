"""What a reader of a release can work out of what it hides."""

from collections.abc import Iterable, Sequence

import pandas as pd

from pilot_analysis.disclosure.given_away import answers_given_away
from pilot_analysis.disclosure.policy import DisclosurePolicy
from pilot_analysis.disclosure.relations import LOST
from pilot_analysis.disclosure.released import released_table
from pilot_analysis.disclosure.tables.audit import audit
from pilot_analysis.disclosure.tables.published import Linear, Product, PublishedTable

__all__ = ["audit_released"]


def audit_released(
    rows: pd.DataFrame,
    relations: Iterable[Linear | Product],
    policy: DisclosurePolicy,
    earlier: Sequence[PublishedTable] = (),
) -> pd.DataFrame:
    """Return what is released although the policy hides it.

    Parameters
    ----------
    rows : pandas.DataFrame
        Released results, of every brief of a release together.
    relations : iterable of Linear or Product
        As `relations_of` returned them.
    policy : DisclosurePolicy
    earlier : sequence of PublishedTable
        Of earlier releases, with the same id where it is the same number.

    Returns
    -------
    pandas.DataFrame
        Findings only, columns as `audit` returns them, what `answers_given_away` finds included.
        No rows: nothing was found.

    Raises
    ------
    DisclosureError
        The released numbers contradict each other.
    """
    table = released_table(rows, relations, policy)
    found = audit([table, *earlier], only_findings=True)
    least = pd.concat([t.cells["least_values"] for t in (table, *earlier)])
    least = found["cell"].map(least[~least.index.duplicated()])
    is_lost = found["cell"].str.contains("|".join(LOST), regex=True)
    harmless = is_lost & ~((found["low"] > 0) & (found["high"] < least))
    parts = [part for part in (found[~harmless], answers_given_away(rows, policy)) if len(part)]
    if not parts:
        return found[:0]
    # of a count that is given away in two ways, the answers themselves tell more
    return pd.concat(parts).drop_duplicates("cell", keep="last").reset_index(drop=True)
