"""Which briefs a run makes, and of what."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pilot_analysis.batch.notebook import require_parameters
from pilot_analysis.errors import RunError
from pilot_analysis.pilot import Pilot
from pilot_analysis.schema import FOLDER_NAME

__all__ = ["BriefTask", "make_tasks", "plan_briefs"]

_NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
_SCHOOL, _NETWORK, _QUALITY = "02_school_brief", "03_pilot_brief", "01_data_quality"


@dataclass(frozen=True, slots=True)
class BriefTask:
    """What one brief is made of, as JSON can carry it to another process.

    Attributes
    ----------
    name : str
        Folder of the brief in the run, e.g. "schools/S03" or "network".
    notebook : str
        The notebook to execute.
    run : str
        Folder of the run while it is being made.
    pilot : str
        Folder of the pilot.
    pilot_id, audience : str
    school_id : str or None
        Blank: the network. None: a page about every school.
    private_words : tuple of str
        What no file of the brief may contain: folders of this machine.
    """

    name: str
    notebook: str
    run: str
    pilot: str
    pilot_id: str
    school_id: str | None
    audience: str
    private_words: tuple[str, ...]

    @property
    def parameters(self) -> dict[str, str]:
        """Parameters of the notebook."""
        of_school = {"school_id": self.school_id} if self.school_id else {}
        prepared = str(Path(self.run, "_private", "prepared"))
        return {"pilot": self.pilot, **of_school, "audience": self.audience, "prepared": prepared}

    @property
    def shown_parameters(self) -> dict[str, str]:
        """Parameters as the finished notebook shows them: no folder of this machine."""
        shown = {key: value for key, value in self.parameters.items() if key != "prepared"}
        return shown | {"pilot": self.pilot_id}

    @property
    def file_name(self) -> str:
        """Name for the brief's files under ``_private/``."""
        return self.name.replace("/", "-")

    @property
    def work(self) -> Path:
        """The notebook while it is not yet a brief."""
        return Path(self.run, "_private", "errors", f"{self.file_name}.ipynb")


def plan_briefs(
    pilot: Pilot, chosen: Sequence[str] | None, audience: str, notebooks: str | Path | None = None
) -> dict[str, tuple[Path, str | None]]:
    """Return the briefs that a run makes.

    Parameters
    ----------
    pilot : Pilot
    chosen : sequence of str
        Ids of schools; None: all, and the network.
    audience : str
        "internal" readers also get the data-quality report: it lists files and what was set aside
        of each, and is for those who hold the data anyway.
    notebooks : path
        Folder of the notebooks; default: the project's own.

    Returns
    -------
    dict
        Folder of the brief in the run -> its notebook and its school ("" for the network, None
        for every school).

    Raises
    ------
    ConfigError
        There is no such school.
    RunError
        No brief is asked for, a notebook is missing or lacks a parameter, or a school id cannot
        name a folder.
    """
    folder = Path(notebooks or _NOTEBOOKS)
    plan: dict[str, tuple[Path, str | None]] = {}
    if chosen is None:
        plan["network"] = (folder / f"{_NETWORK}.ipynb", "")
        if audience == "internal":
            plan["quality"] = (folder / f"{_QUALITY}.ipynb", None)
    for school_id in pilot.schools if chosen is None else chosen:
        pilot.school(school_id)  # refuses an unknown one
        if not re.fullmatch(FOLDER_NAME, school_id):  # reading refuses it, with file and row
            raise RunError(f"The school id {school_id!r} cannot name a folder.")
        plan[f"schools/{school_id}"] = (folder / f"{_SCHOOL}.ipynb", school_id)
    if not plan:
        raise RunError("No brief was asked for. Name one school or more, or leave `schools` out.")
    for notebook, of_school in {(path, bool(school)) for path, school in plan.values()}:
        wanted = ["pilot", "audience", "prepared", *(["school_id"] if of_school else [])]
        require_parameters(notebook, wanted)
    return plan


def make_tasks(
    pilot: Pilot, plan: Mapping[str, tuple[Path, str | None]], run: Path, audience: str
) -> list[BriefTask]:
    """Return the tasks of a plan, for the run that is being made in the folder `run`."""
    folder = pilot.config.folder.resolve()
    words = {str(folder), str(run.parent), run.name, f"{Path.home()}/"}
    return [
        BriefTask(
            name=name,
            notebook=str(notebook.resolve()),
            run=str(run),
            pilot=str(folder),
            pilot_id=pilot.config.pilot.id,
            school_id=school_id,
            audience=audience,
            private_words=tuple(sorted(word for word in words if len(word) > 4)),
        )
        for name, (notebook, school_id) in plan.items()
    ]
