"""Archives, folders and links are read where that is safe, else refused with a sentence."""

import gzip
import io
import os
import socket
import struct
import time
import zipfile

import pytest

from pilot_analysis.config import Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.files import Files

CSV = b"id,x\n1,a\n2,b\n"
MB = 1024**2


@pytest.fixture
def folder(tmp_path):
    """Folder of a pilot."""
    made = tmp_path / "pilot"
    made.mkdir()
    return made


def zipped(*members, compression=zipfile.ZIP_DEFLATED):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return packed.getvalue()


def with_size(data, size, claimed):
    """Return a zip archive that claims another size for its only member than it has."""
    changed = bytearray(data)
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(mark) + place
        assert struct.unpack_from("<I", changed, at) == (size,)
        struct.pack_into("<I", changed, at, claimed)
    return bytes(changed)


def read(folder, file, member=""):
    raw = Files(folder).raw(Source(file=file), member)
    return {name: list(cells.texts()) for name, cells in raw.columns.items()}


def refusal(folder, file, member=""):
    """Return what is said, which must come at once and in one line that begins with the file."""
    start = time.process_time()
    with pytest.raises(DataError) as caught:
        read(folder, file, member)
    assert time.process_time() - start < 5
    told = str(caught.value)
    assert told.startswith(file)
    assert "\n" not in told
    assert len(told) < 1000
    return told


def outcome(folder, file, table):
    """Return what becomes of a file that was damaged; anything else is an error of ours."""
    try:
        assert read(folder, file) == table
    except DataError:
        return "refused"
    return "the same"


TABLE = {"id": ["1", "2"], "x": ["a", "b"]}


@pytest.mark.parametrize("name", ["f.csv", "f.csv.gz", "f.gz"])
def test_gzip_is_known_by_its_bytes(folder, name):
    (folder / name).write_bytes(gzip.compress(CSV))
    assert read(folder, name) == TABLE


def test_a_fault_in_a_packed_file_is_told_under_its_own_name(folder):
    (folder / "f.tsv.gz").write_bytes(gzip.compress(b'id\tx,y\n1\t"a\n'))
    assert refusal(folder, "f.tsv.gz").startswith('f.tsv.gz, row 2, column "x,y": a quote')


def test_gzip_in_several_parts_is_read_whole(folder):
    (folder / "f.csv.gz").write_bytes(gzip.compress(CSV) + gzip.compress(b"3,c\n"))
    assert read(folder, "f.csv.gz")["id"] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-9],
        lambda data: data[:12],
        lambda data: data[:20] + bytes([data[20] ^ 255]) + data[21:],
        lambda data: data + b"something else",
    ],
    ids=["cut", "only a beginning", "a changed byte", "more behind it"],
)
def test_damaged_gzip(folder, damage):
    (folder / "f.csv.gz").write_bytes(damage(gzip.compress(CSV * 20)))
    assert refusal(folder, "f.csv.gz").startswith("f.csv.gz: is a damaged gzip file. ")


def test_a_gzip_bomb_is_not_unpacked(folder):
    with gzip.open(folder / "f.csv.gz", "wb", compresslevel=1) as packed:
        for _ in range(200):
            packed.write(bytes(MB))
    told = refusal(folder, "f.csv.gz")
    assert "would unpack to more than 200 times its size" in told
    assert "nothing was unpacked" in told


def test_one_member_is_the_file(folder):
    (folder / "f.zip").write_bytes(zipped(("export/f.csv", CSV)))
    files, source = Files(folder), Source(file="f.zip")
    raw = files.raw(source)
    assert list(raw.columns["x"].texts()) == ["a", "b"]
    assert raw.file == files.label(source) == files.reads(source)[0].file == "f.zip/f.csv"


def test_what_systems_and_office_programs_add_is_no_member(folder):
    clutter = [("__MACOSX/._f.csv", b"x"), (".DS_Store", b"x"), ("~$f.xlsx", b"x")]
    (folder / "f.zip").write_bytes(zipped(*clutter, ("export/f.csv", CSV)))
    (folder / "f").mkdir()
    for name, data in (("f.csv", CSV), (".DS_Store", b"x"), ("~$f.xlsx", b"x")):
        (folder / "f" / name).write_bytes(data)
    assert read(folder, "f.zip") == read(folder, "f") == TABLE


