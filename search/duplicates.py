"""Near-duplicates: one text at several addresses, slightly edited perhaps, recognised across runs and in any script.

The text (lead and body: copies often have another headline) is cut into shingles, a MinHash signature of them into
bands. Two texts with a band in common are compared shingle by shingle. The bands are a field of the document, so
Elasticsearch is the memory; a run keeps none.

An article is a copy of the first indexed article that it is near to itself: a copy has no copies, so a text that
changes step by step does not pull everything after it into one cluster. ``docs/decisions.md`` has the measurements.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from datasketch import MinHash
from elasticsearch import Elasticsearch
from numpy.typing import NDArray

from search.client import AGAIN, PAGE, failure
from wirewatch.errors import Unavailable

WORDS, CHARACTERS = 3, 6
"""Length of a shingle, in scripts that put spaces between words and in those that do not."""
FEWEST = 80
"""Shingles below which a text is not compared: series of short notices share their set phrases."""
NEAR = 0.4
"""Share of shingles in common (Jaccard) from which a text is a copy. Cut to less than this it is an excerpt."""
BANDS, ROWS = 42, 3
"""Two texts of resemblance s have a band in common with probability 1 - (1 - s^3)^42: 94 % at 0.4, 99.6 % at 0.5."""
LONGEST = 200_000
"""Characters of a text that are compared: of a live blog or a hostile page the start is enough."""
CANDIDATES = 10
"""Articles that a text is compared with at most: those with most bands in common."""
HEADLINES = 5
"""Headlines under which one source may carry one text; with more it is no story but a notice (a cookie wall, say)."""

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u19e0-\u19ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\ua9e0-\ua9ff"
    "\uaa60-\uaa7f\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Thai, Lao, Tibetan, Burmese, Khmer, kana and Han."""
_NO_LETTER = re.compile(r"[^\w\s]|_")
_PERMUTATIONS = MinHash(BANDS * ROWS, seed=1, scheme="affine32").permutations
Numbers = NDArray[np.uint32]


def shingles(text: str) -> frozenset[str]:
    """All sequences of :data:`WORDS` words in a text or, where most of it is in a script without spaces, of
    :data:`CHARACTERS` characters; without case and punctuation.

    Example:
        >>> sorted(shingles("Der Zug, sagte er, fährt."))
        ['der zug sagte', 'sagte er fährt', 'zug sagte er']
    """
    folded = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    # Vowel signs of Indian scripts are marks (M), and no letters to Python.
    kept = _NO_LETTER.sub(lambda found: found[0] if unicodedata.category(found[0])[0] == "M" else "", folded)
    words = kept.split()
    joined = "".join(words)
    if 2 * len(_UNSPACED.findall(joined)) > len(joined):
        return frozenset(joined[at : at + CHARACTERS] for at in range(len(joined) - CHARACTERS + 1))
    return frozenset(map(" ".join, zip(*(words[at:] for at in range(WORDS)), strict=False)))


def numbers(text: str) -> Numbers:
    """The shingles of a text as numbers, sorted, each once: a thousandth of the memory, and quickly compared."""
    digests = (hashlib.blake2b(shingle.encode(), digest_size=4).digest() for shingle in shingles(text))
    return np.unique(np.frombuffer(b"".join(digests), "<u4"))


def bands(text: Numbers) -> list[str]:
    """The bands of a text's MinHash signature, as words to look up; none of a text that is too short to compare."""
    if len(text) < FEWEST:
        return []
    signature = MinHash(BANDS * ROWS, permutations=_PERMUTATIONS, hashfunc=int, scheme="affine32")
    signature.update_batch(text)
    rows = signature.hashvalues.astype("<u4").reshape(BANDS, ROWS)
    return [f"{at}:{hashlib.blake2b(row.tobytes(), digest_size=6).hexdigest()}" for at, row in enumerate(rows)]


def resemblance(one: Numbers, other: Numbers) -> float:
    """The share of their shingles that two texts have in common (Jaccard), from 0 to 1."""
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common or 1)


