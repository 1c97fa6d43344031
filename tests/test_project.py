"""The files around the package agree with one another."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from pilot_analysis.report.methods import METHODS
from pilot_analysis.schema import data_dictionary

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements):
    return {re.split(r"[<>=~! ]", r)[0].lower() for r in requirements}


def test_environment_yml_lists_the_dependencies_of_pyproject():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    text = text.replace("python-duckdb", "duckdb")  # its name on conda-forge
    listed = set(re.findall(r"^\s+- ([a-z][^:\s]*)$", text, re.MULTILINE)) - {"conda-forge", "pip"}
    extras = PROJECT["optional-dependencies"]
    wanted = {*PROJECT["dependencies"], *extras["lab"], *extras["test"]}
    wanted.add(f"python{PROJECT['requires-python']}")
    assert listed == wanted


def test_locks_pin_and_hash_every_dependency():
    for lock, extras in (("requirements.lock", ("test",)), ("requirements-lab.lock", ("lab",))):
        text = (ROOT / lock).read_text(encoding="utf-8")
        pinned = set(re.findall(r"^([a-z0-9_.-]+)==\S+.*\\$", text, re.MULTILINE))
        wanted = {*PROJECT["dependencies"], "setuptools"}
        for extra in extras:
            wanted |= {*PROJECT["optional-dependencies"][extra]}
        assert names(wanted) <= pinned, lock
        for block in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]:
            assert "--hash=sha256:" in block, block.splitlines()[0]
        assert "://" not in text, "a lock names packages and hashes, never an index"


def test_version_stands_in_one_way_everywhere():
    version = PROJECT["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_data_dictionary_is_the_one_that_the_schemas_give():
    written = (ROOT / "docs" / "data_dictionary.md").read_text(encoding="utf-8")
    assert written == data_dictionary(), "run: pilot dictionary > docs/data_dictionary.md"


def test_notebooks_are_stripped():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            assert not cell.get("outputs"), path
            assert cell.get("execution_count") is None, path


@pytest.mark.parametrize("results", ["evaluated_demo", "evaluated_star"])
def test_every_method_in_a_brief_is_explained(request, results):
    used = set(request.getfixturevalue(results).frame["method"]) - {""}
    text = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^### .*$", text, re.MULTILINE))))
    assert used <= set(METHODS)
    assert used <= explained
    assert set(METHODS) <= explained
