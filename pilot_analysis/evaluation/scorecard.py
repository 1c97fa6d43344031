"""One scorecard per school and product, derived from the results of the other sections."""

from collections.abc import Iterator

from pilot_analysis.evaluation.rosters import school_products
from pilot_analysis.evaluation.verdicts import JUDGES, Book
from pilot_analysis.results import Results, result

__all__ = ["scorecard"]

OF_SCHOOLS_ONLY = ("decision",)
"""Categories that no network has."""


def scorecard(pilot, results: Results) -> Results:
    """Return the verdicts of the five principles' scorecard.

    Parameters
    ----------
    pilot : Pilot
    results : Results
        The other sections' results: every verdict follows from them and names them, so that a
        verdict is hidden wherever one of its sources is.

    Returns
    -------
    Results
        Section "scorecard", name "verdict": per school and product (schools without a product: one
        card), and per product for the network. "Cannot tell" and "not collected" are levels of
        their own and never a concern.
    """
    book = Book(results.frame, pilot.config)
    rows = []
    for school, product in _units(pilot):
        for category, judge in JUDGES.items():
            if not school and category in OF_SCHOOLS_ONLY:
                continue
            verdict = judge(book, school, product)
            rows.append(
                result(
                    "scorecard",
                    "verdict",
                    "level",
                    "none",
                    level=verdict.level,
                    text=verdict.words,
                    school_id=school,
                    product_id=product,
                    category=category,
                    relation=tuple(f"derived from {source}" for source in verdict.sources),
                )
            )
    return Results.from_rows(rows)


def _units(pilot) -> Iterator[tuple[str, str]]:
    pairs = list(school_products(pilot).itertuples(index=False, name=None))
    with_product = {school for school, _ in pairs}
    yield from pairs
    yield from ((school, "") for school in pilot.schools if school not in with_product)
    products = sorted({product for _, product in pairs})
    yield from (("", product) for product in products or [""])
