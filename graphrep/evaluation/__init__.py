"""Assessment of vectors: how much of a graph, and of its meaning, is in them.

Every name is resolved on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphrep.evaluation._assess import assess as assess
    from graphrep.evaluation._assessment import Assessment as Assessment
    from graphrep.evaluation._distance_fidelity import (
        DistanceFidelityEvaluator as DistanceFidelityEvaluator,
    )
    from graphrep.evaluation._divergence import (
        DivergenceEvaluator as DivergenceEvaluator,
    )
    from graphrep.evaluation._edge_curve import EdgeCurveEvaluator as EdgeCurveEvaluator
    from graphrep.evaluation._ego import EgoReconstruction as EgoReconstruction
    from graphrep.evaluation._geometry import GeometryEvaluator as GeometryEvaluator
    from graphrep.evaluation._inversion import InversionEvaluator as InversionEvaluator
    from graphrep.evaluation._link_prediction import (
        LinkPredictionEvaluator as LinkPredictionEvaluator,
    )
    from graphrep.evaluation._linking import evaluate_linking as evaluate_linking
    from graphrep.evaluation._linking_protocols import branch_holdout as branch_holdout
    from graphrep.evaluation._linking_protocols import (
        cross_terminology as cross_terminology,
    )
    from graphrep.evaluation._linking_protocols import leaf_holdout as leaf_holdout
    from graphrep.evaluation._linking_protocols import (
        synonym_holdout as synonym_holdout,
    )
    from graphrep.evaluation._linking_protocols import (
        zero_shot_concepts as zero_shot_concepts,
    )
    from graphrep.evaluation._linking_result import LinkingResult as LinkingResult
    from graphrep.evaluation._linking_split import LinkingSplit as LinkingSplit
    from graphrep.evaluation._neighbourhood_scores import (
        NeighbourhoodScore as NeighbourhoodScore,
    )
    from graphrep.evaluation._node_classification import (
        NodeClassificationEvaluator as NodeClassificationEvaluator,
    )
    from graphrep.evaluation._probes import ProbeEvaluator as ProbeEvaluator
    from graphrep.evaluation._reconstruction import (
        ReconstructionEvaluator as ReconstructionEvaluator,
    )
    from graphrep.evaluation._reconstruction_result import (
        ReconstructionResult as ReconstructionResult,
    )
    from graphrep.evaluation._relation_consistency import (
        relation_consistency as relation_consistency,
    )
    from graphrep.evaluation._scorer import (
        make_reconstruction_scorer as make_reconstruction_scorer,
    )
    from graphrep.evaluation._scorer import whole_graph_cv as whole_graph_cv
    from graphrep.evaluation._select import select_embedding as select_embedding
    from graphrep.evaluation._semantic import SemanticEvaluator as SemanticEvaluator
    from graphrep.evaluation._stability import StabilityEvaluator as StabilityEvaluator
    from graphrep.evaluation._vocabulary import Vocabulary as Vocabulary

_HOME = {
    "Assessment": "_assessment",
    "DistanceFidelityEvaluator": "_distance_fidelity",
    "DivergenceEvaluator": "_divergence",
    "EdgeCurveEvaluator": "_edge_curve",
    "EgoReconstruction": "_ego",
    "GeometryEvaluator": "_geometry",
    "InversionEvaluator": "_inversion",
    "LinkPredictionEvaluator": "_link_prediction",
    "LinkingResult": "_linking_result",
    "LinkingSplit": "_linking_split",
    "NeighbourhoodScore": "_neighbourhood_scores",
    "NodeClassificationEvaluator": "_node_classification",
    "ProbeEvaluator": "_probes",
    "ReconstructionEvaluator": "_reconstruction",
    "ReconstructionResult": "_reconstruction_result",
    "SemanticEvaluator": "_semantic",
    "StabilityEvaluator": "_stability",
    "Vocabulary": "_vocabulary",
    "assess": "_assess",
    "branch_holdout": "_linking_protocols",
    "cross_terminology": "_linking_protocols",
    "evaluate_linking": "_linking",
    "leaf_holdout": "_linking_protocols",
    "make_reconstruction_scorer": "_scorer",
    "relation_consistency": "_relation_consistency",
    "select_embedding": "_select",
    "synonym_holdout": "_linking_protocols",
    "whole_graph_cv": "_scorer",
    "zero_shot_concepts": "_linking_protocols",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> object:
    if name in _HOME:
        value = getattr(import_module(f"graphrep.evaluation.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'graphrep.evaluation' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
