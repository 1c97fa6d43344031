"""Where a run came from: hashes of its files, versions of its software, the commit of its code."""

import hashlib
import hmac
import os
import platform
import secrets
import subprocess
import tempfile
from importlib import metadata
from pathlib import Path

from pilot_analysis.errors import ConfigError

__all__ = ["git_commit", "keyed_hash", "sha256_of", "versions"]

_PACKAGES = (
    "pilot-analysis", "numpy", "pandas", "scipy", "formulaic", "pandera", "pyarrow", "pydantic",
    "matplotlib", "papermill", "nbconvert", "nbclient", "nbformat", "ipykernel",
)  # fmt: skip
_ROOT = Path(__file__).resolve().parent.parent


def sha256_of(path: str | Path) -> str:
    """Return the sha256 of a file (64 hex digits)."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keyed_hash(digest: str | bytes) -> str:
    """Return what may be published of a hash: HMAC-SHA256 under the project's key.

    A plain sha256 of a small file confirms a guess of its content; a keyed one shows only those
    who hold the key that two runs read the same file.

    Parameters
    ----------
    digest : str or bytes
        A hash as hex digits (or any text), or bytes.

    Returns
    -------
    str
        The first 16 hex digits.

    Raises
    ------
    ConfigError
        The key file cannot be read or made, or holds no key.
    """
    message = digest.encode() if isinstance(digest, str) else digest
    return hmac.new(_key(), message, hashlib.sha256).hexdigest()[:16]


def _key() -> bytes:
    """Return the project's key; make it on first use, readable by its owner alone."""
    named = os.environ.get("PILOT_ANALYSIS_KEY_FILE")
    path = Path(named) if named else Path.home() / ".config" / "pilot-analysis" / "key"
    try:
        if not path.is_file():
            _make_key(path)
        key = path.read_bytes().strip()
    except OSError as error:
        raise ConfigError(
            f"{path}: the key for published hashes cannot be read or made ({error.strerror}). Name "
            "a file that can, outside the project, in PILOT_ANALYSIS_KEY_FILE."
        ) from error
    if len(key) < 32:
        raise ConfigError(
            f"{path}: holds no key (32 characters or more are needed). Restore the key of "
            "earlier runs, or delete the file: the next run makes a new one."
        )
    return key


def _make_key(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Written aside (mkstemp: mode 0600) and linked into place: of two runs that start together one
    # makes the key, the other finds it, and neither reads half of it.
    handle, aside = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(aside)


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that make the numbers and pages."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def git_commit() -> str:
    """Return the commit of the code, with "+modified" where code or notebooks differ from it.

    Returns
    -------
    str
        Blank outside a checkout, without git, and before the first commit.
    """
    # A package installed inside somebody else's checkout must not name that checkout's commit.
    top = _git("rev-parse", "--show-toplevel")
    if not top or Path(top).resolve() != _ROOT:
        return ""
    commit = _git("rev-parse", "--verify", "HEAD")
    changed = _git("status", "--porcelain", "--", "pilot_analysis", "notebooks")
    return f"{commit}+modified" if commit and changed else commit


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(_ROOT), *arguments],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
