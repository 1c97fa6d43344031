"""A pilot is read again where something changed, and only there."""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal
from pilot_fixtures import write_small_pilot

import pilot_analysis
from pilot_analysis import ingest
from pilot_analysis.ingest import cache
from pilot_analysis.pilot import load_pilot


@pytest.fixture
def raw_pilot(tmp_path):
    """Folder of a pilot in a folder called raw, where it has a cache."""
    return write_small_pilot(tmp_path / "data" / "raw" / "small")


@pytest.fixture
def read_again(monkeypatch):
    """Names of the tables that are read from their files."""
    names = []
    read_sheets = ingest.read_sheets

    def read(name, *rest):
        names.append(name)
        return read_sheets(name, *rest)

    monkeypatch.setattr(ingest, "read_sheets", read)
    return names


def kept_of(folder):
    """Return the entries that are kept of a pilot, by name."""
    kept = folder.parent.parent / "clean" / folder.name
    return {path.name: path for path in sorted(kept.iterdir())}


def change(path, old, new):
    data = path.read_bytes()
    assert data.count(old) > 0
    path.write_bytes(data.replace(old, new, 1))


def same(first, second):
    assert list(first.tables) == list(second.tables)
    for name, frame in first.tables.items():
        assert_frame_equal(frame, second.tables[name])
    assert_frame_equal(first.ledger, second.ledger)
    assert_frame_equal(first.files, second.files)


def test_the_second_reading_is_the_same_and_opens_no_file(raw_pilot, read_again):
    cold = load_pilot(raw_pilot)
    assert set(read_again) == set(cold.tables)
    read_again.clear()
    same(load_pilot(raw_pilot), cold)
    assert read_again == []


def test_a_changed_byte_re_reads_what_depends_on_it_and_nothing_else(raw_pilot, read_again):
    load_pilot(raw_pilot)
    read_again.clear()
    usage = raw_pilot / "usage.csv"
    usage.write_text(usage.read_text() + "\n")
    load_pilot(raw_pilot)
    assert read_again == ["usage"]
    read_again.clear()
    students = raw_pilot / "students.csv"
    students.write_text(students.read_text() + "\n")
    load_pilot(raw_pilot)
    assert "usage" in read_again  # it is looked up among the students
    assert "products" not in read_again


def test_a_changed_setting_re_reads_the_tables_that_it_is_about(raw_pilot, read_again):
    load_pilot(raw_pilot)
    read_again.clear()
    toml = raw_pilot / "pilot.toml"
    toml.write_text(toml.read_text().replace("[items.", "# a comment\n[items.", 1))
    load_pilot(raw_pilot)
    assert read_again == []
    toml.write_text(toml.read_text() + "\n[privacy]\npseudonyms = true\n")
    pilot = load_pilot(raw_pilot)
    assert set(read_again) == set(pilot.tables)


@pytest.mark.parametrize("kind", [".parquet", ".about"])
def test_a_damaged_entry_is_never_served_and_made_anew(raw_pilot, read_again, kind):
    cold = load_pilot(raw_pilot)
    [entry] = [
        p for n, p in kept_of(raw_pilot).items() if n.startswith("usage-") and n.endswith(kind)
    ]
    whole = entry.read_bytes()
    middle = len(whole) // 2
    other = next(
        p for n, p in kept_of(raw_pilot).items() if n.startswith("students-") and n.endswith(kind)
    )
    damages = [b"", whole[:100], whole[:-1], whole + b"\0", whole[::-1], other.read_bytes()]
    damages += [
        whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        for at in (0, 70, middle, middle + 1, len(whole) - 9, len(whole) - 1)
    ]
    for damaged in damages:
        entry.write_bytes(damaged)
        read_again.clear()
        same(load_pilot(raw_pilot), cold)
        assert read_again == ["usage"]
        assert entry.read_bytes() == whole


def test_what_was_never_finished_is_not_served_and_swept(raw_pilot, read_again):
    cold = load_pilot(raw_pilot)
    for name, path in kept_of(raw_pilot).items():
        if name.startswith(("usage-", "schools-")):
            path.rename(path.with_name(f"{path.stem}.tmp1")) if path.suffix == ".about" else None
    read_again.clear()
    same(load_pilot(raw_pilot), cold)
    assert read_again == ["schools", "usage"]
    assert not [name for name in kept_of(raw_pilot) if "tmp" in name]
    assert len(kept_of(raw_pilot)) == 2 * len(cold.tables)


def test_a_byte_of_any_file_or_setting_counts_although_its_time_and_size_do_not(
    raw_pilot, read_again
):
    load_pilot(raw_pilot)
    for file, old, new, table in (
        ("schools.csv", b"School S1", b"School S9", "schools"),
        ("usage.csv", b",week,10", b",week,11", "usage"),
        ("pilot.toml", b'"It is easy to use."', b'"It is easy to use!"', "survey_responses"),
    ):
        path = raw_pilot / file
        stat = path.stat()
        change(path, old, new)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert path.stat().st_size == stat.st_size
        read_again.clear()
        load_pilot(raw_pilot)
        assert table in read_again


