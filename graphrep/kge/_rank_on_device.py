"""Counts of better and equal answers on a torch device, in blocks of queries."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep._utils._devices import device_memory, torch_device
from graphrep.kge._queries import Queries
from graphrep.kge._scorer import TripleScorer
from graphrep.typing import AnyArray, IntArray

_SCORES_AT_A_TIME = 1 << 27


@device_memory("Ranking triples", "Use device='cpu'.")
def count_on_device(
    model: TripleScorer,
    asked: Queries,
    filters: Queries,
    above: IntArray,
    equal: IntArray,
    device: str,
) -> None:
    """Fill the counts of all answers; twin of the numba kernel ``rank_answers``.

    Scores of an answer and of what it is compared with come from one product, so equal
    rows tie exactly. Memory is the rows of K and two arrays of 2 ** 27 scores.
    """
    torch, place = torch_device(device, why="Ranking triples")

    def here(array: AnyArray) -> Any:
        return torch.from_numpy(np.ascontiguousarray(array)).to(place)

    keys = here(model.key_matrix())
    size = max(1, _SCORES_AT_A_TIME // len(keys))
    sizes = np.diff(asked.pointers)
    start = 0
    while start < len(asked):
        # as many queries as have at most `size` answers in all, but at least one
        stop = int(
            np.searchsorted(asked.pointers, asked.pointers[start] + size, "right")
        )
        stop = min(max(start + 1, stop - 1), len(asked))
        span, answers = slice(start, stop), slice(*asked.pointers[[start, stop]])
        rows = here(model.query_matrix(asked.heads[span], asked.relations[span]))
        scores = rows @ keys.T
        scores.nan_to_num_(-torch.inf, -torch.inf, -torch.inf)
        owners = np.repeat(np.arange(stop - start), sizes[span])
        known = filters.take(np.arange(start, stop))
        counts = _count_block(
            scores, here(owners), here(asked.tails[answers]), here(known.pointers),
            here(known.tails), torch,
        )  # fmt: skip
        above[answers], equal[answers] = (c.cpu().numpy() for c in counts)
        start = stop


def _count_block(
    scores: Any, owners: Any, tails: Any, pointers: Any, known: Any, torch: Any
) -> tuple[Any, Any]:
    own = scores[owners, tails]
    above = torch.zeros(len(own), dtype=torch.int64, device=own.device)
    equal = torch.zeros_like(above)
    step = max(1, _SCORES_AT_A_TIME // scores.shape[1])
    for low in range(0, len(own), step):
        part = slice(low, low + step)
        rows, mine = scores[owners[part]], own[part, None]
        above[part] = (rows > mine).sum(dim=1)
        equal[part] = (rows == mine).sum(dim=1)
    lengths = pointers[1:] - pointers[:-1]
    repeats = lengths[owners]
    answer = torch.repeat_interleave(torch.arange(len(own), device=own.device), repeats)
    ends = repeats.cumsum(0)
    offset = torch.arange(len(answer), device=own.device) - (ends - repeats)[answer]
    other = scores[owners[answer], known[pointers[owners[answer]] + offset]]
    mine = own[answer]
    above.index_add_(0, answer, -(other > mine).to(torch.int64))
    equal.index_add_(0, answer, -(other == mine).to(torch.int64))
    # an answer is among the known ones of its query, and was taken off with them
    return above, equal + 1
