"""Hostile files at the command line: a sentence for each, exit status 2, nothing half-written."""

import io
import zipfile

import pytest
from click.testing import CliRunner
from pilot_fixtures import write_small_pilot

from pilot_analysis.cli import main


def outside(data):
    return packed({"../students.csv": data})


def bomb(data):
    return packed({"schools.csv": data + b"\n" * 80_000_000})


def packed(members):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


# file -> what is done to it, and what is said of it; a .zip takes the place of the .csv
MANGLED = {
    "schools.csv": (
        lambda data: data.replace(b"School S1", b"\xc9cole"),
        'schools.csv, row 2, column "name": is not UTF-8 text (byte 0xc9).',
    ),
    "teachers.csv": (lambda data: b"", "teachers.csv: the file is empty."),
    "students.csv": (
        lambda data: data.replace(b"S1-C1-1", b"S1\0C1-1", 1),
        'students.csv, row 2, column "student_id": holds a NUL byte',
    ),
    "enrollments.csv": (
        lambda data: data.splitlines()[0],
        "enrollments.csv: there is a header and no row below it.",
    ),
    "products.csv": (
        lambda data: b"product_id,name,Name \r\nreadwell,Readwell,x\r\n",
        'products.csv, row 1, column "Name": the header stands in columns 2 and 3.',
    ),
    "assessments.csv": (
        lambda data: data.replace(b",184,", b",1e308,", 1),
        'column "score": 1e+308 is outside -1e+06-1e+06.',
    ),
    "usage.csv": (
        lambda data: data.replace(b",week,10", b",week", 1).replace(b"\n", b"\r"),
        'usage.csv, row 2, column "minutes": the row has 4 cells and the header 5.',
    ),
    "survey_responses.csv": (
        lambda data: data.replace(b"readwell,8", b'"readwell,8', 1),
        'survey_responses.csv, row 2, column "product_id": a quote (") is opened and not closed',
    ),
}
STUFFED = {
    "schools.zip": (bomb, "schools.zip: would unpack to more than 200 times its size."),
    "students.zip": (
        outside, "students.zip: the archive holds '../students.csv', a path outside itself.",
    ),
    "teachers.csv": (
        lambda data: data.replace(b"\n", b"\n" + b"x" * 10_000_000, 1),
        'teachers.csv, row 2, column "teacher_id": a cell holds more than 131,072 characters',
    ),
    "products.csv": (
        lambda data: b"product_id,name\nreadwell,=cmd|' /C calc'!A0\n",
        """products.csv, row 2, column "name": "=cmd|' /C calc'!A0" is a formula""",
    ),
    "usage.csv": (
        lambda data: data.replace(b"2025-10-06", b"10/06/2025", 1),
        'usage.csv, row 2, column "period_start": "10/06/2025" may be month/day or day/month.',
    ),
    "assessments.csv": (
        lambda data: data.decode().encode("utf-16-le"),
        "assessments.csv: looks like UTF-16 without the mark at its beginning.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("damages", [MANGLED, STUFFED], ids=["mangled", "stuffed"])
@pytest.mark.parametrize("command", ["check", "brief"])
def test_a_command_tells_each_hostile_file_and_writes_no_part_of_a_report(
    tmp_path, command, damages
):
    pilot, out = write_small_pilot(tmp_path / "data" / "raw" / "small"), tmp_path / "out"
    toml = (pilot / "pilot.toml").read_text()
    for file, (damage, _) in damages.items():
        plain = pilot / file.replace(".zip", ".csv")
        data = damage(plain.read_bytes())
        plain.unlink()
        (pilot / file).write_bytes(data)
        toml = toml.replace(f'"{plain.name}"', f'"{file}"')
    (pilot / "pilot.toml").write_text(toml)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    done = CliRunner().invoke(main, [command, str(pilot), "--out", str(out)])
    assert done.exit_code == 2, done.output
    assert isinstance(done.exception, SystemExit)
    assert "Traceback" not in done.output
    said = "".join(done.output.split())
    assert not [text for _, text in damages.values() if "".join(text.split()) not in said], said
    made = {path for path in tmp_path.rglob("*") if path.is_file()} - before.keys()
    assert all(path.read_bytes() == data for path, data in before.items())
    if command == "brief":
        assert not made
        return
    assert {path.name for path in made} == {"check.html", ".gitignore"}
    [page] = out.rglob("check.html")
    assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