def test_a_name_that_begins_with_an_underscore_is_a_member(folder):
    (folder / "f").mkdir()
    (folder / "f" / "_f.csv").write_bytes(CSV)
    assert read(folder, "f") == TABLE


def test_a_member_is_read_only_when_it_is_wanted(folder):
    (folder / "f").mkdir()
    (folder / "f" / "f.csv").write_bytes(CSV)
    with (folder / "f" / "film.mp4").open("wb") as film:
        film.truncate(50_000 * MB)
    assert read(folder, "f", "f.csv") == TABLE


def test_of_several_members_one_must_be_named(folder):
    (folder / "f.zip").write_bytes(zipped(("a.csv", CSV), ("b.csv", CSV)))
    assert refusal(folder, "f.zip").startswith(
        "f.zip: holds 2 files, and one is needed: a.csv, b.csv. Unpack it if it is an archive"
    )
    assert read(folder, "f.zip", "b.csv") == TABLE
    assert "there is no c.csv inside" in refusal(folder, "f.zip", "c.csv")
    (folder / "empty").mkdir()
    assert refusal(folder, "empty").startswith("empty: holds 0 files, and one is needed. ")


def test_many_members_are_not_all_listed(folder):
    (folder / "f.zip").write_bytes(zipped(*((f"{i}.csv", CSV) for i in range(500))))
    assert "holds 500 files" in refusal(folder, "f.zip")
    (folder / "g.zip").write_bytes(
        zipped(*((f"{i}.csv", b"") for i in range(10_001)), compression=zipfile.ZIP_STORED)
    )
    assert "the archive holds 10,001 files" in refusal(folder, "g.zip")


@pytest.mark.parametrize(
    "name",
    ["../f.csv", "a/../../f.csv", "/etc/f.csv", "C:\\f.csv", "\\\\server\\f.csv", "..\\f.csv"],
)
def test_a_path_outside_the_archive(folder, name):
    (folder / "f.zip").write_bytes(zipped(("g.csv", CSV), (name, CSV)))
    told = refusal(folder, "f.zip", "g.csv")
    assert "a path outside itself" in told
    assert "nothing was unpacked" in told
    assert [p.name for p in folder.parent.rglob("*.csv")] == []


def test_two_members_of_one_name(folder):
    (folder / "f.zip").write_bytes(zipped(("a/f.csv", CSV), ("b/F.csv", CSV)))
    assert "two files called F.csv" in refusal(folder, "f.zip", "f.csv")


def test_a_zip_bomb_is_not_unpacked(folder):
    (folder / "f.zip").write_bytes(with_size(zipped(("f.csv", bytes(MB))), MB, 1024 * MB))
    assert "would unpack to more than 200 times its size" in refusal(folder, "f.zip")


def test_a_zip_that_claims_less_than_it_holds(folder):
    data = zipped(("f.csv", CSV * 100))
    (folder / "f.zip").write_bytes(with_size(data, len(CSV) * 100, 20))
    assert "is not a whole zip archive" in refusal(folder, "f.zip")


def test_a_zip_with_a_password(folder):
    data = bytearray(zipped(("f.csv", CSV)))
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (folder / "f.zip").write_bytes(data)
    assert "the archive has a password. Unpack it" in refusal(folder, "f.zip")


