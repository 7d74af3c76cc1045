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
from importlib import import_module
from typing import Any, NamedTuple

from graphrep.cli._help import Decorator, Function, option
from graphrep.cli._values import Value

_ENTRY = re.compile(r"^(?P<names>\w+(?:, \w+)*) : (?P<kind>.+)$")
_SECTION = re.compile(
    r"^Parameters\n-+\n(?P<body>.*?)(?=^\S[^\n]*\n-{3,}|\Z)", re.M | re.S
)
_SENTENCE = re.compile(r".*?[.](?=\s+[A-Z0-9\"'(]|\s*$)", re.S)
_IN_MEMORY = re.compile(r"\b(ndarray|callable|dict|mapping|Vectors|estimator)\b")
_TARGETS = re.compile(r"^target_embedding_ : ndarray", re.M)


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


class Source(NamedTuple):
    """What the source text of an estimator tells.

    Attributes
    ----------
    class_name : str
        The class.
    summary : str
        First line of its docstring.
    parameters : list of Parameter
        In the order of the signature.
    has_targets : bool
        Whether fitting gives every node a second vector.
    """

    class_name: str
    summary: str
    parameters: list[Parameter]
    has_targets: bool


def read_source(class_name: str, room: str = "embedding") -> Source:
    """Read what an estimator's source text tells of its constructor.

    Parameters
    ----------
    class_name : str
        Name of the class.
    room : str, default="embedding"
        Package of graphrep that has it.
    """
    home = import_module(f"graphrep.{room}")._HOME
    file = f"{room}/{home[class_name]}.py"
    source = pkgutil.get_data("graphrep", file)
    if source is None:
        raise FileNotFoundError(f"the source of graphrep, {file}, is not at hand")
    tree = ast.parse(source)
    node = _find(tree.body, ast.ClassDef, class_name)
    docstring = inspect.cleandoc(ast.get_docstring(node) or "")
    entries = dict(_docstring_entries(docstring))
    init = _find(node.body, ast.FunctionDef, "__init__")
    constants = dict(_constants(tree.body))
    parameters = [
        Parameter(name, _value(default, constants), *entries.get(name, ("str", "")))
        for name, default in _defaults(init)
    ]
    summary, _, _ = docstring.partition("\n")
    return Source(class_name, summary, parameters, bool(_TARGETS.search(docstring)))


def estimator_options(
    source: Source,
    aliases: Mapping[str, Sequence[str]],
    skip: Sequence[str],
) -> Decorator:
    """Give a command one option for each parameter of an estimator.

    Parameters
    ----------
    source : Source
        The estimator.
    aliases : mapping of str to sequence of str
        More names for some options.
    skip : sequence of str
        Parameters that the command sets in another way.
    """

    def decorate(function: Function) -> Function:
        for parameter in reversed(source.parameters):
            # An array cannot be typed: such a parameter keeps its default.
            if parameter.name not in skip and not _IN_MEMORY.search(parameter.kind):
                names = aliases.get(parameter.name, ())
                function = _option(parameter, names, source.class_name)(function)
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
    default = kind.as_typed(parameter.default)
    return option(flag, *more, parameter.name, type=kind, default=default, **shared)


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
    section = _SECTION.search(docstring)
    lines = section["body"].splitlines() if section else []
    for start, line in enumerate(lines):
        entry = _ENTRY.match(line)
        if entry is None:
            continue
        body = []
        for text in lines[start + 1 :]:
            if not text.startswith(" "):  # the next entry, or a second paragraph
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
