"""Files of the hypergraphs with a source and a query half, and their sha256."""

from __future__ import annotations

HYPERGRAPH_FILES: dict[str, tuple[tuple[str, str], ...]] = {
    "enron": (
        (
            "data/enron/train.txt",
            "e31e67fa00bd425e195e5308c10bb7b4e1f18f2f240fe1dd38cd2585f8f8fcbc",
        ),
        (
            "data/enron/test.txt",
            "9ab581e697017950e3cd3a2a3e59cbedbd8758f904e6c66f65a58c38168ec355",
        ),
    ),
    "pschool": (
        (
            "data/school/train.txt",
            "a9c3a2bc328990a26c016be445e5eca84c3ecdc5dfa097649298324cb500b1ab",
        ),
        (
            "data/school/test.txt",
            "a5bcc6010657427f9f890ae945787ab06667a97150800dd96408d2e6a620ae50",
        ),
    ),
    "hschool": (
        (
            "data/school2/train.txt",
            "e9a09aac4dc24c627525d7ff631933b97374623031741476fcaf56c1fedeba8a",
        ),
        (
            "data/school2/test.txt",
            "85479b21b5ab9f98819b411df803ec0ed257dcc5c34d3bac5a20acb9c3a422cd",
        ),
    ),
    "dblp": (
        (
            "data/dblp/train.txt",
            "a6d497f02faa3c6ff1721397f8c4a897546cfb73573047b6ffd2d1707669c30b",
        ),
        (
            "data/dblp/test.txt",
            "de58be6c9b6cd400ca8942c30b675432116ecd99e84a23de6ace99b3202c5f52",
        ),
    ),
    "hosts": (
        (
            "data/hosts/train.txt",
            "98a00a98b646130d69e638296a33f1af258238de3a7d78b74d3afded27bb9c1e",
        ),
        (
            "data/hosts/test.txt",
            "033ae8058b6f49152abaedc2dbf1e0e03343bcbc013b5c45fd7b894a8d018472",
        ),
    ),
    "foursquare": (
        (
            "data/foursquare/train.txt",
            "514fdc7588d99bbfc83c067df2df313a51fb8c51dd1f282fce760ef479bee01c",
        ),
        (
            "data/foursquare/test.txt",
            "c654e26cf0827c49658ab770b1802365c43bf3835daea809e490220d9e72015c",
        ),
    ),
    "directors": (
        (
            "data/directors/train.txt",
            "fed2da020af9e0b9eaa4f4cc54e310bf47fe4ad4f0fecb97adf159fae82c40b2",
        ),
        (
            "data/directors/test.txt",
            "b27667eda7f24446dcbf24ff911a2374a60163651f7f998423419bbeabae9de2",
        ),
    ),
    "crimes": (
        (
            "data/crime/train.txt",
            "e16b49105be062f64106eb567e2242a99d680a6679f0f0a850d51f62aae242af",
        ),
        (
            "data/crime/test.txt",
            "f822b35ef72001a09bc1ad4e3c4cd987bcb359d66e106017856e6c44954a6b9b",
        ),
    ),
}
