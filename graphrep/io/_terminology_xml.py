"""XML read element by element, so that memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from graphrep.exceptions import GraphFormatError
from graphrep.io._compression import open_input
from graphrep.typing import PathType

XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def records(path: PathType, depth: int = 1) -> Iterator[Any]:
    """Give the elements at a depth below the root, and forget each afterwards.

    The first item is the root itself as it begins, without its content.

    Raises
    ------
    GraphFormatError
        With the line, if the file is no well-formed XML.
    """
    level = 0
    stack: list[Any] = []
    with open_input(path) as file:
        try:
            for event, element in ElementTree.iterparse(file, ("start", "end")):
                if event == "start":
                    if not level:
                        yield element
                    stack.append(element)
                    level += 1
                    continue
                level -= 1
                stack.pop()
                if level == depth:
                    yield element
                    stack[-1].remove(element)
                elif 0 < level < depth:
                    stack[-1].remove(element)
        except ElementTree.ParseError as error:
            raise GraphFormatError(
                f"The XML is not well-formed: {error}.",
                path=path,
                line=error.position[0],
            ) from None


def tag_of(element: Any) -> str:
    """Name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def text_of(element: Any) -> str:
    """All text in an element, blanks made single."""
    return " ".join("".join(element.itertext()).split())