@dataclass(frozen=True)
class Text:
    """What of an article's text is compared. Making it takes more time than anything else here."""

    numbers: Numbers
    bands: list[str]

    @classmethod
    def of(cls, article: dict[str, Any]) -> Text:
        """Of an article as it is, or will be, in the index."""
        found = _numbers(article)
        return cls(found, bands(found))


class Copies:
    """Finds of which article, if of any, each new text is a copy: among the articles in the index and among those that
    it was shown before. It remembers the latter, some 10 kB each, until the index is refreshed.
    """

    def __init__(self, client: Elasticsearch, index: str) -> None:
        self.client, self.index = client, index
        self._forget_all()

    def refresh(self) -> None:
        """Have the index show everything that was written, and forget it here."""
        self.client.indices.refresh(index=self.index)
        self._forget_all()

    def _forget_all(self) -> None:
        self._links: dict[str, dict[str, Any]] = {}
        self._originals: dict[str, dict[str, Numbers]] = defaultdict(dict)
        """By band, the originals that have it."""
        self._copied: set[str] = set()
        self._headlines: dict[tuple[str, str], set[str]] = {}
        """Under which a source has a text, of many some; by the original and the source."""

    def forget(self, id: str) -> None:
        """An article that was not written after all is no original of others."""
        for band in self._links.get(id, {}).get("bands", ()):
            self._originals[band].pop(id, None)

    def link(self, articles: Sequence[dict[str, Any]], texts: Mapping[str, Text]) -> dict[str, dict[str, Any]]:
        """The fields ``bands``, ``duplicate_of`` and ``original`` of each document, by id.

        Each is compared with the articles in the index, with those shown before, and with those before it in the list.
        One that has copies itself stays an original.

        Args:
            articles: documents that are new or have a new text, no id twice, and none that was shown since the index
                was refreshed.
            texts: theirs, by id.
        """
        marks = {article["id"]: texts[article["id"]].bands for article in articles}
        indexed = _candidates(self.client, self.index, marks)
        near = {id: _near(texts[id].numbers, others) for id, others in indexed.items()}
        self._copied |= _copied(self.client, self.index, list(marks))
        places = set(_places(articles, marks, near, self._copied & marks.keys())) - self._headlines.keys()
        self._headlines |= _headlines(self.client, self.index, places)
        return {article["id"]: self._link(article, texts[article["id"]], near[article["id"]]) for article in articles}

    def _link(self, article: dict[str, Any], text: Text, indexed: dict[str, float]) -> dict[str, Any]:
        id, source, original = article["id"], article["source"]["id"], None
        if id not in self._copied:
            shown = {other: numbers for band in text.bands for other, numbers in self._originals[band].items()}
            # What was shown has another text now than the one in the index.
            near = {other: how for other, how in indexed.items() if other not in self._links and other != id}
            near |= _near(text.numbers, shown)
            original = max(near, key=lambda other: (near[other], other), default=None)
        if original:
            told = self._headlines.setdefault((original, source), set())
            if len(told - {article["title"]}) >= HEADLINES:
                original = None
            else:
                told.add(article["title"])
                self._copied.add(original)
        if not original:
            if id not in self._copied:
                self._headlines[id, source] = {article["title"]}
            for band in text.bands:
                self._originals[band][id] = text.numbers
        links = {"bands": text.bands, "original": original or id} | ({"duplicate_of": original} if original else {})
        self._links[id] = links
        return links


def _numbers(article: dict[str, Any]) -> Numbers:
    return numbers("\n".join(filter(None, (article.get("lead"), article["body"]))))


def _near(text: Numbers, others: dict[str, Numbers]) -> dict[str, float]:
    """Those of the others that are near, and how near."""
    return {id: how for id, other in others.items() if (how := resemblance(text, other)) >= NEAR}


