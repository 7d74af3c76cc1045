"""Models of EmbeddingBlocker: what of them goes into a file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._optional import module_of, require
from graphrep.blocking._language_model import quiet
from graphrep.blocking._model_folder import check_plain, keep_plain
from graphrep.exceptions import GraphTypeError
from graphrep.typing import AnyArray

_SENTENCES, _STATIC = "sentence_transformers", "model2vec"
_WHY = "Loading this EmbeddingBlocker"


def text_model_state(encoder: Any) -> tuple[dict[str, AnyArray], dict[str, Any]]:
    """Arrays and values of an encoder of texts; `write_text_model` writes the rest.

    Raises
    ------
    GraphTypeError
        For functions, and objects of other libraries.
    """
    if isinstance(encoder, tuple):
        arrays = {f"vectors{at}": np.asarray(part) for at, part in enumerate(encoder)}
        return arrays, {"kind": "arrays", "n": len(encoder)}
    library = module_of(encoder)
    if library == _STATIC and hasattr(encoder, "save_pretrained"):
        return {}, {"kind": library}
    if library == _SENTENCES and hasattr(encoder, "save"):
        kept = {"truncate_dim": encoder.truncate_dim, "device": encoder.device.type}
        return {}, {"kind": library, **kept}
    raise GraphTypeError(
        f"EmbeddingBlocker with the encoder {getattr(encoder, '__name__', encoder)!r} "
        "cannot be saved: a file holds no code. Pass a SentenceTransformer, a "
        "StaticModel of model2vec, or the vectors themselves."
    )


def write_text_model(encoder: Any, folder: Path) -> None:
    """Write the files of a model of a library."""
    library = module_of(encoder)
    if isinstance(encoder, tuple):
        return
    folder.mkdir()
    if library == _STATIC:
        encoder.save_pretrained(folder)
    else:
        with quiet(require("transformers", extra="transformers", why=_WHY)):
            encoder.save(str(folder), create_model_card=False)
    keep_plain(folder)


def read_text_model(
    folder: Path, arrays: dict[str, AnyArray], values: dict[str, Any]
) -> Any:
    """Undo `text_model_state` and `write_text_model`; runs no code from the files."""
    kind = values["kind"]
    if kind == "arrays":
        return tuple(arrays[f"vectors{at}"] for at in range(values["n"]))
    if kind not in (_STATIC, _SENTENCES):
        raise ValueError(f"an encoder of the kind {str(kind)[:80]!r}")
    library = require(kind, extra="transformers", why=_WHY)
    check_plain(folder)
    if kind == _STATIC:
        return library.StaticModel.from_pretrained(folder)
    with quiet(require("transformers", extra="transformers", why=_WHY)):
        return library.SentenceTransformer(
            str(folder), device="cpu" if values["device"] == "cpu" else None,
            truncate_dim=values["truncate_dim"], local_files_only=True,
            trust_remote_code=False,
        )  # fmt: skip
