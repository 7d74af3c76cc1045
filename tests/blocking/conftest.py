"""What tests of blocking share: language models that need no network."""

from __future__ import annotations

import pytest

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.fixture(scope="session")
def save_bert():
    """Give a function that writes a BERT of one layer, with random weights.

    It takes a folder and the words that the model reads, and returns the folder.
    """
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")

    def save(path, words):
        vocabulary = [*SPECIAL, *words]
        transformers.BertTokenizerFast(
            vocab={word: i for i, word in enumerate(vocabulary)}
        ).save_pretrained(path)
        config = transformers.BertConfig(
            vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=1,
            num_attention_heads=2, intermediate_size=32, max_position_embeddings=32,
        )  # fmt: skip
        with torch.random.fork_rng():
            torch.manual_seed(0)
            transformers.BertModel(config).save_pretrained(path)
        return path

    return save
