"""Embed a graph from the command line: plan it, run it, say what came of it."""

from __future__ import annotations

import secrets
from functools import partial
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any

import click

from graphrep._utils._memory import available_memory, human_bytes
from graphrep.cli._inputs import GraphSource
from graphrep.cli._outputs import (
    check_model,
    check_output,
    check_vector_format,
    is_store,
    place,
    written_files,
)
from graphrep.cli._render import memory_facts, print_facts
from graphrep.cli._run import Run
from graphrep.cli._sizes import GraphSize, graph_size
from graphrep.exceptions import GraphValueError, MemoryLimitError

if TYPE_CHECKING:
    from graphrep._tasks import TaskPlan
    from graphrep._utils._progress import Progress
    from graphrep.embedding import FastRPPlan
    from graphrep.embedding._skip_gram_costs import Size
    from graphrep.graph import Graph
    from graphrep.typing import AnyArray

_ROOM = "graphrep.embedding"
_SEED_BITS = 32
_IN_MEMORY = ("memory", "mapped")  # ways of a plan whose parts an estimate knows


class Plan:
    """What a command line asks an embedder to do.

    Parameters
    ----------
    estimator : str
        Name of the class.
    source : GraphSource
        The graph.
    output : str or None
        Where the vectors go.
    format : str or None
        Their format; None takes it from the suffix.
    overwrite : bool
        Whether to replace files.
    save_model : str or None
        Folder for the fitted model.
    target : str or None, default=None
        Where the second vector of each node goes.
    features : str or None, default=None
        File of node features.
    preset : str or None, default=None
        Parameters to start from.
    tune : bool, default=False
        Whether to choose parameters without labels.
    parameters : dict
        Parameters of the constructor.
    """

    def __init__(
        self,
        estimator: str,
        source: GraphSource,
        output: str | None,
        *,
        format: str | None,
        overwrite: bool,
        save_model: str | None,
        target: str | None = None,
        features: str | None = None,
        preset: str | None = None,
        tune: bool = False,
        **parameters: Any,
    ) -> None:
        self.estimator = estimator
        self.source = source
        self.output = output or ""
        self.format = format
        self.overwrite = overwrite
        self.target = target
        self.features = features
        self.preset = preset
        self.tune = tune
        self.save_model = save_model
        self.parameters = parameters

    def check(self, run: Run) -> None:
        """Refuse what cannot work, before anything is read."""
        if not self.output:
            raise click.UsageError("Missing option '-o' / '--output'.")
        for path in filter(None, (self.output, self.target)):
            check_vector_format(path, self.format)
            check_output(path, overwrite=self.overwrite, as_json=run.as_json)
        if self.output == self.target:
            raise click.UsageError(
                f"--output and --target are both {self.output!r}; name two files."
            )
        check_model(self.save_model, overwrite=self.overwrite)

    def make(self, verbose: int = 0) -> Any:
        """Make the estimator and check its parameters."""
        kind = getattr(import_module(_ROOM), self.estimator)
        given = self.parameters
        if self.preset is not None:
            given = {k: v for k, v in given.items() if was_given(k)}
        if self.save_model is None and "keep_layers" in self.parameters:
            given = {**given, "keep_layers": False}  # a saved model alone needs them
        if "random_state" in self.parameters and given.get("random_state") is None:
            given = {**given, "random_state": fresh_seed()}
        make = kind if self.preset is None else partial(kind.from_preset, self.preset)
        estimator = make(**given, verbose=verbose)
        estimator._validate_params()  # a wrong one shows before the file is read
        estimator._check_parameters()
        return estimator


