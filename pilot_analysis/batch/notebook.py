"""Notebooks before and after a run: their parameters, their faults, and what is taken off them."""

import ast
import difflib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pilot_analysis.errors import RunError
from pilot_analysis.release import NOTEBOOK_METADATA

__all__ = ["declared_parameters", "require_clean", "require_parameters", "strip_run"]

_INJECTED = "injected-parameters"
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def declared_parameters(path: Path) -> tuple[str, ...]:
    """Return the names that the cell tagged "parameters" assigns.

    Raises
    ------
    RunError
        The notebook is missing, is no notebook, or has no such cell.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except FileNotFoundError:
        raise RunError(
            f"{path}: there is no such notebook. Give the folder of the notebooks with --notebooks."
        ) from None
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path}: is not a Jupyter notebook ({error}).") from error
    for cell in cells:
        if "parameters" in cell["metadata"].get("tags", []):
            try:
                return _assigned("".join(cell["source"]))
            except SyntaxError as error:
                raise RunError(
                    f"{path}: its parameters cell is not Python ({error.msg})."
                ) from None
    raise RunError(f"{path}: no cell is tagged `parameters`. Tag the one that sets them.")


def _assigned(source: str) -> tuple[str, ...]:
    names = []
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.AnnAssign):
            names.append(statement.target)
        elif isinstance(statement, ast.Assign):
            names.extend(statement.targets)
    return tuple(name.id for name in names if isinstance(name, ast.Name))


def require_parameters(path: Path, names: Iterable[str]) -> None:
    """Refuse a parameter that the notebook does not declare; papermill would only warn.

    Raises
    ------
    RunError
        A name of `names` is not assigned in the notebook's parameters cell.
    """
    declared = declared_parameters(path)
    for name in names:
        if name not in declared:
            near = difflib.get_close_matches(name, declared, n=1)
            hint = f"; did you mean `{near[0]}`?" if near else f": {', '.join(declared)}."
            raise RunError(f"{path}: has no parameter `{name}`. It declares others{hint}")


def require_clean(nb: Any) -> None:
    """Refuse an executed notebook that printed anything, or that holds a script.

    Raises
    ------
    RunError
        A cell wrote to stderr (a warning that nobody has looked at) or printed (words that did
        not pass the disclosure gate), or its output holds a script.
    """
    for number, cell in enumerate(nb.cells, start=1):
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                wrote = "wrote to the error stream" if output.name == "stderr" else "printed"
                first = (output.text.strip().splitlines() or ["a blank line"])[0]
                raise RunError(f"Cell {number} {wrote}: {first}")
            if "<script" in str(output.get("data", {}).get("text/html", "")).lower():
                raise RunError(f"Cell {number} holds a script; a brief runs nothing.")


def strip_run(nb: Any, parameters: Mapping[str, Any]) -> None:
    """Take off what tells of this run, not of the pilot: times, paths, ids, memory addresses.

    Parameters
    ----------
    nb : nbformat.NotebookNode
        As papermill returned it; changed in place.
    parameters : mapping
        What the injected cell shows in place of the parameters that were used.
    """
    nb.metadata = NOTEBOOK_METADATA  # kept as a copy
    for cell in nb.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if not cell.metadata.get("tags"):
            cell.metadata.pop("tags", None)
        for output in cell.get("outputs", []):
            if "text/plain" in output.get("data", {}):
                output["data"]["text/plain"] = _ADDRESS.sub("", output["data"]["text/plain"])
        if _INJECTED in cell.metadata.get("tags", []):
            cell.id = _INJECTED
            lines = [f"{name} = {value!r}" for name, value in parameters.items()]
            cell.source = "\n".join(["# Parameters of this brief", *lines])
