"""Where kernels of Triton run in tests: interpreted on the CPU, or compiled on CUDA."""

from __future__ import annotations

import os

import pytest

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"


CUDA = pytest.param("cuda", marks=pytest.mark.gpu)


@pytest.fixture(params=["cpu"] if INTERPRETED else [CUDA])
def place(request):
    """Give the torch device to run on; a process has only one kind of kernels.

    Without a GPU the tests run in the process that test_interpreter.py starts.
    """
    torch = pytest.importorskip("torch")
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device")
    return torch.device(request.param)
