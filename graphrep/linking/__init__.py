"""Phrases to concepts of a terminology: candidates and what finds them."""

from graphrep.linking._abbreviations import expand_abbreviations, find_abbreviations
from graphrep.linking._candidate_list import Candidate, CandidateList
from graphrep.linking._exact_index import NameDictionary
from graphrep.linking._fasttext import FastTextVectors
from graphrep.linking._name_encoder import NameEncoder
from graphrep.linking._ngram_index import NGramIndex
from graphrep.linking._phrase_linker import PhraseLinker
from graphrep.linking._text2node import Text2Node

__all__ = [
    "Candidate",
    "CandidateList",
    "FastTextVectors",
    "NGramIndex",
    "NameDictionary",
    "NameEncoder",
    "PhraseLinker",
    "Text2Node",
    "expand_abbreviations",
    "find_abbreviations",
]
