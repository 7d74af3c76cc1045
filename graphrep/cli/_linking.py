"""Options of ``graphrep link``: its inputs, methods and outputs."""

from __future__ import annotations

from importlib.resources import files

import click

from graphrep.cli._executors import dry_run_option
from graphrep.cli._help import Decorator, Function, option
from graphrep.cli._inputs import READABLE_FILE
from graphrep.cli._values import Names, Share

_CLASSES = {  # the first that is there is the default
    "phrase-linker": "PhraseLinker",
    "ngram": "NGramIndex",
    "dictionary": "NameDictionary",
}
FORMATS = ("csv", "tsv", "jsonl", "parquet", "sssom", "fhir")
BUNDLED = "icd10cm"
_INPUT, _OUTPUT = "Input", "Output"


def _methods() -> dict[str, str]:
    """Linkers by their names on the command line, found without an import."""
    room = files("graphrep").joinpath("linking", "__init__.py").read_text("utf-8")
    return {name: kind for name, kind in _CLASSES.items() if f'"{kind}"' in room}


METHODS = _methods()


def _inputs() -> list[Decorator]:
    return [
        option(
            "--phrase",
            "given",
            section=_INPUT,
            multiple=True,
            metavar="TEXT",
            help="A phrase, instead of PHRASES; may be repeated.",
        ),
        option(
            "--format-in",
            section=_INPUT,
            metavar="FORMAT",
            help="Format of TERMINOLOGY, as `graphrep terminology info` lists them. "
            "Found out if not given.",
        ),
        option(
            "--column",
            section=_INPUT,
            metavar="COLUMN",
            help='Column of the phrases in a table; if not given "phrase", or the only '
            "one.",
        ),
        option(
            "--id-column",
            section=_INPUT,
            metavar="COLUMN",
            help="Column of ids of the phrases, to be written with the links.",
        ),
        option(
            "--context-column",
            section=_INPUT,
            metavar="COLUMN",
            help="Column of texts that the phrases stand in; abbreviations that a text "
            "defines are written out.",
        ),
        option(
            "--gold-column",
            section=_INPUT,
            metavar="COLUMN",
            help="Column of the right ids, to score against; | between several, empty "
            "or NIL for none. Nothing is learnt from them.",
        ),
        option(
            "--train",
            section=_INPUT,
            type=READABLE_FILE,
            metavar="FILE",
            help="Phrases whose concepts are known, to learn from: a table with "
            "columns phrase and id.",
        ),
    ]


def _choices() -> list[Decorator]:
    return [
        option(
            "-m",
            "--method",
            type=click.Choice([*METHODS]),
            default=next(iter(METHODS)),
            show_default=True,
            help="How concepts are found; a saved linker has its own.",
        ),
        option(
            "-k",
            type=click.IntRange(1),
            help="Most concepts of each phrase; 1 in files, 5 in a table on the "
            "terminal and 10 in a report if not given.",
        ),
        option(
            "--threshold",
            type=Share(),
            help="Least score of a link; that of the linker, if it has one, if not "
            "given.",
        ),
        option(
            "--types",
            type=Names(),
            help="Types of which a concept must have one.",
        ),
        option("--seed", type=click.IntRange(0), help="Seed of what is learnt."),
        option("--threads", type=int, help="Threads; all if not given."),
    ]


def _outputs() -> list[Decorator]:
    return [
        option(
            "--report",
            section=_OUTPUT,
            metavar="FILE",
            help="Write a page on which people can choose among the candidates. It "
            "shows the phrases.",
        ),
        option(
            "--save-model",
            section=_OUTPUT,
            metavar="DIR",
            help="Save the fitted linker too; give it as TERMINOLOGY the next time.",
        ),
        dry_run_option(),
    ]


def linking_options(function: Function) -> Function:
    """Give a command all options of linking."""
    for decorate in reversed([*_choices(), *_inputs(), *_outputs()]):
        function = decorate(function)
    return function
