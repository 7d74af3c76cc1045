"""Options made from an estimator equal its constructor."""

from __future__ import annotations

import inspect
from typing import Any

import click
import pytest
from click.testing import CliRunner

from graphrep.cli import _parameters
from graphrep.cli._parameters import Value, read_parameters
from graphrep.cli.commands.embed_fastrp import (
    ALIASES,
    PRESETS,
    SKIPPED,
    fastrp,
)

_SOURCE = b'''
_WEIGHTS = (0.0, 1.5)


class Method(Base):
    """Do it.

    Parameters
    ----------
    size : int, default=3
        Size of ``it``. And more.
    a, b : {"x", "y"} or None, default=None
        Two at once,
        over two lines; e.g. so
    weights : sequence of float
        No end

    Attributes
    ----------
    other : int
        Not a parameter.
    """

    def __init__(self, size=3, *, a=None, b="x", weights=_WEIGHTS, other=True):
        pass
'''


def convert(kind: str, text: str) -> Any:
    return Value(kind).convert(text, None, None)


def test_read_parameters_when_source_is_given_then_signature_and_docs_are_joined(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_parameters.pkgutil, "get_data", lambda *_: _SOURCE)
    size, a, b, weights, other = read_parameters("x.py", "Method")
    assert size == ("size", 3, "int", "Size of it.")
    two = "Two at once, over two lines; e.g. so"
    assert a == ("a", None, '{"x", "y"} or None', two)
    assert b == ("b", "x", '{"x", "y"} or None', two)
    assert weights == ("weights", (0.0, 1.5), "sequence of float", "No end")
    assert other == ("other", True, "str", "")  # an attribute is no parameter


def test_read_parameters_when_class_is_absent_then_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_parameters.pkgutil, "get_data", lambda *_: _SOURCE)
    with pytest.raises(LookupError, match="Other"):
        read_parameters("x.py", "Other")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "12", 12),
        ("float", "1e-3", 1e-3),
        ("str", "cuda:1", "cuda:1"),
        ("sequence of float", "0,0,1,6.67", (0.0, 0.0, 1.0, 6.67)),
        ("sequence of float", "1", (1.0,)),
        ('{"l2", None}', "none", None),
        ('{"l2"} or None', "None", None),
        ('{"very_sparse", "achlioptas"} or float', "3", 3.0),
        ('{"very_sparse", "achlioptas"} or float', "achlioptas", "achlioptas"),
        ("int, RandomState instance or None", "7", 7),
    ],
)
def test_value_when_text_fits_then_converts(kind: str, text: str, value: Any) -> None:
    got = convert(kind, text)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("int", "1.5", "'1.5' is not an integer"),
        ("float", "none", "'none' is not a number"),
        ('{"a", "b"}', "c", "'c' is not 'a' or 'b'"),
        ('{"a", None}', "c", "'c' is not 'a' or 'none'"),
        ("sequence of float", "1;2", "'1;2' is not numbers with commas between"),
    ],
)
def test_value_when_text_does_not_fit_then_names_what_would(
    kind: str, text: str, message: str
) -> None:
    with pytest.raises(click.BadParameter, match=message):
        convert(kind, text)


def options_of(command: click.Command) -> dict[str, click.Option]:
    return {p.name: p for p in command.params if isinstance(p, click.Option) and p.name}


def test_fastrp_options_when_compared_then_equal_the_constructor() -> None:
    from graphrep.embedding import FastRP

    options = options_of(fastrp)
    signature = inspect.signature(FastRP.__init__).parameters
    names = [name for name in signature if name != "self"]
    assert set(names) - set(options) == set()
    context = click.Context(fastrp)
    for name in names:
        if name in SKIPPED:
            continue
        option = options[name]
        default = option.get_default(context)
        got = option.type_cast_value(context, default)
        assert got == signature[name].default, name
        assert f"--{name.replace('_', '-')}" in option.opts, name
        assert set(ALIASES.get(name, ())) <= set(option.opts)


def test_fastrp_options_when_compared_then_help_is_the_docstrings_first_sentence() -> (
    None
):
    from graphrep.embedding import FastRP

    docstring = " ".join((FastRP.__doc__ or "").replace("`", "").split())
    for name, option in options_of(fastrp).items():
        if getattr(option, "section", "") == "FastRP" and name not in {
            "preset",
            "tune",
        }:
            assert option.help
            assert option.help in docstring, name
            assert option.help.endswith("."), name


def test_fastrp_presets_when_compared_then_equal_those_of_the_class() -> None:
    from graphrep.embedding._fastrp_presets import PRESETS as known

    assert set(PRESETS) == set(known)


def test_fastrp_help_when_shown_then_has_sections_and_defaults() -> None:
    shown = CliRunner().invoke(fastrp, ["--help"])
    assert shown.exit_code == 0
    titles = [
        line
        for line in shown.output.splitlines()
        if line[:1] != " " and line.endswith(":")
    ]
    assert titles == ["Input:", "Output:", "FastRP:", "General:"]
    assert "-d, --n-components INT" in shown.output
    assert "[default: 0,0,1,6.67]" in " ".join(shown.output.split())
