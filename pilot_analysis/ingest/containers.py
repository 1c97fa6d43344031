"""What a file holds: itself, what gzip packed, or the members of a zip archive or folder."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath

from pilot_analysis.errors import DataError
from pilot_analysis.ingest.faults import describe

__all__ = ["ZIP", "is_container", "members_of", "read_bytes", "unpacked"]

ZIP = b"PK\x03\x04"
_GZIP = b"\x1f\x8b"
_LARGEST = 4 * 1024**3
_BOMB_RATIO = 200
_SMALL = 64 * 1024**2


def read_bytes(folder: Path, file: str) -> bytes:
    """Return a file's bytes; `DataError` says why it cannot be read."""
    try:
        return (folder / file).read_bytes()
    except OSError as error:
        raise DataError(
            f"{file}: cannot be read ({error.strerror}). Check its permissions."
        ) from error


def is_container(path: Path) -> bool:
    """Return whether a path is a folder, or a zip archive that is not a workbook."""
    return path.is_dir() or path.suffix.casefold() == ".zip"


def members_of(folder: Path, file: str) -> Mapping[str, bytes]:
    """Return the files that a folder or a zip archive holds, by name without their folder.

    Parameters
    ----------
    folder : pathlib.Path
        The pilot's folder.
    file : str
        The folder or archive, relative to it.

    Raises
    ------
    DataError
        It cannot be read; a name that points outside the archive; two members of one name; more
        bytes than are safe to unpack; a password.
    """
    path = folder / file
    if not path.is_dir():
        return _unzipped(file, read_bytes(folder, file))
    try:
        names = sorted(p.name for p in path.iterdir() if p.is_file() and p.name[0] not in "._~")
    except OSError as error:
        raise DataError(
            f"{file}: the folder cannot be read ({error.strerror}). Check its permissions."
        ) from error
    return {name: read_bytes(folder, f"{file.rstrip('/')}/{name}") for name in names}


def unpacked(file: str, data: bytes) -> bytes:
    """Return what gzip packed, and any other bytes as they are.

    Raises
    ------
    DataError
        A damaged archive, or more bytes than are safe to unpack.
    """
    if not data.startswith(_GZIP):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            plain = packed.read(_limit(len(data)) + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            describe(file, "is a damaged gzip file", "Export or download it again")
        ) from error
    _check_size(file, len(plain), len(data))
    return plain


def _unzipped(file: str, data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            wanted = [item for item in archive.infolist() if not _is_clutter(item)]
            _check_names(file, [item.filename for item in wanted])
            _check_size(file, sum(item.file_size for item in wanted), len(data))
            return {
                PurePosixPath(item.filename).name: archive.read(item)
                for item in sorted(wanted, key=lambda item: item.filename)
            }
    except RuntimeError as error:  # zipfile: "... is encrypted, password required"
        raise DataError(
            describe(file, "the archive has a password", "Unpack it into a folder, and name that")
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DataError(
            describe(file, "is not a whole zip archive", "Export or download it again")
        ) from error


def _is_clutter(item: zipfile.ZipInfo) -> bool:
    """Return whether a member is a folder, or what a Mac adds."""
    parts = PurePosixPath(item.filename).parts
    return item.is_dir() or "__MACOSX" in parts or parts[-1].startswith(".")


def _check_names(file: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        outside = PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor
        if outside or ".." in PureWindowsPath(name).parts:
            raise DataError(
                describe(
                    file,
                    f"the archive holds {name!r}, a path outside itself",
                    "No export does that: ask where the file comes from; nothing was unpacked",
                )
            )
        last = PurePosixPath(name).name.casefold()
        if last in seen:
            raise DataError(
                describe(
                    file,
                    f"the archive holds two files called {PurePosixPath(name).name}",
                    "Keep one of them",
                )
            )
        seen.add(last)


def _limit(packed: int) -> int:
    return min(_LARGEST, max(_SMALL, _BOMB_RATIO * packed))


def _check_size(file: str, size: int, packed: int) -> None:
    if size > _limit(packed):
        raise DataError(
            describe(
                file,
                f"would unpack to more than {_limit(packed) // 1024**2:,} MB, from "
                f"{packed / 1024**2:,.1f} MB",
                "No export is packed that tightly: ask where the file comes from; nothing was "
                "unpacked",
            )
        )
