"""assess: everything that can be said of some embeddings of a graph, in one result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any

import numpy as np

from graphrep._tasks._executors import check_executor
from graphrep._utils._parallel import check_n_jobs
from graphrep._utils._progress import Progress, show_progress, silent
from graphrep._utils._warn import warn_user
from graphrep.base import read_graph
from graphrep.evaluation._assess_facts import (
    embedding_facts,
    graph_facts,
    package_versions,
)
from graphrep.evaluation._assess_inputs import (
    Failure,
    by_row,
    named_values,
    read_baselines,
    read_given,
    relation_rows,
    semantic_evaluator,
)
from graphrep.evaluation._assess_parts import (
    PARTS,
    RECONSTRUCTION,
    Task,
    applies,
    chosen_parts,
)
from graphrep.evaluation._assess_reconstruction import (
    EMPTY,
    evaluator_of,
    query_count,
    section,
)
from graphrep.evaluation._assessment import FORMAT, LISTS, SEMANTIC, VERSION, Assessment
from graphrep.evaluation._breakdowns import plain
from graphrep.evaluation._embeddings import Embedding
from graphrep.evaluation._reconstruction_result import ReconstructionResult
from graphrep.exceptions import GraphValueError
from graphrep.typing import GraphLike, PathType

_FIT = "fit"


def assess(
    graph: GraphLike,
    embeddings: Any,
    *,
    hops: Sequence[int] = (1, 2, 3),
    scores: Sequence[str | Callable[..., Any]] = ("native", "cosine"),
    parts: str | Sequence[str] = "standard",
    baselines: bool | Sequence[str] = True,
    n_components: int | None = None,
    n_queries: int | str | None = "auto",
    direction: str = "out",
    labels: Any = None,
    names: Any = None,
    relations: Any = None,
    semantic: Any = None,
    reference: str | None = None,
    confidence: float = 0.95,
    graph_name: str | None = None,
    title: str | None = None,
    random_state: int = 0,
    n_jobs: int | None = None,
    device: str = "cpu",
    executor: Any = None,
    work_dir: PathType | None = None,
    memory_limit: str | int | None = None,
    progress: bool | Progress | None = None,
) -> Assessment:
    """Assess embeddings of a graph: how much of the graph is in the vectors.

    Parameters
    ----------
    graph : graph in any form
        The graph that the vectors are about.
    embeddings : mapping of str to object, sequence, or one object
        Names and what they stand for: vectors in any form, a file of vectors, an
        estimator (fitted on ``graph`` if it is not yet; a class is made an instance
        first), a score of pairs such as `NeighbourhoodScore`. A sequence of estimators
        is named by their classes.
    hops : sequence of int, default=(1, 2, 3)
        Distances whose neighbourhoods are to be found again.
    scores : sequence of str or callable, default=("native", "cosine")
        How pairs are scored; see `ReconstructionEvaluator`.
    parts : {"quick", "standard", "full"} or sequence of str, default="standard"
        What to run. "quick": reconstruction, the curve over all pairs, geometry and a
        map. "standard": also distance fidelity, probes, inversion, and, where their
        arguments are given, word tests, relations and classification. "full": also
        what fits estimators again or takes long: link prediction, stability,
        reconstruction around seeds, divergence.
    baselines : bool or sequence of str, default=True
        Whether to set random vectors, degrees, common neighbours, Adamic-Adar,
        resource allocation and the SVD of the adjacency beside them; or which of these.
    n_components : int or None, default=None
        Dimension of the baselines, and of estimators given as classes. None takes the
        largest dimension there is, or 128 (less on graphs of fewer than 256 nodes).
    n_queries : int, "auto" or None, default="auto"
        Nodes that are evaluated, the same for all embeddings; None for all. "auto"
        takes all while that costs at most 1e13 multiplications (for all embeddings
        and scores together), and 2,000 otherwise.
    direction : {"out", "in", "both"}, default="out"
        How edges of a directed graph are followed.
    labels : mapping from node id, or sequence in row order, default=None
        A class, or several, for nodes: for classification, colours and breakdowns.
    names : mapping from node id, or sequence in row order, default=None
        What people call the nodes, for lists and word tests.
    relations : KnowledgeGraph or (heads, relations, tails), default=None
        Relations of the edges, by node ids.
    semantic : object or None, default=None
        Word tests: a `SemanticEvaluator`, or what it takes as ``tests``, or a folder
        of such tests, or True for its own choice.
    reference : str or None, default=None
        Name of the embedding that all others are compared with. None takes two, for
        each score and distance: the best baseline and the best of all.
    confidence : float, default=0.95
        Of the intervals.
    graph_name, title : str or None, default=None
        What the graph and the result are called.
    random_state : int, default=0
        Seed of everything that is drawn, and of estimators whose own seed is open.
    n_jobs : int or None, default=None
        Threads; None takes all processors. Results do not depend on it.
    device : str, default="cpu"
        Where ranking is done: "cpu" or a torch device.
    executor, work_dir, memory_limit
        Where blocks of the reconstruction's queries are ranked, the folder for their
        files, and the memory that ranking may take; see `ReconstructionEvaluator`.
    progress : bool, callable or None, default=None
        Whether to draw progress on standard error; or what to call as
        ``progress(label, done, total)``.

    Returns
    -------
    Assessment

    Raises
    ------
    GraphValueError
        For vectors that do not fit the graph or are not finite, before anything is
        fitted; where nothing can be assessed; for parts that do not exist.

    Warns
    -----
    GraphWarning
        At the end, for parts that failed or were left out for some embeddings, and
        estimators that could not be fitted. They stand in ``problems`` too; all else
        goes on.

    Notes
    -----
    All embeddings are asked the same queries, so that differences can be paired node
    by node. Figures in "comparisons" are intervals for nodes such as these, with
    p-values of a paired sign-flip test; see `ReconstructionResult`.

    ``fit_seconds`` and ``assess_seconds`` are CPU time of all threads.

    Examples
    --------
    >>> from graphrep import HOPE, FastRP
    >>> from graphrep.datasets import load_karate
    >>> from graphrep.evaluation import assess
    >>> graph = load_karate().graph
    >>> found = assess(graph, {"HOPE": HOPE(16), "FastRP": FastRP(16)}, parts="quick")
    >>> found.names[:3]
    ['HOPE', 'FastRP', 'random']
    >>> found.best(), found.value("random", metric="ap") < found.value("HOPE")
    ('HOPE', True)
    """
    check_n_jobs(n_jobs)
    check_executor(executor)
    nodes = read_graph(graph)
    task = Task(
        nodes, _scores(scores), tuple(hops), random_state, n_jobs, device,
        by_row(nodes, names, "names"), by_row(nodes, labels, "labels"),
        relation_rows(nodes, relations),
        semantic_evaluator(semantic, _scores(scores), random_state, n_jobs),
    )  # fmt: skip
    wanted = chosen_parts(parts, task)
    with _shown(progress) as tell:
        run = _Run(task, tell)
        run.read(named_values(embeddings), baselines, n_components)
        run.check_reference(reference)
        evaluator = evaluator_of(
            task, query_count(n_queries, task, run.embeddings), direction, confidence
        )
        evaluator.set_params(
            executor=executor, work_dir=work_dir, memory_limit=memory_limit
        )
        run.work(wanted, evaluator)
        found = run.gathered(reference)
    run.warn()
    settings = {
        "parts": wanted, "hops": list(hops), "scores": task.scores,
        "baselines": baselines, "n_queries": n_queries, "direction": direction,
        "reference": reference, "random_state": random_state, "device": device,
        "confidence": confidence, "n_components": n_components,
    }  # fmt: skip
    facts = graph_facts(nodes, graph_name)
    data = {
        "format": FORMAT,
        "version": VERSION,
        "title": title or _title(facts, run.embeddings),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "graph": facts,
        "settings": settings,
        "versions": package_versions(),
        **found,
    }
    return Assessment(
        plain(data), embeddings={e.name: e for e in run.embeddings}, results=run.results
    )


class _Run:
    """What is known so far of one assessment."""

    def __init__(self, task: Task, tell: Progress) -> None:
        self.task = task
        self.tell = tell
        self.embeddings: list[Embedding] = []
        self.results: dict[str, ReconstructionResult] = {}
        self.problems: list[dict[str, Any]] = []
        self.seconds: dict[str, float] = {}
        self.found: dict[str, list[dict[str, Any]]] = {}

    def read(
        self,
        given: Mapping[str, Any],
        baselines: bool | Sequence[str],
        n_components: int | None,
    ) -> None:
        """Read and fit what is to be assessed, baselines after the rest."""
        read = read_given(
            self.task.graph, given, n_components=n_components,
            random_state=self.task.random_state,
            tell=lambda label: self.tell(label, 0, 0),
        )  # fmt: skip
        failures = [one for one in read if isinstance(one, Failure)]
        if len(failures) == len(read):
            raise failures[0].error
        for failure in failures:
            self._problem(_FIT, failure.name, failure.error)
        self.embeddings = [one for one in read if isinstance(one, Embedding)]
        self.tell("Making baselines", 0, 0)
        self.embeddings += read_baselines(
            self.task.graph, baselines, self.embeddings, n_components=n_components,
            random_state=self.task.random_state,
        )  # fmt: skip

    def check_reference(self, reference: str | None) -> None:
        """Refuse a reference that is not there, before the work."""
        names = [embedding.name for embedding in self.embeddings]
        if reference is not None and reference not in names:
            raise GraphValueError(
                f"reference must be one of {', '.join(map(repr, names))}; got "
                f"{reference!r}."
            )

    def work(self, parts: Sequence[str], evaluator: Any) -> None:
        """Put every embedding through every part."""
        total = len(self.embeddings) * len(parts)
        for i, embedding in enumerate(self.embeddings):
            start = time.process_time()
            for j, name in enumerate(parts):
                label = f"{embedding.name}: {name.replace('_', ' ')}"
                self.tell(label, i * len(parts) + j, total)
                self._attempt(name, embedding, evaluator)
            self.seconds[embedding.name] = time.process_time() - start

    def _attempt(self, name: str, embedding: Embedding, evaluator: Any) -> None:
        """Run one part; what goes wrong is noted, not raised."""
        try:
            if name == RECONSTRUCTION:
                self.results[embedding.name] = self._reconstruct(embedding, evaluator)
                return
            part = PARTS[name]
            if not applies(part, embedding):
                return
            found = part.run(self.task, embedding)
        except Exception as error:  # the other parts are worth having
            self._problem(name, embedding.name, error)
            return
        if isinstance(found, str):
            self._problem(name, embedding.name, found)
            return
        for place, rows in found.items():
            self.found.setdefault(place, []).extend(rows)

    def _reconstruct(self, embedding: Embedding, evaluator: Any) -> Any:
        label = f"{embedding.name}: {RECONSTRUCTION}"
        return evaluator.evaluate(
            self.task.graph, embedding, name=embedding.name,
            progress=lambda _, done, total: self.tell(label, done, total),
        )  # fmt: skip

    def _problem(self, part: str, name: str, error: Exception | str) -> None:
        text = str(error) or type(error).__name__
        self.problems.append({"part": part, "embedding": name, "error": text})

    def warn(self) -> None:
        """Warn of what was left out, embeddings with the same trouble together."""
        together: dict[tuple[str, str], list[str]] = {}
        for problem in self.problems:
            key = problem["part"], problem["error"]
            together.setdefault(key, []).append(repr(problem["embedding"]))
        for (part, text), names in together.items():
            warn_user(
                f"{part.replace('_', ' ')} was left out for {', '.join(names)}: {text}"
            )

    def gathered(self, reference: str | None) -> dict[str, Any]:
        """Everything found, as it stands in the result."""
        self.tell("Comparing", 0, 0)
        first = dict(EMPTY)
        try:
            first = section(self.results, self.embeddings, self.task, reference)
        except Exception as error:  # as for the parts
            self._problem("comparisons", "all", error)
        self._map_precision()
        lists = {place: self.found.get(place, []) for place in LISTS}
        semantic = {key: self.found.get(f"semantic.{key}", []) for key in SEMANTIC}
        return {
            "embeddings": [
                embedding_facts(embedding, self.seconds.get(embedding.name))
                for embedding in self.embeddings
            ],
            RECONSTRUCTION: first,
            **lists,
            "semantic": semantic,
            "problems": self.problems,
        }

    def _map_precision(self) -> None:
        """Give the points of maps their average precision, where it is known."""
        for record in self.found.get("map", []):
            result = self.results.get(record["embedding"])
            if result is None or "ap" not in result.metrics:
                continue
            values = np.full(self.task.graph.n_nodes, np.nan)
            values[result.queries] = result.per_node()
            rows = self.task.graph.nodes.indexer(record["node"])
            record["ap"] = np.round(values[rows], 4).tolist()


def _scores(scores: Any) -> tuple[Any, ...]:
    one = isinstance(scores, str) or callable(scores)
    return (scores,) if one else tuple(scores)


def _shown(progress: bool | Progress | None) -> AbstractContextManager[Progress]:
    if callable(progress):
        return nullcontext(progress)
    return show_progress() if progress else nullcontext(silent)


def _title(facts: Mapping[str, Any], embeddings: Sequence[Embedding]) -> str:
    own = sum(not embedding.baseline for embedding in embeddings)
    what = facts["name"] or f"a graph of {facts['n_nodes']:,} nodes"
    return f"{own} embedding{'s' if own != 1 else ''} of {what}"


__all__ = ["assess"]
