"""Health, and the data of a run as a table and as arrays."""

import ast
import io
import json

import numpy as np
import pytest

import eosdash
from eosdash.params import TrainParams
from tests.service.helpers import DIVERGING, EXAMPLE, arguments, cached, url

RUNS = [
    EXAMPLE,
    DIVERGING,
    "task=whitened&depth=3&width=4&eigenvalues=3&lr=0.3&steps=90",
    "depth=1&lr=0.5&steps=3&lr_schedule=1:0.1,2:0.2&lambda_min=true",
]
ARRAYS = (
    *("lr", "loss", "sharpness", "lambda_min", "grad_norm", "balance", "singular_values"),
    *("gfs_sharpness", "path"),
)


def expected_arrays(query):
    """The arrays of a run by name; eigenvalues only beyond the first, which is the sharpness."""
    run = eosdash.train(**arguments(query))
    arrays = {name: getattr(run, name) for name in ARRAYS if getattr(run, name) is not None}
    if run.eigenvalues.shape[1] > 1:
        arrays["eigenvalues"] = run.eigenvalues
    return arrays | {"step": np.arange(run.step)}


def test_health_tells_the_version(client):
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.get_json() == {"status": "ok", "version": eosdash.__version__}


@pytest.mark.parametrize("query", RUNS)
def test_a_table_holds_the_arrays_to_the_last_bit(client, query):
    response = client.get(f"/api/train.csv?{query}")
    assert response.mimetype == "text/csv"
    assert 'attachment; filename="eosdash-run.csv"' in response.headers["Content-Disposition"]
    _, header, *rows = response.text.splitlines()
    table = np.array([[float(cell) for cell in row.split(",")] for row in rows])
    columns = dict(zip(header.split(","), table.T, strict=True))
    expected = {}
    for name, values in expected_arrays(query).items():
        if values.ndim == 1:
            expected[name] = values
        else:
            expected |= {f"{name}_{i + 1}": column for i, column in enumerate(values.T)}
    assert columns.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(columns[name], values, err_msg=name)


@pytest.mark.parametrize("query", RUNS)
def test_the_first_line_of_a_table_computes_it_again(client, query):
    first = client.get(f"/api/train.csv?{query}").text.splitlines()[0]
    call = ast.parse(first.removeprefix("# "), mode="eval").body
    assert ast.unparse(call.func) == "eosdash.train"
    assert not call.args
    params = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    assert TrainParams.make(**params).key() == TrainParams.make(**arguments(query)).key()


@pytest.mark.parametrize("query", RUNS)
def test_an_archive_holds_the_arrays_and_the_parameters(client, query):
    response = client.get(f"/api/train.npz?{query}")
    assert 'attachment; filename="eosdash-run.npz"' in response.headers["Content-Disposition"]
    with np.load(io.BytesIO(response.data), allow_pickle=False) as archive:
        expected = expected_arrays(query)
        assert set(archive.files) == {*expected, "params"}
        for name, values in expected.items():
            np.testing.assert_array_equal(archive[name], values, err_msg=name)
        params = json.loads(str(archive["params"]))
    assert TrainParams.make(**params).key() == TrainParams.make(**arguments(query)).key()


def test_a_run_is_computed_once_for_all_its_forms(make_client, told):
    client = make_client()
    client.get(f"/api/train.csv?{EXAMPLE}")
    client.get(f"/api/train.npz?{EXAMPLE}")
    assert cached(client.get(url(EXAMPLE)))
    assert told.count("1500 begins") == 1
