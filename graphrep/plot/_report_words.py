"""The words of the report: what every figure means, for readers new to it."""

from __future__ import annotations

TRUTHS = {
    "hop1": "neighbours (1 hop)",
    "ball2": "up to 2 hops",
    "shell2": "exactly 2 hops",
    "shell2_filtered": "exactly 2 hops, neighbours left out",
    "ball3": "up to 3 hops",
    "shell3": "exactly 3 hops",
    "shell3_filtered": "exactly 3 hops, nearer nodes left out",
}

HOW_TO_READ = (
    (
        "What is measured",
        "Each node asks: which nodes are my neighbours? All other nodes are ranked by "
        "how close their vectors are, and the true neighbours should come first. "
        "<b>Average precision (AP)</b> is 1 if they all do, and about the share of "
        "neighbours in the graph if the order is random.",
    ),
    (
        "Why it is adjusted",
        "Nodes with many neighbours have a high AP by luck alone. <b>Adjusted AP</b> "
        "takes that away: 0 is chance, 1 is perfect. Only adjusted values can be "
        "compared between distances and between graphs.",
    ),
    (
        "Native and cosine",
        "<b>Native</b> scores pairs as the method itself does, decoder included; "
        "<b>cosine</b> compares the vectors as most users would. Where native is high "
        "and cosine low, the graph is stored in the decoder, not in the vectors.",
    ),
    (
        "Hops",
        "“Exactly 2 hops” asks for friends of friends who are no friends. “Up to 3 "
        "hops” holds half of many graphs, so that any vectors look good there.",
    ),
    (
        "Baselines",
        "Rows in grey know little or nothing: random vectors, the degree, common "
        "neighbours, a plain decomposition of the adjacency. A method that does not "
        "beat them has learnt nothing that counting does not give.",
    ),
)

RAW_DISTANCE = (
    "Raw distances depend on the scale of the vectors: a method with short vectors has "
    "small distances between any words. Read the <b>ratio to random pairs</b> at unit "
    "length (below 1 is good) and the rank correlation with people’s ratings instead."
)

GEOMETRY = (
    (
        "effective_rank", "effective rank",
        "directions in use. Far below the dimension: fewer would do, or the vectors "
        "collapsed.",
    ),
    (
        "isotropy", "isotropy",
        "1: spread in all directions alike; near 0: a few directions rule.",
    ),
    (
        "mean_cosine", "mean cosine",
        "of random pairs. Near 1: all vectors point the same way; subtract the mean "
        "before comparing.",
    ),
    (
        "norm_degree_correlation", "length ~ degree",
        "near 1: hubs have the longest vectors and win dot products; use cosine.",
    ),
    (
        "hubness_skewness", "hubness",
        "above about 2: a few nodes are among the nearest of very many; correct for "
        "hubs before retrieval.",
    ),
    (
        "antihubs", "never near",
        "share of nodes that are among the nearest of nobody: retrieval cannot find "
        "them.",
    ),
    ("duplicates", "duplicates", "nodes that share their vector with another."),
    ("zero_vectors", "zero vectors", "nodes without any information."),
    ("dead_dimensions", "dead columns", "columns that are the same for all nodes."),
    ("not_finite", "not finite", "vectors with NaN or infinite values."),
)  # fmt: skip

GLOSSARY = (
    ("AP", "average precision: mean, over a node’s true neighbours, of the share of "
     "true ones among all nodes ranked as high; equal scores count as in random order"),
    ("adjusted AP", "(AP − expected AP of a random order) / (1 − expected AP)"),
    ("P@k", "share of true neighbours among the k nearest"),
    ("capped P@k", "the same, out of what is possible: min(k, number of neighbours)"),
    ("R@k", "share of the true neighbours that are among the k nearest"),
    ("hits@k", "share of nodes with at least one true neighbour among the k nearest"),
    ("R-precision", "P@k with k the node’s own number of neighbours"),
    ("MRR", "mean of 1 / rank of the first true neighbour"),
    ("nDCG", "gain discounted by log2(1 + rank), over that of the best order"),
    ("AUC", "chance that a true neighbour ranks before another node; 0.5 is chance"),
    ("P@|E| over all pairs", "share of true edges among as many best pairs as the "
     "graph has edges, all pairs of nodes ranked in one list"),
    ("macro mean", "every node counts the same; edge-weighted: every edge does; "
     "degree-balanced: every class of degrees does"),
    ("95 % interval", "from the choice of the nodes that were evaluated; it has no "
     "width where all nodes were"),
    ("p-value", "of a paired test on the same nodes: how often a difference as large "
     "arises when labels are swapped at random"),
)  # fmt: skip

SECTIONS = {
    "ego": (
        "Refitted around seeds",
        "The embedder is fitted again on the neighbourhood of chosen nodes and has to "
        "rebuild its edges. Larger neighbourhoods are harder.",
    ),
    "link_prediction": (
        "Link prediction",
        "A share of the edges is hidden before fitting; the hidden ones should rank "
        "above pairs without an edge. Unlike reconstruction this asks what the vectors "
        "can foresee.",
    ),
    "node_classification": (
        "Node classification",
        "Labels of some nodes are learnt from their vectors by logistic regression and "
        "predicted for the others (F1).",
    ),
    "probes": (
        "What else is in the vectors",
        "How much of a property of the nodes a linear model reads from the vectors: "
        "R² on nodes it has not seen. 0 or less: not at all.",
    ),
    "stability": (
        "Stability over seeds",
        "The same method with other seeds: 0 in Procrustes distance and 1 in overlap "
        "of nearest neighbours mean that nothing depends on chance.",
    ),
    "divergence": (
        "Communities in a graph drawn from the vectors (CGE)",
        "A random graph is drawn with more edges between near vectors; its edges "
        "within and between communities should be those of the true graph. Lower is "
        "better for both scores.",
    ),
    "inversion": (
        "The graph that the vectors draw",
        "As many edges as the graph has are drawn between the closest pairs. Single "
        "edges are easily lost while triangles and communities survive.",
    ),
    "distance_fidelity": (
        "Distances",
        "Correlation of distances between vectors with hops in the graph, and whether "
        "near nodes stay near (continuity) and no far ones come near "
        "(trustworthiness).",
    ),
}
