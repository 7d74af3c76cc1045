"""Options made from an estimator: its constructor and its docstring, as written.

The source is parsed, not run, so that ``--help`` and completion import neither numba
nor scikit-learn. Every parameter of the constructor becomes an option of the same
name, default and meaning.
"""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import click

from graphrep.cli._help import Decorator, Function, option

_ENTRY = re.compile(r"^(?P<names>\w+(?:, \w+)*) : (?P<kind>.+)$")
_SECTION = re.compile(
    r"^Parameters\n-+\n(?P<body>.*?)(?=^\S[^\n]*\n-{3,}|\Z)", re.M | re.S
)
_SENTENCE = re.compile(r".*?[.](?=\s+[A-Z0-9\"'(]|\s*$)", re.S)
_SEQUENCE = re.compile(r"\b(sequence|tuple|list|array)\b")
_NONE = "none"


class Parameter(NamedTuple):
    """One parameter of a constructor.

    Attributes
    ----------
    name : str
        Name in the signature.
    default : object
        Its default.
    kind : str
        What the docstring says it may be.
    summary : str
        First sentence of its description.
    """

    name: str
    default: Any
    kind: str
    summary: str


def read_parameters(file: str, class_name: str) -> list[Parameter]:
    """Read the parameters of a class's constructor from its source.

    Parameters
    ----------
    file : str
        File of the source below the package, such as ``"embedding/_fastrp.py"``.
    class_name : str
        The class.

    Returns
    -------
    list of Parameter
        In the order of the signature.
    """
    source = pkgutil.get_data("graphrep", file)
    if source is None:
        raise FileNotFoundError(f"the source of graphrep, {file}, is not at hand")
    tree = ast.parse(source)
    node = _find(tree.body, ast.ClassDef, class_name)
    entries = dict(_docstring_entries(ast.get_docstring(node) or ""))
    init = _find(node.body, ast.FunctionDef, "__init__")
    constants = dict(_constants(tree.body))
    return [
        Parameter(name, _value(default, constants), *entries.get(name, ("str", "")))
        for name, default in _defaults(init)
    ]


