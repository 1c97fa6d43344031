"""A sheet of a workbook is read as it looks, or refused with the place; nothing is lost."""

import io
import re
import time
import zipfile
from datetime import date, datetime
from datetime import time as clock

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference

from pilot_analysis.config import Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.workbook import workbook_records

SHEET = "xl/worksheets/sheet1.xml"


def book(*rows, title="Sheet1", then=None):
    """Return the bytes of a workbook; `then(workbook)` may change it before it is saved."""
    made = openpyxl.Workbook()
    made.active.title = title
    for row in rows:
        made.active.append(row)
    if then:
        then(made)
    data = io.BytesIO()
    made.save(data)
    return data.getvalue()


def changed(data, part, change):
    """Return a workbook in which `change(xml)` was made to one of its parts."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        new = zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED)
        for name in old.namelist():
            xml = old.read(name)
            after = change(xml) if name == part else xml
            assert name != part or after != xml
            new.writestr(name, after)
        new.close()
    return result.getvalue()


def sheet_of(xml_rows, dimension=""):
    """Return a workbook whose sheet consists of the rows given as XML."""

    def change(xml):
        xml = re.sub(
            rb"<sheetData.*</sheetData>|<sheetData ?/>", b"<sheetData>ROWS</sheetData>", xml
        )
        if dimension:
            xml = re.sub(rb'<dimension ref="[^"]*"', f'<dimension ref="{dimension}"'.encode(), xml)
        return xml.replace(b"ROWS", xml_rows)

    return changed(book(["id"]), SHEET, change)


def cells(data, sheet=""):
    return [(record.row, record.cells) for record in workbook_records("f.xlsx", data, sheet)]


def refusal(data, sheet=""):
    start = time.process_time()
    with pytest.raises(DataError) as caught:
        workbook_records("f.xlsx", data, sheet)
    assert time.process_time() - start < 30
    told = str(caught.value)
    assert told.startswith("f.xlsx")
    assert "\n" not in told
    return told


def test_values_are_what_the_sheet_shows():
    def formats(made):
        sheet = made.active
        sheet["B2"].number_format = "0.0%"
        sheet["C2"].number_format = "00000"
        sheet["D2"].number_format = '0"%"'
        sheet["E2"].number_format = "0%"

    day, moment = datetime(2025, 10, 6), datetime(2025, 10, 6, 14, 5)
    row = ["a", 0.456, 123, 45, 1, 2.0, 2.5, True, day, moment, date(2025, 10, 7), clock(8, 30),
           " b ", 10**15, 0.1]  # fmt: skip
    data = book([f"c{i}" for i in range(len(row))], row, then=formats)
    assert cells(data)[1] == (
        2,
        ["a", "45.6%", "00123", "45", "100%", "2", "2.5", "true", "2025-10-06",
         "2025-10-06 14:05:00", "2025-10-07", "08:30:00", "b", "1000000000000000", "0.1"],
    )  # fmt: skip


def test_blank_rows_and_cells_are_left_out_but_counted():
    data = book(["id", "x", None], [1, None, None], [None, " ", None], [2, "b", None])
    assert cells(data) == [(1, ["id", "x"]), (2, ["1", ""]), (4, ["2", "b"])]


def test_of_several_sheets_one_must_be_named():
    data = book(["id"], [1], then=lambda made: made.create_sheet("Notes").append(["x"]))
    assert refusal(data).startswith("f.xlsx: holds 2 sheets: Sheet1, Notes. Say which: sheet = ")
    assert cells(data, "Sheet1") == [(1, ["id"]), (2, ["1"])]
    assert "there is no sheet 'Sheet2'; it has Sheet1, Notes" in refusal(data, "Sheet2")


def test_a_chart_is_no_sheet_of_cells():
    def draw(made):
        chart = BarChart()
        chart.add_data(Reference(made.active, min_col=1, min_row=1, max_row=2))
        made.create_chartsheet("Chart").add_chart(chart)

    data = book(["id"], [1], then=draw)
    assert cells(data) == [(1, ["id"]), (2, ["1"])]


def test_a_formula_counts_with_its_stored_value():
    formula = b'<row r="1"><c r="A1" t="str"><f>1+1</f><v>id</v></c></row>'
    formula += b'<row r="2"><c r="A2"><f>1+1</f><v>2</v></c></row>'
    # A formula whose value is the empty text is a blank cell.
    formula += b'<row r="3"><c r="A3" t="str"><f>IF(1,"","")</f><v></v></c></row>'
    assert cells(sheet_of(formula)) == [(1, ["id"]), (2, ["2"])]


def test_a_formula_without_a_value_is_refused():
    told = refusal(book(["id"], ["=1+1"]))
    assert told.startswith("f.xlsx: A2 holds a formula whose value is not stored. Open the workb")


def test_an_error_value_is_refused():
    rows = b'<row r="1"><c r="A1"><v>1</v></c></row>'
    rows += b'<row r="2"><c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
    assert refusal(sheet_of(rows)).startswith("f.xlsx, row 2: column 2 holds the error #DIV/0!.")


def test_a_day_that_no_calendar_has_is_refused():
    data = book(["on"], [datetime(2025, 10, 6)])
    data = changed(data, SHEET, lambda xml: xml.replace(b"<v>45936</v>", b"<v>99999999</v>"))
    assert "row 2: column 1 holds the error" in refusal(data)


def test_merged_cells_are_refused():
    data = book(
        ["school", "id"], ["S1", 1], [None, 2], then=lambda made: made.active.merge_cells("A2:A3")
    )
    told = refusal(data)
    assert told.startswith("f.xlsx: the cells A2:A3 are merged, so all but the first of them are")
    assert "1 merged areas" in told


def test_rows_beyond_the_size_that_a_sheet_states_are_read():
    data = book(["id", "x"], [1, "a"], [2, "b"])
    data = changed(data, SHEET, lambda xml: xml.replace(b'ref="A1:B3"', b'ref="A1:A2"'))
    assert cells(data) == [(1, ["id", "x"]), (2, ["1", "a"]), (3, ["2", "b"])]


def test_a_sheet_that_states_more_than_it_has_is_read_at_once():
    start = time.process_time()
    rows = b'<row r="1"><c r="A1"><v>1</v></c></row>'
    rows += b'<row r="1048576"><c r="A1048576"><v>2</v></c></row>'
    assert cells(sheet_of(rows, "A1:XFD1048576")) == [(1, ["1"]), (1048576, ["2"])]
    assert time.process_time() - start < 20


def test_rows_as_wide_as_a_sheet_can_be_are_not_all_filled_up():
    rows = b"".join(
        b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (r, r) for r in range(1, 20_001)
    )
    assert "row 123: the sheet is wider than its data: more than 2,000,000 cells" in refusal(
        sheet_of(rows)
    )


def test_a_sheet_full_of_blank_cells_with_a_style_is_refused():
    rows = b"".join(b'<row r="%d">%s</row>' % (r, b'<c s="0"/>' * 8) for r in range(1, 300_000))
    assert "the sheet has more than 2,000,000 cells, blank ones" in refusal(sheet_of(rows))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (b'<row r="2"/><row r="1"/>', "its rows are not in order: row 1 after row 2"),
        (b'<row r="1"/><row r="1"/>', "its rows are not in order: row 1 after row 1"),
        (b'<row r="99999999999"/>', "its rows are not in order: row 99999999999 after row 0"),
        (b'<row r="x"/>', "is not a whole Excel workbook"),
        (b'<row r="1"><c r="A1" t="s"><v>7</v></c></row>', "is not a whole Excel workbook"),
        (b'<row r="1"><c r="A1"><v>7</v></row>', "is not a whole Excel workbook"),
        (b'<row r="1"><c r="A1" t="d"><v>soon</v></c></row>', "is not a whole Excel workbook"),
    ],
)
def test_a_damaged_sheet_is_refused(rows, told):
    assert told in refusal(sheet_of(rows))


def test_ten_megabytes_in_one_cell():
    rows = b'<row r="1"><c r="A1" t="inlineStr"><is><t>%s</t></is></c></row>' % (b"x" * 10**7)
    assert refusal(sheet_of(rows)).startswith(
        "f.xlsx, row 1: column 1 holds more than 131,072 characters. Shorten the cell."
    )


def test_a_thousand_million_laughs():
    entities = b'<!ENTITY a0 "ha">' + b"".join(
        b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 10)
    )

    def change(xml):
        start = xml.index(b"<worksheet")
        return xml[:start] + b"<!DOCTYPE x [" + entities + b"]>" + xml[start:]

    data = sheet_of(b'<row r="1"><c r="A1" t="inlineStr"><is><t>&a9;</t></is></c></row>')
    assert "is not a whole Excel workbook" in refusal(changed(data, SHEET, change))


def test_a_bomb_in_a_workbook_is_not_unpacked():
    data = io.BytesIO(book(["id"], [1]))
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.bmp", bytes(300 * 1024**2))
    assert "would unpack to more than 200 times its size" in refusal(data.getvalue())


def test_a_cut_or_changed_workbook_is_read_as_it_was_or_not_at_all():
    whole = book(["id", "x"], *([i, f"text {i}"] for i in range(40)))
    before, outcomes = cells(whole), set()
    for place in range(0, len(whole), 61):
        flipped = bytes([whole[place] ^ 85])
        for damaged in (whole[:place], whole[:place] + flipped + whole[place + 1 :]):
            try:
                assert cells(damaged) == before
            except DataError:
                outcomes.add("refused")
            else:
                outcomes.add("the same")
    assert outcomes == {"refused", "the same"}


def test_a_workbook_is_read_like_any_file(tmp_path):
    (tmp_path / "f.XLSX").write_bytes(book(["ID", "x"], [1, "a"], [None, None], [2, "b"]))
    raw = Files(tmp_path).raw(Source(file="f.XLSX"))
    assert raw.names == {"id": "ID", "x": "x"}
    assert list(raw.rows) == [2, 4]


def test_what_openpyxl_only_warns_of_is_no_noise(recwarn):
    validation = b'<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"/></extLst></worksheet>'
    data = book(["id"], [1])
    data = changed(data, SHEET, lambda xml: xml.replace(b"</worksheet>", validation))
    assert cells(data) == [(1, ["id"]), (2, ["1"])]
    assert not recwarn.list
