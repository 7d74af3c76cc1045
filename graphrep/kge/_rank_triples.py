"""rank_triples: filtered ranks of heads and tails among all entities."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep._tasks import Place
from graphrep._utils._devices import on_processor
from graphrep._utils._parallel import numba_threads
from graphrep.exceptions import GraphValueError
from graphrep.graph import KnowledgeGraph
from graphrep.graph._triple_rows import both_directions
from graphrep.io import as_knowledge_graph
from graphrep.kge._queries import Queries, group_queries
from graphrep.kge._rank_costs import AT_ONCE
from graphrep.kge._rank_plan import plan_queries
from graphrep.kge._scorer import TripleScorer
from graphrep.kge._triple_ranks import TripleRanks, cardinalities
from graphrep.typing import IntArray, PathType

_QUERIES_AT_A_TIME = AT_ONCE


def rank_triples(
    model: TripleScorer,
    triples: Any,
    known: Any = (),
    *,
    n_jobs: int | None = None,
    device: str = "cpu",
    executor: Any = None,
    work_dir: PathType | None = None,
    memory_limit: str | int | None = None,
) -> TripleRanks:
    """Rank the true tails and heads of triples among all entities, filtered.

    Parameters
    ----------
    model : TripleScorer
        A fitted model of triples: ``query_matrix`` and ``key_matrix``.
    triples : KnowledgeGraph or what `graphrep.as_knowledge_graph` takes
        What to rank. Ids are looked up in the vocabulary of the model, whatever
        numbers they have in ``triples``.
    known : as ``triples``, or a tuple of such, default=()
        True triples beside those ranked (training and validation): their answers are
        no candidates. ``triples`` are known always.
    n_jobs : int or None, default=None
        Number of threads, None for all; the ranks do not depend on it.
    device : str, default="cpu"
        "cpu" (and "auto") runs numba; "cuda", "cuda:1" or "torch:cpu" run torch.
    executor : str, Executor, Client or None, default=None
        Where blocks of queries are ranked: "serial", "processes", "dask", the address
        of a Dask scheduler, or an object with ``submit``. None is this process.
    work_dir : str, path-like or None, default=None
        Folder for files of the blocks, where there is an executor. A ranking that was
        interrupted goes on there.
    memory_limit : str, int or None, default=None
        Memory that may be used, in bytes or as "8GiB", the model among it. Decides,
        before anything is ranked, how many workers rank how many queries at a time.

    Returns
    -------
    TripleRanks

    Raises
    ------
    GraphValueError
        For an entity or a relation that the model lacks, for graphs of another size
        than a model without ids, and for an executor or a memory_limit with a device.
    MemoryLimitError
        If no way keeps to ``memory_limit``.

    See Also
    --------
    plan_rank_triples : Tells what it takes before it starts.

    Notes
    -----
    Each distinct query is scored once, so a test set costs O(q n w) operations for q
    queries, n entities and rows of width w; memory is O(n w + q w) in blocks of
    16,384 queries, never q n. A score that is not finite ranks last.
    """
    triples, *others = in_numbers_of(model, triples, known)
    asked, filters, rows, everything = grouped_questions(model, triples, others)
    n = model.n_entities_
    above, equal = np.zeros((2, len(asked.tails)), np.int64)
    on_cpu = on_processor(device)
    if not on_cpu and not (executor is None and memory_limit is None):
        raise GraphValueError(
            "An executor or a memory_limit ranks on device='cpu'; got "
            f"device={device!r}."
        )
    plan = plan_queries(model, asked, filters, n_jobs, executor, memory_limit)
    if plan.block is not None:
        from graphrep.kge._rank_tasks import count_in_tasks

        count_in_tasks(
            model, asked, filters, above, equal, at_a_time=_QUERIES_AT_A_TIME,
            block=plan.block,
            place=Place(executor, work_dir, plan.n_jobs, plan.workers),
        )  # fmt: skip
    elif on_cpu:
        with numba_threads(plan.n_jobs):
            _count(model, asked, filters, above, equal)
    else:
        from graphrep.kge._rank_on_device import count_on_device

        count_on_device(model, asked, filters, above, equal, device)
    at = _places(asked, rows, n)
    sizes = n - np.diff(filters.pointers) + 1
    per_answer = np.repeat(sizes, np.diff(asked.pointers))
    return TripleRanks(
        triples.triples,
        above[at].reshape(2, -1),
        equal[at].reshape(2, -1),
        per_answer[at].reshape(2, -1),
        triples.relations,
        cardinalities(triples._with(everything, None)),
    )


def in_numbers_of(
    model: TripleScorer, triples: Any, known: Any
) -> list[KnowledgeGraph]:
    """Triples and known ones in the numbers of the model."""
    several = isinstance(known, tuple) or (
        isinstance(known, list) and isinstance(next(iter(known), None), KnowledgeGraph)
    )
    graphs = (triples, *(known if several else (known,)))
    return [_renumbered(graph, model) for graph in graphs]


def grouped_questions(
    model: TripleScorer, triples: KnowledgeGraph, known: list[KnowledgeGraph]
) -> tuple[Queries, Queries, IntArray, IntArray]:
    """Questions and their answers, all known answers, rows asked, all triples."""
    graphs = (triples, *known)
    rows = both_directions(triples.triples, model.n_relations_)
    everything = np.concatenate([graph.triples for graph in graphs])
    truths = group_queries(both_directions(everything, model.n_relations_))
    asked = group_queries(rows)
    return asked, _filters(asked, truths, model.n_entities_), rows, everything


def _count(
    model: TripleScorer,
    asked: Queries,
    filters: Queries,
    above: IntArray,
    equal: IntArray,
) -> None:
    """Fill the counts of all answers, some queries at a time."""
    from graphrep.kernels._triple_ranking import (
        padded_queries,
        panels_of_keys,
        rank_answers,
    )

    keys = panels_of_keys(model.key_matrix())
    for start in range(0, len(asked), _QUERIES_AT_A_TIME):
        span = slice(start, min(start + _QUERIES_AT_A_TIME, len(asked)))
        rows = model.query_matrix(asked.heads[span], asked.relations[span])
        ends = slice(start, span.stop + 1)
        answers = slice(asked.pointers[start], asked.pointers[span.stop])
        rank_answers(
            padded_queries(rows, keys.dtype), keys, model.n_entities_,
            asked.pointers[ends] - answers.start, asked.tails[answers],
            filters.pointers[ends], filters.tails, above[answers], equal[answers],
        )  # fmt: skip


def _filters(asked: Queries, truths: Queries, n_entities: int) -> Queries:
    """Known answers of the queries asked, in their order."""
    places = np.searchsorted(truths.codes(n_entities), asked.codes(n_entities))
    return truths.take(places)


def _places(asked: Queries, rows: IntArray, n_entities: int) -> IntArray:
    """Place of each row (head, relation, tail) among the answers asked."""
    sizes = np.diff(asked.pointers)
    owners = np.repeat(np.arange(len(asked)), sizes)
    there = owners * n_entities + asked.tails
    owner = np.searchsorted(
        asked.codes(n_entities), rows[:, 1] * n_entities + rows[:, 0]
    )
    return np.searchsorted(there, owner * n_entities + rows[:, 2])


def _renumbered(x: Any, model: TripleScorer) -> KnowledgeGraph:
    """Triples in the numbers of the model; numbers as they are if it has no ids.

    Sizes that agree prove nothing: files of one vocabulary number it in the order in
    which they name it.
    """
    own: KnowledgeGraph | None = getattr(model, "known_", None)
    if own is not None:
        return as_knowledge_graph(x, entities=own.entities, relations=own.relations)
    graph = as_knowledge_graph(x)
    sizes = graph.n_entities, graph.n_relations
    if sizes != (model.n_entities_, model.n_relations_):
        raise GraphValueError(
            f"The triples have {sizes[0]:,} entities and {sizes[1]:,} relations, the "
            f"model has {model.n_entities_:,} and {model.n_relations_:,}. Read them "
            "with entities= and relations= of the model."
        )
    return graph
