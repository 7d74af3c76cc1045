"""Checksums of the files of the tests of words, by their paths in the repository."""

from __future__ import annotations

# Similarity: name of the test, path, sha256.
SIMILARITY = {
    "wordsim353": (
        "wordsim-353/combined.tab",
        "1edf400ed472e796b3be562cf7970b10d749a07874a96ddc77e75fd1006b446c",
    ),
    "simlex999": (
        "simlex/SimLex-999.txt",
        "ca00ff8515a36cde32d13c2b83def23f5a167b67db93ebfcfb7dae039ba22c0b",
    ),
    "men3000": (
        "mensim/MEN_dataset_lemma_form.all",
        "5d58000c6a348da33baeb063a076f6520b5e407a264c23531d849217e97b60a9",
    ),
    "rg65": (
        "rg65/EN-RG-65.txt",
        "24b6856dbd54357ac7a14ab00c86073dcdf88be2a0914bcf30500845f9e4c147",
    ),
    "mc30": (
        "mc/EN-MC-30.txt",
        "205fb45762e080668517a82a0efa68fdafd4a108f73c79782ab585c13581e8be",
    ),
    "mturk771": (
        "mturk/MTURK-771.csv",
        "4befed6913f3c6e531c7454e12c3d7c2aff76c2d7d9cea0400f959c8c2ac2408",
    ),
    "rw2034": (
        "rw/rw-all.csv",
        "f38941b02b85cf20e9d857ab4ee06ee0dfcb1c9ce0df6c546f1134fc5e625dae",
    ),
    "semeval17_en": (
        "semeval17-2/en.test.txt",
        "3c065252848c3e26d95ebe9b9dee773beb2beff6fbdb76baba83b4a055e3436d",
    ),
}
GOOGLE = (
    "google-analogies/questions-words.txt",
    "8c29b3332afc46f3fb8be04cb5297bf96f39aa7131272dff57869b4485b22a36",
)
# BATS: a file for each relation.
BATS = {
    "D1": "df7932eb73e875c07982a79d2a55ebbcc687066531fb43e7b4ae3fa5a242a01b",
    "D10": "454df5fffc41641852fc8c30cd6b1182dbca6084632c20d5646514619c530b49",
    "D2": "314a153805b279a91fd5f37ee6108d21ab6c09722e159fbfb4ebfaf150d7f5fc",
    "D3": "1f17b894054f2eaa5e4acd993174b5ab0fa96a38bf5bf7e6f5c75272e2a9bd5c",
    "D4": "60e1279dda6ade89272be1b3ee543e7fb08415161eff4621b255463aaa0423f7",
    "D5": "112700aaf9c7a49dcb3a15ab4e36464580fdf8344b0ad02b9002c6f2c9c2320b",
    "D6": "fe35cac9ebff5b4e2d200f1e1cb3b1aa6a2ee32b085572e1d7658b40d285aae1",
    "D7": "a13f77984d4a551bd9ccf6c9b248eba9aef8bab0afe6cfb3538590846d087422",
    "D8": "ca10f7428edc6ef5b8c34bccd8883f8f830b1e7072d548bacb89ec4d0d5efed2",
    "D9": "c4199b8645a52148f171c8a13b017ec87d5226e731e572e72cb1ae4710b2400f",
    "E1": "4bfeb3ce8d9057899b4110721d1e0b0524d8327f72a59b50b12982bfdbd532ea",
    "E10": "8c9866a06a70b572344aa819943786b95e577194b86b899d66883dc80ee1a07b",
    "E2": "fe7fbb02c833c79e7d1d17bf454374585a82fdcfd36aafb657c48eb30e21e38d",
    "E3": "33ff67c2dcdd04319056b3d25a1a6d200e16d0e1dc6c4513185654da5b40fe63",
    "E4": "1cf896fbe88cd6f4a59e1e847ceaa5b89c34129ab8618f88390f392bf5501b86",
    "E5": "9de6fe0e1c6f9bea42484ae30118340ee3402ab6edb60b48a1f053db6669a523",
    "E6": "8c0324d64da14062cf54fcd349706b5d622abf630ffc09f294a5dd5512ca0c16",
    "E7": "a99c8826744bf80b4fab7fbbb137c4f187ce17ce758960f15aa648f9d8f53a2f",
    "E8": "aecea7c6786da6d646fb717de7cae53ee91ead2cc718128f20009c4712cd9cea",
    "E9": "3801de3967135af59b2c8bf6ca67b64e021413954a42a6aa3c9fa4e04209223e",
    "I1": "f2a405ce50f8f23d7439261ea1dc39f3f23996dc05ad65a7be90599459126430",
    "I10": "8ce48ac01e360bfc6fff4e5e59ffcc7289815f4c0d00eea7b0fa4039a27a56e5",
    "I2": "4466475a91c7ddd29d0860047396c9ef81137031741821d6d4cddbc7f9f54dc1",
    "I3": "902c8e51f2e832f595244586e76d16e72e6922d6d3ffebe7b2d8f503de9af201",
    "I4": "c54b93d54058c6ff644694eee2f0a57a7a97418acf48c3691523151f790129db",
    "I5": "cb6726f4262f0e202c49707983cd18cae0e3c26c37fd3c15aa73f490230fb878",
    "I6": "2002ea3917fb578cecd1a38998075bcf0d6cc1ce598198e9bc76d3e609cb89ae",
    "I7": "0397eb83d6d12f2c86084dfa8522e2270b0bb2fe946d47800de8e932c25ed8e6",
    "I8": "16409fae45eea60d0b7433eba9a9b74f5985ff572ff7f8174623ccdd044b263f",
    "I9": "0f75a20573e68b8a181b0387f5f827bcf98f9380279b2941a635a13974814e9f",
    "L1": "2350727e928e9d0af481b7e38b00d8e4a1c83d1df3b64b438778193ae782ade6",
    "L10": "3cb743a409889a472878df8a0403296667805f16aa7054f27cb7fd16130d9521",
    "L2": "237d787adec92e9288c5a22bedb4c199b5aeac2bd6c76ca9169f25564a85c749",
    "L3": "085463e9135b4701a6cd5d72f261e687f1edaf959d31a4960cca09b0174ddda5",
    "L4": "0388e722d038cd282d9497f9f761f33d1a84e6a9a8b6e7766b6195a296093bbe",
    "L5": "d88e3d37d5feab876ba658d3bc1817e6a2430d03064b30c690e5bac05741dbcf",
    "L6": "dfb2fc4ff3c21f7602fb9eaff45e21936089770fd2c8dc7f4a70e6c15c271e5e",
    "L7": "291f87a69507fc8f1eea06bceaa6fd7ae90670488ebf3abefc0013d78d2e86a2",
    "L8": "2d86f1916deb713e748b90a516a690423a06eb23d0c74e3d3cec3f8a82164ad8",
    "L9": "861b95c036f5db2074e6faf5023be5396efaeba022cfaad132d38da67407d203",
}
