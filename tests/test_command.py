"""The command ``eosdash``: it serves, computes into files, and says what it does not take."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import eosdash
from eosdash.command import main
from tests.conftest import ROOT
from tests.smoke import check, read, serving

# Where a Mac or Windows has none of these, they are taken away before anything is imported.
ELSEWHERE = """
import os, signal, sys
for module in ("fcntl", "resource", "grp", "pwd"):
    sys.modules[module] = None
for name in ("sched_getaffinity", "fork", "getuid", "pread", "register_at_fork"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGALRM"):
    if hasattr(signal, name):
        delattr(signal, name)
if __name__ == "__main__":
    from eosdash.command import main
    main()
"""


def run(*words):
    return CliRunner().invoke(main, words)


def served(command, folder, **environ):
    """A command that serves, with nothing of ours set."""
    home = {"XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    return serving(command, folder, **home | environ)


def test_it_serves_from_any_folder_and_ends_when_it_is_told(tmp_path):
    with served([sys.executable, "-m", "eosdash"], tmp_path) as (url, process):
        check(url, tmp_path)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_it_serves_where_there_is_nothing_of_posix(tmp_path):
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text(ELSEWHERE)
    with served([sys.executable, str(elsewhere)], tmp_path) as (url, _):
        check(url, tmp_path)


def test_a_port_that_is_taken_is_said(tmp_path):
    taken = socket.create_server(("127.0.0.1", 0))
    port = str(taken.getsockname()[1])
    again = subprocess.run(
        [sys.executable, "-m", "eosdash", "--no-browser", "--port", port], capture_output=True,
        text=True, cwd=ROOT, timeout=60,
        env=os.environ | {"EOSDASH_CACHE_DIR": str(tmp_path / "other")},
    )  # fmt: skip
    taken.close()
    assert again.returncode == 1
    assert f"127.0.0.1:{port}" in again.stderr
    assert "--port" in again.stderr


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"EOSDASH_DECK": "nowhere.yaml"}, "nowhere.yaml"),
        ({"EOSDASH_THREADS": "many"}, "EOSDASH_THREADS"),
    ],
)
def test_what_keeps_it_from_starting_is_said_as_it_is(tmp_path, environ, said):
    done = subprocess.run(
        [sys.executable, "-m", "eosdash", "--no-browser", "--port", "0"], capture_output=True,
        text=True, cwd=ROOT, timeout=60,
        env=os.environ | {"EOSDASH_CACHE_DIR": str(tmp_path)} | environ,
    )  # fmt: skip
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "port" not in done.stderr


def test_under_a_path_the_address_that_is_told_and_opened_has_it(tmp_path):
    command = [sys.executable, "-m", "eosdash"]
    with served(command, tmp_path, EOSDASH_PREFIX="/lab") as (url, _):
        assert url.endswith("/lab/")
        assert b'data-base="/lab"' in read(url)


def test_the_version_and_the_options_are_told():
    assert eosdash.__version__ in run("--version").output
    assert {"--port", "--host", "--deck", "--no-browser", "--workers"} <= set(
        re.findall(r"--[\w-]+", run("--help").output)
    )


@pytest.mark.parametrize(
    ("words", "name", "suffix"),
    [
        (["train", "--depth", "3", "--lr", "0.3", "--steps", "40"], "loss", ".npz"),
        (["basin", "--depth", "2", "--resolution", "32", "--steps", "40"], "outcome", ".npz"),
        (["sweep", "--depth", "2", "--columns", "9", "--starts", "2", "--steps", "30"],
         "grad_norm", ".npz"),
    ],
)  # fmt: skip
def test_a_result_becomes_a_file_with_the_numbers_of_python(tmp_path, words, name, suffix):
    out = tmp_path / f"result{suffix}"
    done = run(*words, "--out", str(out))
    assert done.exit_code == 0, done.output
    call = done.output.split(": ", 1)[1]
    expected = eval(call, {"eosdash": eosdash})
    with np.load(out) as arrays:
        values = getattr(expected, name)
        if arrays[name].dtype.kind == "f":
            np.testing.assert_array_equal(arrays[name], values)
        else:
            np.testing.assert_array_equal(arrays[name].ravel(), np.asarray(values).ravel())


def test_a_run_becomes_a_table(tmp_path):
    out = tmp_path / "run.csv"
    assert run("train", "--steps", "20", "--out", str(out)).exit_code == 0
    first, names, *rows = out.read_text().splitlines()
    assert first.startswith("# eosdash.train(")
    assert "loss" in names.split(",")
    assert len(rows) == 20


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "--depth", "x"], "--depth"),
        (["train", "--lr", "1e9"], "--lr"),
        (["basin", "--resolution", "3"], "--resolution"),
        (["sweep", "--low", "2", "--high", "1"], "--high"),
        (["train", "--nothing", "1"], "--nothing"),
    ],
)
def test_what_cannot_be_used_is_named_and_no_file_is_written(tmp_path, words, said):
    out = tmp_path / "x.npz"
    done = run(*words, "--out", str(out))
    assert done.exit_code == 2
    assert said in done.output
    assert not out.exists()


def test_a_file_of_another_kind_is_refused(tmp_path):
    done = run("train", "--out", str(tmp_path / "x.txt"))
    assert done.exit_code == 2
    assert ".npz or .csv" in done.output


def test_the_wheel_holds_all_and_its_command_serves(tmp_path):
    """In a fresh environment, which borrows the libraries of this one but not its code."""
    source = tmp_path / "source"
    shutil.copytree(
        ROOT, source, ignore=shutil.ignore_patterns(".*", "__pycache__", "tests", "benchmarks")
    )
    python = tmp_path / "env" / "bin" / "python"
    commands = [
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, source],
        [sys.executable, "-m", "venv", tmp_path / "env"],
        [python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--find-links", tmp_path,
         "eosdash"],
    ]  # fmt: skip
    for command in commands:
        subprocess.run(command, check=True, timeout=300)
    (site,) = (tmp_path / "env").glob("lib/python*/site-packages")
    (ours,) = {Path(np.__file__).parent.parent}
    (site / "borrowed.pth").write_text(f"{ours}\n")
    command = [str(tmp_path / "env" / "bin" / "eosdash")]
    with served(command, tmp_path, PYTHONPATH="") as (url, _):
        check(url, tmp_path)
