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
from collections.abc import Sequence
from typing import Any

from datasketch import MinHash
from elasticsearch import Elasticsearch

from search.client import AGAIN, PAGE, failure
from wirewatch.errors import UserError

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


def shingles(text: str) -> frozenset[str]:
    """All sequences of :data:`WORDS` words in a text or, where most of it is in a script without spaces, of
    :data:`CHARACTERS` characters; without case and punctuation.

    Example:
        >>> sorted(shingles("Der Zug, sagte er, fährt."))
        ['der zug sagte', 'sagte er fährt', 'zug sagte er']
    """
    folded = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    # Vowel signs of Indian scripts are marks (M), and no letters to str.isalnum.
    kept = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " * c.isspace() for c in folded)
    words = kept.split()
    joined = "".join(words)
    if 2 * len(_UNSPACED.findall(joined)) > len(joined):
        return frozenset(joined[at : at + CHARACTERS] for at in range(len(joined) - CHARACTERS + 1))
    return frozenset(" ".join(words[at : at + WORDS]) for at in range(len(words) - WORDS + 1))


def bands(text: frozenset[str]) -> list[str]:
    """The bands of a text's MinHash signature, as words to look up; none of a text that is too short to compare."""
    if len(text) < FEWEST:
        return []
    signature = MinHash(num_perm=BANDS * ROWS, seed=1, hashfunc=_hash, scheme="affine32")
    signature.update_batch(shingle.encode() for shingle in text)
    rows = signature.hashvalues.astype("<u4").reshape(BANDS, ROWS)
    return [f"{at}:{hashlib.blake2b(row.tobytes(), digest_size=6).hexdigest()}" for at, row in enumerate(rows)]


def _hash(shingle: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(shingle, digest_size=4).digest(), "little")


def resemblance(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of their shingles that two texts have in common (Jaccard), from 0 to 1."""
    return len(one & other) / (len(one | other) or 1)


def link(client: Elasticsearch, index: str, articles: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Find of which article, if of any, each of these is a copy: the fields ``bands``, ``duplicate_of`` and
    ``original`` of each document, by id.

    Each is compared with the articles in the index and with those before it in the list. One that has copies
    itself stays an original.

    Args:
        index: where the other articles are. It must be refreshed.
        articles: documents that are new or have a new text, no id twice.
    """
    texts = {article["id"]: _shingles(article) for article in articles}
    marks = {id: bands(text) for id, text in texts.items()}
    indexed = _candidates(client, index, marks)
    copied = _copied(client, index, list(texts))
    originals_here: dict[str, list[str]] = defaultdict(list)
    headlines: dict[tuple[str, str], set[str]] = {}
    links: dict[str, dict[str, Any]] = {}
    for article in articles:
        id, original = article["id"], None
        if id not in copied:
            near = {other: text for other, text in indexed[id].items() if other not in links and other != id}
            near |= {other: texts[other] for band in marks[id] for other in originals_here[band]}
            original = _nearest(texts[id], near)
        if original:
            place = (original, article["source"]["id"])
            if place not in headlines:
                headlines[place] = _headlines(client, index, *place)
            if len(headlines[place] - {article["title"]}) >= HEADLINES:
                original = None
            else:
                headlines[place].add(article["title"])
                copied.add(original)
        if not original:
            if id not in copied:
                headlines[id, article["source"]["id"]] = {article["title"]}
            for band in marks[id]:
                originals_here[band].append(id)
        links[id] = {"bands": marks[id], "original": original or id} | ({"duplicate_of": original} if original else {})
    return links


def _shingles(article: dict[str, Any]) -> frozenset[str]:
    return shingles("\n".join(filter(None, (article.get("lead"), article["body"]))))


def _nearest(text: frozenset[str], others: dict[str, frozenset[str]]) -> str | None:
    near = {id: resemblance(text, other) for id, other in others.items()}
    return max((id for id in near if near[id] >= NEAR), key=lambda id: (near[id], id), default=None)


def _candidates(client: Elasticsearch, index: str, marks: dict[str, list[str]]) -> dict[str, dict[str, frozenset[str]]]:
    """For each article the originals in the index that have most bands in common with it, and their texts."""
    found: dict[str, dict[str, frozenset[str]]] = {id: {} for id in marks}
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
        searches += [{"index": index, "allow_partial_search_results": False}, body]
    texts: dict[str, frozenset[str]] = {}
    for id, answer in zip(asked, client.msearch(searches=searches)["responses"], strict=True):
        if "error" in answer:
            raise UserError(f"Elasticsearch could not look for copies: {failure(answer['error'])}. {AGAIN}")
        for hit in answer["hits"]["hits"]:
            other = hit["_source"]
            if other["id"] not in texts:
                texts[other["id"]] = _shingles(other)
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


def _headlines(client: Elasticsearch, index: str, original: str, source: str) -> set[str]:
    """Headlines under which a source has a text, of many some."""
    answer = client.search(
        index=index,
        query={"bool": {"filter": [{"term": {"original": original}}, {"term": {"source.id": source}}]}},
        source_includes=["title"],
        size=100,
        allow_partial_search_results=False,
    )
    return {hit["_source"]["title"] for hit in answer["hits"]["hits"]}
