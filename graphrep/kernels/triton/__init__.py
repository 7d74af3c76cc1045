"""Triton kernels for what torch has no primitive for; only for CUDA devices.

Each does what its torch twin in ``graphrep.kernels.torch`` does, from the same random
numbers. `at_hand` says whether they can be used.
"""

import os
from importlib.util import find_spec


def at_hand(device):
    """Whether kernels of Triton run on a torch device: on CUDA, if it is installed.

    With the variable ``TRITON_INTERPRET=1``, set before triton is imported, they are
    interpreted on the CPU as well: slowly, for tests.
    """
    if find_spec("triton") is None:
        return False
    interpreted = os.environ.get("TRITON_INTERPRET") == "1"
    return interpreted if device.type == "cpu" else device.type == "cuda"
