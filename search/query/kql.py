"""KQL as Kibana's search bar reads it.

There ``and`` binds more than ``or``. Elasticsearch's own ``kql`` query knows no precedence: it reads
``a and b or c`` as ``a and (b or c)`` (seen with 9.4.3). So what belongs together is put into brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[(){}]|[:<>]=?|(?:\\.|[^\s"(){}:<>])+', re.DOTALL)


def kql_query(kql: str) -> dict[str, Any]:
    """The query of Elasticsearch that finds what Kibana finds with the same text."""
    return {"kql": {"query": bracketed(kql)}}


def quoted(value: str) -> str:
    """A value as KQL writes it where it is to be taken as it is."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def bracketed(kql: str) -> str:
    """The same text, with brackets where ``and`` and ``or`` stand side by side; any other is left as it is.

    Example:
        >>> bracketed("countries: DZ and topics: coup or Mali")
        '(countries: DZ and topics: coup) or Mali'
    """
    read, end = _level(kql, 0, _TOKEN.finditer(kql))
    return read if end > len(kql) else kql  # with a bracket too many it is wrong, and stays so


def _level(kql: str, begun: int, tokens: Iterator[re.Match[str]]) -> tuple[str, int]:
    """What stands between two brackets, and where it ends."""
    # What stands between two "or", and whether it has an "and": brackets come last, as there may be no "or".
    either: list[tuple[str, bool]] = []
    part, has_and = "", False
    end = begun
    for token in tokens:
        part += kql[end : token.start()]
        end = token.end()
        word = token[0].lower()
        if token[0] in ("(", "{"):
            inner, end = _level(kql, end, tokens)
            part += token[0] + inner + kql[end - 1 : end]
        elif token[0] in (")", "}"):
            break
        elif word == "or":
            either.append((part, has_and))
            part, has_and = "", False
        else:
            has_and = has_and or word == "and"
            part += token[0]
    else:
        part += kql[end:]
        end = len(kql) + 1
    if not either:
        return part, end
    either.append((part, has_and))
    return "or".join(_in_brackets(text) if mixed else text for text, mixed in either), end


def _in_brackets(text: str) -> str:
    bare = text.strip()
    return text.replace(bare, f"({bare})", 1)
