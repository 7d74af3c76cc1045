"""``graphrep assess``: how much of a graph is in vectors, side by side."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graphrep.cli._executors import (
    EXECUTOR,
    EXECUTOR_HELP,
    MEMORY_HELP,
    WORK_DIR_HELP,
    dry_run_option,
    memory_option,
    show_way,
)
from graphrep.cli._help import Decorator, Function, SectionCommand, option
from graphrep.cli._inputs import READABLE_FILE, GraphSource, graph_input, read_names
from graphrep.cli._methods import METHODS
from graphrep.cli._outputs import check_file
from graphrep.cli._render import display_width, is_terminal, print_table
from graphrep.cli._run import Run, command_options
from graphrep.cli._values import Value

if TYPE_CHECKING:
    from graphrep.evaluation import Assessment
    from graphrep.graph import Graph

_PAGES = {"save": "to_json", "markdown": "to_markdown", "html": "to_html"}
_ALL = "all"
_OF_RANKING = (
    "scores", "direction", "random_state", "n_jobs", "device", "executor", "work_dir",
    "memory_limit",
)  # fmt: skip
_GAP = 2
_DISPENSABLE = ("AUC", "fit s", "shell 3", "edges P", "shell 2")  # the first goes first
_OUTPUT = "Output"


def _assess_options(function: Function) -> Function:
    """Give the command its own options."""
    for decorate in reversed([*_choices(), *_knowledge(), *_outputs(), *_work()]):
        function = decorate(function)
    return function


def _choices() -> list[Decorator]:
    return [
        option(
            "-m",
            "--method",
            "methods",
            multiple=True,
            type=click.Choice([*METHODS]),
            metavar="NAME",
            help=f"Embedder to fit and assess; may be repeated: {', '.join(METHODS)}.",
        ),
        option(
            "-d",
            "--n-components",
            type=click.IntRange(1),
            help="Dimension of methods and baselines; 128 on graphs of 256 nodes or "
            "more, and that of VECTORS for baselines, if not given.",
        ),
        option(
            "--hops",
            type=Value("int or sequence of int"),
            default="1,2,3",
            show_default=True,
            help="Distances whose neighbourhoods are to be found again.",
        ),
        option(
            "--score",
            "scores",
            multiple=True,
            type=click.Choice(["native", "dot", "cosine", "euclidean"]),
            default=("native", "cosine"),
            show_default=True,
            help="How pairs are scored; may be repeated.",
        ),
        option(
            "--parts",
            default="standard",
            show_default=True,
            metavar="quick|standard|full|PART,..",
            help="What to run.",
        ),
        option(
            "--n-queries",
            type=Value('"auto", "all" or int'),
            default="auto",
            show_default=True,
            help="Nodes that are evaluated, each against all others.",
        ),
        option(
            "--direction",
            type=click.Choice(["out", "in", "both"]),
            default="out",
            show_default=True,
            help="How edges of a directed graph are followed.",
        ),
        option(
            "--baselines/--no-baselines",
            default=True,
            show_default=True,
            help="Whether to set random vectors, degrees and others beside them.",
        ),
    ]


def _knowledge() -> list[Decorator]:
    return [
        option(
            "--labels",
            section="Input",
            type=READABLE_FILE,
            help="Table of node id and class.",
        ),
        option(
            "--names",
            section="Input",
            type=READABLE_FILE,
            help="Table of node id and name: for lists, and words of --semantic.",
        ),
        option(
            "--semantic",
            section="Input",
            metavar="NAMES|DIR|FILE",
            help="Word tests: names such as men,simlex999, files, or a folder of them.",
        ),
    ]


def _outputs() -> list[Decorator]:
    return [
        option(
            "--html",
            section=_OUTPUT,
            metavar="FILE",
            help="Write a report with pictures, a page that stands alone.",
        ),
        option(
            "--markdown",
            section=_OUTPUT,
            metavar="FILE",
            help="Write all tables as markdown.",
        ),
        option(
            "--save",
            section=_OUTPUT,
            metavar="FILE",
            help="Write everything as JSON, for Assessment.from_json.",
        ),
        option(
            "--overwrite",
            section=_OUTPUT,
            is_flag=True,
            help="Replace files that are there.",
        ),
    ]


def _work() -> list[Decorator]:
    return [
        option(
            "--random-state",
            "--seed",
            type=int,
            default=0,
            show_default=True,
            help="Seed of everything that is drawn.",
        ),
        option(
            "--n-jobs",
            "--threads",
            type=click.IntRange(1),
            help="Number of threads; all processors if not given.",
        ),
        option(
            "--device",
            default="cpu",
            show_default=True,
            help="Where ranking is done: cpu or a device of torch, such as cuda.",
        ),
        option("--executor", metavar=EXECUTOR, help=EXECUTOR_HELP),
        option("--work-dir", metavar="DIR", help=WORK_DIR_HELP),
        memory_option(f"Ranking may take {MEMORY_HELP}"),
        dry_run_option(),
    ]


@click.command(cls=SectionCommand)
@graph_input
@click.argument("vectors", metavar="[[NAME=]VECTORS]...", nargs=-1)
@_assess_options
@command_options
def assess(
    run: Run,
    source: GraphSource,
    vectors: tuple[str, ...],
    methods: tuple[str, ...],
    hops: int | tuple[int, ...],
    parts: str,
    n_queries: int | str,
    labels: str | None,
    names: str | None,
    semantic: str | None,
    save: str | None,
    markdown: str | None,
    html: str | None,
    overwrite: bool,
    dry_run: bool,
    **options: Any,
) -> None:
    """Tell how much of GRAPH is in vectors: files of them, or methods to be fitted.

    Every node ranks all others by their vectors; its neighbours should come first.

    \b
      graphrep assess edges.tsv a.npz mine=b.npz --html report.html
      graphrep assess edges.tsv -m fastrp -m hope -d 64 --parts quick
    """  # noqa: D301
    from graphrep import evaluation

    pages = {"save": save, "markdown": markdown, "html": html}
    outputs = {how: Path(path) for how, path in pages.items() if path is not None}
    for path in outputs.values():
        check_file(path, overwrite=overwrite)
    wanted = {**named_files(vectors), **_classes(methods)}
    if not wanted:
        raise click.UsageError(
            "There is nothing to assess; name files of vectors, or methods with "
            "--method."
        )
    with run.progress() as progress:
        progress(f"Reading {source.name}", 0, 0)
        graph = source.read()
        if dry_run:
            asked = {"hops": hops, "n_queries": n_queries}
            return _show_plan(run, source, graph, wanted, {**asked, **options})
        result = evaluation.assess(
            graph,
            wanted,
            hops=(hops,) if isinstance(hops, int) else hops,
            parts=parts if "," not in parts else parts.split(","),
            n_queries=None if n_queries == _ALL else n_queries,
            labels=read_names(labels) if labels else None,
            names=read_names(names) if names else None,
            semantic=_tests(semantic),
            graph_name=_stem(source.path),
            progress=progress,
            **options,
        )
        for how, path in outputs.items():
            getattr(result, _PAGES[how])(path)
    if run.as_json:
        return run.report(
            parameters={"hops": hops, "parts": parts, **options},
            n_nodes=graph.n_nodes,
            n_edges=graph.n_edges,
            outputs=list(outputs.values()),
            result=result.to_dict(),
        )
    show(run, result)
    return run.facts("Done", [*((how, p) for how, p in outputs.items()), *run.cost()])


def _show_plan(
    run: Run, source: GraphSource, graph: Graph, wanted: dict[str, Any],
    options: dict[str, Any],
) -> None:  # fmt: skip
    """Plan of the ranking of that embedding which takes the most memory."""
    from graphrep.evaluation import ReconstructionEvaluator

    hops, size = options["hops"], options["n_components"]
    evaluator = ReconstructionEvaluator(
        (hops,) if isinstance(hops, int) else hops,
        n_queries=None if options["n_queries"] == _ALL else options["n_queries"],
        **{name: options[name] for name in _OF_RANKING},
    )
    plans = [
        evaluator.plan(graph, size or one if isinstance(one, type) else one)
        for one in wanted.values()
    ]
    way = max(plans, key=lambda plan: plan.memory)
    show_way(run, way, source.name, n_nodes=graph.n_nodes)


def named_files(given: Sequence[str]) -> dict[str, Any]:
    """Files of vectors by name: NAME=FILE, or the file's name without suffixes."""
    found: dict[str, Any] = {}
    for text in given:
        name, sign, path = text.partition("=")
        if not sign or Path(text).exists():
            name, path = _stem(text), text
        if not Path(path).exists():
            raise click.UsageError(f"The file of vectors {path!r} does not exist.")
        if not name or name in found:
            raise click.UsageError(
                f"Two files of vectors would be called {name!r}; give them names: "
                f"NAME={path}."
            )
        found[name] = path
    return found


