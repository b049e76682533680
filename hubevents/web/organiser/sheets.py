"""Lists as files for a spreadsheet: CSV and XLSX, in which nothing is ever calculated."""

import csv
import io
from collections.abc import Sequence

import xlsxwriter
from werkzeug.wrappers import Response

from hubevents.core import text
from hubevents.web.headers import private

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int


def download(name: str, title: str, head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Response:
    """A list under a file name that says which of the two it is; `title` names the sheet of a workbook."""
    if name.endswith(".xlsx"):
        response = Response(xlsx(title, head, rows), content_type=XLSX)
    else:
        response = Response(as_csv(head, rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return private(response)


def as_csv(head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """UTF-8 with a byte order mark for Excel; what would be a formula there is only text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([text.csv_safe(str(cell)) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def xlsx(title: str, head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """A workbook of texts and whole numbers with a head that stays and filters."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet(title[:31])
    bold = book.add_format({"bold": True})
    for column, words in enumerate(head):
        sheet.write_string(0, column, words, bold)
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(number, column, cell)
            else:
                sheet.write_string(number, column, cell)  # never a formula, whatever it begins with
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(rows), 1), len(head) - 1)
    sheet.set_column(0, len(head) - 1, 18)
    book.close()
    return out.getvalue()
