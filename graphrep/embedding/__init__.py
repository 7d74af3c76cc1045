"""Node embedders: one file each, named after the method."""

from graphrep.embedding._fastrp import FastRP
from graphrep.embedding._fastrp_tune import TuneResult, tune_fastrp

__all__ = ["FastRP", "TuneResult", "tune_fastrp"]
