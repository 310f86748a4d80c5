"""What a site writes on most of its pages, its boxes and slogans, learned from its own articles and taken out of them.

Nothing here knows a language: a block (the lead, or a paragraph of the body) is a habit of its site where it came in
many of the articles that the site brought last. The state remembers the blocks of those (:meth:`State.recent`); the
pages of the batch at hand come before them, so that the first crawl of a site learns from its own pages.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from crawlers.pages.metadata import same
from wirewatch.projection import RECENT
from wirewatch.records import Article, Blocks, Habit, content_version
from wirewatch.state import State

MORE = 3
"""Articles by which a habit must come more often than its share: of few articles, more must have it. So four are the
least to learn from."""
SHARE = 1 / 4
"""Share of the articles from which on a block is a habit. Of the sentences of 1,254 African news texts of few outlets
(MasakhaNEWS) those that come in more than 1 % of the texts of their language are boxes and pointers."""
SHORT = 40
"""Length (see :func:`length`) under which a block may well be a sub-heading or a place ("Background", "ANKARA"), ..."""
SHARE_OF_SHORT = 3 / 4
"""... so that it must come on nearly all pages to be a habit."""
MOST_DROPPED = 1 / 2
"""Share of a text that may go. Where more would, the article is one of many that are nearly the same (prices, weather,
one story at several addresses), and it is kept whole."""
MOST_BLOCKS = 300
"""Blocks of one text that are learned from, the first."""
TOLD = 200
"""Characters of a habit that are kept to be shown."""
TITLE = 10
"""Letters and digits from which on a headline or a name is looked for inside a block."""

# Ethiopic, Thai to Tibetan and Burmese, Khmer, Kana, Han, Hangul: syllables, words, or consonants alone.
_DENSE = re.compile(r"[\u0e00-\u109f\u1200-\u139f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def key_of(block: str, article: Article) -> str:
    """What is compared of a block: its letters and digits, without the article's own title and authors, so that "The
    post … appeared first on …" is one block on all pages."""
    key = same(block)
    for own in (article.title, *article.authors):
        if len(name := same(own)) >= TITLE:
            key = key.replace(name, "")
    return key


def length(key: str) -> int:
    """How much a block says: its letters and digits, those of scripts that say more with one counted twice."""
    return len(key) + len(_DENSE.findall(key))


def blocks_of(article: Article) -> Blocks:
    """The blocks of an article, each once."""
    texts = islice(_texts(article), MOST_BLOCKS)
    keys = dict.fromkeys(key for text in texts if (key := key_of(text, article)))
    return Blocks(
        article=article.id,
        source=article.source.id,
        first_seen=article.first_seen,
        title=_hash(same(article.title)),
        blocks=tuple(map(_hash, keys)),
    )


def _texts(article: Article) -> Iterator[str]:
    if article.lead:
        yield article.lead
    yield from article.body.split("\n\n")


def _hash(key: str) -> str:
    """48 bits: among the blocks of one source, two that are not one meet once in many millions of sources."""
    return hashlib.blake2b(key.encode(), digest_size=6).hexdigest()


@dataclass(frozen=True)
class Learned:
    """What the latest articles of a site have in common."""

    articles: int
    """How many there are, each with a title and a text of its own."""
    times: Mapping[str, int]
    """In how many of them a block came, by its hash; only of those that came often."""

    def is_habit(self, key: str) -> bool:
        """Whether a block with this key (see :func:`key_of`) is a habit of the site."""
        share = SHARE if length(key) >= SHORT else SHARE_OF_SHORT
        return self.times.get(_hash(key), 0) >= MORE + share * self.articles


def learn(articles: Iterable[tuple[str, str, str]]) -> Learned:
    """Learn from the latest articles of a site.

    Args:
        articles: id, hash of the title, hashes of the blocks with spaces between them; the latest first.
    """
    known: set[str] = set()
    texts: list[str] = []
    for article in articles:
        if known.isdisjoint(article):
            texts.append(article[-1])
        known.update(article)
        if len(texts) == RECENT:
            break
    times = Counter(block for text in texts for block in text.split())
    return Learned(len(texts), {block: n for block, n in times.items() if n >= MORE + SHARE * len(texts)})


class Habits:
    """Takes the habits of their sites out of the articles of one batch: first :meth:`look_at` all, then :meth:`clean`.

    Args:
        state: caught up with all batches before.
    """

    def __init__(self, state: State) -> None:
        self.dropped: dict[tuple[str, str], Habit] = {}
        """What was taken out, by source and hash."""
        self._state = state
        # By source and article, the latest last: title and blocks, as hashes.
        self._seen: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        self._learned: dict[str, Learned] = {}
        self._known: dict[str, frozenset[str]] = {}

    def look_at(self, article: Article) -> None:
        """Learn from an article."""
        blocks, seen = blocks_of(article), self._seen[article.source.id]
        seen.pop(article.id, None)
        seen[article.id] = blocks.title, " ".join(blocks.blocks)
        if len(seen) > RECENT:
            del seen[next(iter(seen))]

    def clean(self, article: Article) -> tuple[Article, int]:
        """An article without the habits of its site, and how many blocks went.

        It stays whole where they are most of it.
        """
        learned = self._of(article.source.id)
        if not learned.times:
            return article, 0
        found, dropped = _without(article, learned.is_habit)
        if not found.body or sum(map(len, dropped)) > MOST_DROPPED * sum(map(len, _texts(article))):
            return article, 0
        for text in dropped:
            block = _hash(key_of(text, article))
            before = self.dropped.get((article.source.id, block))
            if before is None or before.at <= article.fetched:
                habit = Habit(source=article.source.id, block=block, text=text[:TOLD], at=article.fetched)
                self.dropped[habit.source, block] = habit
        return found, len(dropped)

    def bare(self, article: Article) -> Article:
        """An article without what is a habit of its site, or lately was one: two versions of an article differ by what
        is left of them, and not because more is known of the site."""
        source = article.source.id
        if source not in self._known:
            self._known[source] = frozenset(row.block for row in self._state.dropped(source))
        learned, known = self._of(source), self._known[source]
        return _without(article, lambda key: _hash(key) in known or learned.is_habit(key))[0]

    def _of(self, source: str) -> Learned:
        if source not in self._learned:
            here = ((article, *found) for article, found in reversed(self._seen[source].items()))
            self._learned[source] = learn(chain(here, self._state.recent(source)))
        return self._learned[source]


def _without(article: Article, is_habit: Callable[[str], bool]) -> tuple[Article, list[str]]:
    """An article without some blocks, by their keys, and those; the article itself, where it has none of them."""
    dropped = [text for text in _texts(article) if (key := key_of(text, article)) and is_habit(key)]
    if not dropped:
        return article, []

    gone = set(dropped)

    def rest(text: str) -> str:
        return "\n\n".join(block for block in text.split("\n\n") if block not in gone)

    lead, body = rest(article.lead or "") or None, rest(article.body)
    updates = [update.model_copy(update={"body": rest(update.body)}) for update in article.updates]
    given = {
        "lead": lead,
        "body": body,
        "updates": tuple(update for update in updates if update.body),
        "version": content_version(article.title, lead, body),
        "origins": {name: at for name, at in article.origins.items() if lead or name != "lead"},
    }
    return article.model_copy(update=given), dropped
