"""Tables of one's own: what spreadsheets, R and Python write is read to the last digit."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eosdash import table
from eosdash.core.networks import data
from eosdash.fields import ParameterError, search
from eosdash.params import TrainParams
from eosdash.params.task import MOST_NUMBERS, MOST_ROWS
from eosdash.service import settings

ROWS = ((0.5, -2.25, 7.0), (1200.125, 3.0, -0.001), (4.0, 5.5, 6.0))

WAYS = {
    "commas": "0.5,-2.25,7\n1200.125,3,-1e-3\n4,5.5,6\n",
    "thousands in quotes": '0.5,-2.25,7\n"1,200.125",3,-.001\n4,5.5,6\n',
    "all in quotes": '"0.5","-2.25","7"\n"1200.125","3","-0.001"\n"4","5.5","6"\n',
    "names": "a,b,c\n0.5,-2.25,7\n1200.125,3,-0.001\n4,5.5,6",
    "two lines above": "Measured by hand\na,b,c\n0.5,-2.25,7\n1200.125,3,-0.001\n4,5.5,6",
    "decimal commas": "0,5;-2,25;7\n1200,125;3;-0,001\n4;5,5;6\n",
    "points between thousands": "0,5;-2,25;7\n1.200,125;3;-1e-3\n4;5,5;6\n",
    "a spreadsheet of Windows": "\ufeffa;b;c;\r\n0,5;\u22122,25;7;\r\n\r\n1200,125;3;-0,001;\r\n"
    "4;5,5;6;\r\n;;;\r\n",
    "tabs": "0,5\t-2,25\t7\n1200,125\t3\t-0,001\n4\t5,5\t6",
    "white space": "  0.5   -2.25 7\n1200.125\t 3   -0.001 \n   4 5.5  6",
    "white space and decimal commas": "0,5 -2,25 7\n1200,125 3 -0,001\n4 5,5 6",
    "R, write.table": '"a" "b" "c"\n"1" 0.5 -2.25 7\n"2" 1200.125 3 -0.001\n"3" 4 5.5 6\n',
    "R, write.csv": '"","a","b","c"\n"1",0.5,-2.25,7\n"2",1200.125,3,-0.001\n"3",4,5.5,6\n',
    "R, write.csv2": '"";"a";"b";"c"\n"x";0,5;-2,25;7\n"y";1200,125;3;-0,001\n"z";4;5,5;6\n',
    "names of rows alone": "x,0.5,-2.25,7\ny,1200.125,3,-0.001\nz,4,5.5,6",
    "pandas": ",a,b,c\n0,0.5,-2.25,7.0\n1,1200.125,3.0,-0.001\n2,4.0,5.5,6.0\n",
    "NumPy": "# a b c\n5e-1 -2.25e+00 7\n1.200125e+03 3 -1e-03\n4 5.5 6\n",
    "old Macintosh": "0.5,-2.25,7\r1200.125,3,-0.001\r4,5.5,6\r",
}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_numbers_are_read_however_they_are_written(way):
    assert table.read(WAYS[way]).rows == ROWS


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_may_come_in_any_common_coding(coding):
    text = "Größe;Länge\n1,5;2\n3;4\n"
    assert table.read(table.decoded(text.encode(coding))).rows == ((1.5, 2.0), (3.0, 4.0))


REFUSED = {
    "": "fewer than two lines",
    "a,b\n": "fewer than two lines",
    "1,2\n": "fewer than two lines",
    "1\n2\n": "one column",
    "1,2\n\n3,x\n": "line 3: “x” is not a number",
    "a,b\n1,2\n3,NA\n": "line 3: “NA” is not a number",
    "NA,NA\n1,2\n3,4\n": "line 1: “NA” is not a number",
    "1O5,2\n3,4\n5,6\n": "line 1: “1O5” is not a number",
    "1,2\n3,\n": "line 2: a cell is empty",
    "1,2\n3,4\n5,6,7\n": "line 3 has 3 cells between commas, and line 1 2",
    "a,b,c\n1,2\n3,4\n": "line 1 has 3 names",
    "1,250;2\n3,750;4\n": "line 1: “1,250” can be 1.25 or 1250",
    '1,2\n"3,500",4\n': "line 2: “3,500” can be 3.5 or 3500",
    "1;2\n0.5;1\n1,5;2\n": "line 2: “0.5” has a decimal point, and “1,5” in line 3",
    "1 500\t2\n3\t4\n": "line 1: “1 500” is not a number",
    "1 500,2\n3 500,4\n": "numbers have blanks in them",
    "a,b\n1 5,2 3\n2 6,3 4\n": "",
    "1,2\n3,2000000\n": "line 2: 2000000 lies beyond ±1,000,000",
    "1,2\n3,1e999\n": "line 2: 1e999 lies beyond",
    "٣,4\n1,2\n": "line 1: “٣” is not a number",
    "0x1,2\n3,4\n": "line 1: “0x1” is not a number",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_refusal_says_which_line_and_why(text):
    with pytest.raises(ParameterError) as refusal:
        table.read(text)
    assert refusal.value.field == "data"
    assert REFUSED[text] in refusal.value.message


def test_what_is_left_out_is_said():
    assert table.read(WAYS["R, write.csv2"]).notes == (
        "Above the numbers, 1 line left out.",
        "Names of rows left out.",
        "Read with decimal commas.",
    )
    assert table.read(WAYS["commas"]).notes == ()


NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda value: value + 0.0)
TABLES = st.integers(2, 5).flatmap(
    lambda width: st.lists(st.tuples(*[NUMBERS] * width), min_size=2, max_size=9).map(tuple)
)


@given(rows=TABLES, mark=st.sampled_from("\t;, "), quoted=st.booleans(), named=st.booleans())
def test_what_a_library_writes_is_read_back_exactly(rows, mark, quoted, named):
    out = io.StringIO()
    write = csv.writer(out, delimiter=mark, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    if named:
        write.writerow([f"x{i}" for i in range(len(rows[0]))])
    write.writerows(rows)
    assert table.read(out.getvalue()).rows == rows


@given(rows=TABLES, mark=st.sampled_from("\t; "))
def test_decimal_commas_change_no_number(rows, mark):
    lines = [mark.join(f"{value:.6f}".replace(".", ",") for value in row) for row in rows]
    expected = tuple(tuple(float(f"{value:.6f}") for value in row) for row in rows)
    assert table.read("\n".join(lines)).rows == expected


@given(text=st.text(alphabet="0123456789.,;\t \n\"'-+eExNA#", max_size=40))
def test_no_text_breaks_the_reader(text):
    try:
        rows = table.read(text).rows
    except ParameterError:
        return
    assert len(rows) >= 2
    assert {len(row) for row in rows} == {len(rows[0])}


def standardized(rows):
    """By exact sums, so that nothing is lost beside large means."""
    columns = np.array(rows, dtype=np.longdouble).T
    centred = columns - columns.mean(axis=1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=1, keepdims=True))


def test_numbers_far_from_zero_keep_their_differences():
    """Days of a year, as six digits whose first three are the same."""
    rows = tuple((731_000.0 + day, float(day**2)) for day in range(15))
    text = "".join(f"{x:.0f},{y:.0f}\n" for x, y in rows)
    params = TrainParams.make(task="csv", data=table.taken(text.encode())["data"])
    assert params.data == rows
    samples = data.table(params.data)
    np.testing.assert_allclose(samples.inputs[0], standardized(rows)[0].astype(float), atol=1e-9)
    assert len(set(samples.inputs[0])) == 15


def test_the_largest_table_fits_in_a_link_and_keeps_what_tells_lines_apart():
    numbers = np.random.default_rng(7).normal([-9e5, 0.1, 3e-5], [1e-3, 40, 1e-6], (MOST_ROWS, 3))
    assert numbers.size == MOST_NUMBERS
    rows = tuple(map(tuple, numbers.tolist()))
    body = "\n".join(",".join(map(repr, row)) for row in rows).encode()
    taken = table.taken(body)
    assert "rounded to 1/99,999 of their range" in taken["notes"]
    params = TrainParams.make(
        task="csv", activation="tanh", depth=3, width=16, init="gaussian", data=taken["data"]
    )
    assert len(search(params.query())) < settings.value("limit_query")
    made, exact = data.table(params.data), standardized(rows).astype(float)
    # Half a step of a range of less than 8 standard deviations, in each number and in the mean.
    np.testing.assert_allclose(made.inputs, exact[:2], atol=8 / table.STEPS)
    np.testing.assert_allclose(made.outputs, exact[2:], atol=8 / table.STEPS)


def test_a_table_that_fits_is_written_to_the_last_digit():
    rows = tuple((1 / (3 + i), float(np.pi * i)) for i in range(100))
    text, rounded = table.written(rows)
    assert not rounded
    assert TrainParams.make(task="csv", data=text).data == rows


def test_classes_are_never_rounded():
    draw = np.random.default_rng(3)
    labels = draw.integers(0, 3, MOST_ROWS)
    rows = tuple(
        (*x, float(k)) for x, k in zip(draw.normal(size=(MOST_ROWS, 2)), labels, strict=True)
    )
    text, rounded = table.written(rows)
    assert rounded
    made = TrainParams.make(task="csv", data=text, activation="tanh", loss="cross_entropy")
    assert [row[-1] for row in made.data] == labels.tolist()


@pytest.mark.parametrize("shape", [(301, 2), (151, 6), (3, 18)])
def test_a_table_beyond_the_limits_is_refused(shape):
    text = "\n".join(",".join(["1"] * shape[1]) for _ in range(shape[0]))
    with pytest.raises(ParameterError, match="too many"):
        table.taken(text.encode())
