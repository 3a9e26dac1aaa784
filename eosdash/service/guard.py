"""What stands between the public and the app: headers, bounds on bodies, and answers to mistakes.

Whatever is asked, the answer is what was meant or an error in the one shape of the API; and a
browser that shows the pages runs our scripts alone.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import NamedTuple, NoReturn

from flask import Flask, Response, abort, current_app, request
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.middleware.proxy_fix import ProxyFix

from eosdash.mistakes import mistake
from eosdash.service import settings

API = "/api/"
CALLS = "/_dash-update-component"
SUITES = "/_dash-component-suites/"
ANY_PAGE = "/<path:path>"
"""The rule by which Dash answers whatever nothing else does."""

NO_PAGES = ("/api", "/_", "/assets", "/static")
"""Where machines ask, who are told in a way that they can read that there is nothing."""

HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    (
        "Permissions-Policy",
        "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), usb=()",
    ),
)
"""On every answer."""

PLAIN_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""The policy of an answer that is no page: if it is shown as one, it can do nothing."""

PAGE_POLICY = {
    "default-src": "'none'",
    "connect-src": "'self' data:",  # a figure is fetched out of its address to become a file
    "img-src": "'self' data: blob:",  # icons in style sheets; maps; figures on that way
    "style-src": "'self' 'unsafe-inline'",  # the attributes of React and Plotly
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
}

EMBEDS = ("1", "true")
"""Values of ``embed`` with which a page shows what may be seen in an iframe."""

Names = tuple[tuple[str, str], ...]
"""Components with one property each."""


class Known(NamedTuple):
    """What has to be known of the app.

    Attributes:
        scripts: the hashes of the scripts that stand in the page, as a policy lists them.
        pages: paths of the pages, without the slashes around them.
        callbacks: inputs and states of each callback of the server, by its output.
    """

    scripts: tuple[str, ...]
    pages: frozenset[str]
    callbacks: dict[str, tuple[Names, ...]]


