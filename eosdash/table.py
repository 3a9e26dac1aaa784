"""Tables as spreadsheets, R and Python write them, read into rows of numbers or refused in words.

Columns lie between tabs, semicolons, commas or white space: the first of these, in this order, that
gives numbers throughout. A table has one decimal mark; where points and commas would both do and
give other numbers, commas are refused. Lines of names above, names of rows, blank lines, comments
(``#``) and empty columns at the end are left out.
"""

import csv
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from eosdash.fields import ParameterError, as_text
from eosdash.params.task import MOST_COLUMNS, MOST_NUMBERS, MOST_ROWS, MOST_SIZE

ALLOWED = (
    f"lines of 2 to {MOST_COLUMNS} numbers between tabs, semicolons, commas or white space; 2 to "
    f"{MOST_ROWS} lines, {MOST_NUMBERS} numbers in all"
)
MARKS = {"\t": "tabs", ";": "semicolons", ",": "commas", " ": "white space"}
MINUS = re.compile("[\u2010-\u2013\u2212\ufe63\uff0d]")
_NUMBER = r"[+-]?((\d+|(?=[1-9])\d{{1,3}}({0}\d{{3}})+)({1}\d*)?|{1}\d+)([eE][+-]?\d+)?"
POINTS = re.compile(_NUMBER.format(",", r"\."), re.ASCII)
"""A number with a decimal point; commas separate thousands."""

COMMAS = re.compile(_NUMBER.format(r"\.", ","), re.ASCII)
"""The same with a decimal comma; points separate thousands."""

NAME = re.compile(r"(?!(na|n/a|nan|null|none|inf|infinity)$|[+\-.,\d]).*[^\W\d_]", re.IGNORECASE)
"""A cell that is neither a number, nor a slip in one, nor the word for one that is missing."""

SPACED = re.compile(r"[+-]?\d{1,3}( \d{3})+")
"""A number with blanks between thousands."""

MOST_TEXT = 6_500
"""Characters of a table in a link, which leaves room there for all else."""

STEPS = 99_999
"""A column that has to be short is written in so many parts of its range."""

Rows = tuple[tuple[float, ...], ...]


class Line(NamedTuple):
    """The cells of a line, and its number in the text, from 1."""

    number: int
    cells: tuple[str, ...]


class Table(NamedTuple):
    """What was read.

    Attributes:
        rows: numbers, the output last in each.
        notes: what was left out or decided on the way, in sentences.
    """

    rows: Rows
    notes: tuple[str, ...]