def _places(
    articles: Sequence[dict[str, Any]], marks: dict[str, list[str]], near: dict[str, dict[str, float]], copied: set[str]
) -> Iterator[tuple[str, str]]:
    """Of which originals in the index, and in which sources, there may be one more copy now."""
    with_copies: dict[str, list[str]] = defaultdict(list)
    for id in copied:
        for band in marks[id]:
            with_copies[band].append(id)
    for article in articles:
        id = article["id"]
        for original in {*near[id], *(other for band in marks[id] for other in with_copies[band])}:
            yield original, article["source"]["id"]


def _candidates(client: Elasticsearch, index: str, marks: dict[str, list[str]]) -> dict[str, dict[str, Numbers]]:
    """For each article the originals in the index that have most bands in common with it, and their texts."""
    found: dict[str, dict[str, Numbers]] = {id: {} for id in marks}
    taken = _taken(client, index, {band for id in marks for band in marks[id]})
    asked = [id for id in marks if not taken.isdisjoint(marks[id])]
    if not asked:
        return found
    searches: list[dict[str, Any]] = []
    for id in asked:
        common = [{"constant_score": {"filter": {"term": {"bands": band}}}} for band in marks[id]]
        body = {
            "query": {
                "bool": {
                    "should": common,
                    "minimum_should_match": 1,
                    "must_not": [{"exists": {"field": "duplicate_of"}}, {"term": {"id": id}}],
                }
            },
            "sort": ["_score", {"id": "asc"}],
            "size": CANDIDATES,
            "_source": ["id", "lead", "body"],
            "track_total_hits": False,
        }
        searches.append(body)
    texts: dict[str, Numbers] = {}
    for id, hits in zip(asked, _hits(client, index, searches), strict=True):
        for other in hits:
            if other["id"] not in texts:
                texts[other["id"]] = _numbers(other)
            found[id][other["id"]] = texts[other["id"]]
    return found


def _taken(client: Elasticsearch, index: str, asked: set[str]) -> set[str]:
    """Those of the bands that an original in the index has, or all of them where it has many: one question instead of
    one for each article, most of which are like no other."""
    if not asked:
        return asked
    answer = client.search(
        index=index,
        query={
            "bool": {"filter": {"terms": {"bands": list(asked)}}, "must_not": {"exists": {"field": "duplicate_of"}}}
        },
        size=PAGE,
        source_includes=["bands"],
        track_total_hits=True,
        allow_partial_search_results=False,
    )
    if answer["hits"]["total"]["value"] > PAGE:
        return asked
    return asked & {band for hit in answer["hits"]["hits"] for band in hit["_source"]["bands"]}


def _copied(client: Elasticsearch, index: str, ids: list[str]) -> set[str]:
    """Those of the articles that have copies in the index."""
    answer = client.search(
        index=index,
        query={"terms": {"duplicate_of": ids}},
        aggs={"originals": {"terms": {"field": "duplicate_of", "size": max(len(ids), 1)}}},
        size=0,
        allow_partial_search_results=False,
    )
    return {bucket["key"] for bucket in answer["aggregations"]["originals"]["buckets"]}


def _headlines(client: Elasticsearch, index: str, places: set[tuple[str, str]]) -> dict[tuple[str, str], set[str]]:
    """Headlines under which a source has a text, of many some; by the original and the source."""
    searches = [
        {
            "query": {"bool": {"filter": [{"term": {"original": original}}, {"term": {"source.id": source}}]}},
            "_source": ["title"],
            "size": 100,
            "track_total_hits": False,
        }
        for original, source in places
    ]
    found = zip(places, _hits(client, index, searches), strict=True)
    return {place: {hit["title"] for hit in hits} for place, hits in found}


def _hits(client: Elasticsearch, index: str, searches: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """What each of the searches finds, all asked at once."""
    if not searches:
        return
    head = {"index": index, "allow_partial_search_results": False}
    for answer in client.msearch(searches=[part for body in searches for part in (head, body)])["responses"]:
        if "error" in answer:
            raise Unavailable(f"Elasticsearch could not look for copies: {failure(answer['error'])}. {AGAIN}")
        yield [hit["_source"] for hit in answer["hits"]["hits"]]