def show_plan(run: Run, plan: Plan) -> None:
    """Print what would be done and the memory it would take; do nothing."""
    estimator = plan.make()
    size = graph_size(plan.source)
    way = _way(plan, estimator, size)
    need = _memory_parts(plan, estimator, size, way)
    total = total_bytes(need) if way is None else way.memory
    free = available_memory()
    if not run.as_json:
        return print_facts(_plan_facts(plan, estimator, size, need, way, free))
    result = {
        "dry_run": True,
        "n_entries": size.n_entries,
        "exact": size.exact,
        "memory_bytes": {**need, "total": total},
        "total_bytes": total,
        "available_bytes": free,
    }
    if way is not None:
        result["plan"] = {k: v for k, v in vars(way).items() if k != "layout"}
    return run.report(
        parameters=estimator.get_params(), n_nodes=size.n_nodes, result=result
    )


def embed_graph(run: Run, plan: Plan) -> None:
    """Read the graph, embed it, write the vectors and say so."""
    estimator = plan.make(run.verbose)
    with run.progress() as progress:
        progress(f"Reading {plan.source.name}", 0, 0)
        graph = plan.source.read()
        if plan.tune:
            estimator = _tuned(estimator, graph, progress)
        estimator._progress = progress
        large = _takes_stores(estimator)
        limited = getattr(estimator, "memory_limit", None) is not None
        if not (limited or (large and estimator.executor)):
            check_memory(estimator, graph)
        options: dict[str, Any] = _features(plan, graph)
        if large and is_store(plan.output, plan.format):
            options["out"] = plan.output
        source = plan.source.path if large and plan.source.is_store else graph
        estimator.fit_transform(source, **options)
        progress(f"Writing {place(plan.output)}", 0, 0)
        outputs = _write(plan, estimator, graph)
    facts = _done_facts(estimator, graph)
    names = ", ".join(outputs) or place(plan.output)
    run.facts(f"Wrote {names}", [*facts, *run.cost()])
    run.report(
        parameters=_resolved(plan, estimator),
        n_nodes=graph.n_nodes,
        n_edges=graph.n_edges,
        outputs=outputs,
    )


def _takes_stores(estimator: Any) -> bool:
    """Whether it reads a graph store and writes vectors to one by itself."""
    return "out" in signature(estimator.fit_transform).parameters


def _way(plan: Plan, estimator: Any, size: GraphSize) -> FastRPPlan | TaskPlan | None:
    """Way of a fit that may be larger than memory; None for other methods."""
    if not hasattr(estimator, "memory_limit"):
        return None
    if not _takes_stores(estimator):
        of_walks: TaskPlan = estimator._plan(_walk_size(plan, size))
        return of_walks
    from graphrep.embedding._fastrp_large import plan_of_size

    out = plan.output if is_store(plan.output, plan.format) else None
    if plan.source.is_store:
        way: FastRPPlan = estimator.plan(plan.source.path, out=out)
        return way
    return plan_of_size(estimator, size.n_nodes, size.n_entries, out)


def _walk_size(plan: Plan, size: GraphSize) -> Size:
    from graphrep.embedding._skip_gram_costs import Size

    entry = 12 if size.weighted else 4
    return Size(*size[:2], entry, size.weighted, plan.source.is_store)


def check_memory(estimator: Any, graph: Graph) -> None:
    """Refuse work that would need more memory than there is, before it begins."""
    parts = estimator.estimate_memory(graph.n_nodes, len(graph.indices))
    need = total_bytes(parts) - parts.get("graph", 0)  # that is here already
    free = available_memory()
    if free is not None and need > free:
        raise MemoryLimitError(
            f"Embedding {graph.n_nodes:,} nodes in {estimator.n_components} dimensions "
            f"needs {human_bytes(need)} of memory and {human_bytes(free)} are free. "
            f"Use a smaller -d, or {_other_ways(estimator)}."
        )


def _other_ways(estimator: Any) -> str:
    if _takes_stores(estimator):
        return "--memory-limit and an output that ends in .store"
    return "a graph with fewer nodes"


def total_bytes(need: dict[str, int]) -> int:
    """Sum of an estimate, or the total that it states."""
    return need["total"] if "total" in need else sum(need.values())


def _tuned(estimator: Any, graph: Graph, progress: Progress) -> Any:
    progress("Choosing parameters", 0, 0)
    return estimator.tune(graph)


