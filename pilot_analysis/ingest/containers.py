"""What a file holds: itself, what gzip packed, or the members of a zip archive or folder."""

import gzip
import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath

from pilot_analysis.errors import DataError
from pilot_analysis.ingest.faults import describe

__all__ = [
    "ZIP",
    "check_places",
    "check_size",
    "is_container",
    "member_bytes",
    "members_of",
    "place_of",
    "read_bytes",
    "unpacked",
]

ZIP = b"PK\x03\x04"
_GZIP = b"\x1f\x8b"
_MB = 1024**2
_LARGEST = 256 * _MB  # of text that is read whole: it takes about eighteen times that memory
_SMALL = 64 * _MB
_BOMB_RATIO = 200
_MOST_NAMES = 10_000
_HAS_PASSWORD = 0x1
_CLUTTER = (".", "~$")  # hidden by the system, or a document that is open in an office program
# What zipfile and its decompressors raise for bytes that are not as they should be.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError,
)  # fmt: skip


def place_of(folder: Path, file: str) -> Path:
    """Return where a file or folder that ``pilot.toml`` names lies.

    Parameters
    ----------
    folder : pathlib.Path
        The pilot's folder.
    file : str
        Relative to it.

    Raises
    ------
    DataError
        It cannot be reached, a link leads out of the pilot's folder, or it is neither a file nor a
        folder (reading a pipe or a device might never end).
    """
    try:
        path = (folder / file).resolve(strict=True)
        is_inside = path.is_relative_to(folder.resolve())
        mode = path.stat().st_mode
    except OSError as error:
        raise DataError(_unreadable(file, error)) from error
    except RuntimeError as error:  # pathlib: "Symlink loop"
        found = "is a link that leads back to itself"
        raise DataError(describe(file, found, "Put the export itself there")) from error
    if not is_inside:
        found = "is a link to a place outside the pilot's folder"
        raise DataError(describe(file, found, "Put the export itself there: nothing was read"))
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        found = "is neither a file nor a folder, but a pipe, a socket or a device"
        raise DataError(describe(file, found, "Put the export itself there: nothing was read"))
    return path


def check_places(folder: Path, file: str) -> None:
    """Refuse a source of which any file is at no place for a file of the pilot; see `place_of`.

    `file` may be a file, a folder, or a pattern such as ``usage/*.csv``.
    """
    if set("*?[") & set(file) and not (folder / file).exists():
        names = [path.relative_to(folder).as_posix() for path in folder.glob(file)]
    elif place_of(folder, file).is_dir():
        names = [f"{file.rstrip('/')}/{path.name}" for path in _listed(folder, file)]
    else:
        return
    for name in sorted(names):
        place_of(folder, name)


