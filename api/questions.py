"""Questions as people put them: understood by enrichment, answered by the index."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from threading import Lock
from typing import Any, Self

from pydantic import ConfigDict, Field, ValidationError

from enrichment import known, sound, suggest
from enrichment import query as enrichment
from search import query as index
from search.client import Client, connect
from search.query import Filters, Fold, Hit, Question, Results, Sort, Suggestion, Unreadable
from wirewatch.records import Meaning

LITTLE = 3
"""Hits with a word that may be a name, below which another spelling of it is looked for."""
SUGGESTIONS = 3


class Asked(Filters):
    """What is asked, in one of three ways, and what every hit must have."""

    model_config = ConfigDict(str_strip_whitespace=True)

    q: str = Field("", max_length=2_000)
    """Free words in any language."""
    kql: str = Field("", max_length=10_000)
    """KQL, as in Kibana."""
    similar: str = Field("", max_length=2_000)
    """An article (its address, its id or the first digits of that) that the hits are to be like."""
    sort: Sort = "relevance"
    fold: Fold | None = None
    """What is shown as one hit; without a word the copies of one text, and in KQL nothing."""

    @classmethod
    def of(cls, **asked: Any) -> Self:
        """What is asked.

        Raises:
            Unreadable: something of it is too long, or of a kind that there is not.
        """
        try:
            return cls(**asked)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise Unreadable(f"This cannot be asked: {wrong}.") from None

    @property
    def folded(self) -> Fold:
        """What is shown as one hit."""
        return self.fold or ("none" if self.kql else "copies")

    @property
    def text(self) -> str:
        """What was typed."""
        return self.q or self.kql or self.similar


class Desk:
    """Answers questions over one connection, made when it is first needed, from any thread."""

    @cached_property
    def client(self) -> Client:
        """The connection."""
        return connect()

    def answer(self, asked: Asked, size: int = 10, offset: int = 0, facets: Sequence[str] = ()) -> Results:
        """The articles that answer a question, a page of them; and where little is found, what may have been meant.

        Raises:
            Unreadable: the question, or what is wanted of its answer.
            UserError: Elasticsearch does not answer or refuses.
        """
        found = index.ask(
            self._question(asked), size, offset=offset, sort=asked.sort, fold=asked.folded, facets=facets,
            client=self.client,
        )  # fmt: skip
        if offset or size < LITTLE:  # too few hits to tell what they have
            return found
        return found.model_copy(update={"suggestions": self._suggestions(asked, found)})

    def all_hits(self, asked: Asked) -> Iterator[tuple[Hit, dict[str, Any]]]:
        """All that answer it, with their documents.

        Raises:
            Unreadable: the question.
            UserError: Elasticsearch does not answer or refuses.
        """
        return index.all_hits(self._question(asked), sort=asked.sort, fold=asked.folded, client=self.client)

    def article(self, article: str) -> dict[str, Any]:
        """The document of an article, by its address, its id or the first digits of that.

        Raises:
            Unreadable: the index has none, or more than one.
            UserError: Elasticsearch does not answer or refuses.
        """
        return index.get(article, client=self.client)

    def _question(self, asked: Asked) -> Question:
        ways = [way for way in (asked.q, asked.kql, asked.similar) if way]
        if not ways:
            raise Unreadable("There is nothing to search for: give some words, a KQL query, or an article to be like.")
        if len(ways) > 1:
            raise Unreadable("Ask one thing: some words, a KQL query, or an article that the hits are to be like.")
        filters = Filters(**{name: getattr(asked, name) for name in Filters.model_fields})
        filters = filters.model_copy(
            update={
                "people": _with_ids(filters.people, "person:"),
                "organizations": _with_ids(filters.organizations, "organization:"),
            }
        )
        if asked.similar:
            return index.like_article(asked.similar, filters, client=self.client)
        return index.in_kql(asked.kql, filters) if asked.kql else index.in_words(understand(asked.q), filters)

    def _suggestions(self, asked: Asked, found: Results) -> tuple[Suggestion, ...]:
        """Names that more articles have than hits have the word of the question which they may be."""
        if asked.similar or (asked.kql and found.documents >= LITTLE):
            return ()
        # An article has a name that its text lacks where it is about somebody who is called so.
        having = Counter(word for hit in found.hits for word in (*hit.words, *(one.label for one in hit.concepts)))
        words = suggest.doubtful(understand(asked.q or _words_of(asked.kql)))
        likely: list[tuple[float, Suggestion]] = []
        for word in [word for word in words if having[word] < LITTLE][:SUGGESTIONS]:
            names = index.names_like(
                sound.latin(word), suggest.known_like(word), known.keys(word), client=self.client
            )  # fmt: skip
            for name, articles in names.items():
                if articles > having[word] and (likeness := suggest.likeness(word, name)):
                    question = suggest.corrected(asked.text, word, name, quoted=bool(asked.kql))
                    if question != asked.text:
                        made = Suggestion(word=word, name=name, articles=articles, question=question)
                        likely.append((likeness, made))
        likely.sort(key=lambda one: (-one[0], -one[1].articles, one[1].name))
        return tuple(made for _, made in likely[:SUGGESTIONS])


# The first question reads the data files of ten languages: once, and not in each thread that comes meanwhile.
_one_at_a_time = Lock()


@lru_cache(maxsize=256)
def _understood(text: str) -> Meaning:
    with _one_at_a_time:
        return enrichment.understand(text)


def understand(text: str) -> Meaning:
    """What somebody means; the pages of one answer ask the same."""
    return _understood(" ".join(text.split()))


def _with_ids(names: Sequence[str], kind: str) -> tuple[str, ...]:
    """Names, and the ids of whoever we know to be called so in whatever spelling: "Patrouchev", "Патрушев"."""
    whole = (one for name in names for one in known.find(name, "en") if (one.start, one.end) == (0, len(name)))
    return (*names, *dict.fromkeys(one.id for one in whole if one.id.startswith(kind)))


def _words_of(kql: str) -> str:
    """What a KQL query asks for, without its operators and the names of fields."""
    return re.sub(r"[\w.*]+\s*(?::|[<>]=?)|\b(?:and|or|not)\b|[(){}\"*\\]", " ", kql, flags=re.IGNORECASE)