def _features(plan: Plan, graph: Graph) -> dict[str, Any]:
    """Features of the nodes in the order of the graph, as arguments of fit."""
    if plan.features is None:
        return {}
    from graphrep.io import read_vectors

    return {"features": read_vectors(plan.features)[graph.node_ids]}


def _write(plan: Plan, estimator: Any, graph: Graph) -> list[str]:
    from graphrep.graph import Vectors
    from graphrep.io import write_vectors

    tables = [(plan.output, estimator.embedding_)]
    outputs: list[str] = []
    if is_store(plan.output, plan.format) and _takes_stores(estimator):
        outputs.append(str(tables.pop()[0]))  # fitting wrote it
    if plan.target is not None:
        tables.append((plan.target, _targets(plan, estimator)))
    for path, table in tables:
        write_vectors(Vectors(table, graph.nodes), path, format=plan.format)
        outputs += written_files(path)
    if plan.save_model is not None:
        estimator.save(plan.save_model)
        outputs.append(plan.save_model)
    return outputs


def _targets(plan: Plan, estimator: Any) -> AnyArray:
    table: AnyArray | None = estimator.target_embedding_
    if table is None:
        raise GraphValueError(
            f"{plan.estimator} gave no second vectors with these parameters, so there "
            f"is nothing to write to {plan.target}. Leave out --target."
        )
    return table


def fresh_seed() -> int:
    """Draw a seed that scikit-learn accepts back, so that a run can be repeated."""
    return secrets.randbits(_SEED_BITS)


def was_given(name: str) -> bool:
    """Whether an option stands on the command line."""
    source = click.get_current_context().get_parameter_source(name)
    return source is not None and source is not click.core.ParameterSource.DEFAULT


def _resolved(plan: Plan, estimator: Any) -> dict[str, Any]:
    """Parameters as they were used, with the seed drawn and the device chosen."""
    return {
        **estimator.get_params(),
        "preset": plan.preset,
        "random_seed": getattr(estimator, "random_seed_", None),
        "device": str(estimator.device_),
    }


def _done_facts(estimator: Any, graph: Graph) -> list[tuple[str, object]]:
    facts = [
        ("nodes", f"{graph.n_nodes:,}"),
        ("edges", f"{graph.n_edges:,}"),
        ("dimensions", estimator.embedding_.shape[1]),
    ]
    seed = getattr(estimator, "random_seed_", None)
    return facts if seed is None else [*facts, ("seed", seed)]


def _memory_parts(
    plan: Plan, estimator: Any, size: GraphSize, way: Any
) -> dict[str, int]:
    """Bytes of a fit in memory by what they are for; none where it is in files."""
    if way is not None and way.path not in _IN_MEMORY:
        return {}
    if way is None or _takes_stores(estimator):
        need = dict(estimator.estimate_memory(size.n_nodes, size.n_entries))
        need.pop("total", None)
        if way is not None:  # knows how wide the entries of the file are
            need["graph"] += way.memory - sum(need.values())
        return need
    parts: dict[str, int] = estimator._memory_parts(_walk_size(plan, size))
    return parts


def _plan_facts(
    plan: Plan,
    estimator: Any,
    size: GraphSize,
    need: dict[str, int],
    way: FastRPPlan | TaskPlan | None,
    free: int | None,
) -> list[tuple[str, object]]:
    about = "" if size.exact else "about "
    total = total_bytes(need) if way is None else way.memory
    facts: list[tuple[str, object]] = [
        ("method", f"{plan.estimator}, {estimator.n_components} dimensions"),
        ("input", plan.source.name),
        ("nodes", f"{about}{size.n_nodes:,}"),
        ("entries", f"{about}{size.n_entries:,}"),
        ("counted from", size.how),
        *memory_facts(need, total, free, about),
    ]
    if plan.output:
        facts.append(("output", place(plan.output)))
    if way is None:
        return facts
    # What the way says of memory is said above, but for what was allowed.
    return [*facts, *(f for f in way.facts() if f[0] != "memory" or way.limit)]
