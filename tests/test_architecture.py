"""One direction of imports, small modules, and each heavy library in the one room it belongs to."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pilot_analysis"

# Each room may import only what stands above it; `pilot_analysis` itself only re-exports.
ORDER = (
    "errors",
    "schema",
    "config",
    "stats",
    "results",
    "provenance",
    "ingest",
    "simulate",
    "pilot",
    "scaffold",
    "evaluation",
    "check",
    "disclosure",
    "report",
    "release",
    "batch",
    "cli",
)
# Libraries that only these rooms may import.
ONLY = {
    "duckdb": {"ingest"},
    "openpyxl": {"ingest", "simulate"},
    "matplotlib": {"report"},
    "papermill": {"batch"},
    "nbconvert": {"batch"},
    "nbformat": {"batch"},
    "click": {"cli"},
    "pandera": {"schema", "ingest"},
    "pydantic": {"config", "disclosure"},
    "statsmodels": set(),
}
MODULES = sorted(PACKAGE.rglob("*.py"))
MODULE_NAMES = {
    ".".join(p.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for p in MODULES
}
LONGEST_MODULE = 300


def room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            # `from package import module` asks for the module, not for the package's own names
            names |= inside if inside <= MODULE_NAMES else {node.module, *inside}
    return names


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_point_upward(path):
    if room(path) == "__init__":
        return
    position = ORDER.index(room(path))
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "pilot_analysis" and len(parts) > 1 and parts[1] in ORDER:
            assert ORDER.index(parts[1]) <= position, f"{room(path)} must not import {name}"
        if parts[0] in ONLY:
            assert room(path) in ONLY[parts[0]], f"{room(path)} must not import {parts[0]}"


def test_statistics_know_nothing_of_pilots():
    for path in (PACKAGE / "stats").glob("*.py"):
        rooms = {n.split(".")[1] for n in imported(path) if n.startswith("pilot_analysis.")}
        assert rooms <= {"errors", "stats"}, path


def test_no_module_imports_itself_in_a_circle():
    graph = {module_name(p): imported(p) for p in MODULES}
    graph = {name: {n for n in names if n in graph and n != name} for name, names in graph.items()}
    done: set[str] = set()

    def visit(name, trail):
        assert name not in trail, " -> ".join([*trail, name])
        if name not in done:
            for other in graph[name]:
                visit(other, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_modules_are_small(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST_MODULE, f"{lines} lines: split it by what it computes"


def test_nothing_but_the_command_line_uses_the_check():
    # its page shows what has not passed the disclosure gate
    for path in MODULES:
        if room(path) not in ("check", "cli"):
            rooms = {n.split(".")[1] for n in imported(path) if n.startswith("pilot_analysis.")}
            assert "check" not in rooms, path
