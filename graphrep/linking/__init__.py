"""Phrases to concepts of a terminology: candidates and what finds them."""

from graphrep.linking._candidate_list import Candidate, CandidateList
from graphrep.linking._fasttext import FastTextVectors
from graphrep.linking._text2node import Text2Node

__all__ = ["Candidate", "CandidateList", "FastTextVectors", "Text2Node"]
