"""What is true about the products: what they are for, and how much their students learn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pilot_analysis.errors import DesignError

__all__ = ["COMPARISON", "PRODUCTS", "Product", "Truth"]

COMPARISON = "comparison"
"""the reference arm"""


@dataclass(frozen=True, slots=True)
class Product:
    """One invented product."""

    id: str
    name: str
    outcome: str
    objective: str
    minutes: int
    """recommended by its vendor (minutes a week)"""
    cost: float
    targets: tuple[int, ...]
    """a student's own weekly target, from the best starters to the weakest (minutes)"""


PRODUCTS: Mapping[str, Product] = MappingProxyType(
    {
        "readwell": Product(
            "readwell",
            "Readwell",
            "reading",
            "Students practice decoding, vocabulary and comprehension at their own level.",
            45,
            28.0,
            (20, 30, 40, 50, 60),
        ),
        "numera": Product(
            "numera",
            "Numera",
            "mathematics",
            "Students close gaps in number sense and work through the lessons of their grade.",
            45,
            24.0,
            (30, 40, 45, 50, 60),
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Truth:
    """Parameters of the test scores.

    Attributes
    ----------
    effects : Mapping of str to float
        Product -> true effect on the spring score of its own subject (SD); a product that is not
        named has none. There is no effect on the other subject, and none of minutes.
    effect_sd : float
        SD over schools of the true effects (SD units).
    score_sd : float
        SD of the scores (points).
    icc_school, icc_class : float
        Share of the score variance between schools, and between classes of a school, at the start.
    correlation : float
        Correlation of the fall and spring score of students of one class and group.
    volunteer_advantage : float
        How far classes of volunteers start ahead (points).
    lost_share : float
        Share of students who miss the spring test.

    Raises
    ------
    DesignError
        An unknown product, or a value out of its range.
    """

    effects: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({"readwell": 0.15, "numera": 0.05})
    )
    effect_sd: float = 0.05
    score_sd: float = 15.0
    icc_school: float = 0.07
    icc_class: float = 0.09
    correlation: float = 0.78
    volunteer_advantage: float = 1.2
    lost_share: float = 0.08

    def __post_init__(self):
        unknown = sorted(set(self.effects) - set(PRODUCTS))
        if unknown:
            raise DesignError(
                f"effects: there is no simulated product {unknown[0]!r}; "
                f"choose from {', '.join(PRODUCTS)}."
            )
        for name, most in (
            ("icc_school", 0.4), ("icc_class", 0.4), ("correlation", 0.99), ("lost_share", 0.4)
        ):  # fmt: skip
            if not 0 <= getattr(self, name) <= most:
                raise DesignError(
                    f"{name} must lie between 0 and {most}; got {getattr(self, name)}."
                )
        if self.score_sd < 10:
            raise DesignError(
                "score_sd must be 10 points or more: the gaps between groups are fixed in points "
                f"and would not fit; got {self.score_sd}."
            )
        if self.effect_sd < 0:
            raise DesignError(f"effect_sd must not be negative; got {self.effect_sd}.")
