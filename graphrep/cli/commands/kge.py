"""``graphrep kge``: train a model of triples, evaluate it, ask it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graphrep._utils._atomic import atomic_path
from graphrep._utils._devices import on_processor
from graphrep._utils._memory import available_memory
from graphrep.cli._embed_command import ALIASES
from graphrep.cli._embedding import fresh_seed, was_given
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
from graphrep.cli._inputs import READABLE_FILE
from graphrep.cli._lazy import Entry, LazyGroup
from graphrep.cli._outputs import check_file, check_model
from graphrep.cli._parameters import estimator_options, read_source
from graphrep.cli._render import memory_facts, print_facts, print_table
from graphrep.cli._run import Run, command_options
from graphrep.cli._triples import (
    read_in_one_numbering,
    read_statements,
    triple_options,
)

if TYPE_CHECKING:
    from graphrep.graph import KnowledgeGraph

_HERE = "graphrep.cli.commands.kge"
MODELS = {
    "nfe": "NFE",
    "complex": "ComplEx",
    "distmult": "DistMult",
    "rescal": "RESCAL",
    "rotate": "RotatE",
    "transe": "TransE",
}
_FIGURES = ("mrr", "hits@1", "hits@3", "hits@10")
_OUTPUT = "Output"
_ASKED = "?"


@click.group(
    cls=LazyGroup,
    entries={
        "train": Entry(f"{_HERE}:train", "Train a model of triples."),
        "evaluate": Entry(f"{_HERE}:evaluate", "Rank triples by a trained model."),
        "predict": Entry(f"{_HERE}:predict", "Ask a trained model a question."),
    },
)
def kge() -> None:
    """Embed a knowledge graph: statements of head, relation and tail.

    \b
      graphrep kge train train.tsv --valid valid.tsv -o model
      graphrep kge evaluate model test.tsv --known valid.tsv --html report.html
      graphrep kge predict model aspirin treats '?'
    """  # noqa: D301


def _train_options(function: Function) -> Function:
    for decorate in reversed([*_files(), *_pages()]):
        function = decorate(function)
    return function


def _files() -> list[Decorator]:
    return [
        option(
            "-m",
            "--model",
            type=click.Choice([*MODELS]),
            default="nfe",
            show_default=True,
            help="Model to train. Defaults below are those of nfe.",
        ),
        option(
            "--valid",
            section="Input",
            type=READABLE_FILE,
            help="Statements on which the best epoch is chosen.",
        ),
        option(
            "--hold-out",
            section="Input",
            type=click.FloatRange(0, 1, min_open=True, max_open=True),
            metavar="SHARE",
            help="Share of TRIPLES to take for that instead of a file.",
        ),
        option(
            "--also",
            section="Input",
            type=READABLE_FILE,
            multiple=True,
            help="File whose entities the model must know, such as the test set; its "
            "statements are not learnt. May be repeated.",
        ),
    ]


def _pages() -> list[Decorator]:
    return [
        option(
            "-o",
            "--output",
            section=_OUTPUT,
            metavar="MODEL",
            help="Where to save the model: a folder, or a file that ends in .zip.",
        ),
        option(
            "--checkpoint",
            section=_OUTPUT,
            metavar="FILE",
            help="Keep the training here while it runs, and go on from there.",
        ),
        option(
            "--curve",
            section=_OUTPUT,
            metavar="PNG",
            help="Draw loss and validation MRR by epoch.",
        ),
        option(
            "--overwrite",
            section=_OUTPUT,
            is_flag=True,
            help="Replace files that are there.",
        ),
        dry_run_option(),
    ]


@click.command(cls=SectionCommand)
@click.argument("triples", type=READABLE_FILE)
@_train_options
@triple_options
@estimator_options(read_source("NFE", "kge"), aliases=ALIASES, skip=("verbose",))
@command_options
def train(
    run: Run,
    triples: str,
    model: str,
    valid: str | None,
    hold_out: float | None,
    also: tuple[str, ...],
    output: str | None,
    checkpoint: str | None,
    curve: str | None,
    overwrite: bool,
    dry_run: bool,
    format: str | None,
    header: bool | None,
    id_dtype: str | None,
    **parameters: Any,
) -> None:
    """Train a model on the file TRIPLES and save it."""
    if not dry_run:
        if output is None:
            raise click.UsageError("Missing option '-o' / '--output'.")
        check_model(output, overwrite=overwrite)
        if curve is not None:
            check_file(Path(curve), overwrite=overwrite)
    if valid is not None and hold_out is not None:
        raise click.UsageError("Give --valid or --hold-out, not both.")
    estimator = _make(model, parameters)
    reading = {"format": format, "header": header, "id_dtype": id_dtype}
    with run.progress() as progress:
        progress(f"Reading {triples}", 0, 0)
        paths = [triples, *([valid] if valid else []), *also]
        graph, *others = read_in_one_numbering(paths, reading)
        held_out = others[0] if valid is not None else None
        if hold_out is not None:
            from graphrep.model_selection import split_triples

            split = split_triples(
                graph, hold_out, 0.0, random_state=estimator.random_state
            )
            graph, held_out = split.train, split.valid
        if output is None or dry_run:
            return _show_plan(run, estimator, triples, graph, held_out, output)
        estimator._progress = progress
        estimator.fit(graph, validation=held_out, checkpoint=checkpoint)
        estimator._progress = None
        estimator.save(output, overwrite=overwrite)
        outputs = [output]
        if curve is not None:
            from graphrep.plot import save_training_curve

            save_training_curve(estimator, curve)
            outputs.append(curve)
    facts = _training_facts(estimator)
    run.facts(f"Wrote {', '.join(outputs)}", [*facts, *run.cost()])
    return run.report(
        parameters={**estimator.get_params(), "random_seed": estimator.random_seed_},
        n_nodes=estimator.n_entities_,
        n_edges=len(graph),
        outputs=outputs,
        result={"best_epoch": estimator.best_epoch_, "history": estimator.history_},
    )


def _show_plan(
    run: Run,
    estimator: Any,
    source: str,
    graph: KnowledgeGraph,
    held_out: KnowledgeGraph | None,
    output: str | None,
) -> None:
    """Print what would be learnt and, on a processor, the memory it would take."""
    parts: dict[str, int] = {}
    if on_processor(estimator.device):
        parts = estimator.estimate_memory(graph, validation=held_out)
    free = available_memory()
    if run.as_json:
        result = {
            "dry_run": True,
            "n_relations": graph.n_relations,
            "n_validation": 0 if held_out is None else len(held_out),
            "memory_bytes": parts,
            "total_bytes": parts.get("total"),
            "available_bytes": free,
        }
        return run.report(
            parameters=estimator.get_params(), n_nodes=graph.n_entities,
            n_edges=len(graph), result=result,
        )  # fmt: skip
    facts: list[tuple[str, object]] = [
        ("method", f"{type(estimator).__name__}, {estimator.n_components} dimensions"),
        ("input", source),
        ("entities", f"{graph.n_entities:,}"),
        ("relations", f"{graph.n_relations:,}"),
        ("triples", f"{len(graph):,}"),
        ("validation", "none" if held_out is None else f"{len(held_out):,} triples"),
        ("epochs", f"{estimator.n_epochs:,} at most"),
    ]
    if parts:
        total = parts.pop("total")
        facts += memory_facts(parts, total, free)
    else:
        facts.append(("memory", f"not known for device {estimator.device}"))
    return print_facts(facts if output is None else [*facts, ("output", output)])


def _make(model: str, parameters: dict[str, Any]) -> Any:
    """Make the estimator from the options that were given, and check them."""
    import graphrep.kge

    kind = getattr(graphrep.kge, MODELS[model])
    given = {name: value for name, value in parameters.items() if was_given(name)}
    known = kind().get_params()
    for name in given:
        if name not in known:
            raise click.UsageError(
                f"--{name.replace('_', '-')} is no parameter of {model}; it is one of "
                "nfe."
            )
    if given.get("random_state") is None:
        given["random_state"] = fresh_seed()
    estimator = kind(**given)
    estimator._validate_params()  # a wrong one shows before the file is read
    estimator._geometry()
    return estimator


def _training_facts(estimator: Any) -> list[tuple[str, object]]:
    mrr = next(
        (
            h["valid_mrr"]
            for h in estimator.history_
            if h["epoch"] == estimator.best_epoch_
        ),
        None,
    )
    facts: list[tuple[str, object]] = [
        ("model", type(estimator).__name__),
        ("entities", f"{estimator.n_entities_:,}"),
        ("relations", f"{estimator.n_relations_:,}"),
        ("triples", f"{len(estimator.known_):,}"),
        ("epochs", f"{estimator.n_iter_}, kept {estimator.best_epoch_}"),
        ("seed", estimator.random_seed_),
    ]
    return facts if mrr is None else [*facts, ("validation MRR", f"{mrr:.3f}")]


@click.command(cls=SectionCommand)
@click.argument("model", type=click.Path(exists=True))
@click.argument("triples", type=READABLE_FILE)
@option(
    "--known",
    section="Input",
    type=READABLE_FILE,
    multiple=True,
    help="More true statements, beside those of the training, that do not count as "
    "wrong answers; may be repeated.",
)
@option(
    "--by",
    type=click.Choice(["relation", "cardinality"]),
    help="Print a line for each relation, or each kind of them.",
)
@option(
    "--ties",
    type=click.Choice(["realistic", "optimistic", "pessimistic"]),
    default="realistic",
    show_default=True,
    help="Place of equal scores: the mean one, the best or the worst.",
)
@option("--html", section=_OUTPUT, metavar="FILE", help="Write a report, one page.")
@option("--save", section=_OUTPUT, metavar="FILE", help="Write all figures as JSON.")
@option(
    "--overwrite", section=_OUTPUT, is_flag=True, help="Replace files that are there."
)
@option(
    "--n-jobs",
    "--threads",
    type=click.IntRange(1),
    help="Number of threads; all processors if not given.",
)
@option("--device", default="cpu", show_default=True, help="cpu, or a device of torch.")
@option("--executor", metavar=EXECUTOR, help=EXECUTOR_HELP)
@option("--work-dir", metavar="DIR", help=WORK_DIR_HELP)
@memory_option(f"Ranking may take {MEMORY_HELP}")
@dry_run_option()
@triple_options
@command_options
def evaluate(
    run: Run,
    model: str,
    triples: str,
    known: tuple[str, ...],
    by: str | None,
    ties: str,
    html: str | None,
    save: str | None,
    overwrite: bool,
    n_jobs: int | None,
    device: str,
    executor: str | None,
    work_dir: str | None,
    memory_limit: str | None,
    dry_run: bool,
    **reading: Any,
) -> None:
    """Rank the statements of the file TRIPLES among all entities by MODEL."""
    from graphrep.kge import plan_rank_triples, rank_triples
    from graphrep.persistence import load

    outputs = [path for path in (html, save) if path is not None]
    for path in outputs:
        check_file(Path(path), overwrite=overwrite)
    with run.progress() as progress:
        progress(f"Reading {triples}", 0, 0)
        found = load(model)
        names = found.entities_, found.relations_
        asked, *others = (
            read_statements(path, reading, *names) for path in (triples, *known)
        )
        where: dict[str, Any] = {
            "n_jobs": n_jobs, "executor": executor, "memory_limit": memory_limit
        }  # fmt: skip
        known_ones = (found.known_, *others)
        if dry_run:
            way = plan_rank_triples(found, asked, known_ones, **where)
            n, what = found.n_entities_, "entities"
            return show_way(run, way, triples, n_nodes=n, what=what)
        progress("Ranking", 0, 0)
        ranks = rank_triples(
            found, asked, known_ones, **where, device=device, work_dir=work_dir
        )
    figures = ranks.metrics(ties)
    result: dict[str, Any] = {
        "ties": ties,
        "metrics": figures,
        "by_relation": ranks.by_relation(ties),
        "by_cardinality": ranks.by_cardinality(ties),
    }
    if html is not None:
        from graphrep.plot import save_ranking_report

        save_ranking_report(ranks, html, model=found)
    if save is not None:
        with atomic_path(save) as part:
            part.write_text(json.dumps(_plain(result), indent=1) + "\n", "utf-8")
    if run.as_json:
        return run.report(
            n_nodes=found.n_entities_, outputs=outputs, result=_plain(result)
        )
    _print_figures(result, by)
    return run.facts("Done", [*(("wrote", path) for path in outputs), *run.cost()])


def _print_figures(result: dict[str, Any], by: str | None) -> None:
    heads = {"relation": ["relation"], "cardinality": ["cardinality", "side"]}
    rows = result["by_" + by] if by else [{"relation": "all", **result["metrics"]}]
    names = heads[by or "relation"]
    columns = [*names, "n", *_FIGURES]
    cells = [
        [
            f"{row[c]:,.0f}" if c == "n" else
            f"{row[c]:.3f}" if c in _FIGURES else str(row[c])
            for c in columns
        ]
        for row in rows
    ]  # fmt: skip
    print_table(cells, columns, right=tuple(range(len(names), len(columns))))


@click.command(cls=SectionCommand)
@click.argument("model", type=click.Path(exists=True))
@click.argument("head")
@click.argument("relation")
@click.argument("tail")
@option("-k", type=click.IntRange(1), default=10, show_default=True, help="Answers.")
@option("--keep-known", is_flag=True, help="List statements of the training too.")
@command_options
def predict(
    run: Run,
    model: str,
    head: str,
    relation: str,
    tail: str,
    k: int,
    keep_known: bool,
) -> None:
    """Ask MODEL for what stands in the place of a question mark.

    One of HEAD, RELATION and TAIL is '?', the others are ids.
    """
    from graphrep.persistence import load

    given = {"head": head, "relation": relation, "tail": tail}
    if list(given.values()).count(_ASKED) != 1:
        raise click.UsageError(
            "Write '?' for exactly one of HEAD, RELATION and TAIL, such as: aspirin "
            "treats '?'."
        )
    found = load(model)
    place = next(name for name, value in given.items() if value == _ASKED)
    index = {"head": found.entities_, "tail": found.entities_}
    pair = [
        _id(value, index.get(name, found.relations_))
        for name, value in given.items()
        if name != place
    ]
    ask = getattr(found, f"predict_{place}s")
    answers = ask([pair], k, filter_known=not keep_known)[0]
    labels = found.known_.labels
    rows = [
        [str(answer), "; ".join(labels.get(answer, ())), f"{score:.4g}"]
        for answer, score in answers
    ]
    if run.as_json:
        names = (place, "names", "score")
        return run.report(result=[dict(zip(names, row, strict=True)) for row in rows])
    columns = [place, "names", "score"]
    if not any(row[1] for row in rows):
        rows, columns = [[row[0], row[2]] for row in rows], [place, "score"]
    return print_table(rows, columns, right=(len(columns) - 1,))


def _id(text: str, index: Any) -> Any:
    """Take an id as it was typed, or as the integer that it reads as."""
    if text not in index and text.lstrip("-").isdecimal() and int(text) in index:
        return int(text)
    return text


def _plain(value: Any) -> Any:
    """Turn a record into what JSON can hold: no NaN, ids as they are or as text."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, float) and value != value:
        return None
    return value if isinstance(value, (str, int, float, type(None))) else str(value)
