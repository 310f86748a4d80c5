"""What the address of a search page asks for, and the addresses of the pages that it leads to."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from api.questions import Asked
from search.query import Filters, Unreadable

TIMES = ("since", "until")
MANY = tuple(name for name in Filters.model_fields if name not in TIMES)
"""Filters that have several values."""
QUESTIONS = ("q", "kql", "similar")


class Address:
    """The parameters of a search page: those of the API, ``page``, and ``syntax``, by which the form says what was
    typed into it. Empty ones, which a form sends too, are none.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        given = [(name, value.strip()) for name, value in pairs if value.strip()]
        typed = "kql" if ("syntax", "kql") in given else "q"
        self.pairs = [(typed if name == "q" else name, value) for name, value in given if name != "syntax"]

    def get(self, name: str) -> str:
        """The last value of a parameter, or nothing."""
        return next((value for known, value in reversed(self.pairs) if known == name), "")

    def all(self, name: str) -> list[str]:
        """The values of a parameter."""
        return [value for known, value in self.pairs if known == name]

    @property
    def filters(self) -> list[tuple[str, str]]:
        """The filters with one of their values each."""
        return [(name, value) for name, value in dict.fromkeys(self.pairs) if name in (*MANY, *TIMES)]

    @property
    def page(self) -> int:
        """Which page of the answer is wanted, from 1.

        Raises:
            Unreadable: that is no number.
        """
        given = self.get("page") or "1"
        if not (given.isascii() and given.isdigit() and 0 < len(given) < 6 and int(given)):
            raise Unreadable("The page must be a number from 1 on.")
        return int(given)

    def asked(self) -> Asked:
        """The question. Where there is none, all articles are asked for, the newest first.

        Raises:
            Unreadable: a parameter does not exist or has a wrong value.
        """
        given: dict[str, str | tuple[str, ...]] = {
            name: tuple(self.all(name)) if name in MANY else self.get(name) for name, _ in self.pairs if name != "page"
        }
        if not given.keys() & set(QUESTIONS):
            return Asked.of(**{"kql": "*", "sort": "newest", "fold": "copies", **given})
        return Asked.of(**given)

    def but(self, **changes: str) -> str:
        """The same search with other values of some parameters, from its first page; with nothing, without them."""
        kept = [pair for pair in self.pairs if pair[0] not in changes and pair[0] != "page"]
        return _address([*kept, *((name, value) for name, value in changes.items() if value)])

    def having(self, name: str, value: str) -> str:
        """The same search with a filter more."""
        kept = [pair for pair in self.pairs if pair != (name, value) and pair[0] != "page"]
        return _address([*kept, (name, value)])

    def without(self, name: str, value: str) -> str:
        """The same search with a filter less."""
        return _address([pair for pair in self.pairs if pair != (name, value) and pair[0] != "page"])


def _address(pairs: list[tuple[str, str]]) -> str:
    return f"/?{urlencode(pairs)}" if pairs else "/"


def parameters(asked: Asked) -> str:
    """A question as the API takes it in an address."""
    return urlencode(asked.model_dump(mode="json", exclude_defaults=True, exclude_none=True), doseq=True)
