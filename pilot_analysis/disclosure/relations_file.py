"""The relations of a run, on file: an audit knows no unprotected number, but how they hang."""

import json
from collections.abc import Iterable
from math import inf, isinf
from pathlib import Path
from typing import Any

from pilot_analysis.disclosure.tables.published import Linear, Product
from pilot_analysis.errors import DisclosureError

__all__ = ["read_relations", "relations_from_json", "relations_to_json", "write_relations"]

_FILE = "relations.json"


def relations_to_json(relations: Iterable[Linear | Product]) -> list[dict[str, Any]]:
    """Return relations as JSON values; an end that is infinite is None."""
    return [_to_json(relation) for relation in relations]


def _to_json(relation: Linear | Product) -> dict[str, Any]:
    if isinstance(relation, Product):
        return {"product": list(relation.ids), "scale": relation.scale}
    low, high = (None if isinf(end) else end for end in (relation.low, relation.high))
    return {"sum": dict(relation.coefficients), "low": low, "high": high}


def relations_from_json(values: Iterable[dict[str, Any]]) -> tuple[Linear | Product, ...]:
    """Return what `relations_to_json` was given.

    Raises
    ------
    DisclosureError
        A value is none that it wrote.
    """
    try:
        return tuple(_from_json(value) for value in values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DisclosureError(f"relations on file are not understood ({error!r}).") from error


def _from_json(value: dict[str, Any]) -> Linear | Product:
    if "product" in value:
        return Product(*value["product"], value["scale"])
    low = -inf if value["low"] is None else value["low"]
    return Linear(value["sum"], low, inf if value["high"] is None else value["high"])


def write_relations(relations: Iterable[Linear | Product], folder: str | Path) -> Path:
    """Write relations to ``relations.json`` in `folder`, one a line."""
    path = Path(folder) / _FILE
    lines = (json.dumps(value, ensure_ascii=False) for value in relations_to_json(relations))
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    return path


def read_relations(folder: str | Path) -> tuple[Linear | Product, ...]:
    """Read what `write_relations` wrote.

    Raises
    ------
    DisclosureError
        There is no such file, or it is not one that `write_relations` wrote.
    """
    path = Path(folder) / _FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DisclosureError(
            f"{path}: cannot be read ({error}); prepare the run again."
        ) from error
    return relations_from_json(values)