def decoded(body: bytes) -> str:
    """The text of a file: UTF-16 if it says so, else UTF-8, else Latin-1, which only names need."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", errors="replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def read(text: str) -> Table:
    """The numbers of a text.

    Raises:
        ParameterError: for ``data``, naming the line at fault and what is wrong there.
    """
    filled = [line for line in text.lstrip("\ufeff").splitlines() if line.strip(" \t;,")]
    last = filled[-1].strip() if filled else ""
    # Between tabs or semicolons, a blank may stand in a number.
    there = [mark for mark in "\t;" if mark in last] or [mark for mark in ", " if mark in last]
    if there == [",", " "] and any(SPACED.fullmatch(cell.strip()) for cell in last.split(",")):
        raise _wrong("numbers have blanks in them, between white space or between commas")
    problems = []
    for mark in there or [","]:
        try:
            return _between(text, mark)
        except _Ambiguous:
            raise
        except ParameterError as problem:
            problems.append(problem)
    raise problems[0]


class _Ambiguous(ParameterError):
    """Numbers that can be read in two ways."""


def _wrong(words: str) -> ParameterError:
    return ParameterError("data", words, ALLOWED)


def _between(text: str, mark: str) -> Table:
    """The table, if its columns lie between ``mark``."""
    lines = _lines(text, mark)
    first = next((i for i, line in enumerate(lines) if not _is_names(line)), len(lines))
    above, body = lines[:first], _without_empty_columns(lines[first:])
    notes = [f"Above the numbers, {_count(len(above), 'line')} left out."] if above else []
    if len(body) < 2:
        raise _wrong("there are fewer than two lines of numbers")
    for line in body:
        if len(line.cells) != len(body[0].cells):
            raise _wrong(
                f"line {line.number} has {_count(len(line.cells), 'cell')} between {MARKS[mark]}, "
                f"and line {body[0].number} {len(body[0].cells)}"
            )
    if _are_named(above[-1] if above else None, body):
        body = [Line(line.number, line.cells[1:]) for line in body]
        notes.append("Names of rows left out.")
    if len(body[0].cells) < 2:
        raise _wrong("there is one column: inputs, and the output at the end, are needed")
    commas = _has_decimal_commas(body)
    rows = tuple(tuple(_number(line, cell, commas) for cell in line.cells) for line in body)
    return Table(rows, (*notes, *(["Read with decimal commas."] if commas else [])))


def _lines(text: str, mark: str) -> list[Line]:
    """All lines that hold something, as cells."""
    source = text.lstrip("\ufeff").splitlines()
    source = ["" if line.lstrip().startswith("#") else line for line in source]
    if mark == " ":
        source = [re.sub(r"[ \t]+", " ", line).strip() for line in source]
    reader = csv.reader(source, delimiter=mark, skipinitialspace=mark != "\t")
    try:
        found = [Line(reader.line_num, tuple(cell.strip() for cell in cells)) for cells in reader]
    except csv.Error as error:
        raise _wrong(f"line {reader.line_num}: {error}") from None
    return [line for line in found if any(line.cells)]


def _is_names(line: Line) -> bool:
    """Whether a line stands above the numbers: names, and nothing that may be a number."""
    return all(NAME.match(cell) or not cell for cell in line.cells)


def _without_empty_columns(body: list[Line]) -> list[Line]:
    """The lines without a last cell, as long as it is empty in all."""
    while body and all(line.cells and not line.cells[-1] for line in body):
        body = [Line(line.number, line.cells[:-1]) for line in body]
    return body


def _are_named(names: Line | None, body: Sequence[Line]) -> bool:
    """Whether the first cell of every line is its name: it is one by itself, or stands under no
    name, as R and pandas write them.

    Raises:
        ParameterError: if there are names for other columns than the numbers have.
    """
    width = len(body[0].cells)
    if all(NAME.match(line.cells[0]) for line in body):
        return True
    if names is None:
        return False
    cells = [*names.cells]
    while len(cells) > width and not cells[-1]:
        cells.pop()
    if len(filled := [cell for cell in cells if cell]) == 1 and not re.search("[;,\t]", filled[0]):
        return False  # a title
    if len(cells) not in (width, width - 1):
        raise _wrong(
            f"line {names.number} has {len(cells)} names, and line {body[0].number} "
            f"{_count(width, 'cell')}"
        )
    return len(cells) < width or not cells[0]


def _has_decimal_commas(body: Sequence[Line]) -> bool:
    """Whether the numbers of a table are written with decimal commas.

    Raises:
        ParameterError: for a cell that is no number, and for decimal points beside commas.
        _Ambiguous: for a comma that may be decimal or not.
    """
    cells = [(line.number, MINUS.sub("-", cell)) for line in body for cell in line.cells]
    pointed = comma = None
    for at in cells:
        in_points, in_commas = (form.fullmatch(at[1]) for form in (POINTS, COMMAS))
        if not in_points and not in_commas:
            raise _wrong(
                f"line {at[0]}: " + (f"“{at[1]}” is not a number" if at[1] else "a cell is empty")
            )
        pointed = pointed or (at if not in_commas else None)
        comma = comma or (at if not in_points else None)
    if pointed and comma:
        raise _wrong(
            f"line {pointed[0]}: “{pointed[1]}” has a decimal point, and “{comma[1]}” in line "
            f"{comma[0]} a decimal comma"
        )
    for number, cell in cells:
        if not pointed and not comma and "," in cell:
            either = f"{_value(cell, True):.10g} or {_value(cell, False):.10g}"
            raise _Ambiguous("data", f"line {number}: “{cell}” can be {either}", ALLOWED)
    return bool(comma)


def _value(cell: str, commas: bool) -> float:
    plain = cell.replace(".", "").replace(",", ".") if commas else cell.replace(",", "")
    return float(MINUS.sub("-", plain))


def _number(line: Line, cell: str, commas: bool) -> float:
    value = _value(cell, commas)
    if not abs(value) <= MOST_SIZE:
        raise _wrong(f"line {line.number}: {cell} lies beyond ±{MOST_SIZE:,.0f}")
    return value


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def taken(body: bytes) -> dict[str, str | int]:
    """What a posted file holds: ``data`` for a link, with its size and notes, ready for JSON.

    Raises:
        ParameterError: as :func:`read`, and for a table that is too large.
    """
    rows, notes = read(decoded(body))
    size = f"{_count(len(rows), 'row')} of {_count(len(rows[0]), 'number')}"
    if (
        len(rows) > MOST_ROWS
        or len(rows[0]) > MOST_COLUMNS
        or len(rows) * len(rows[0]) > MOST_NUMBERS
    ):
        raise _wrong(f"{size} are too many")
    data, rounded = written(rows)
    if rounded:
        notes += (f"Long columns rounded to 1/{STEPS:,} of their range, to fit in a link.",)
    return {"data": data, "size": size, "notes": " ".join(notes)}


def written(rows: Rows) -> tuple[str, bool]:
    """The rows as they stand in a link, and whether they had to be rounded to fit in there.

    What is computed with is each column less its mean, by its spread, whatever its unit and zero.
    So a column may be written in parts of its range: rounding them keeps what tells lines apart.
    """
    exact = as_text(rows)
    if len(exact) <= MOST_TEXT:
        return exact, False
    shorter = [
        min(column, _in_steps(column), key=lambda cells: len(as_text(cells)))
        for column in zip(*rows, strict=True)
    ]
    return as_text(tuple(zip(*shorter, strict=True))), True


def _in_steps(column: tuple[float, ...]) -> tuple[float, ...]:
    """A column from 0 at its smallest to :data:`STEPS` at its largest, rounded to whole ones."""
    low, high = min(column), max(column)
    return tuple(np.rint((np.array(column) - low) / ((high - low) or 1.0) * STEPS).tolist())
