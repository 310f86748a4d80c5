"""KQL as Kibana's search bar reads it, and the clauses of which it is made.

There ``and`` binds more than ``or``. Elasticsearch's own ``kql`` query knows no precedence: it reads
``a and b or c`` as ``a and (b or c)`` (seen with 9.4.3). So what belongs together is put into brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

_SPACE = " \t\n\r\u3000"
"""What parts words; others that Unicode calls spaces do not."""
DEEPEST, MOST = 50, 1000
"""Brackets and ``not`` within one another, and ``and`` and ``or`` in all, that are asked. A node (9.4.3) takes seconds
for 400 ``not``, and 3,000 brackets or 2,400 ``or`` end its process: its parser runs out of stack."""
_TOKEN = re.compile(rf'"(?:\\.|[^"\\])*"|[(){{}}]|[:<>]=?|(?:\\.|[^{_SPACE}"(){{}}:<>])+', re.DOTALL)


@dataclass(frozen=True, slots=True)
class And:
    """All of its parts must match."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of its parts must match."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Its part must not match."""

    part: Part


Part: TypeAlias = "And | Or | Not | str"
"""KQL as clauses, each of them KQL too, and how they are joined."""


def kql_query(kql: str) -> dict[str, Any]:
    """The query of Elasticsearch that finds what Kibana finds with the same text."""
    return {"kql": {"query": bracketed(kql)}}


def is_too_complex(kql: str) -> bool:
    """Whether it has more than :data:`DEEPEST` brackets and ``not`` within one another, or than :data:`MOST` joins."""
    if len(kql) <= DEEPEST:
        return False
    around, level, joins = [0], 0, 0
    for token in _TOKEN.finditer(kql):
        word = token[0].lower()
        if word in ("(", "{"):
            around.append(level := level + 1)
        elif word in (")", "}"):
            around = around[:-1] or [0]
            level = around[-1]
        elif word in ("and", "or"):
            level = around[-1]
            joins += 1
        elif word == "not":
            level += 1
        if level > DEEPEST or joins > MOST:
            return True
    return False


def quoted(value: str) -> str:
    """A value as KQL writes it where it is to be taken as it is."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def bracketed(kql: str) -> str:
    """The same text, with brackets where ``and`` and ``or`` stand side by side; any other is left as it is.

    Example:
        >>> bracketed("countries: DZ and topics: coup or Mali")
        '(countries: DZ and topics: coup) or Mali'
    """
    lower = kql.lower()
    if "and" not in lower or "or" not in lower:
        return kql
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
    bare = text.strip(_SPACE)
    if bare.endswith("\\"):
        bare += " "  # which is escaped
    return text.replace(bare, f"({bare})", 1)


def parted(kql: str) -> Part:
    """The clauses of a text that is not too complex; the whole text as one where it is not beyond doubt how it is read.

    An article has what the text asks for if and only if the answers to the clauses, joined in this way, say so. What is
    said of one field (``topics: (a or b)``) or of one event (``events: { … }``) is one clause.

    Example:
        >>> parted("countries: DZ and (coup or not topics: (war or aid))")
        And(parts=('countries: DZ', Or(parts=('coup', Not(part='topics: (war or aid)')))))
    """
    try:
        return _Clauses(kql).read()
    except _DoubtfulError:
        return kql


def leaves(part: Part) -> Iterator[str]:
    """Its clauses, in their order, each as often as it stands there."""
    if isinstance(part, str):
        yield part
    else:
        for one in (part.part,) if isinstance(part, Not) else part.parts:
            yield from leaves(one)


class _DoubtfulError(Exception):
    """Elasticsearch may read it in another way, or not at all."""


class _Clauses:
    """Reads a text from the left to the right."""

    def __init__(self, kql: str) -> None:
        found = list(_TOKEN.finditer(kql))
        if _TOKEN.sub("", kql).strip(_SPACE):
            raise _DoubtfulError  # half a pair of quotes
        self.kql = kql
        self.begins = [token.start() for token in found]
        self.ends = [0, *(token.end() for token in found)]
        self.tokens = [token[0].lower() for token in found]
        if any(token[0] == '"' and "\\" in token for token in self.tokens):
            raise _DoubtfulError  # of escaped quotes Elasticsearch takes as many as it can get
        self.tokens.append("")
        self.at = 0

    def read(self) -> Part:
        part = self._either()
        if self.tokens[self.at]:
            raise _DoubtfulError  # a bracket too many
        return part

    def _either(self) -> Part:
        parts = [self._both()]
        while self.tokens[self.at] == "or":
            self.at += 1
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _both(self) -> Part:
        parts = [self._one()]
        while self.tokens[self.at] == "and":
            self.at += 1
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _one(self) -> Part:
        first = self.tokens[self.at]
        if first == "not":
            self.at += 1
            return Not(self._one())
        if first != "(":
            return self._clause()
        self.at += 1
        part = self._either()
        if self.tokens[self.at] != ")":
            raise _DoubtfulError
        self.at += 1
        self._check_end()
        return part

    def _clause(self) -> str:
        begun, last = self.at, ""
        while (token := self.tokens[self.at]) not in _ENDS:
            if token in ("not", "}") or (token in "({" and last != ":"):
                raise _DoubtfulError
            self.at += 1
            if token in "({":
                self._skip()
                self._check_end()
            last = token
        if not last or last in _JOINS:  # a keyword with nothing to join is a word to Elasticsearch
            raise _DoubtfulError
        return self.kql[self.begins[begun] : self.ends[self.at]]

    def _skip(self) -> None:
        """Go on behind the bracket that closes the one before."""
        depth = 1
        while depth:
            token = self.tokens[self.at]
            if not token:
                raise _DoubtfulError
            depth += (token in "({") - (token in ")}")
            self.at += 1

    def _check_end(self) -> None:
        if self.tokens[self.at] not in _ENDS:
            raise _DoubtfulError


_ENDS = ("", "and", "or", ")")
_JOINS = (":", "<", "<=", ">", ">=")
