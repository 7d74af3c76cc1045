"""Products of float32 in float32, whatever the program around has set."""

import threading
from contextlib import contextmanager

import torch

_turn = threading.RLock()


@contextmanager
def full_precision():
    """Take products of float32 without TF32 or bfloat16; one thread at a time.

    The switch is one for the whole process, so it is put back afterwards.
    """
    with _turn:
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)