def test_a_zip_packed_in_an_unknown_way(folder):
    data = bytearray(zipped(("f.csv", CSV)))
    data[data.index(b"PK\x03\x04") + 8] = 9  # Deflate64, as Windows packs large files
    data[data.index(b"PK\x01\x02") + 10] = 9
    (folder / "f.zip").write_bytes(data)
    assert "is packed in a way that is not read. Unpack it" in refusal(folder, "f.zip")


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_damaged_zip_is_read_as_it_was_or_not_at_all(folder, compression):
    whole, outcomes = zipped(("f.csv", CSV * 30), compression=compression), set()
    (folder / "f.zip").write_bytes(whole)
    table = read(folder, "f.zip")
    for place in range(0, len(whole), 3):
        changed = whole[:place] + bytes([whole[place] ^ 85]) + whole[place + 1 :]
        for damaged in (whole[:place], changed):
            (folder / "f.zip").write_bytes(damaged)
            outcomes.add(outcome(folder, "f.zip", table))
    assert outcomes == {"refused", "the same"}


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("f.zip", b"", "f.zip: is not a whole zip archive"),
        ("f.zip", CSV, "f.zip: is not a whole zip archive"),
        ("f.csv", zipped(("f.csv", CSV)), "f.csv: is a workbook or an archive, whatever its name"),
        ("f.zip", zipped(("g.zip", zipped(("f.csv", CSV)))), "or an archive in another"),
        ("f.xlsx", CSV, "f.xlsx: is no Excel workbook inside"),
        ("f.ods", zipped(("content.xml", b"")), "f.ods: is a workbook of a kind that is not read"),
        ("f.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "or of the old kind (.xls)"),
        ("f.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "workbook with a password"),
        ("f.csv", b"<!DOCTYPE html><html>Please log in", "f.csv: is a web page, whatever its name"),
        ("f.xls", b"\xef\xbb\xbf <html><table>", "f.xls: is a web page, whatever its name says"),
        ("f.csv", bytes(1000), "f.csv, row 1, column \"1\": holds a NUL byte"),
        ("f.csv", "id,x\n1,a\n".encode("utf-16-le"), "f.csv: looks like UTF-16 without the mark"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_than_its_name_says(folder, name, data, told):
    (folder / name).write_bytes(data)
    assert told in refusal(folder, name)


def test_utf_16_without_its_mark_is_read_once_the_source_says_so(folder):
    (folder / "f.csv").write_bytes(CSV.decode().encode("utf-16-le"))
    raw = Files(folder).raw(Source(file="f.csv", encoding="utf-16"))
    assert list(raw.columns["x"].texts()) == ["a", "b"]


def test_a_declared_encoding_that_the_mark_of_the_file_denies(folder):
    (folder / "f.csv").write_bytes(b"\xef\xbb\xbf" + CSV)
    with pytest.raises(DataError, match="begins with the mark of UTF-8 or UTF-16, and "):
        Files(folder).raw(Source(file="f.csv", encoding="latin-1"))


def test_a_file_larger_than_the_memory(folder):
    with (folder / "f.csv").open("wb") as file:
        file.truncate(50_000 * MB)  # a hole: it takes no room
    assert "holds more than 256 MB, too much to be read whole" in refusal(folder, "f.csv")


@pytest.mark.parametrize("target", ["file", "folder", "member"])
def test_a_link_out_of_the_folder_is_not_followed(folder, tmp_path, target):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "f.csv").write_bytes(b"secret,x\n1,2\n")
    (folder / "inside").mkdir()
    link, file = {
        "file": (folder / "f.csv", "f.csv"),
        "folder": (folder / "f", "f"),
        "member": (folder / "inside" / "f.csv", "inside"),
    }[target]
    link.symlink_to(tmp_path / "outside" / ("" if target == "folder" else "f.csv"))
    told = refusal(folder, file)
    assert "is a link to a place outside the pilot's folder" in told
    assert "secret" not in told


def test_a_link_inside_the_folder_is_followed(folder, tmp_path):
    (folder / "g.csv").write_bytes(CSV)
    (folder / "f.csv").symlink_to(folder / "g.csv")
    assert read(folder, "f.csv") == TABLE
    (tmp_path / "other").symlink_to(folder)  # the pilot's folder itself may be one
    assert read(tmp_path / "other", "f.csv") == TABLE


def test_a_link_to_itself(folder):
    (folder / "f.csv").symlink_to(folder / "f.csv")
    assert "f.csv: " in refusal(folder, "f.csv")


@pytest.mark.parametrize("name", ["f.csv", "f.zip", "f.xlsx", "f.csv.gz"])
def test_a_pipe_does_not_stop_the_reading_for_ever(folder, name):
    os.mkfifo(folder / name)
    assert "a pipe, a socket or a device" in refusal(folder, name)


def test_a_device_and_a_socket(folder, monkeypatch):
    monkeypatch.chdir(folder)  # the name of a socket may not be long
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s.csv")
        assert "a pipe, a socket or a device" in refusal(folder, "s.csv")
    (folder / "f.csv").symlink_to("/dev/zero")
    assert "is a link to a place outside" in refusal(folder, "f.csv")


def test_a_folder_where_a_file_is_meant(folder):
    (folder / "f.csv").mkdir()
    assert refusal(folder, "f.csv").startswith("f.csv: holds 0 files, and one is needed. ")
