"""Every failure has its exit code and one line."""

from __future__ import annotations

import errno
import logging
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from graphrep import exceptions
from graphrep.cli import _app, _errors
from graphrep.cli._help import SectionOption
from graphrep.cli._run import Run, command_options


class InvalidParameterError(ValueError):
    """Stands for scikit-learn's class of that name."""


CASES = [
    (ZeroDivisionError("oh\nno"), 1, "ZeroDivisionError: oh (this is a fault of"),
    (click.UsageError("use it so"), 2, "use it so"),
    (InvalidParameterError("The 'beta' parameter"), 2, "The 'beta' parameter"),
    (exceptions.GraphValueError("bad weight"), 3, "bad weight"),
    (
        exceptions.GraphFormatError("odd", path="e.tsv", line=4),
        3,
        "e.tsv:4: odd",
    ),
    (exceptions.NodeNotFoundError("Node 'x' is not"), 3, "Error: Node 'x' is not"),
    (exceptions.ModelFileError("damaged"), 3, "damaged"),
    (
        FileNotFoundError(errno.ENOENT, "No such file or directory", "x.tsv"),
        3,
        "No such file or directory: x.tsv",
    ),
    (OSError("plain"), 3, "plain"),
    (exceptions.MissingDependencyError("needs rich"), 4, "needs rich"),
    (exceptions.MemoryLimitError("needs 5 TB"), 5, "needs 5 TB"),
    (exceptions.DeviceError("no CUDA"), 5, "no CUDA"),
    (MemoryError("Unable to allocate 9 GB"), 5, "Out of memory. Unable to"),
    (KeyboardInterrupt(), 130, "interrupted; no output was written"),
]


def fail_with(error: BaseException, *arguments: str) -> Result:
    @click.command()
    @command_options
    def fail(run: Run) -> None:
        raise error

    group = _app.App("graphrep", entries={})
    group.get_command = lambda ctx, name: fail  # type: ignore[method-assign]
    group.entries["fail"] = None  # type: ignore[assignment]
    return CliRunner().invoke(group, ["fail", *arguments])


@pytest.mark.parametrize(
    ("error", "code", "message"), CASES, ids=[type(c[0]).__name__ for c in CASES]
)
def test_failure_when_raised_then_has_its_code_and_one_line(
    error: BaseException, code: int, message: str
) -> None:
    done = fail_with(error)
    assert done.exit_code == code
    assert message in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    if code not in {2, 130}:
        assert done.stderr.count("\n") == 1


def test_failure_when_debug_is_on_then_shows_the_traceback() -> None:
    done = fail_with(exceptions.GraphValueError("bad"), "--debug")
    assert done.exit_code == 3
    assert "Traceback" in done.stderr
    assert done.stderr.endswith("Error: bad\n")


def test_failure_when_the_pipe_is_closed_then_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_errors, "_forget_stdout", lambda: None)
    done = fail_with(BrokenPipeError(errno.EPIPE, "Broken pipe"))
    assert done.exit_code == 141
    assert done.output == ""


def test_codes_when_listed_then_cover_every_exception_of_the_library() -> None:
    ours = [
        kind
        for kind in vars(exceptions).values()
        if isinstance(kind, type) and issubclass(kind, exceptions.GraphRepError)
    ]
    assert len(ours) > 5
    for kind in ours:
        assert _errors.exit_code_of(kind("text")) in {3, 4, 5}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Pass duplicates='max' to go on.", "Pass -O duplicates='max' to go on."),
        ("choose other columns=.", "choose other --columns."),
        ("or pass format= with one of npz.", "or pass --format with one of npz."),
        ("not recognised; pass format= with", "not recognised; pass --format-in with"),
        ("pass weight=, then go on", "pass -O weight=, then go on"),
        ("Line 2: 'columns=3' is odd", "Line 2: 'columns=3' is odd"),
    ],
)
def test_advice_when_a_command_tells_it_then_by_its_options(said, told) -> None:
    names = ("--columns", "--format", "--format-in", "-O")
    command = click.Command("c", params=[click.Option([name]) for name in names])
    ctx = click.Context(command)
    ctx.meta[_errors.COMMAND_KEY] = command
    assert _errors.in_options(said, ctx) == told


def test_advice_when_the_format_is_an_input_then_its_own_option_and_choices() -> None:
    kinds = click.Choice(["triples", "obo"])
    of_input = SectionOption(["--format"], section="Input", type=kinds)
    command = click.Command("c", params=[of_input])
    ctx = click.Context(command)
    ctx.meta[_errors.COMMAND_KEY] = command
    told = _errors.in_options(
        "The first bytes do not tell. Pass format= with one of npz, obo.", ctx
    )
    assert told == (
        "The first bytes do not tell. Pass --format with one of triples, obo."
    )


def test_advice_when_the_command_has_no_such_option_then_as_it_is() -> None:
    result = fail_with(exceptions.GraphValueError("odd; pass delimiter=."))
    assert "odd; pass delimiter=." in result.stderr
    result = fail_with(exceptions.GraphValueError("odd; pass verbose=2."))
    assert "odd; pass --verbose 2." in result.stderr


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("block KARATE -m tfidff", "'tfidf'"),
        ("link KARATE --phrase x -m ngrm", "'ngram'"),
        ("kge train KARATE -m complx", "'complex'"),
        ("hypergraph reconstruct KARATE -m marioo", "'marioh'"),
        ("embed fastrp KARATE -o v --preset link_predicton", "'link_prediction'"),
        ("embed fastrp KARATE -o v --format npzz", "'npz'"),
        ("embed fastrp KARATE -o v --presett x", "'--preset'"),
        ("embed node2vek KARATE", "'node2vec'"),
        ("completion bashh", "'bash'"),
    ],
)
def test_name_when_mistyped_then_asks_what_was_meant(
    invoke: Callable[..., Any], karate: Path, line: str, meant: str
) -> None:
    done = invoke(*(karate if part == "KARATE" else part for part in line.split()))
    assert done.exit_code == 2
    assert done.stderr.endswith(f"Did you mean {meant}?\n")


def test_name_when_nothing_comes_close_then_no_guess(
    invoke: Callable[..., Any], karate: Path
) -> None:
    done = invoke("block", karate, "-m", "xyz")
    assert done.exit_code == 2
    assert "is not one of" in done.stderr
    assert "Did you mean" not in done.stderr


def test_warning_when_standard_error_is_closed_then_no_data_is_mixed_with_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run("embed", quiet=False, verbose=0, as_json=False)
    with run.listening():
        warnings.warn("edges repeat", exceptions.GraphWarning, stacklevel=1)
        assert capsys.readouterr() == ("", "Warning: edges repeat\n")
        monkeypatch.setattr(sys, "stderr", None)
        warnings.warn("edges repeat once more", exceptions.GraphWarning, stacklevel=1)
        logging.getLogger("graphrep").error("a line of the log")
    assert capsys.readouterr().out == ""
