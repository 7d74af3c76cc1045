"""Learners of a score from a few features, kept as arrays that a file can hold."""

from graphrep._learners._boosted_trees import BoostedTrees
from graphrep._learners._choice_mixture import ChoiceMixture, shares_of
from graphrep._learners._choice_model import ChoiceModel
from graphrep._learners._logistic_line import LogisticLine

__all__ = ["BoostedTrees", "ChoiceMixture", "ChoiceModel", "LogisticLine", "shares_of"]