def register(
    server: Flask,
    known: Callable[[], Known],
    absent: tuple[type[Exception], ...] = (),
    malformed: tuple[type[Exception], ...] = (),
) -> None:
    """Guard a server, before anything else is added to it.

    Args:
        server: the server.
        known: tells what has to be known; asked once, when the first answer is under way.
        absent: what is raised where Dash is asked for a file that it does not have.
        malformed: what is raised by callbacks for values that no browser sends.
    """
    known = cache(known)
    server.config["MAX_CONTENT_LENGTH"] = settings.value("limit_body")
    hops = settings.value("proxies")
    if hops > 0:
        proxied = ProxyFix(server.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
        server.wsgi_app = proxied  # type: ignore[method-assign]

    @server.before_request
    def check() -> None:
        if request.path == CALLS and request.method == "POST":
            check_call(request.get_data(), known().callbacks)
        elif _rule() == ANY_PAGE and request.path.startswith(NO_PAGES):
            _nothing_here()

    @server.after_request
    def finish(response: Response) -> Response:
        shown = _rule() == ANY_PAGE and response.status_code == 200
        if shown and request.path.strip("/") not in known().pages:
            response.status_code = 404  # with the page, which leads to the others
        _add_headers(response, known().scripts)
        _open_to_others(response)
        return response

    server.register_error_handler(HTTPException, _told)
    for kind in (*absent, FileNotFoundError):
        server.register_error_handler(kind, _absent)
    for kind in malformed:
        server.register_error_handler(kind, _malformed)


def _rule() -> str | None:
    """The rule by which the request is answered."""
    return request.url_rule.rule if request.url_rule else None


def _add_headers(response: Response, scripts: tuple[str, ...]) -> None:
    """Set what keeps a browser from more than it should do with an answer."""
    policy = PLAIN_POLICY
    if response.mimetype == "text/html":
        policy = page_policy(scripts, request.args.get("embed") in EMBEDS)
        response.headers.setdefault("Cache-Control", "no-cache")  # it names the newest scripts
        if request.is_secure:  # browsers complain about it elsewhere
            response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers.setdefault("Content-Security-Policy", policy)
    for name, value in HEADERS:
        response.headers[name] = value


def _open_to_others(response: Response) -> None:
    """Let pages of the named origins read what the API answers, as whoever has no cookie."""
    allowed = settings.value("cors").split()
    if not allowed or not request.path.startswith(API) or request.method not in ("GET", "HEAD"):
        return
    if "*" in allowed:
        response.headers["Access-Control-Allow-Origin"] = "*"
    else:
        response.vary.add("Origin")
        if request.origin in allowed:
            response.headers["Access-Control-Allow-Origin"] = str(request.origin)
    response.headers["Access-Control-Expose-Headers"] = "Cache-Status, ETag, Retry-After"


def page_policy(scripts: tuple[str, ...], embedded: bool) -> str:
    """The Content-Security-Policy of a page."""
    who = settings.value("frame_ancestors") if embedded else "'self'"
    parts = PAGE_POLICY | {"script-src": " ".join(["'self'", *scripts]), "frame-ancestors": who}
    return "; ".join(f"{name} {value}" for name, value in parts.items())


# Callbacks of the server


class Named(BaseModel):
    """A property of a component."""

    model_config = ConfigDict(strict=True, extra="forbid")
    id: str
    property: str


class Filled(Named):
    """One with its value; all that the callbacks take is text."""

    value: str | None = None


class Call(BaseModel):
    """What a browser posts to have a callback run."""

    model_config = ConfigDict(strict=True, extra="forbid")
    output: str
    outputs: Named | list[Named]
    inputs: list[Filled]
    changedPropIds: list[str]
    parsedChangedPropsIds: list[str] = []
    state: list[Filled] = []

    def names(self) -> tuple[Names, ...]:
        """The inputs and the states."""
        return tuple(tuple((each.id, each.property) for each in kind) for kind in self._given())

    def _given(self) -> tuple[list[Filled], list[Filled]]:
        return self.inputs, self.state

    def outputs_named(self) -> str:
        """The outputs as Dash writes them into one name."""
        if isinstance(self.outputs, Named):
            return f"{self.outputs.id}.{self.outputs.property}"
        return f"..{'...'.join(f'{each.id}.{each.property}' for each in self.outputs)}.."


def check_call(body: bytes, callbacks: dict[str, tuple[Names, ...]]) -> None:
    """Refuse what no browser that shows the pages would post; Dash would fail on it.

    Raises:
        HTTPException: 400, with the field at fault.
    """
    try:
        call = Call.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"])) or "body"
        _refuse(field, mistake(first), "what the pages send")
    if call.output not in callbacks:
        _refuse("output", "there is no such callback", "one of the pages' own")
    if call.outputs_named() != call.output:
        _refuse("outputs", "they are not those of the callback", call.output)
    if call.names() != callbacks[call.output]:
        _refuse("inputs", "they are not those of the callback", "its inputs and states")
    names = {f"{each.id}.{each.property}" for each in call.inputs}
    if not names.issuperset(call.changedPropIds):
        _refuse("changedPropIds", "they are no inputs", ", ".join(sorted(names)))


# Errors


def _error(code: int, field: str, message: str, allowed: str) -> Response:
    """An error in the shape of the API."""
    told = {"error": {"field": field, "message": message, "allowed": allowed}}
    return Response(json.dumps(told), code, mimetype="application/json")


def _refuse(field: str, message: str, allowed: str) -> NoReturn:
    """Answer that the request is malformed, instead of going on."""
    abort(_error(400, field, message, allowed))


def _nothing_here() -> NoReturn:
    """Answer that there is nothing, or nothing to get."""
    adapter = current_app.create_url_adapter(request)
    if adapter and "POST" in adapter.allowed_methods():
        raise MethodNotAllowed(["POST"])
    raise NotFound


def _told(error: HTTPException) -> Response:
    """An HTTP error in the shape of the API; of what went wrong here it tells nothing."""
    limit = current_app.config["MAX_CONTENT_LENGTH"]
    methods = ", ".join(sorted(getattr(error, "valid_methods", None) or []))
    words = {
        404: (
            "path",
            "there is nothing here",
            "the pages, and what the API is documented to answer",
        ),
        405: ("method", f"{request.method} is not for this", methods),
        413: ("body", "it is too long", f"up to {limit:,} bytes"),
        415: ("Content-Type", "it is none that is read here", "application/json"),
        500: ("request", "something went wrong here; it was logged", "to try it again"),
    }
    code = error.code or 500
    response = _error(code, *words.get(code, ("request", error.name, "another request")))
    for name, value in error.get_headers():
        if name != "Content-Type":
            response.headers[name] = value  # such as Allow and Retry-After
    return response


def _absent(error: Exception) -> Response:
    """Dash has no such file; anywhere else a file that is missing is a mistake of ours."""
    if not request.path.startswith(SUITES):
        raise error
    return _told(NotFound())


def _malformed(_: Exception) -> Response:
    """A callback was given what no browser sends."""
    return _error(400, "inputs", "a value cannot be used", "what the pages send")
