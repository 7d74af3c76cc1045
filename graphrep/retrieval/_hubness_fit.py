"""How `HubnessCorrector` is fitted, forgotten, kept in a file and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse

from graphrep._utils._devices import on_processor
from graphrep.exceptions import GraphValueError
from graphrep.retrieval import _hubness_methods as methods
from graphrep.retrieval._hubness_augment import gates_of
from graphrep.retrieval._hubness_inputs import (
    Groups,
    drawn,
    read_bank,
    read_pairs,
    square_of,
)
from graphrep.retrieval._hubness_passes import Passes, Side, is_sparse
from graphrep.retrieval._hubness_tuning import BETAS, STRENGTHS, choose
from graphrep.typing import AnyArray, FloatArray

if TYPE_CHECKING:
    from graphrep.retrieval._hubness_corrector import HubnessCorrector

_ARRAYS = ("bias_", "bias_parts_", "activation_", "gates_", "center_", "scale_",
           "normal_")  # fmt: skip
_SPARSE = ("data", "indices", "indptr")
_PRIVATE = ("_bank", "_bank_targets", "_bank_rows", "_bank_codes", "_codes",
            "_n_groups", "_n_k", "_index", "_raw_index", "_augmented")  # fmt: skip


class Given(NamedTuple):
    """Arguments of ``fit``."""

    query_bank: Any
    query_groups: Any
    gallery_bank: Any
    gallery_groups: Any
    groups: Any
    pairs: Any


def forget(corrector: HubnessCorrector) -> None:
    """Drop the result of an earlier fit."""
    for name in (*vars(corrector),):
        if name in _PRIVATE or (name.endswith("_") and not name.startswith("_")):
            delattr(corrector, name)


def refuse_settings(corrector: HubnessCorrector, pairs: Any) -> None:
    """Refuse parameters that say nothing together."""
    method = corrector.method
    auto = [p for p in ("beta", "strength") if getattr(corrector, p) == "auto"]
    if auto and pairs is None:
        raise GraphValueError(
            f"{auto[0]}='auto' is chosen on held-out pairs; pass "
            "fit(..., pairs=(queries, gold))."
        )
    if "beta" in auto and method not in methods.WARM:
        raise GraphValueError(
            f"beta='auto' is for {', '.join(methods.WARM)}; method={method!r} has no "
            "temperature."
        )
    if corrector.strength != 1 and method not in (*methods.BIASED, "none"):
        raise GraphValueError(
            f"strength={corrector.strength!r} needs a method that subtracts a bias "
            f"({', '.join(methods.BIASED)}); method={method!r} does not."
        )
    if method == "gc" and not on_processor(corrector.device):
        raise GraphValueError("method='gc' runs with device='cpu' only.")


def fit(
    corrector: HubnessCorrector, targets: Any, given: Given, passes: Passes, seed: int
) -> None:
    """Fit a corrector whose parameters and targets were checked."""
    known = Groups(given.groups, targets.shape[0])
    own = Side(targets, known.codes)
    metric = corrector.metric
    bank = read_bank(
        given.query_bank, given.query_groups, own, known, metric, "query bank"
    )
    gallery = own
    if corrector.method in methods.DUAL:
        gallery = read_bank(
            given.gallery_bank, given.gallery_groups, own, known, metric, "gallery bank"
        )
    most = corrector.max_bank
    banks = methods.Banks(own, drawn(bank, most, seed), drawn(gallery, most, seed + 1))
    held_out: Any = None
    if given.pairs is not None:
        held_out = read_pairs(given.pairs, own, known, metric)
    corrector._codes, corrector._n_groups = known.codes, known.size
    corrector.targets_ = targets
    corrector._bank, corrector._bank_targets = banks.queries, targets
    same = methods.twins(targets, known.codes)
    corrector.gates_ = _gates(corrector, passes, banks)
    np.logical_or.at(corrector.gates_.T, same, corrector.gates_.T.copy())
    corrector.gates_ = corrector.gates_[:, same]
    corrector.activation_ = corrector.gates_[0]
    options = _options(corrector, passes, banks, same)
    at, strength = 0, corrector.strength
    corrector.held_out_ = []
    if len(options) > 1 or strength == "auto":
        gates = np.ones((held_out.rows.shape[0], len(options[0][1])), np.float32)
        if corrector.method in methods.GATED:
            gates = gates_of(corrector, held_out.rows)
        strengths = STRENGTHS if strength == "auto" else (float(strength),)
        choice = choose(
            targets, known.codes, known.size, held_out, options, gates, strengths,
            corrector.n_jobs,
        )  # fmt: skip
        at, strength, corrector.held_out_ = choice
    corrector.beta_, parts = options[at]
    corrector.strength_ = float(strength)
    corrector.bias_parts_ = parts.astype(np.float32)
    corrector.offset_ = float(corrector._offsets[at])
    del corrector._offsets
    _fit_others(corrector, passes, banks, same)
    whole = parts.sum(axis=0)
    corrector.bias_ = whole.astype(np.float32)  # last: it says that all went well


def _gates(
    corrector: HubnessCorrector, passes: Passes, banks: methods.Banks
) -> AnyArray:
    """Activated targets of each half: bool (n_parts, n_targets)."""
    dual = corrector.method == "dualdis"
    out = np.ones((1 + dual, len(banks.targets)), bool)
    if corrector.method in methods.GATED:
        k = corrector.gate_k
        out[0] = methods.activated(passes, banks.targets, banks.queries, k)
        if dual:
            out[1] = methods.activated(passes, banks.targets, banks.gallery, k)
    return out


def _options(
    corrector: HubnessCorrector, passes: Passes, banks: methods.Banks, same: AnyArray
) -> list[tuple[float, FloatArray]]:
    """Biases for each beta to try, less their means, which are kept."""
    method = corrector.method
    betas = np.array(
        BETAS if corrector.beta == "auto" else [corrector.beta], np.float64
    )
    if method in methods.SOFTMAX:
        other = corrector.gallery_beta
        cold = betas if other is None else np.full(len(betas), float(other))
        found = methods.softmax_parts(
            passes, banks, method, betas, cold, corrector.gallery_weight
        )
        if method == "dualis":  # no gates: one coordinate
            found = found.sum(axis=1, keepdims=True)
    elif method in methods.TRANSPORT:
        stacked = _stacked(banks) if method == "dbsn" else banks.targets
        n = len(banks.targets)
        found = np.array([
            [methods.sinkhorn_bias(
                passes, stacked, banks.queries, float(beta), corrector.n_iter)[:n]]
            for beta in betas
        ])  # fmt: skip
    else:
        found = _plain_bias(corrector, passes, banks)[None, None]
    found = found[:, :, same]
    means = found.mean(axis=2)
    corrector._offsets = means.sum(axis=1)
    return [
        (float(beta), parts - mean[:, None])
        for beta, parts, mean in zip(betas, found, means, strict=True)
    ]


def _plain_bias(
    corrector: HubnessCorrector, passes: Passes, banks: methods.Banks
) -> FloatArray:
    if corrector.method == "csls":
        return methods.csls_bias(passes, banks, corrector.k)
    if corrector.method == "dsl":
        square = square_of(corrector.metric, banks.targets.rows, banks.targets.rows)
        own = None if square is None else square[0]
        return methods.dsl_bias(passes, banks, corrector.k, own)
    return np.zeros(len(banks.targets))


def _stacked(banks: methods.Banks) -> Side:
    """Targets and the gallery bank under them."""
    one, two = banks.targets, banks.gallery
    stack = sparse.vstack if is_sparse(one.rows) else np.vstack
    rows: Any = stack([one.rows, two.rows])
    none = np.full(len(two), -2, np.int64)  # of no group: masks nothing
    codes = np.concatenate([one.codes, none if two.codes is None else two.codes])
    return Side(sparse.csr_array(rows) if is_sparse(rows) else rows, codes)


def _fit_others(
    corrector: HubnessCorrector, passes: Passes, banks: methods.Banks, same: AnyArray
) -> None:
    """Fit the methods that are more than a bias."""
    method, targets = corrector.method, banks.targets.rows
    square = square_of(corrector.metric, targets, banks.queries.rows)
    if method == "center":
        corrector.center_ = np.asarray(targets.mean(axis=0, dtype=np.float64)).ravel()
    elif method in methods.SCALED:
        corrector.scale_ = methods.local_scales(
            passes, banks, corrector.k, method, square
        )[same]
    elif method == "mp":
        corrector.normal_ = passes.moments(banks.targets, banks.queries, square)[
            :, same
        ]
    elif method == "gc":
        corrector._bank_rows = banks.queries.rows
        corrector._bank_codes = banks.queries.codes
    elif method == "invgc":
        other = corrector.gallery_rate
        rates = (corrector.rate, corrector.rate if other is None else other)
        corrector.moved_ = methods.convolved(passes, banks, rates, corrector.pool_rate)[
            same
        ]


# -- files -----------------------------------------------------------------------
def state_of(
    corrector: HubnessCorrector,
) -> tuple[dict[str, AnyArray], dict[str, Any]]:
    """Fitted arrays and scalars of a corrector."""
    arrays = {n: getattr(corrector, n) for n in _ARRAYS if n in vars(corrector)}
    _put(arrays, "targets", corrector.targets_)
    if corrector.method == "invgc":
        _put(arrays, "moved", corrector.moved_)
    arrays["codes"] = corrector._codes
    if corrector.method == "gc":
        _put(arrays, "bank", corrector._bank_rows)
        if corrector._bank_codes is not None:
            arrays["bank_codes"] = corrector._bank_codes
    scalars = {
        "n_features_in_": corrector.n_features_in_, "beta_": corrector.beta_,
        "strength_": corrector.strength_, "offset_": corrector.offset_,
        "held_out_": corrector.held_out_, "n_groups": corrector._n_groups,
    }  # fmt: skip
    return arrays, scalars


def set_state(
    corrector: HubnessCorrector, arrays: dict[str, AnyArray], scalars: dict[str, Any]
) -> None:
    """Take back what `state_of` gave."""
    for name, value in scalars.items():
        setattr(corrector, "_n_groups" if name == "n_groups" else name, value)
    width = corrector.n_features_in_
    corrector.targets_ = _taken(arrays, "targets", width)
    if corrector.method == "invgc":
        corrector.moved_ = _taken(arrays, "moved", width)
    corrector._codes = arrays["codes"]
    if corrector.method == "gc":
        corrector._bank_rows = _taken(arrays, "bank", width)
        corrector._bank_codes = arrays.get("bank_codes")
    for name in _ARRAYS:
        if name in arrays:
            setattr(corrector, name, arrays[name])


def _put(arrays: dict[str, AnyArray], name: str, rows: Any) -> None:
    if not is_sparse(rows):
        arrays[name] = rows
        return
    for part in _SPARSE:
        arrays[f"{name}_{part}"] = getattr(rows, part)


def _taken(arrays: dict[str, AnyArray], name: str, width: int) -> Any:
    if name in arrays:
        return arrays[name]
    parts = tuple(arrays[f"{name}_{part}"] for part in _SPARSE)
    return sparse.csr_array(parts, shape=(len(parts[2]) - 1, width))
