"""Counter-based random numbers of ``graphrep.kernels._hash`` in Triton."""

import triton
import triton.language as tl


@triton.jit
def hash64(key, counter):
    """64 random bits for each (key, counter) pair of uint64."""
    z = key + (counter + 1) * 0x9E3779B97F4A7C15
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB
    return z ^ (z >> 31)


@triton.jit
def uniform(bits):
    """Floats in [0, 1) with 53 random bits."""
    return (bits >> 11).to(tl.float64) * 1.1102230246251565e-16
