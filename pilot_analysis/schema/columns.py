"""What a clean table and its columns are declared with."""

from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "FOLDER_NAME",
    "Field",
    "Kind",
    "Table",
    "date",
    "flag",
    "folder_id",
    "id_column",
    "moment",
    "number",
    "product",
    "school",
    "student",
    "teacher",
    "text",
    "whole",
]

_IN_A_NAME = r'\x00-\x1f/\\:*?"<>|'  # what it may not hold
FOLDER_NAME = rf"[^{_IN_A_NAME}.]([^{_IN_A_NAME}]{{0,98}}[^{_IN_A_NAME}.])?"
"""What can name a folder on every system: no path, nothing hidden, nothing endless."""

Kind = Literal["id", "text", "number", "whole", "flag", "date"]

_DTYPES = {
    "id": "str",
    "text": "str",
    "number": "float64",
    "whole": "Int64",
    "flag": "boolean",
    "date": "datetime64[us]",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a clean table.

    Attributes
    ----------
    name, description : str
        `description` gives the unit.
    kind : {"id", "text", "number", "whole", "flag", "date"}
        Ids are strings, never numbers; "whole" is a whole number that may be missing.
    required : bool
        The source must have the column, and every row a value.
    low, high : float or None
        Range, both ends included.
    choices : tuple of str
        The only values allowed, if any are named.
    references : str
        Table whose key this id must be found in.
    unknown : {"refuse", "set aside"}
        What happens to a row whose reference is not found: the load stops, or the row is set
        aside and counted in the reconciliation ledger.
    whole_days : bool
        A date without the time of day, which nobody needs and which tells more about a person.
    names_folder : bool
        Folders of the reports are called by this id: it must fit `FOLDER_NAME`.
    """

    name: str
    kind: Kind
    description: str
    required: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    references: str = ""
    unknown: Literal["refuse", "set aside"] = "refuse"
    whole_days: bool = False
    names_folder: bool = False

    @property
    def dtype(self) -> str:
        """The pandas dtype of the column."""
        return _DTYPES[self.kind]


@dataclass(frozen=True, slots=True)
class Table:
    """One clean table: its key and its columns.

    `measures` are the columns that hold what was recorded: a row in which all of them are blank
    records nothing (a test that was not taken, a question that was not answered) and is set aside.
    """

    name: str
    description: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    measures: tuple[str, ...] = ()
    by_name: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        object.__setattr__(self, "by_name", {f.name: f for f in self.fields})


def id_column(name, description, required=True, references="", unknown="refuse"):
    """Return an id column; ids are needed unless the table says otherwise."""
    return Field(name, "id", description, required, references=references, unknown=unknown)


def folder_id(name, description):
    """Return the id of what has a folder of its own among the reports."""
    return Field(name, "id", description, True, names_folder=True)


def school(required=True):
    """Return the column `school_id`; an unknown school is refused."""
    return id_column("school_id", "School, as in `schools`.", required, "schools")


def student():
    """Return the column `student_id`; a student off the roster is set aside."""
    return id_column("student_id", "Student, as in `students`.", True, "students", "set aside")


def teacher(required=False):
    """Return the column `teacher_id`; a teacher off the list is set aside."""
    return id_column("teacher_id", "Teacher, as in `teachers`.", required, "teachers", "set aside")


def product(required=False):
    """Return the column `product_id`; an unknown product is refused."""
    return id_column("product_id", "Product, as in `products`.", required, "products")


def text(name, description, required=False, choices=()):
    """Return a column of text."""
    return Field(name, "text", description, required, choices=tuple(choices))


def number(name, description, low=None, high=None, required=False):
    """Return a column of numbers."""
    return Field(name, "number", description, required, low, high)


def whole(name, description, low=None, high=None, required=False):
    """Return a column of whole numbers."""
    return Field(name, "whole", description, required, low, high)


def flag(name, description):
    """Return a column of yes and no."""
    return Field(name, "flag", description)


def date(name, description, required=False):
    """Return a column of days; a time of day that an export adds is dropped."""
    return Field(name, "date", description, required, whole_days=True)


def moment(name, description, required=False):
    """Return a column of days with their time."""
    return Field(name, "date", description, required)
