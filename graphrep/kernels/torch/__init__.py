"""Torch twins of the kernels: same names, same order of arguments."""
