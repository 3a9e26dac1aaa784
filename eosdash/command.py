"""The command ``eosdash``: serves the dashboard on this machine, or computes a result into a file.

Whatever the dashboard is told by an option, an environment variable ``EOSDASH_…`` says as well.
"""

import json
import os
import signal
import sys
import threading
import urllib.request
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

# BLAS reads it when NumPy is imported; its threads would fight those of the server.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# GNU's C library reads it when a process starts: those that compute keep few pools of memory.
os.environ.setdefault("MALLOC_ARENA_MAX", "2")

import click

import eosdash
from eosdash.fields import ParameterError, ParameterSet
from eosdash.params import BasinParams, SweepParams, TrainParams
from eosdash.service.settings import SETTINGS, prefix

STARTED = 30.0
"""Seconds that the browser waits for the server."""


def _setting(flag: str, name: str, kind: Any, *others: str) -> Callable[[Any], Any]:
    """An option that is a setting: with its default, its words and its environment variable."""
    setting = SETTINGS[name]
    default = bool(setting.default) if kind is bool else setting.default
    return click.option(
        flag, name, type=kind, default=default, show_default=setting.default not in ("", 0),
        help=f"{setting.help[0].upper()}{setting.help[1:]}.", envvar=[setting.variable, *others],
    )  # fmt: skip


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(eosdash.__version__, prog_name="eosdash")
@_setting("--port", "port", click.IntRange(0, 65535), "PORT")
@_setting("--host", "host", str)
@_setting("--deck", "deck", click.Path(dir_okay=False))
@_setting("--workers", "computations", click.IntRange(0))
@_setting("--browser/--no-browser", "open", bool)
@click.pass_context
def main(
    context: click.Context, port: int, host: str, deck: str, computations: int, open: bool
) -> None:
    """Gradient descent at the edge of stability: serve the dashboard, and open it."""
    os.environ |= {
        SETTINGS["deck"].variable: deck,
        SETTINGS["computations"].variable: str(computations),
    }
    if context.invoked_subcommand is None:
        _serve(host, port, open)


def _serve(host: str, port: int, browser: bool) -> None:
    os.environ.setdefault(SETTINGS["log_level"].variable, "WARNING")  # a person reads it
    # Here, so that the other commands start without it.
    from eosdash.deck import DeckError
    from eosdash.server import create_app
    from eosdash.service import servers

    try:
        app = create_app(alone=True).server
    except (DeckError, OSError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    try:
        server = servers.created(app, host, port)
    except (OSError, ValueError) as error:
        hint = "is the address this machine's, and the port free? --port 0 takes any that is"
        raise click.ClickException(f"{host}:{port}: {error} ({hint})") from None
    shown = "127.0.0.1" if host in ("", "0.0.0.0", "::") else host  # noqa: S104 - it is named
    place = f"{f'[{shown}]' if ':' in shown else shown}:{server.effective_port}"
    address = f"http://{place}{prefix()}/"
    click.echo(f"eosdash {eosdash.__version__} on {address} (Ctrl+C ends it)")
    signal.signal(signal.SIGTERM, _end)
    if browser:
        threading.Thread(target=_open, args=(address,), daemon=True).start()
    server.run()


def _end(*_: object) -> None:
    """End as Ctrl+C does."""
    raise SystemExit


def _open(address: str) -> None:
    """Open the page once it answers."""
    try:
        with urllib.request.urlopen(f"{address}healthz", timeout=STARTED):  # noqa: S310 - http
            webbrowser.open(address)
    except OSError:
        click.echo(f"open {address} in a browser", err=True)


@main.command()
def warm() -> None:
    """Compute the scenes of the deck ahead, and compress scripts and styles."""
    from eosdash.pages import static
    from eosdash.service import warm

    warm.main()
    static.main()


Advance = Callable[[float], None]
"""Hears which share is done."""


def _run_file(params: TrainParams, suffix: str, advance: Advance) -> bytes:
    from eosdash.service.encoding import columns_of
    from eosdash.service.files import archive, table_of
    from eosdash.service.kinds import computed

    lines = []
    for text in computed(params):
        lines.append(text)
        record = json.loads(text)
        if record["type"] == "chunk":
            advance((record["step"] + len(record["loss"])) / params.steps)
    if suffix == ".csv":
        return table_of(params, iter(lines))
    return archive(params, columns_of(lines))


def _map_file(params: BasinParams, _suffix: str, advance: Advance) -> bytes:
    from eosdash.service import maps
    from eosdash.service.files import archive
    from eosdash.service.kinds import computed
    from eosdash.service.stream import PASSING

    lines = []
    for text in computed(params):
        if text.startswith(PASSING):
            record = json.loads(text)
            advance(record["done"] / record["total"])
        else:
            lines.append(text)
    return archive(params, maps.arrays_of(lines))


def _sweep_file(params: SweepParams, _suffix: str, advance: Advance) -> bytes:
    from eosdash.service.columns import arrays_of
    from eosdash.service.files import archive
    from eosdash.sweeps import Columns, values_of

    total, done = len(values_of(params)), 0

    def told(part: Columns) -> None:
        nonlocal done
        if part.fates:
            done += len(part.index)
            advance(done / total)

    return archive(params, arrays_of(params, told))


def _add(
    kind: type[ParameterSet], suffixes: tuple[str, ...], write: Callable[[Any, str, Advance], bytes]
) -> None:
    """Add a command that computes a result of a kind into a file."""

    def compute(out: Path, **query: str | None) -> None:
        if out.suffix not in suffixes:
            raise click.BadParameter(f"a name that ends in {_or(suffixes)}", param_hint="--out")
        try:
            params = kind.make(**{name: text for name, text in query.items() if text is not None})
            hidden = not sys.stderr.isatty()
            with click.progressbar(length=1000, file=sys.stderr, hidden=hidden) as bar:
                body = write(
                    params, out.suffix, lambda done: bar.update(round(1000 * done) - bar.pos)
                )
        except ParameterError as error:
            words = f"{error.message} (allowed: {error.allowed})"
            raise click.BadParameter(words, param_hint=_option(error.field)) from None
        try:
            out.write_bytes(body)
        except OSError as error:
            raise click.FileError(str(out), error.strerror or str(error)) from None
        click.echo(f"{out}: {params.call()}")

    options = [
        click.Option([_option(name), name], help=field.description)
        for name, field in kind.model_fields.items()
    ]
    out = click.Option(
        ["--out"], type=click.Path(dir_okay=False, path_type=Path), required=True,
        help=f"The file to write, {_or(suffixes)}.",
    )  # fmt: skip
    words = f"Compute a {WORDS[kind.kind]} into a file. What is left out is chosen to suit."
    main.add_command(click.Command(kind.kind, callback=compute, params=[out, *options], help=words))


WORDS = {"train": "run", "basin": "map of a basin", "sweep": "sweep"}


def _or(suffixes: tuple[str, ...]) -> str:
    return " or ".join(suffixes)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


_add(TrainParams, (".npz", ".csv"), _run_file)
_add(BasinParams, (".npz",), _map_file)
_add(SweepParams, (".npz",), _sweep_file)
