"""``pilot.toml`` -> `PilotConfig`, or every fault in it at once."""

import tomllib
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pilot_analysis.config.nearest import nearest
from pilot_analysis.config.whole import PilotConfig
from pilot_analysis.errors import ConfigError

__all__ = ["read_config"]

# pydantic's words for a wrong type, in ours.
_EXPECTED = {
    "string_type": "expected text in quotes",
    "int_type": "expected a whole number",
    "float_type": "expected a number",
    "bool_type": "expected true or false",
    "date_type": "expected a date without quotes, such as 2025-10-01",
    "tuple_type": "expected a list in square brackets",
    "dict_type": "expected a section",
    "model_type": "expected a section",
}


def read_config(folder: str | Path) -> PilotConfig:
    """Read and check ``pilot.toml`` of a pilot's folder.

    Parameters
    ----------
    folder : path
        Folder that holds ``pilot.toml``.

    Returns
    -------
    PilotConfig

    Raises
    ------
    ConfigError
        The folder or file is missing, is no TOML, or holds an unknown key, a wrong type, or a
        path that is not there: the message names the key, what was expected and what was found,
        for every fault at once.
    """
    folder = Path(folder)
    path = folder / "pilot.toml"
    try:
        if not folder.is_dir():
            raise ConfigError(
                f"{folder}: there is no such folder. Give the folder that holds pilot.toml."
            )
        if not path.is_file():
            raise ConfigError(
                f"{path}: not found. A pilot's folder needs a pilot.toml; copy the one of "
                "data/raw/demo and change it."
            )
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: is not UTF-8 text (byte {error.start}). Save it as UTF-8."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}.") from error
    if "folder" in values:
        raise ConfigError(f"{path}: unknown key `folder`: the folder is where pilot.toml lies.")
    try:
        config = PilotConfig(folder=folder, **values)
    except ValidationError as error:
        faults = "\n".join(f"  {_explain(fault, values)}" for fault in error.errors())
        raise ConfigError(f"{path}: to mend:\n{faults}") from error
    _require_files(path, config)
    return config


def _is_there(folder: Path, file: str) -> bool:
    """Return whether a file or folder is there, or any file of a pattern such as usage/*.csv."""
    try:
        is_pattern = bool(set("*?[") & set(file))
        return (folder / file).exists() or (is_pattern and any(folder.glob(file)))
    except OSError:  # it is there and may not be read: the reader says so
        return True


def _require_files(path: Path, config: PilotConfig) -> None:
    missing = []
    for table, sources in config.sources.items():
        for source in sources:
            if not _is_there(config.folder, source.file):
                here = [p.name for p in config.folder.iterdir()]
                missing.append(
                    f"  sources.{table}.file: expected a file in the pilot's folder, found "
                    f"no {source.file!r}{nearest(source.file, here)}"
                )
    if missing:
        raise ConfigError(f"{path}: to mend:\n" + "\n".join(missing))


def _explain(fault: Any, values: dict[str, Any]) -> str:
    """Return one line: the key, what was expected, what was found."""
    place = _place(fault["loc"], values)
    if fault["type"] == "extra_forbidden":
        near = nearest(str(fault["loc"][-1]), _known_keys(fault["loc"][:-1]))
        return f"{place}: unknown key{near}"
    if fault["type"] == "missing":
        return f"{place}: this key is needed and is not there"
    if fault["type"] == "value_error":
        message = fault["msg"].removeprefix("Value error, ")
        return f"{place}: {message}" if place else message
    expected = _EXPECTED.get(fault["type"], fault["msg"].replace("Input should be", "expected"))
    return f"{place}: {expected}, found {fault['input']!r}"


def _place(loc: tuple, values: Any) -> str:
    """Return the key as pilot.toml writes it; the second of several sources is ``[2]``."""
    place = ""
    for part in loc:
        if isinstance(part, int):
            # A single source stands without brackets in the file; the model holds it in a tuple.
            if isinstance(values, list):
                place += f"[{part + 1}]"
                values = values[part] if part < len(values) else None
        else:
            place += f".{part}" if place else part
            values = values.get(part) if isinstance(values, dict) else None
    return place


def _known_keys(place: tuple) -> list[str]:
    """Return the keys that `PilotConfig` knows at `place` (ids and list positions are skipped)."""
    model: type[BaseModel] = PilotConfig
    for part in place:
        if isinstance(part, str) and part in model.model_fields:
            inner = _model_of(model.model_fields[part].annotation)
            if inner is None:
                break
            model = inner
    return [name for name in model.model_fields if name != "folder"]


def _model_of(annotation) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for m in map(_model_of, get_args(annotation)) if m is not None), None)
