"""The compiler makes machine code of every kernel; that needs no GPU.

It says nothing of results or speed, but the interpreter, which runs numpy, does not
see types that differ between branches or operations that there are not.
"""

from __future__ import annotations

import os

import pytest

triton = pytest.importorskip("triton")
pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(
    os.environ.get("TRITON_INTERPRET") == "1", reason="kernels are interpreted"
)

REAL, DOUBLE, INT, LONG, HALF = "*fp32", "*fp64", "*i32", "*i64", "*bf16"
GRAPH = {"indptr": LONG, "indices": INT, "weights": REAL, "accept": REAL, "alias": INT,
         "threshold": REAL}  # fmt: skip
WALKS = GRAPH | {"starts": LONG, "keys": LONG, "numbers": DOUBLE, "out": INT,
                 "n_walks": "i32", "n_nodes": "i32", "length": "i32"}  # fmt: skip
STEPS = dict.fromkeys(["u", "v", "window_weights", "per_negative", "scale", "step"],
                      REAL) | {"walks": LONG, "noise": LONG}  # fmt: skip
STEPS |= dict.fromkeys(["length", "n_shared", "d", "n_near", "n_far"], "i32")
FLOW = dict.fromkeys(["entities", "relations", "root", "points"], REAL) | {"d": "i32"}
BACK = dict.fromkeys(["d_points", "d_bias", "d_entities", "d_relations"], REAL)
SLOPES = dict.fromkeys(
    ["scores", "query_bias", "bias", "weights", "shares", "log_sums", "by_query",
     "by_point", "losses"], REAL,
) | {"factor": "fp32", "m": "i32", "n": "i32", "n_tiles": "i32"}  # fmt: skip
SUMS = dict.fromkeys(["scores", "query_bias", "bias", "shares", "out"], REAL) | {
    "factor": "fp32", "n": "i32",
}  # fmt: skip


def walk(*, first_order, weighted, plus, excess):
    return {
        "first_order": first_order, "weighted": weighted, "plus": plus, "sums": plus,
        "excess": excess, "lanes": 128, "grace": 24, "share": 3,
    }  # fmt: skip


def flow(pieces, first, *, related=True, scaled=True, width=1024):
    return {"pieces": pieces, "first": first, "related": related, "scaled": scaled,
            "swaps": scaled, "width": width}  # fmt: skip


def slope(*, is_softmax):
    return {"is_softmax": is_softmax, "want_loss": not is_softmax, "height": 16,
            "width": 128}  # fmt: skip


FIRST = walk(first_order=True, weighted=True, plus=False, excess=False)
SECOND = walk(first_order=False, weighted=False, plus=False, excess=True)
PLUS = walk(first_order=False, weighted=True, plus=True, excess=True)
NO_RELATION = {k: v for k, v in FLOW.items() if k != "relations"} | {"bias": REAL}
NO_RELATION_BACK = {
    k: v for k, v in (FLOW | BACK).items() if k not in ("relations", "d_relations")
}
KERNELS = [
    ("_walks", "_walks", WALKS, FIRST),
    ("_walks", "_walks", WALKS, SECOND),
    ("_walks", "_walks", WALKS, PLUS),
    ("_skipgram", "_input_steps", STEPS, {"tile": 16, "width": 128}),
    ("_skipgram", "_output_steps", STEPS, {"tile": 16, "width": 256}),
    ("_skipgram", "_input_steps", STEPS,  # numbers that are 1 become constants
     {"tile": 16, "width": 16, "n_near": 1, "n_far": 1, "n_shared": 1, "d": 1}),
    ("_kge", "_flow_points", FLOW | {"bias": REAL}, flow(1, 0)),
    ("_kge", "_flow_points", NO_RELATION,
     flow(2, 0, related=False, scaled=False) | {"relations": None}),
    ("_kge", "_flow_back", FLOW | BACK, flow(3, 1)),
    ("_kge", "_flow_back", NO_RELATION_BACK,
     flow(2, 0, related=False, scaled=False)
     | {"relations": None, "d_relations": None}),
    ("_kge", "_log_sums", SUMS, {"width": 1024}),
    ("_kge", "_slopes", SLOPES | {"narrow": REAL}, slope(is_softmax=True)),
    ("_kge", "_slopes", SLOPES | {"narrow": HALF}, slope(is_softmax=False)),
]  # fmt: skip


@pytest.mark.parametrize(("module", "name", "types", "constants"), KERNELS)
def test_kernel_when_compiled_for_a_card_then_machine_code(
    module, name, types, constants, monkeypatch, tmp_path
):
    from importlib import import_module

    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    if "nvidia" not in triton.backends.backends:
        pytest.skip("this triton has no compiler for NVIDIA's cards")
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    kernel = getattr(import_module(f"graphrep.kernels.triton.{module}"), name)
    types = types | dict.fromkeys(constants, "constexpr")
    made = triton.compile(
        ASTSource(kernel, types, constexprs=constants),
        target=GPUTarget("cuda", 80, 32),
        options={"enable_fp_fusion": False},
    )
    assert made.asm["cubin"].startswith(b"\x7fELF")
    assert made.metadata.shared <= 48 << 10  # what a program has on every card
