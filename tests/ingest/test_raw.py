"""A CSV file is read as text with the rows a spreadsheet shows, or refused with the place."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_analysis.errors import DataError
from pilot_analysis.ingest.raw import table_of
from pilot_analysis.ingest.records import text_records
from pilot_analysis.ingest.text import decode


def read(data):
    data = data if isinstance(data, bytes) else data.encode()
    return table_of("f.csv", text_records("f.csv", decode("f.csv", data)))


def refusal(data):
    with pytest.raises(DataError) as caught:
        read(data)
    return str(caught.value)


def texts(raw, name):
    return list(raw.columns[name].texts())


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_makes_no_difference(mark):
    raw = read(mark + "id,n\u00e4me\n1,Zo\u00eb\n".encode())
    assert raw.names == {"id": "id", "näme": "näme"}
    assert texts(raw, "näme") == ["Zoë"]


def test_headers_are_matched_without_space_and_case():
    raw = read(" School_ID ,Name\nS1,One\n")
    assert raw.names == {"school_id": "School_ID", "name": "Name"}


def test_ids_keep_their_zeros_and_cells_lose_the_space_around_them():
    assert texts(read("id,x\n007, a \n"), "id") == ["007"]
    assert texts(read("id,x\n007, a \n"), "x") == ["a"]


def test_rows_are_numbered_as_in_a_spreadsheet():
    raw = read('id,x\n1,"two\nlines"\n\n,\n4,b\n')
    assert list(raw.rows) == [2, 5]
    assert texts(raw, "x") == ["two\nlines", "b"]


def test_windows_and_old_mac_line_ends_are_lines():
    assert list(read("id,x\r\n1,a\r\n2,b\r\n").rows) == [2, 3]
    assert list(read("id,x\r1,a\r2,b\r").rows) == [2, 3]


def test_a_column_without_header_is_left_out_when_it_is_blank():
    assert list(read("id,,x\n1,,a\n").columns) == ["id", "x"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "f.csv: the file is empty. Export it again."),
        ("id,x\n", "f.csv: there is a header and no row below it. "),
        ("id,x\n\n,\n", "f.csv: there is a header and no row below it. "),
        (
            b"id,name\n1,Ann\n2,Jos\xe9\n",
            'f.csv, row 3, column "name": is not UTF-8 text (byte 0xe9). Export it as UTF-8',
        ),
        (b"id,x\n1,a\x00\n", 'f.csv, row 2, column "x": holds a NUL byte'),
        (
            "id,x,y\n1,a,b\n2,a\n3\n",
            'f.csv, row 3, column "y": the row has 2 cells and the header 3. Put quotes around a '
            "cell that holds a comma, and a comma for every blank cell; 2 rows like this.",
        ),
        ("id,x\n1,a,b\n", 'f.csv, row 2, column "x": the row has 3 cells and the header 2'),
        (
            'id,x\n1,a\n2,"b\n3,c\n',
            'f.csv, row 3, column "x": a quote (") is opened and not closed',
        ),
        ('id,x\n1,"a"b\n', 'f.csv, row 2, column "x": a quote (")'),
        ('"id,x\n1,a\n', "f.csv, row 1"),
        (
            "id,Score, score \n1,2,3\n",
            'f.csv, row 1, column "score": the header stands in columns 2 and 3. Rename or delete',
        ),
        ("id,\n1,a\n", "f.csv, row 1: column 2 has values and no header. Give it a name"),
        (
            "\nid,x\n1,a\n",
            "f.csv, row 1: the first row is blank, and it must be the header. Delete",
        ),
    ],
)
def test_a_damaged_file_is_refused_with_place_rule_and_next_step(data, expected):
    assert refusal(data).startswith(expected)


def test_a_cell_longer_than_any_answer_may_be_an_open_quote():
    assert 'column "x": a cell holds more than 131,072 characters, or a quote' in refusal(
        'id,x\n1,"' + "a\n" * 200_000
    )
    assert "a cell holds more than 131,072 characters" in refusal('id,x\n1,"' + "a" * 200_000)
    assert "row 200002: holds a NUL byte" in refusal('id,x\n1,"' + "a\n" * 200_000 + "\x00")


@given(st.binary(max_size=60))
def test_any_bytes_give_a_table_or_a_data_error(data):
    with suppress(DataError):
        raw = read(data)
        assert all(len(cells.codes) == len(raw.rows) for cells in raw.columns.values())


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_the_header_shows_what_separates_the_cells(mark):
    assert texts(read(f"id{mark}x\n1{mark}a\n"), "x") == ["a"]


def test_a_header_may_hold_the_mark_of_another_delimiter():
    assert texts(read("id\tHow easy, on the whole?\n1\t4\n"), "how easy, on the whole?") == ["4"]


def test_a_header_that_two_delimiters_would_fit_is_refused():
    assert "holds commas and semicolons" in refusal("a;b,c;d\n1;2,3;4\n")


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_by_its_mark(codec):
    mark = "" if codec == "utf-16" else "\ufeff"
    assert texts(read(f"{mark}id,x\n1,Zo\u00eb\n".encode(codec)), "x") == ["Zo\u00eb"]


def test_a_quote_inside_a_cell_may_be_escaped_by_a_backslash():
    raw = read('id,x\n1,"say \\"hi\\", then go"\n2,b\n')
    assert texts(raw, "x") == ['say "hi", then go', "b"]
    assert texts(read('id,x\n1,"a\\"\n'), "x") == ["a\\"]  # by the standard, a backslash
