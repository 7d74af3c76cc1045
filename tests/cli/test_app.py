"""The root command: listing, laziness, streams, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from graphrep import __version__
from graphrep.cli import _app, app
from graphrep.cli._app import ENTRIES

Invoke = Callable[..., Any]
Shell = Callable[..., Any]

GROUPS = ("embed", "datasets", "kge", "hypergraph")

_UNTIL_IT_READS = 3.0
_HEAVY = (
    "numpy",
    "scipy",
    "sklearn",
    "numba",
    "torch",
    "pandas",
    "networkx",
    "pyarrow",
    "matplotlib",
    "rich",
)


def _loaded_by(*arguments: str) -> set[str]:
    """Heavy packages that a command line imports."""
    code = (
        "import sys\n"
        "from graphrep.cli import app\n"
        f"try: app({list(arguments)!r}, prog_name='graphrep')\n"
        "except SystemExit: pass\n"
        f"print(*[m for m in {_HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["embed", "--help"],
        ["embed", "fastrp", "--help"],
        ["datasets", "--help"],
        ["kge", "--help"],
        ["kge", "train", "--help"],
        ["hypergraph", "--help"],
        ["hypergraph", "reconstruct", "--help"],
        ["completion", "bash"],
    ],
    ids=" ".join,
)
def test_help_when_shown_then_nothing_heavy_is_imported(arguments: list[str]) -> None:
    assert _loaded_by(*arguments) == set()


@pytest.mark.parametrize("name", [n for n in ENTRIES if n not in GROUPS])
def test_command_help_when_shown_then_nothing_heavy_is_imported(name: str) -> None:
    assert _loaded_by(name, "--help") == set()


def test_help_when_shown_then_lists_every_command_with_its_summary(
    invoke: Invoke,
) -> None:
    shown = invoke("--help").stdout
    for name, entry in ENTRIES.items():
        assert f"\n  {name}" in shown
        assert entry.summary in shown


@pytest.mark.parametrize("name", list(ENTRIES))
def test_entry_when_imported_then_is_a_command_with_help(name: str) -> None:
    command = app.get_command(click.Context(app), name)
    assert command is not None
    assert command.name == name
    assert command.help
    assert "\\b" not in command.help  # a raw docstring shows it instead of using it


def test_entries_when_nested_then_are_commands_of_that_name() -> None:
    context = click.Context(app)
    for group in GROUPS:
        found = app.get_command(context, group)
        assert isinstance(found, click.Group)
        for name in found.list_commands(context):
            command = found.get_command(context, name)
            assert command is not None
            assert command.name == name


def test_unknown_command_when_close_to_one_then_names_it(invoke: Invoke) -> None:
    done = invoke("simlar")
    assert done.exit_code == 2
    assert "No such command 'simlar'. Did you mean 'similar'?" in done.stderr
    assert done.stdout == ""


def test_version_when_asked_then_prints_it(invoke: Invoke) -> None:
    assert invoke("--version").stdout == f"graphrep {__version__}\n"
    assert f"graphrep\t{__version__}\n" in invoke("version").stdout


def test_version_when_json_is_asked_then_is_one_object(invoke: Invoke) -> None:
    record = json.loads(invoke("version", "--json").stdout)
    assert record["command"] == "version"
    assert record["result"]["graphrep"] == __version__
    assert record["result"]["threading_layer"]


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_when_asked_then_prints_a_script(invoke: Invoke, name: str) -> None:
    script = invoke("completion", name).stdout
    assert "_GRAPHREP_COMPLETE" in script
    assert f"{name}_complete" in script


def test_completion_when_a_shell_asks_then_names_commands_and_options(
    shell: Shell,
) -> None:
    def complete(line: str) -> bytes:
        words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
        return shell(env={"_GRAPHREP_COMPLETE": "bash_complete", **words}).stdout

    assert complete("graphrep em") == b"plain,embed\n"
    assert complete("graphrep embed f") == b"plain,fastrp\n"
    assert b"plain,--self-influence" in complete("graphrep embed fastrp --self-")
    assert complete("graphrep embed fastrp --degree w") == b"plain,weighted\n"


def test_stream_when_it_is_not_utf8_then_shows_escapes(
    shell: Shell, tmp_path: Path
) -> None:
    path = tmp_path / "gräph.tsv"
    path.write_text("Zürich\t東京\n", "utf-8")
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = shell("info", path.name, env=ascii_only)
    assert done.returncode == 0, done.stderr
    assert "first_ids\tZürich, 東京\n".encode() in done.stdout  # click's choice
    done = shell("info", path.name, env={"PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 0, done.stderr
    assert b"first_ids\tZ\xfcrich, \\u6771\\u4eac\n" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="pipes close in another way")
@pytest.mark.parametrize("arguments", [["--help"], ["version"]], ids=" ".join)
def test_pipe_when_closed_then_the_end_is_silent(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "graphrep", *arguments],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert done.returncode == 141
    assert done.stderr == b""


@pytest.mark.skipif(os.name == "nt", reason="signals differ")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_signal_when_sent_then_ends_with_its_code_and_no_file(
    number: int, code: int, tmp_path: Path
) -> None:
    fifo = tmp_path / "edges.tsv"
    os.mkfifo(fifo)
    # A shell starts jobs in the background with the interrupt ignored; undo that.
    code_to_run = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from graphrep.cli import main; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code_to_run, "convert", fifo, tmp_path / "out.npz"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    pipe = os.open(fifo, os.O_RDWR)  # the command waits for edges that never come
    try:
        time.sleep(_UNTIL_IT_READS)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        os.close(pipe)
    assert process.returncode == code
    assert out == b""
    assert b"Traceback" not in err
    assert [p.name for p in tmp_path.iterdir()] == ["edges.tsv"]


def test_main_when_called_then_terminates_by_exit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["graphrep", "--version"])
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as stop:
        _app.main()
    signal.signal(signal.SIGTERM, before)
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"graphrep {__version__}\n"
