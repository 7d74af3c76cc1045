"""``graphrep hypergraph reconstruct``: the hyperedges behind a graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from graphrep.cli import _hypergraphs as files
from graphrep.cli._embedding import was_given
from graphrep.cli._help import Decorator, Function, SectionCommand, option
from graphrep.cli._inputs import READABLE_FILE, GraphSource, graph_input
from graphrep.cli._method_options import flag, made_estimator, options_of_all
from graphrep.cli._outputs import (
    check_file,
    check_model,
    check_output,
    output_options,
    place,
)
from graphrep.cli._parameters import Source, read_source
from graphrep.cli._render import print_facts
from graphrep.cli._run import Run, command_options
from graphrep.cli._sizes import graph_size

if TYPE_CHECKING:
    from graphrep.graph import Graph, Hypergraph

_ROOM = "hypergraph"
METHODS = {
    "auto": "HypergraphReconstructor",
    "shyre": "SHyRe",
    "marioh": "MARIOH",
    "mdl": "BayesianMDL",
    "cover": "CliqueCover",
    "max_cliques": "MaximalCliques",
}
_LEARNS = ("auto", "shyre", "marioh")
_SKIPPED = ("method", "weighted", "verbose")  # --weighted is of the graph
_OUTPUT, _INPUT = "Output", "Input"
_DRAWN = 60  # most nodes of a picture


def _sources() -> dict[str, Source]:
    from graphrep import hypergraph

    return {
        method: read_source(name, _ROOM)
        for method, name in METHODS.items()
        if name in hypergraph.__all__
    }


_SOURCES = _sources()


_parameter_options = options_of_all(_SOURCES, skip=_SKIPPED)


def _own_options(function: Function) -> Function:
    for decorate in reversed([*_inputs(), *_outputs()]):
        function = decorate(function)
    return function


def _inputs() -> list[Decorator]:
    return [
        option(
            "-m",
            "--method",
            type=click.Choice([*_SOURCES]),
            help="How: auto, shyre and marioh learn from --train; mdl, cover and "
            "max_cliques learn nothing. If not given, auto with --train, else mdl. "
            "Options below that are not given have the defaults of the method.",
        ),
        option(
            "--train",
            section=_INPUT,
            type=READABLE_FILE,
            metavar="HYPERGRAPH",
            help="Hyperedges of the same kind to learn from.",
        ),
        option(
            "--model",
            section=_INPUT,
            type=click.Path(exists=True),
            metavar="MODEL",
            help="Model of an earlier run (--save-model) instead of --train.",
        ),
        option(
            "--truth",
            section=_INPUT,
            type=READABLE_FILE,
            metavar="HYPERGRAPH",
            help="The true hyperedges, to score against.",
        ),
    ]


def _outputs() -> list[Decorator]:
    return [
        option(
            "--save-model",
            section=_OUTPUT,
            metavar="MODEL",
            help="Save the trained model: a folder, or a file that ends in .zip.",
        ),
        option(
            "--plot",
            section=_OUTPUT,
            metavar="FILE",
            help="Draw a small graph and its hyperedges: .png, .svg or .pdf.",
        ),
        option(
            "--dry-run",
            section="General",
            is_flag=True,
            help="Show what would be done; stop.",
        ),
    ]


@click.command(cls=SectionCommand)
@graph_input
@output_options(
    "Where to write the hyperedges; - is standard output.",
    required=False,
    formats=files.WRITABLE,
)
@_own_options
@_parameter_options
@command_options
def reconstruct(
    run: Run,
    source: GraphSource,
    output: str | None,
    format: str | None,
    overwrite: bool,
    method: str | None,
    train: str | None,
    model: str | None,
    truth: str | None,
    save_model: str | None,
    plot: str | None,
    dry_run: bool,
    **parameters: Any,
) -> None:
    """Find the hyperedges behind GRAPH."""
    chosen = _method(method, train, model, parameters)
    if save_model is not None and train is None:
        raise click.UsageError("--save-model needs --train: there is nothing else.")
    estimator = None if chosen is None else _make(chosen, parameters, save_model)
    if dry_run:
        return _show_plan(run, source, chosen, estimator, train or model)
    outputs = Outputs(output, format, save_model, plot)
    outputs.check(overwrite, truth, run.as_json)
    with run.progress() as progress:
        progress(f"Reading {source.name}", 0, 0)
        graph = source.read()
        outputs.check_drawable(graph)
        if estimator is None:
            from graphrep.persistence import load

            estimator = load(str(model))
        elif train is not None:
            progress(f"Learning from {train}", 0, 0)
            estimator.fit(files.read(train))
        progress(f"Looking for hyperedges by {type(estimator).__name__}", 0, 0)
        found = estimator.predict(graph)
        true = None if truth is None else files.on_ids_of(files.read(truth), graph)
        outputs.write(graph, found, true, estimator)
    return _tell(run, graph, found, true, estimator, outputs.names)


class Outputs(NamedTuple):
    """Files that a run writes; None where there is none."""

    hyperedges: str | None
    format: str | None
    model: str | None
    picture: str | None

    @property
    def names(self) -> list[str]:
        """Those that are files."""
        every = (self.hyperedges, self.model, self.picture)
        return [path for path in every if path is not None and path != "-"]

    def check(self, overwrite: bool, truth: str | None, as_json: bool) -> None:
        """Refuse what cannot be written, before any work."""
        if self.hyperedges is None and truth is None:
            raise click.UsageError(
                "Give -o to write the hyperedges, or --truth to score."
            )
        if self.hyperedges is not None:
            files.check_format(self.hyperedges, self.format)
            check_output(self.hyperedges, overwrite=overwrite, as_json=as_json)
        if self.picture is not None:
            check_file(Path(self.picture), overwrite=overwrite)
        check_model(self.model, overwrite=overwrite)
        kinds = (".png", ".svg", ".pdf")
        if self.picture is not None and Path(self.picture).suffix.lower() not in kinds:
            raise click.UsageError(
                f"--plot must end in .png, .svg or .pdf; got {self.picture!r}."
            )

    def check_drawable(self, graph: Graph) -> None:
        """Refuse to draw a graph that is too large."""
        if self.picture is not None and graph.n_nodes > _DRAWN:
            raise click.UsageError(
                f"--plot draws graphs of up to {_DRAWN} nodes; this one has "
                f"{graph.n_nodes:,}. Leave it out."
            )

    def write(
        self, graph: Graph, found: Hypergraph, true: Hypergraph | None, estimator: Any
    ) -> None:
        """Write them all."""
        if self.hyperedges is not None:
            from graphrep.io import write_hypergraph

            write_hypergraph(found, self.hyperedges, format=self.format)
        if self.model is not None:
            from graphrep.persistence import save

            save(estimator, self.model)
        if self.picture is not None:
            from graphrep.plot import draw_reconstruction

            draw_reconstruction(graph, found, true, self.picture)


# -- before the work ---------------------------------------------------------------
def _method(
    method: str | None,
    train: str | None,
    model: str | None,
    parameters: dict[str, Any],
) -> str | None:
    """Choose the method; None where a saved model has it."""
    if model is not None:
        given = [n for n in parameters if was_given(n)]
        if method is not None or train is not None or given:
            what = "--method" if method else "--train" if train else flag(given[0])
            raise click.UsageError(f"{what} has no effect with --model; leave it out.")
        return None
    if method is None:
        method = "auto" if train is not None and "auto" in _SOURCES else "mdl"
    if method in ("shyre", "marioh") and train is None:
        raise click.UsageError(
            f"{method} learns from hyperedges: give --train or --model, or another "
            "--method; mdl, cover and max_cliques need none."
        )
    if method not in _LEARNS and train is not None:
        raise click.UsageError(
            f"{method} learns nothing, so --train has no effect; leave it out."
        )
    return method


def _make(method: str, parameters: dict[str, Any], save_model: str | None) -> Any:
    """Make the estimator from the options that were given, and check them."""
    import graphrep.hypergraph as room

    kind = getattr(room, METHODS[method])
    estimator = made_estimator(method, kind, _SOURCES, parameters)
    if save_model is not None:
        from graphrep.persistence import _registered_name

        _registered_name(estimator)
    return estimator


def _show_plan(
    run: Run, source: GraphSource, method: str | None, estimator: Any, known: str | None
) -> None:
    size = graph_size(source)
    about = "" if size.exact else "about "
    parameters = {} if estimator is None else estimator.get_params(deep=False)
    if run.as_json:
        result = {
            "dry_run": True,
            "method": method,
            "n_entries": size.n_entries,
            "exact": size.exact,
        }
        return run.report(parameters=parameters, n_nodes=size.n_nodes, result=result)
    name = "of the model" if method is None else f"{method} ({METHODS[method]})"
    return print_facts(
        [
            ("method", name),
            ("input", source.name),
            ("nodes", f"{about}{size.n_nodes:,}"),
            ("entries", f"{about}{size.n_entries:,}"),
            ("learns from", known or "nothing"),
            *((n.replace("_", " "), v) for n, v in parameters.items()),
        ]
    )


# -- after the work ----------------------------------------------------------------
def _tell(
    run: Run,
    graph: Graph,
    found: Hypergraph,
    true: Hypergraph | None,
    estimator: Any,
    outputs: list[str],
) -> None:
    import numpy as np

    name = type(estimator).__name__
    result: dict[str, Any] = {
        "class": name,
        "n_hyperedges": len(found),
        "sizes": {
            str(k): int(c)
            for k, c in zip(*np.unique(found.sizes, return_counts=True), strict=True)
        },
        "min_size": estimator.min_size,
        "description_length": getattr(estimator, "description_length_", None),
    }
    if true is not None:
        from graphrep.metrics import hyperedge_scores

        scores = hyperedge_scores(true, found, min_size=estimator.min_size)
        result["scores"] = scores._asdict()
    parameters = estimator.get_params(deep=False)
    facts: list[tuple[str, object]] = [
        ("method", name),
        ("nodes", f"{graph.n_nodes:,}"),
        ("edges", f"{graph.n_edges:,}"),
        ("hyperedges", f"{len(found):,}"),
    ]
    if parameters.get("random_state") is not None:
        facts.append(("seed", parameters["random_state"]))
    facts += _score_facts(result.get("scores"))
    done = f"Wrote {', '.join(map(place, outputs))}" if outputs else "Done"
    run.facts(done, [*facts, *run.cost()])
    run.report(
        parameters=parameters,
        n_nodes=graph.n_nodes,
        n_edges=graph.n_edges,
        outputs=outputs,
        result=result,
    )


def _score_facts(scores: dict[str, Any] | None) -> list[tuple[str, object]]:
    if scores is None:
        return []
    shown = ("jaccard", "precision", "recall", "f1", "multi_jaccard")
    return [
        ("scored", f"hyperedges of {scores['min_size']} and more nodes"),
        *((n.replace("_", " "), f"{scores[n]:.4f}") for n in shown),
        ("common", f"{scores['n_common']:,} of {scores['n_true']:,} true"),
    ]
