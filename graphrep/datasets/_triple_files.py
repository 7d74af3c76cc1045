"""Files of the knowledge graphs, with the sha256 of each."""

from __future__ import annotations

NUMBERED = ("fb15k-237",)
"""Sets whose files hold numbers, with two files that name them at the end."""

TRIPLE_FILES: dict[str, tuple[tuple[str, str], ...]] = {
    "nations": (
        (
            "src/pykeen/datasets/nations/train.txt",
            "0830fa9da8e5bba2ccdaa45b7bdc9130451ba66b09ff2708f35fccaf82473e57",
        ),
        (
            "src/pykeen/datasets/nations/valid.txt",
            "2b337a62e51a2f45c283eac98a70d21b7e0e102136be1539b2a52c652a7b0530",
        ),
        (
            "src/pykeen/datasets/nations/test.txt",
            "3971085165b47b6aeaec68058c6d8d98b3005e929db81268410b95ae4db770ab",
        ),
    ),
    "kinships": (
        (
            "src/pykeen/datasets/kinships/train.txt",
            "738612111a6acf0e39662bde24c7e72a4d1edf20931beea077da367dda689731",
        ),
        (
            "src/pykeen/datasets/kinships/valid.txt",
            "c56f8630a583178b1e569f11a64aa535ae1ce0b0912d8b1e24716be2b37f04da",
        ),
        (
            "src/pykeen/datasets/kinships/test.txt",
            "05e5733265761d55be9c05bfaff5a8d0808df46f9c1e9d66cc3f2fe114e43d88",
        ),
    ),
    "umls": (
        (
            "src/pykeen/datasets/umls/train.txt",
            "873ef4925516b83e7f6f8cc02b4be51d848828710a7f65a956f0ac4a9e452f35",
        ),
        (
            "src/pykeen/datasets/umls/valid.txt",
            "025c98f8a4891e2a6582ec5b40ee0d904031edad9c52554522f4b7904820c98e",
        ),
        (
            "src/pykeen/datasets/umls/test.txt",
            "a7eb529a3d2810fcc96341ccc97c625a5e202f8389673aa6bd317eeebbb79014",
        ),
    ),
    "wn18rr": (
        (
            "datasets/WN18RR/train.txt",
            "038612e783c215ee5f3ca9fbfca27b8d0739be1028fe4ee7c174aecf0b83d5df",
        ),
        (
            "datasets/WN18RR/valid.txt",
            "453ce7202afa58094a04d2b1560ee2b02660f1c260b32ce6651c8ccedd1028ab",
        ),
        (
            "datasets/WN18RR/test.txt",
            "0383bceaaa1096cf3c03ec021ed0048068e2355dbfc0239b292cefdac821cec5",
        ),
    ),
    "fb15k-237": (
        (
            "datasets/FB15k-237/train2id.txt",
            "553d2dd78fba70557e603f470f893c9c971610a25952339162c0cbec88055f55",
        ),
        (
            "datasets/FB15k-237/valid2id.txt",
            "429ad27b1648fafb9d7e3d4c93f5e8a9ceedd48c9990e893b0d29afc8c39d21f",
        ),
        (
            "datasets/FB15k-237/test2id.txt",
            "10ba05c654ca3cdc5b5b70b423845cfee46d4328088d5386b7d31861285e5dc6",
        ),
        (
            "datasets/FB15k-237/entity2id.txt",
            "8913149cf688ea9f66e2a7a59181b9361ea57fea7426d2083fdfc8ee16c3f015",
        ),
        (
            "datasets/FB15k-237/relation2id.txt",
            "be749f79ca553a2e905c8196b6558a9793ee061b666e9b0651d2f78c5a55675d",
        ),
    ),
}
