"""Node embedders: one file each, named after the method."""

from graphrep.embedding._fastrp import FastRP

__all__ = ["FastRP"]
