"""Hashes that may be published, and what a run says of its software."""

import hashlib
import hmac
import os
import stat
import subprocess
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from pilot_analysis import provenance
from pilot_analysis.errors import ConfigError


@pytest.fixture
def key_file(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "key"
    monkeypatch.setenv("PILOT_ANALYSIS_KEY_FILE", str(path))
    return path


def test_sha256_of_a_file_is_the_sha256_of_its_bytes(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"a,b\r\n1,2\r\n")
    assert provenance.sha256_of(path) == hashlib.sha256(b"a,b\r\n1,2\r\n").hexdigest()


def test_a_keyed_hash_is_the_hmac_under_the_key_in_the_file(key_file):
    first = provenance.keyed_hash("abc")
    key = key_file.read_bytes().strip()
    assert first == hmac.new(key, b"abc", hashlib.sha256).hexdigest()[:16]
    assert provenance.keyed_hash(b"abc") == first
    assert provenance.keyed_hash("abd") != first


def test_the_key_is_made_once_and_only_its_owner_may_read_it(key_file):
    first = provenance.keyed_hash("abc")
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert provenance.keyed_hash("abc") == first
    assert [path.name for path in key_file.parent.iterdir()] == ["key"]


def test_another_key_gives_another_hash(key_file):
    first = provenance.keyed_hash("abc")
    key_file.unlink()
    assert provenance.keyed_hash("abc") != first


def test_without_the_variable_the_key_lies_in_the_home(tmp_path, monkeypatch):
    monkeypatch.delenv("PILOT_ANALYSIS_KEY_FILE", raising=False)
    monkeypatch.setattr(provenance.Path, "home", lambda: tmp_path)
    provenance.keyed_hash("abc")
    assert (tmp_path / ".config" / "pilot-analysis" / "key").is_file()


def test_runs_that_start_together_find_one_key(key_file):
    with ProcessPoolExecutor(4) as pool:
        hashes = set(pool.map(provenance.keyed_hash, ["abc"] * 8))
    assert len(hashes) == 1


def test_a_key_file_without_a_key_is_refused(key_file):
    key_file.parent.mkdir()
    key_file.write_text("short\n")
    with pytest.raises(ConfigError, match="holds no key"):
        provenance.keyed_hash("abc")


def test_a_key_file_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PILOT_ANALYSIS_KEY_FILE", str(tmp_path / "file" / "key"))
    with pytest.raises(ConfigError, match="Name a file that can, outside the project"):
        provenance.keyed_hash("abc")


def test_versions_name_python_and_the_packages():
    versions = provenance.versions()
    assert versions["numpy"] == np.__version__
    assert {"python", "pilot-analysis", "pandas", "scipy", "matplotlib", "papermill"} <= set(
        versions
    )


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """An empty checkout that provenance takes for the project's, and `git` in it."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(provenance, "_ROOT", tmp_path)

    def git(*arguments):
        who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        subprocess.run(["git", "-C", tmp_path, *who, *arguments], check=True, capture_output=True)

    try:
        git("init", "-q")
    except FileNotFoundError:
        pytest.skip("git is not installed")
    return git


def test_the_commit_is_named_and_marked_where_the_code_differs_from_it(checkout, tmp_path):
    assert provenance.git_commit() == ""  # before the first commit
    (tmp_path / "pilot_analysis").mkdir()
    (tmp_path / "pilot_analysis" / "a.py").write_text("1\n")
    checkout("add", ".")
    checkout("commit", "-q", "-m", "first")
    commit = provenance.git_commit()
    assert len(commit) == 40
    (tmp_path / "notes.txt").write_text("not code")
    assert provenance.git_commit() == commit
    (tmp_path / "pilot_analysis" / "a.py").write_text("2\n")
    assert provenance.git_commit() == f"{commit}+modified"


def test_there_is_no_commit_inside_somebody_elses_checkout(checkout, tmp_path, monkeypatch):
    inside = tmp_path / "site-packages"
    inside.mkdir()
    checkout("commit", "-q", "--allow-empty", "-m", "theirs")
    monkeypatch.setattr(provenance, "_ROOT", inside)
    assert provenance.git_commit() == ""


def test_there_is_no_commit_without_git(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert provenance.git_commit() == ""
