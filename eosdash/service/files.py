"""Answers that are files: archives, tables and codes."""

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import segno
from flask import Response
from numpy.typing import NDArray

from eosdash.fields import ParameterError, ParameterSet
from eosdash.params import TrainParams
from eosdash.service.encoding import columns_of


def download(body: bytes, mimetype: str, name: str) -> Response:
    """An answer that the browser keeps as a file."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, mimetype=mimetype, headers=headers)


def table_of(params: TrainParams, lines: Iterator[bytes]) -> bytes:
    """One row a step; columns of several numbers are spread as ``name_1``, ``name_2``, …"""
    names, columns = [], []
    for name, values in columns_of(lines).items():
        wide = values.ndim > 1
        names += [f"{name}_{i + 1}" for i in range(values.shape[1])] if wide else [name]
        columns += list(values.T) if wide else [values]
    text = io.StringIO()
    text.write(f"# {params.call()}\n{','.join(names)}\n")
    for row in zip(*(column.tolist() for column in columns), strict=True):
        text.write(",".join(map(repr, row)) + "\n")
    return text.getvalue().encode()


def archive(params: ParameterSet, arrays: dict[str, NDArray[Any]]) -> bytes:
    """The arrays by name, and the parameter set as JSON under ``params``."""
    body = io.BytesIO()
    named: dict[str, Any] = arrays
    np.savez_compressed(body, params=np.array(json.dumps(params.canonical())), **named)
    return body.getvalue()


def qr_code(link: str) -> bytes:
    """A link as a QR code, black on white whatever is around it, with the quiet zone it needs."""
    if not link.startswith(("http://", "https://")):
        raise ParameterError("link", "it is no link", "an address that begins with http")
    try:
        code = segno.make_qr(link, error="L")
    except segno.DataOverflowError:
        raise ParameterError("link", "it is too long for a QR code", "up to 2,953 bytes") from None
    body = io.BytesIO()
    code.save(body, kind="svg", scale=8, light="white", xmldecl=False)
    return body.getvalue()
