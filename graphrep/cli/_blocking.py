"""Options of ``graphrep block``: its methods, inputs, budget and outputs."""

from __future__ import annotations

import re
from typing import Any

import click

from graphrep.cli._help import Decorator, Function, option
from graphrep.cli._inputs import READABLE_FILE
from graphrep.cli._method_options import options_of_all
from graphrep.cli._parameters import Source, read_source
from graphrep.cli._values import Names

FORMATS = ("csv", "tsv", "parquet", "npz")
_ROOM = "blocking"
_SUFFIX = "Blocker"
_NAMES = {"MinHash": "minhash"}
_PREFERRED = ("nlsh", "tfidf")  # the first that is there is the default
_IN_CODE = ("UnionBlocker", "IntersectionBlocker", "EmbeddingBlocker")  # take objects
_OWN = (
    "budget", "per_record", "min_per_record", "columns", "keys", "exclude_identical",
)  # fmt: skip
_INPUT, _OUTPUT, _BUDGET = "Input", "Output", "Budget"


def _methods() -> dict[str, str]:
    """Blockers that the command line can make, by their names on it."""
    from graphrep import blocking

    classes = [
        name
        for name in blocking.__all__
        if name.endswith(_SUFFIX) and name != _SUFFIX and name not in _IN_CODE
    ]
    named = {_cli_name(name): name for name in classes}
    first = [name for name in _PREFERRED if name in named]
    return {name: named[name] for name in [*first, *sorted(set(named) - set(first))]}


def _cli_name(class_name: str) -> str:
    stem = class_name.removesuffix(_SUFFIX)
    return _NAMES.get(stem) or re.sub(r"(?<=[a-z])(?=[A-Z])", "-", stem).lower()


def _typed(source: Source) -> Source:
    """Leave texts as texts where a parameter may also be an object."""
    parameters = [
        p._replace(kind="str or None") if re.match(r"str\b", p.kind) else p
        for p in source.parameters
    ]
    return source._replace(parameters=parameters)


METHODS = _methods()
SOURCES = {name: _typed(read_source(kind, _ROOM)) for name, kind in METHODS.items()}
_RULES = ("include", "exclude")


class _Budget(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A number of pairs, a multiple such as 5x, or none."""

    name = "N|Nx|none"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """Read "20000" as an int, "5x" as a float."""
        if not isinstance(value, str):
            return value
        if value.lower() == "none":
            return None
        try:
            found = float(value[:-1]) if value[-1:] in "xX" else int(value)
        except ValueError:
            found = -1
        if not 0 <= found < float("inf"):
            self.fail(
                f"{value!r} is no budget; write a number of pairs such as 20000, a "
                "multiple of the smaller table such as 5x, or none.",
                param,
                ctx,
            )
        return found


def _inputs() -> list[Decorator]:
    return [
        option(
            "-m",
            "--method",
            type=click.Choice([*METHODS]),
            default=next(iter(METHODS)),
            show_default=True,
            help="How pairs are found. Options below that are not given have the "
            "defaults of the method.",
        ),
        option(
            "--id",
            "id_",
            section=_INPUT,
            metavar="COLUMN",
            help='Column of the ids; if not given "id" where there is one, else the '
            "rows are counted from 0.",
        ),
        option(
            "--right-id",
            section=_INPUT,
            metavar="COLUMN",
            help="The same for RIGHT, where it has another name.",
        ),
        option(
            "--columns",
            section=_INPUT,
            type=Names(),
            help="Columns to look at; all but the ids if not given.",
        ),
        option(
            "--train",
            section=_INPUT,
            type=READABLE_FILE,
            metavar="PAIRS",
            help="Known matches to learn from: a table of two columns of ids, and "
            "perhaps a label, 1 or 0.",
        ),
        option(
            "--matches",
            section=_INPUT,
            type=READABLE_FILE,
            metavar="PAIRS",
            help="All true matches, to score against; nothing is learnt from them.",
        ),
        option(
            "--include",
            section=_INPUT,
            type=READABLE_FILE,
            metavar="PAIRS",
            help="The only pairs that may be chosen: a table of two columns of ids.",
        ),
        option(
            "--exclude",
            section=_INPUT,
            type=READABLE_FILE,
            metavar="PAIRS",
            help="Pairs that are not chosen, such as those that were judged already: a "
            "table of two columns of ids.",
        ),
        option(
            "--keys",
            "--key",
            "keys",
            multiple=True,
            metavar="COLUMN[+COLUMN]|tokens|qgrams",
            help="What records must share, or are sorted by (key, meta, "
            "sorted-neighbourhood); several times for any of several.",
        ),
        option(
            "--model",
            metavar="NAME|FOLDER",
            help="Model of --encoder: for transformer minilm, a folder, or the name of "
            "one of the Hugging Face hub that is on this disk; for static wordllama, "
            "or a file or folder of word vectors.",
        ),
    ]


def _limits() -> list[Decorator]:
    return [
        option(
            "-b",
            "--budget",
            section=_BUDGET,
            type=_Budget(),
            default="5x",
            show_default=True,
            help="Most pairs in all: their number, or times the records of the "
            "smaller table, or none for all that are found.",
        ),
        option(
            "--per-record",
            section=_BUDGET,
            type=click.IntRange(1),
            help="Most pairs of each record of LEFT.",
        ),
        option(
            "--min-per-record",
            section=_BUDGET,
            type=click.IntRange(0),
            help="Best pairs of each record of LEFT that are kept anyhow.",
        ),
        option(
            "--exclude-identical",
            section=_BUDGET,
            is_flag=True,
            help="Leave out pairs of records that say the same, but for capitals and "
            "blanks; such records do not count as near.",
        ),
    ]


def _outputs() -> list[Decorator]:
    return [
        option(
            "--report",
            section=_OUTPUT,
            metavar="FILE",
            help="Write a page: sizes, and with --matches recall over the budget and "
            "what is missed. It shows values of records.",
        ),
        option(
            "--curve",
            section=_OUTPUT,
            metavar="FILE",
            help="Draw recall over the budget (needs --matches): .png, .svg or .pdf.",
        ),
        option(
            "--save-model",
            section=_OUTPUT,
            metavar="DIR",
            help="Save the fitted blocker too, for `graphrep.load` in Python.",
        ),
        option(
            "--estimate",
            is_flag=True,
            help="Estimate the recall without known matches, with the interval where "
            "it probably lies; the report shows it too.",
        ),
        option(
            "--dry-run",
            section="General",
            is_flag=True,
            help="Show what would be done, with an estimate of the pairs and the "
            "largest blocks; stop.",
        ),
    ]


def blocking_options(function: Function) -> Function:
    """Give a command all options of blocking."""
    function = options_of_all(SOURCES, skip=(*_OWN, *_RULES))(function)
    for decorate in reversed([*_inputs(), *_limits(), *_outputs()]):
        function = decorate(function)
    return function
