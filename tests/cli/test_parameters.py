"""Options made from an estimator equal its constructor."""

from __future__ import annotations

import inspect
from typing import Any

import click
import pytest
from click.testing import CliRunner

from graphrep import embedding, persistence
from graphrep.cli import _parameters
from graphrep.cli._embed_command import ALIASES, SKIPPED, embed_command
from graphrep.cli._methods import METHODS
from graphrep.cli._parameters import read_source
from graphrep.cli._values import Value
from graphrep.embedding import _HOME

# What the command line leaves out besides: what only memory can hold.
_IN_MEMORY = {"init"}

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
    init : ndarray or None, default=None
        Start.

    Attributes
    ----------
    target_embedding_ : ndarray of shape (n, d)
        Second side.
    other : int
        Not a parameter.
    """

    def __init__(
        self, size=3, *, a=None, b="x", weights=_WEIGHTS, init=None, other=True
    ):
        pass
'''


def convert(kind: str, text: str) -> Any:
    return Value(kind).convert(text, None, None)


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the class Method stand in a file."""
    monkeypatch.setattr(_parameters.pkgutil, "get_data", lambda *_: _SOURCE)
    monkeypatch.setitem(_HOME, "Method", "_method")
    monkeypatch.setitem(_HOME, "Other", "_method")


@pytest.mark.usefixtures("made_up")
def test_read_source_when_given_then_signature_and_docs_are_joined() -> None:
    source = read_source("Method")
    assert source.summary == "Do it."
    assert source.has_targets
    size, a, b, weights, init, other = source.parameters
    assert size == ("size", 3, "int", "Size of it.")
    two = "Two at once, over two lines; e.g. so"
    assert a == ("a", None, '{"x", "y"} or None', two)
    assert b == ("b", "x", '{"x", "y"} or None', two)
    assert weights == ("weights", (0.0, 1.5), "sequence of float", "No end")
    assert init == ("init", None, "ndarray or None", "Start.")
    assert other == ("other", True, "str", "")  # an attribute is no parameter


@pytest.mark.usefixtures("made_up")
def test_read_source_when_class_is_absent_then_says_so() -> None:
    with pytest.raises(LookupError, match="Other"):
        read_source("Other")


@pytest.mark.usefixtures("made_up")
def test_options_when_a_parameter_is_an_array_then_it_has_none() -> None:
    command = embed_command("method", METHODS["spectral"]._replace(class_name="Method"))
    options = options_of(command)
    assert {"size", "a", "b", "weights", "other", "target"} <= set(options)
    assert "init" not in options


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
        ('"auto", float or ("depth", float)', "auto", "auto"),
        ('"auto", float or ("depth", float)', "0.5", 0.5),
        ('"auto", float or ("depth", float)', "depth,0.9", ("depth", 0.9)),
        ("int or sequence of int", "64", 64),
        ("int or sequence of int", "64,32", (64, 32)),
        ("tuple of int", "64", (64,)),
        ("int or float", "3", 3),
        ("int or float", "3.5", 3.5),
        ("bool", "true", True),
        ('bool or "auto"', "false", False),
        ("{1, 2}", "2", 2),
        ('{"low", "high"} or None', "NONE", None),
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
        ("int or sequence of int", "a", "an integer or numbers with commas between"),
        ('float or ("depth", float)', "breadth,1", "'depth',number or a number"),
        ("bool", "maybe", "'maybe' is not 'true' or 'false'"),
    ],
)
def test_value_when_text_does_not_fit_then_names_what_would(
    kind: str, text: str, message: str
) -> None:
    with pytest.raises(click.BadParameter, match=message):
        convert(kind, text)


def options_of(command: click.Command) -> dict[str, click.Option]:
    return {p.name: p for p in command.params if isinstance(p, click.Option) and p.name}


def command_of(name: str) -> click.Command:
    return embed_command(name, METHODS[name])


def kind_of(name: str) -> Any:
    return getattr(embedding, METHODS[name].class_name)


def test_methods_when_compared_then_are_the_estimators_of_the_package() -> None:
    named = [method.class_name for method in METHODS.values()]
    assert len(named) == len(set(named))
    assert set(named) == set(persistence._EMBEDDERS)


@pytest.mark.parametrize("name", METHODS)
def test_options_when_compared_then_equal_the_constructor(name: str) -> None:
    command = command_of(name)
    options = options_of(command)
    signature = inspect.signature(kind_of(name).__init__).parameters
    names = set(signature) - {"self"} - _IN_MEMORY
    assert names - set(options) == set()
    context = click.Context(command)
    for parameter in names - set(SKIPPED):
        option = options[parameter]
        default = option.get_default(context)
        got = option.type_cast_value(context, default)
        assert got == signature[parameter].default, parameter
        assert type(got) is type(signature[parameter].default), parameter
        assert f"--{parameter.replace('_', '-')}" in option.opts, parameter
        assert set(ALIASES.get(parameter, ())) <= set(option.opts)


@pytest.mark.parametrize("name", METHODS)
def test_options_when_compared_then_help_is_the_docstrings_first_sentence(
    name: str,
) -> None:
    docstring = " ".join((kind_of(name).__doc__ or "").replace("`", "").split())
    for parameter, option in options_of(command_of(name)).items():
        section = getattr(option, "section", "")
        if section == METHODS[name].class_name and parameter not in {"preset", "tune"}:
            assert option.help, parameter
            assert option.help in docstring, parameter
            assert option.help.endswith("."), parameter


@pytest.mark.parametrize("name", METHODS)
def test_extras_when_compared_then_are_those_of_the_class(name: str) -> None:
    kind, method = kind_of(name), METHODS[name]
    assert bool(method.presets) == hasattr(kind, "from_preset")
    assert method.tunes == hasattr(kind, "tune")
    assert method.takes_features == (
        "features" in inspect.signature(kind.fit).parameters
    )


def test_presets_when_compared_then_equal_those_of_the_class() -> None:
    from graphrep.embedding._fastrp_presets import PRESETS

    assert set(METHODS["fastrp"].presets) == set(PRESETS)


def test_fastrp_help_when_shown_then_has_sections_and_defaults() -> None:
    shown = CliRunner().invoke(command_of("fastrp"), ["--help"])
    assert shown.exit_code == 0
    titles = [
        line
        for line in shown.output.splitlines()
        if line[:1] != " " and line.endswith(":")
    ]
    assert titles == ["Input:", "Output:", "FastRP:", "General:"]
    assert "-d, --n-components INT" in shown.output
    assert "[default: 0,0,1,6.67]" in " ".join(shown.output.split())