def _classes(methods: Sequence[str]) -> dict[str, Any]:
    """Classes of methods, by their names."""
    from graphrep import embedding

    names = [METHODS[method].class_name for method in methods]
    return {name: getattr(embedding, name) for name in names}


def _stem(path: str) -> str:
    return "standard input" if path == "-" else Path(path).name.partition(".")[0]


def _tests(text: str | None) -> str | list[str] | None:
    """Read names or files of word tests, or the folder that holds them."""
    if text is None or Path(text).is_dir():
        return text
    return [part for part in text.split(",") if part]


def show(run: Run, result: Assessment) -> None:
    """Print the headline table: aligned on a terminal, columns with tabs in a pipe."""
    header, rows, notes = result.cells()
    if not is_terminal():
        return print_table(rows, header)
    width = shutil.get_terminal_size().columns
    shown = _columns_that_fit(header, rows, width)
    run.say(click.style(result.title, bold=True))
    print_table(
        [[row[i] for i in shown] for row in rows],
        [header[i] for i in shown],
        right=tuple(range(1, len(shown))),
    )
    hidden = [title for i, title in enumerate(header) if i not in shown]
    if hidden:
        notes += f" Hidden, for want of room: {', '.join(hidden)}."
    run.say(click.style(click.wrap_text(notes, width, "  ", "  "), dim=True))
    return None


def _columns_that_fit(
    header: Sequence[str], rows: Sequence[Sequence[str]], width: int
) -> list[int]:
    """Columns to show on a narrow terminal, the least telling ones left out."""
    columns = [[title, *(row[i] for row in rows)] for i, title in enumerate(header)]
    room = [max(map(display_width, column)) + _GAP for column in columns]
    shown = list(range(len(header)))
    for title in _DISPENSABLE:
        if sum(room[i] for i in shown) <= width:
            break
        shown = [i for i in shown if header[i] != title]
    return shown