class Value(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A value on the command line: a word of a few, a number, several, or none.

    Parameters
    ----------
    kind : str
        Type as a numpydoc entry gives it, such as ``{"l2", None} or float``.
    """

    name = "value"

    def __init__(self, kind: str) -> None:
        words = re.search(r"\{.*?\}", kind)
        choices = ast.literal_eval(f"[{words.group()[1:-1]}]") if words else []
        rest = kind.replace(words.group(), "") if words else kind
        self.words = [c for c in choices if isinstance(c, str)]
        self.allows_none = None in choices or bool(re.search(r"\bNone\b", rest))
        self.is_sequence = bool(_SEQUENCE.search(rest))
        self.number: type[int] | type[float] | None = None
        if re.search(r"\bint\b", rest):
            self.number = int
        if re.search(r"\bfloat\b", rest):
            self.number = float
        self.is_text = self.number is None and not self.words

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """Read one value as given on the command line."""
        if not isinstance(value, str):
            return value
        if self.allows_none and value.lower() == _NONE:
            return None
        if self.is_text or value in self.words:
            return value
        try:
            return self._number(value)
        except ValueError:
            self.fail(f"{value!r} is not {self._wanted()}.", param, ctx)

    def get_metavar(self, *args: Any, **kwargs: Any) -> str:
        """Text that help shows for the value."""
        number = {int: "INT", float: "FLOAT", None: "TEXT" if self.is_text else ""}
        one = number[self.number]
        last = f"{one},{one},.." if self.is_sequence else one
        none = [_NONE] if self.allows_none and self.words else []
        return "|".join([*self.words, *none, *([last] if last else [])])

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[Any]:
        """Complete the words."""
        from click.shell_completion import CompletionItem

        words = [*self.words, *([_NONE] if self.allows_none else [])]
        return [CompletionItem(w) for w in words if w.startswith(incomplete)]

    def _number(self, value: str) -> Any:
        if self.number is None:
            raise ValueError(value)
        if self.is_sequence:
            return tuple(self.number(part) for part in value.split(","))
        return self.number(value)

    def _wanted(self) -> str:
        wanted = [repr(word) for word in self.words]
        if self.number is not None:
            noun = "an integer" if self.number is int else "a number"
            wanted.append("numbers with commas between" if self.is_sequence else noun)
        if self.allows_none:
            wanted.append(repr(_NONE))
        return " or ".join(filter(None, [", ".join(wanted[:-1]), wanted[-1]]))


def estimator_options(
    file: str,
    class_name: str,
    aliases: Mapping[str, Sequence[str]],
    skip: Sequence[str],
) -> Decorator:
    """Give a command one option for each parameter of an estimator.

    Parameters
    ----------
    file, class_name : str
        As for `read_parameters`.
    aliases : mapping of str to sequence of str
        More names for some options.
    skip : sequence of str
        Parameters that the command sets in another way.
    """

    def decorate(function: Function) -> Function:
        for parameter in reversed(read_parameters(file, class_name)):
            if parameter.name not in skip:
                names = aliases.get(parameter.name, ())
                function = _option(parameter, names, class_name)(function)
        return function

    return decorate


def _option(parameter: Parameter, more: Sequence[str], section: str) -> Decorator:
    flag = "--" + parameter.name.replace("_", "-")
    shared: dict[str, Any] = {
        "help": parameter.summary,
        "show_default": True,
        "section": section,
    }
    if isinstance(parameter.default, bool):
        names = [f"{flag}/--no-{flag[2:]}", *more]
        return option(*names, parameter.name, default=parameter.default, **shared)
    kind = Value(parameter.kind)
    default = _as_given(parameter.default, kind)
    return option(flag, *more, parameter.name, type=kind, default=default, **shared)


def _as_given(default: Any, kind: Value) -> str | None:
    """Write a default as the command line would; None where there is no word for it."""
    if default is None:
        return _NONE if kind.words and kind.allows_none else None
    if isinstance(default, (tuple, list)):
        return ",".join(f"{part:g}" for part in default)
    return f"{default}"


def _find(body: list[ast.stmt], kind: type[Any], name: str) -> Any:
    for node in body:
        if isinstance(node, kind) and node.name == name:
            return node
    raise LookupError(f"the source has no {name}")


def _constants(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value


def _defaults(init: ast.FunctionDef) -> Iterator[tuple[str, ast.expr | None]]:
    """Names and defaults of a signature, without self."""
    first = init.args.args[1:]
    given = init.args.defaults
    missing: list[ast.expr | None] = [None] * (len(first) - len(given))
    for argument, default in zip(first, [*missing, *given], strict=True):
        yield argument.arg, default
    for argument, default in zip(
        init.args.kwonlyargs, init.args.kw_defaults, strict=True
    ):
        yield argument.arg, default


def _value(default: ast.expr | None, constants: dict[str, ast.expr]) -> Any:
    if default is None:
        return None
    if isinstance(default, ast.Name) and default.id in constants:
        default = constants[default.id]
    return ast.literal_eval(default)


def _docstring_entries(docstring: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Name, type and first sentence of each entry of the section Parameters."""
    section = _SECTION.search(inspect.cleandoc(docstring))
    lines = section["body"].splitlines() if section else []
    for start, line in enumerate(lines):
        entry = _ENTRY.match(line)
        if entry is None:
            continue
        body = []
        for text in lines[start + 1 :]:
            if text and not text.startswith(" "):
                break
            body.append(text.strip())
        kind = re.sub(r",? default=.*$", "", entry["kind"])
        summary = _first_sentence(" ".join(body))
        for name in entry["names"].split(", "):
            yield name, (kind, summary)


def _first_sentence(text: str) -> str:
    """First sentence, without the marks of reStructuredText."""
    found = _SENTENCE.match(text.strip())
    sentence = found.group() if found else text.strip()
    return re.sub(r"`+([^`]*)`+", r"\1", sentence)
