"""Folders of language models: files that need no code and no pickle to be read."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

from graphrep.exceptions import GraphTypeError, ModelFileError

_SUFFIXES = (".json", ".txt", ".safetensors", ".model")
_NOT_NEEDED = (".md", ".jinja")  # cards and templates of chats
_CODE = ("auto_map", "custom_pipelines", "trust_remote_code", "use_kernels")
_ELSEWHERE = ("base_model_name_or_path",)  # weights that lie outside of the folder
_ACTIVATION = "activation_function"  # a name, or what is imported
_ATTENTION = "attn_implementation"
ATTENTIONS = ("eager", "sdpa", "flash_attention_2", "flex_attention")
"""Ways of attention that transformers has itself; others are fetched as code."""
_MODULES = ("Transformer", "Pooling", "Normalize", "Dense", "StaticEmbedding")
_LIBRARY = "sentence_transformers."


def keep_plain(folder: Path) -> None:
    """Take what is not needed out of a folder that a library wrote, check the rest.

    Raises
    ------
    GraphTypeError
        If the model needs code or pickles.
    """
    for path in [*folder.rglob("*")]:
        if path.suffix in _NOT_NEEDED:
            path.unlink()
    odd = _odd_part(folder)
    if odd is not None:
        raise GraphTypeError(
            f"The model of the encoder cannot be saved: {odd}, and a saved blocker "
            "holds neither code nor pickles. Keep the pairs instead."
        )


def check_plain(folder: Path) -> None:
    """Refuse a folder whose files would run code.

    Raises
    ------
    ModelFileError
        If there is no such folder, or it asks for code.
    """
    if not folder.is_dir():
        raise ModelFileError(f"{folder}: the model of the encoder is missing.")
    odd = _odd_part(folder)
    if odd is not None:
        raise ModelFileError(
            f"{folder}: the model is not read, because {odd}, and loading runs no code."
        )


def _odd_part(folder: Path) -> str | None:
    """Say what in a folder would need code, if anything does."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            return f"it has a link {path.name!r}"
        if path.is_dir():
            continue
        if path.suffix not in _SUFFIXES:
            return f"it has a file {path.name!r}"
        if path.suffix == ".json":
            content = _content(path)
            if path.name == "modules.json" and (odd := _odd_module(content)):
                return odd
            if odd := _odd_key(content):
                return f"{path.name} says {odd}"
    return None


def _content(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{path}: the file is damaged ({error}).") from None


def _odd_module(modules: Any) -> str | None:
    for module in modules:
        name = str(module["type"])
        if not name.startswith(_LIBRARY) or name.rpartition(".")[2] not in _MODULES:
            return f"it has a part {name[:80]!r}"
        place = PurePosixPath(str(module.get("path", "")).replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or ":" in str(place):
            return f"it has a part at {str(place)[:80]!r}"
    return None


def _odd_key(content: Any) -> str | None:
    """Find a setting by which a library would run or fetch code."""
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += [part for part in value if isinstance(part, (dict, list))]
        if not isinstance(value, dict):
            continue
        for key, part in value.items():
            if part and (
                key in (*_CODE, *_ELSEWHERE)
                or (_ATTENTION in key and not _is_known(part))
                or (key == _ACTIVATION and not _is_name(part))
            ):
                return f"{key}: {str(part)[:80]}"
            if isinstance(part, (dict, list)):
                waiting.append(part)
    return None


def _is_name(activation: Any) -> bool:
    """Whether it is a name of transformers, or a class of torch."""
    text = str(activation)
    return "." not in text or text.startswith("torch.nn.modules.")


def _is_known(attention: Any) -> bool:
    ways = attention.values() if isinstance(attention, dict) else [attention]
    return all(way is None or way in ATTENTIONS for way in ways)