def read_bytes(folder: Path, file: str) -> bytes:
    """Return a file's bytes; `DataError` says why it cannot be read."""
    path = place_of(folder, file)
    try:
        check_size(file, path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise DataError(_unreadable(file, error)) from error


def is_container(path: Path) -> bool:
    """Return whether a path is a folder, or a zip archive that is not a workbook."""
    try:
        return path.is_dir() or path.suffix.casefold() == ".zip"
    except OSError:  # it cannot be reached: whoever reads it says so
        return False


def members_of(folder: Path, file: str) -> tuple[str, ...]:
    """Return the names of the files that a folder or a zip archive holds, without their folder.

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
    if place_of(folder, file).is_dir():
        return tuple(sorted(path.name for path in _listed(folder, file)))
    with _archive(folder, file) as archive:
        return tuple(sorted(PurePosixPath(item.filename).name for item in _wanted(file, archive)))


def member_bytes(folder: Path, file: str, member: str) -> bytes:
    """Return the bytes of one of `members_of` a folder or archive."""
    if place_of(folder, file).is_dir():
        return read_bytes(folder, f"{file.rstrip('/')}/{member}")
    with _archive(folder, file) as archive:
        names = {PurePosixPath(item.filename).name: item for item in _wanted(file, archive)}
        return archive.read(names[member])


def unpacked(file: str, data: bytes) -> bytes:
    """Return what gzip packed, and any other bytes as they are.

    Raises
    ------
    DataError
        A damaged archive, or more bytes than are safe to unpack.
    """
    if not data.startswith(_GZIP):
        return data
    limit = min(_LARGEST, max(_SMALL, _BOMB_RATIO * len(data)))
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            plain = packed.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            describe(file, "is a damaged gzip file", "Export or download it again")
        ) from error
    check_size(file, len(plain), len(data))
    return plain


def check_size(file: str, size: int, packed: int | None = None) -> None:
    """Refuse a file that would fill the memory; `packed` is its size before it is unpacked."""
    if packed is not None and size > max(_SMALL, _BOMB_RATIO * packed):
        found = f"would unpack to more than {_BOMB_RATIO} times its size"
        advice = (
            "No export is packed that tightly: ask where the file comes from; nothing was unpacked"
        )
        raise DataError(describe(file, found, advice))
    if size > _LARGEST:
        found = f"holds more than {_LARGEST // _MB} MB, too much to be read whole"
        advice = "Split it into several files; logs of use are read in pieces, whatever their size"
        raise DataError(describe(file, found, advice))


def _listed(folder: Path, file: str) -> list[Path]:
    """Return the files that lie in a folder, but for those that are not meant to be seen."""
    try:
        listed = [p for p in (folder / file).iterdir() if not p.name.startswith(_CLUTTER)]
        return [p for p in listed if p.is_file()]
    except OSError as error:
        raise DataError(
            f"{file}: the folder cannot be read ({error.strerror}). Check its permissions."
        ) from error


@contextmanager
def _archive(folder: Path, file: str) -> Iterator[zipfile.ZipFile]:
    path = place_of(folder, file)
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except PermissionError as error:
        raise DataError(_unreadable(file, error)) from error
    except NotImplementedError as error:
        found = "is packed in a way that is not read"
        advice = "Unpack it into a folder, and name that"
        raise DataError(describe(file, found, advice)) from error
    except _DAMAGE as error:
        raise DataError(
            describe(file, "is not a whole zip archive", "Export or download it again")
        ) from error


def _wanted(file: str, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the members that are files, once their names and sizes are seen to be safe."""
    _check_inside(file, archive.namelist())
    wanted = [item for item in archive.infolist() if not _is_clutter(item)]
    if len(wanted) > _MOST_NAMES:
        found = f"the archive holds {len(wanted):,} files"
        raise DataError(describe(file, found, "Unpack what is wanted, and name that"))
    _check_once(file, [PurePosixPath(item.filename).name for item in wanted])
    if any(item.flag_bits & _HAS_PASSWORD for item in wanted):
        advice = "Unpack it into a folder, and name that"
        raise DataError(describe(file, "the archive has a password", advice))
    packed = Path(archive.filename).stat().st_size
    check_size(file, sum(item.file_size for item in wanted), packed)
    return wanted


def _is_clutter(item: zipfile.ZipInfo) -> bool:
    """Return whether a member is a folder, or what systems and office programs add."""
    parts = PurePosixPath(item.filename).parts
    return item.is_dir() or not parts or "__MACOSX" in parts or parts[-1].startswith(_CLUTTER)


def _check_inside(file: str, names: list[str]) -> None:
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


def _check_once(file: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            found = f"the archive holds two files called {name}"
            raise DataError(describe(file, found, "Keep one of them"))
        seen.add(name.casefold())


def _unreadable(file: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError) and set("*?[") & set(file):
        return (
            f"{file}: is a pattern, and only logs of use are read from several files at once. Give "
            "each file a source of its own: [[sources.<table>]]."
        )
    return f"{file}: cannot be read ({error.strerror}). Check its permissions."
