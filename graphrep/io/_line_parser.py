"""Blocks of lines into tokens, and bad lines into errors that say where and why."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np

from graphrep._utils._warn import warn_user
from graphrep.exceptions import GraphFormatError
from graphrep.io._dialect import BLANKS, Dialect
from graphrep.io._id_table import Tokens
from graphrep.io._read_ahead import Block
from graphrep.kernels import _parse as kernels
from graphrep.kernels._id_table import UNKNOWN
from graphrep.kernels._nearest_float import powers_of_five
from graphrep.typing import AnyArray, FloatArray, IntArray, PathType

_LOG = logging.getLogger("graphrep.io")
_EXCERPT = 80
_N_CLASSES = 256
_CONTROLS = (*range(32), 127)
_LEAD_OF_C1 = 0xC2


@dataclass(frozen=True)
class Parsed:
    """Records of one block, as far as its lines were good."""

    block: Block
    tokens: Tokens
    weights: FloatArray
    n_records: int
    n_lone: int
    error: GraphFormatError | None


class LineParser:
    """Cut blocks into records under one dialect; keep count of what was bad."""

    def __init__(
        self,
        path: PathType,
        dialect: Dialect,
        comments: str,
        max_line_bytes: int,
        *,
        skip_bad: bool,
        integers: bool,
    ) -> None:
        self.dialect = dialect
        self._path = path
        self._header_due = dialect.header
        self._skip_bad = skip_bad
        self._classes = _classes(dialect.delimiter)
        self._comments = np.zeros(_N_CLASSES, np.uint8)
        self._comments[[ord(c) for c in comments if c.isascii()]] = 1
        self._layout = _layout(dialect, max_line_bytes, skip_bad, integers)
        self._powers: AnyArray = powers_of_five()
        self._n_bad, self._first_bad = 0, ""
        self._n_mixed, self._first_mixed = 0, 0
        self._lone, self._stray = (0, 0), (0, 0)  # how many, line of the first

    def parse(self, block: Block) -> Parsed:
        """Cut a block into records; the first bad line ends it or is passed over."""
        state = np.zeros(kernels.N_LONE + 1, np.int64)
        if self._header_due:
            self._skip_header(block, state)
        size = block.n_lines
        tokens = (
            np.empty(2 * size, np.uint64),
            np.empty(2 * size, np.int32),
            np.empty(2 * size, np.int32),
        )
        weighted = self.dialect.weight >= 0
        weights = np.empty(size if weighted else 0, np.float64)
        hard = np.empty((size if weighted else 0, 3), np.int64)
        kernels.tokenise(
            block.data, len(block.data), self._classes, self._comments, self._layout,
            self._powers, tokens, weights, hard, state,
        )  # fmt: skip
        parsed = Parsed(
            block, tokens, weights, int(state[kernels.N_RECORDS]),
            int(state[kernels.N_LONE]), self._note_bad(block, state),
        )  # fmt: skip
        if state[kernels.N_MIXED] and self._n_mixed == 0:
            self._first_mixed = block.first_line + int(state[kernels.MIXED_LINE]) - 1
        self._n_mixed += int(state[kernels.N_MIXED])
        self._note_lone(parsed)
        return self._parse_hard(parsed, hard[: state[kernels.N_HARD]])

    def refuse_unknown(
        self, codes: IntArray, parsed: Parsed
    ) -> tuple[IntArray, Parsed]:
        """Drop the records with an id that is not among the nodes, or say which."""
        bad = (codes.reshape(-1, 2) == UNKNOWN).any(axis=1)
        token = int(np.flatnonzero(codes == UNKNOWN)[0])
        _, starts, lengths = parsed.tokens
        start = int(starts[token])
        end = start + abs(int(lengths[token]))
        node = parsed.block.data[start:end].tobytes().decode()
        error = self._error(
            f"Node {node!r} is not among the nodes given. Add it or drop the line.",
            parsed.block, start,
        )  # fmt: skip
        return self._without(codes, parsed, bad, error)

    def report(self, *, warn: bool) -> None:
        """Tell how many lines were passed over and which looked odd."""
        if self._n_bad:
            text = (
                f"{self._n_bad:,} bad lines were skipped; the first: {self._first_bad}"
            )
            if warn:
                warn_user(text)
            else:
                _LOG.info("%s: %d bad lines were skipped", self._path, self._n_bad)
        if self._n_mixed:
            warn_user(
                f"{self._path}:{self._first_mixed}: {self._n_mixed:,} lines have one "
                "column that holds a comma, semicolon or bar and were read as single "
                "nodes. Pass delimiter= if they are edges, or to confirm."
            )
        elif self._stray[0]:
            n_stray, line = self._stray
            what = "line has" if n_stray == 1 else "lines have"
            node = "a node" if n_stray == 1 else "nodes"
            warn_user(
                f"{self._path}:{line}: {n_stray:,} {what} a single column before the "
                f"last edge, read as {node} that may have no edge. Complete the edge, "
                "or move single nodes to the end of the file to confirm."
            )

    def _note_lone(self, parsed: Parsed) -> None:
        """Count single nodes; those before an edge may be edges that lost an end.

        Behind the last edge they are as `write_edgelist` writes them.
        """
        if parsed.n_lone == 0 and self._lone[0] == 0:
            return
        alone = parsed.tokens[2][1 : 2 * parsed.n_records : 2] == 0
        edges = np.flatnonzero(~alone)
        waiting, line = self._lone
        if waiting == 0 and parsed.n_lone:
            line = self._line_of(parsed, int(np.argmax(alone)))
        if len(edges) == 0:
            self._lone = (waiting + parsed.n_lone, line)
            return
        last = int(edges[-1])
        before = waiting + int(np.count_nonzero(alone[:last]))
        if before:
            self._stray = (self._stray[0] + before, self._stray[1] or line)
        behind = parsed.n_records - last - 1
        self._lone = (behind, self._line_of(parsed, last + 1) if behind else 0)

    def _line_of(self, parsed: Parsed, record: int) -> int:
        start = int(parsed.tokens[1][2 * record])
        before = parsed.block.data[:start]
        return parsed.block.first_line + int(np.count_nonzero(before == ord("\n")))

    def _skip_header(self, block: Block, state: IntArray) -> None:
        """Let the kernel begin after the first line that holds data."""
        position = 0
        for line in block.data.tobytes().split(b"\n")[:-1]:
            position += len(line) + 1
            state[kernels.N_LINES] += 1
            text = line.strip(b" \r\t" if self.dialect.delimiter == BLANKS else b" \r")
            if text and not self._comments[line.lstrip(b" \t")[0] if text else 0]:
                self._header_due = False
                break
        state[kernels.POSITION] = position

    def _note_bad(self, block: Block, state: IntArray) -> GraphFormatError | None:
        n_bad = int(state[kernels.N_BAD])
        if n_bad == 0:
            return None
        start = int(state[kernels.BAD_START])
        message = self._message(int(state[kernels.FIRST_BAD]), block.data, start)
        line = block.first_line + int(state[kernels.BAD_LINE]) - 1
        error = GraphFormatError(message, path=self._path, line=line)
        return self._count_bad(error, n_bad)

    def _count_bad(
        self, error: GraphFormatError, n_bad: int
    ) -> GraphFormatError | None:
        if not self._skip_bad:
            return error
        self._first_bad = self._first_bad or str(error)
        self._n_bad += n_bad
        return None

    def _parse_hard(self, parsed: Parsed, hard: IntArray) -> Parsed:
        """Read the few weights that the kernel left to Python."""
        bad = np.zeros(parsed.n_records, bool)
        error = None
        for record, start, end in hard.tolist():
            text = parsed.block.data[start:end].tobytes()
            parsed.weights[record] = value = float(text)
            if np.isinf(value):
                bad[record] = True
                error = error or self._error(_weight_message(text), parsed.block, start)
        if error is None:
            return parsed
        if not self._skip_bad:
            first = int(np.flatnonzero(bad)[0])
            return replace(parsed, n_records=first, error=error)
        self._count_bad(error, int(bad.sum()))
        good = np.flatnonzero(~bad)
        pairs = np.stack((2 * good, 2 * good + 1), axis=1).ravel()
        keys, starts, lengths = (part[pairs] for part in parsed.tokens)
        return replace(
            parsed,
            tokens=(keys, starts, lengths),
            weights=parsed.weights[good],
            n_records=len(good),
        )

    def _without(
        self, codes: IntArray, parsed: Parsed, bad: AnyArray, error: GraphFormatError
    ) -> tuple[IntArray, Parsed]:
        told = self._count_bad(error, int(bad.sum()))
        if told is not None:
            return codes, replace(parsed, error=told)
        weights = parsed.weights[: len(bad)]
        weights = weights[~bad] if len(weights) else weights
        return codes.reshape(-1, 2)[~bad].ravel(), replace(parsed, weights=weights)

    def _error(self, message: str, block: Block, position: int) -> GraphFormatError:
        lines = int(np.count_nonzero(block.data[:position] == ord("\n")))
        return GraphFormatError(message, path=self._path, line=block.first_line + lines)

    def _message(self, code: int, data: AnyArray, start: int) -> str:
        """Sentence for a bad line."""
        raw = data[start:].tobytes().split(b"\n", 1)[0].removesuffix(b"\r")
        text = raw.decode("utf-8", "replace")[:_EXCERPT]
        delimiter = self.dialect.delimiter
        if code == kernels.BAD_WEIGHT:
            return _weight_message(self._weight_field(raw))
        return {
            kernels.BAD_COLUMNS: f"Expected {self.dialect.n_columns} columns between "
            f"delimiters {delimiter!r} but the line is {text!r}. Correct it, pass "
            "delimiter=, or on_bad_line='skip'.",
            kernels.EMPTY_ID: f"An id is empty in {text!r}. Give every node an id; a "
            "node without edges stands alone on its line.",
            kernels.CONTROL_CHARACTER: f"An id holds a control character in {text!r}. "
            "Remove it.",
            kernels.BAD_QUOTE: f"A quote is not closed, or followed by more text, in "
            f"{text!r}. Correct it or pass quoting=False.",
            kernels.LONG_LINE: "The line is longer than "
            f"{int(self._layout[kernels.MOST_BYTES]):,} bytes. If the file is right, "
            "raise max_line_bytes.",
            kernels.NOT_INTEGER: f"An id is no integer in {text!r} but "
            "id_dtype='int64' was asked for. Leave id_dtype away to keep ids as texts.",
            kernels.MIXED_DELIMITERS: f"The delimiter is {delimiter!r} but the line is "
            f"{text!r}. Quote the id if it is a single node, or pass delimiter=.",
        }[code]

    def _weight_field(self, raw: bytes) -> bytes:
        from graphrep.io._dialect import split_line

        fields = split_line(
            raw.decode("utf-8", "replace"), self.dialect.delimiter, self.dialect.quoting
        )
        return fields[self.dialect.weight].encode()


def _weight_message(raw: bytes) -> str:
    full = raw.decode("utf-8", "replace")
    text = full[:_EXCERPT]
    try:
        value = float(full.replace("_", "x"))  # Python alone reads 1_000 as a number
    except ValueError:
        what = "is empty" if not text.strip() else "is no number"
    else:
        what = "is NaN" if np.isnan(value) else "is negative"
        what = "is not finite" if np.isinf(value) else what
    return (
        f"Weight {text!r} {what}; weights are finite numbers of at least 0, with a "
        "point. Correct the line, or choose other columns=."
    )


def _classes(delimiter: str) -> AnyArray:
    classes = np.zeros(_N_CLASSES, np.uint8)
    classes[list(_CONTROLS)] = kernels.CONTROL
    classes[_LEAD_OF_C1] = kernels.LEAD
    classes[ord("\r")] = kernels.RETURN
    classes[ord(delimiter)] = kernels.DELIMITER
    if delimiter == BLANKS:
        classes[ord("\t")] = kernels.DELIMITER
    classes[ord("\n")] = kernels.NEWLINE
    return classes


def _layout(
    dialect: Dialect, max_line_bytes: int, skip_bad: bool, integers: bool
) -> IntArray:
    layout = np.zeros(kernels.WATCH_MIXED + 1, np.int64)
    layout[kernels.N_COLUMNS] = dialect.n_columns
    layout[kernels.SOURCE] = dialect.source
    layout[kernels.TARGET] = dialect.target
    layout[kernels.WEIGHT] = dialect.weight
    layout[kernels.BLANKS] = dialect.delimiter == BLANKS
    layout[kernels.QUOTES] = dialect.quoting
    layout[kernels.INTEGERS] = integers
    layout[kernels.MOST_BYTES] = max_line_bytes
    layout[kernels.SKIP_BAD] = skip_bad
    layout[kernels.LONE_IDS] = dialect.n_columns <= 3
    layout[kernels.WATCH_MIXED] = dialect.sniffed
    return layout
