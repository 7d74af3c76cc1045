"""NLSHBlocker as arrays, plain values and files, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphrep.blocking._known_matches import KnownMatches
from graphrep.blocking._lexical_encoder import LexicalEncoder
from graphrep.blocking._losses import MatchLoss
from graphrep.blocking._pair_ranker import PairRanker
from graphrep.blocking._static_encoder import StaticEncoder
from graphrep.blocking._transformer_encoder import TransformerEncoder
from graphrep.exceptions import GraphTypeError
from graphrep.typing import AnyArray

if TYPE_CHECKING:
    from graphrep.blocking._nlsh_blocker import NLSHBlocker

_KINDS = {
    "lexical": LexicalEncoder,
    "static": StaticEncoder,
    "transformer": TransformerEncoder,
}
_RANKER = "ranker_"


def nlsh_parameters(blocker: NLSHBlocker) -> dict[str, Any]:
    """Parameters for a file; an encoder that is an object by its kind."""
    return {**blocker.get_params(deep=False), "encoder": _kind(blocker.encoder_)}


def nlsh_state(
    blocker: NLSHBlocker, scalars: dict[str, Any]
) -> tuple[dict[str, AnyArray], dict[str, Any]]:
    """Take a fitted blocker apart; ``scalars`` are those of all blockers."""
    _kind(blocker.encoder_)
    arrays, scalars["encoder_"] = blocker.encoder_.state()
    if not isinstance(blocker.encoder, str):
        scalars["encoder_settings_"] = blocker.encoder_.settings()
    if blocker.ranker_ is not None:
        parts, scalars[_RANKER] = blocker.ranker_.state()
        arrays |= {f"{_RANKER}{name}": part for name, part in parts.items()}
    if blocker._known is not None:
        rows, scalars["known_"] = blocker._known.state()
        arrays |= rows
    return arrays, scalars


def set_nlsh_state(
    blocker: NLSHBlocker, arrays: dict[str, AnyArray], scalars: dict[str, Any]
) -> dict[str, Any]:
    """Undo `nlsh_state`; return the scalars of all blockers."""
    rest = dict(scalars)
    parts = {
        name.removeprefix(_RANKER): part
        for name, part in arrays.items()
        if name.startswith(_RANKER)
    }
    blocker._loss = MatchLoss(blocker.loss, radius=blocker.radius, c=blocker.c)
    blocker._known = KnownMatches.from_state(arrays, rest.pop("known_", []))
    blocker.miner_ = blocker.ranker_ = None
    settings = rest.pop("encoder_settings_", None)
    if settings is not None:
        blocker.encoder = _KINDS[blocker.encoder](**settings)
    blocker.encoder_ = blocker._make_encoder()
    blocker.encoder_.set_state(arrays, rest.pop("encoder_"))
    if settings is not None and isinstance(blocker.encoder_, StaticEncoder):
        blocker.encoder.vectors = blocker.encoder_.vectors
    if _RANKER in rest:
        blocker.ranker_ = PairRanker.from_state(parts, rest.pop(_RANKER))
    return rest


def write_nlsh_files(blocker: NLSHBlocker, folder: Path) -> None:
    """Write what an encoder keeps in files of its own."""
    if isinstance(blocker.encoder_, TransformerEncoder):
        folder.mkdir()
        blocker.encoder_.write_files(folder)


def read_nlsh_files(blocker: NLSHBlocker, folder: Path) -> None:
    """Undo `write_nlsh_files`."""
    if isinstance(blocker.encoder_, TransformerEncoder):
        blocker.encoder_.read_files(folder)


def _kind(encoder: Any) -> str:
    for kind, cls in _KINDS.items():
        if type(encoder) is cls:
            return kind
    raise GraphTypeError(
        f"NLSHBlocker with an encoder of the class {type(encoder).__name__} cannot be "
        f"saved; with {', '.join(cls.__name__ for cls in _KINDS.values())} it can. "
        "Keep it with joblib.dump."
    )