def test_a_name_that_looks_like_a_pattern_is_read_again_as_well(raw_pilot, read_again):
    (raw_pilot / "usage.csv").rename(raw_pilot / "usage[1].csv")
    change(raw_pilot / "pilot.toml", b'"usage.csv"', b'"usage[1].csv"')
    load_pilot(raw_pilot)
    change(raw_pilot / "usage[1].csv", b",week,10", b",week,11")
    read_again.clear()
    load_pilot(raw_pilot)
    assert read_again == ["usage"]


def test_a_byte_of_the_code_counts(tmp_path):
    package = Path(pilot_analysis.__file__).parent
    for room in ("config", "schema", "ingest"):
        shutil.copytree(package / room, tmp_path / room)
    for file in ("errors.py", "provenance.py"):
        shutil.copy(package / file, tmp_path / file)
    code = cache._code.__wrapped__
    before = code(tmp_path)
    for file in ("ingest/formats/nwea_map.toml", "ingest/everyday_words.toml", "ingest/parse.py",
                 "ingest/readers/log_sums.py", "config/source.py", "provenance.py"):  # fmt: skip
        path = tmp_path / file
        path.write_bytes(path.read_bytes() + b"\n")
        assert code(tmp_path) != before
        before = code(tmp_path)


def test_a_file_that_changes_while_it_is_read_is_not_kept(raw_pilot, monkeypatch, read_again):
    read = ingest.read_sheets

    def slowly(name, *rest):
        done = read(name, *rest)
        if name == "usage":
            change(raw_pilot / "usage.csv", b",week,10", b",week,11")
        return done

    with monkeypatch.context() as patched:
        patched.setattr(ingest, "read_sheets", slowly)
        load_pilot(raw_pilot)
    assert not [name for name in kept_of(raw_pilot) if name.startswith("usage-")]
    read_again.clear()
    assert 11 in set(load_pilot(raw_pilot).table("usage")["minutes"])
    assert read_again == ["usage"]


def test_several_at_once_find_or_make_the_same(raw_pilot, read_again):
    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(lambda _: load_pilot(raw_pilot), range(4))
    for other in others:
        same(first, other)
    read_again.clear()
    same(load_pilot(raw_pilot), first)
    same(load_pilot(raw_pilot), first)
    assert not [name for name in kept_of(raw_pilot) if not name.endswith((".parquet", ".about"))]


def test_what_is_kept_of_a_table_goes_with_its_source(raw_pilot):
    load_pilot(raw_pilot)
    assert [name for name in kept_of(raw_pilot) if name.startswith("usage-")]
    change(raw_pilot / "pilot.toml", b'usage = { file = "usage.csv" }\n', b"")
    load_pilot(raw_pilot)
    assert not [name for name in kept_of(raw_pilot) if name.startswith("usage-")]


def test_only_their_owner_may_read_what_is_kept(raw_pilot):
    load_pilot(raw_pilot)
    modes = {path.stat().st_mode & 0o777 for path in kept_of(raw_pilot).values()}
    assert modes == {0o600}
    assert next(iter(kept_of(raw_pilot).values())).parent.stat().st_mode & 0o777 == 0o700


def test_names_are_taken_out_of_comments_though_the_roster_was_kept(raw_pilot):
    students = raw_pilot / "students.csv"
    lines = students.read_text().splitlines()
    named = [f"{lines[0]},Last Name", *(f"{line},Zimmer" for line in lines[1:])]
    students.write_text("\n".join(named) + "\n")
    toml = raw_pilot / "pilot.toml"
    text = toml.read_text()
    assert 'students = { file = "students.csv" }' in text
    toml.write_text(text.replace(
        'students = { file = "students.csv" }',
        'students = { file = "students.csv", columns = { student_id = "student_id" } }',
    ))  # fmt: skip
    toml.write_text(toml.read_text() + '\n[sources.decisions]\nfile = "decisions.csv"\n')
    decisions = raw_pilot / "decisions.csv"
    for reason in ("It helped", "Zimmer could not sign in"):
        decisions.write_text(
            f"school_id,product_id,decision,reason\nS1,readwell,continue,{reason}\n"
        )
        reasons = load_pilot(raw_pilot).table("decisions")["reason"]
    assert list(reasons) == ["[name] could not sign in"]
    kept = raw_pilot.parent.parent / "clean" / "small"
    told = "".join(path.read_bytes().decode("latin-1") for path in kept.iterdir())
    assert "Zimmer" not in told


def test_elsewhere_nothing_is_kept(tmp_path, read_again):
    folder = write_small_pilot(tmp_path / "elsewhere" / "small")
    load_pilot(folder)
    read_again.clear()
    load_pilot(folder)
    assert read_again
    assert not list(tmp_path.rglob("*.parquet"))


def test_an_entry_holds_what_was_read_of_each_file(raw_pilot):
    pilot = load_pilot(raw_pilot)
    kept = raw_pilot.parent.parent / "clean" / "small"
    _, _, about = next(kept.glob("usage-*.about")).read_text().partition("\n")
    about = json.loads(about)
    assert about["reads"][0]["sha256"] in set(pilot.files["sha256"])
