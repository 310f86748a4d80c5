"""The stage *enrich*: a batch of articles becomes a batch of enriched articles, in the same order, none left out."""

from __future__ import annotations

import logging
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from spacy.tokens import Doc

from enrichment.documents import document
from enrichment.language import foreign
from enrichment.learned import Named, settled
from enrichment.memory import Memory, recognise, tell
from enrichment.pipelines import pipeline, router
from enrichment.stories import Facts
from enrichment.topics import best
from wirewatch.batches import Batch, line_of, write
from wirewatch.cost import Meter
from wirewatch.errors import UserError
from wirewatch.records import STORIES, Article, EnrichedArticle
from wirewatch.replay import latest
from wirewatch.settings import get_settings

log = logging.getLogger(__name__)

CHUNK = 256
"""Articles held in memory at once."""
BATCH = 32
"""Articles that go through a pipeline together."""


def enrich(
    batch: Batch,
    *,
    replay: str | None = None,
    only: Collection[str] = (),
    progress: Callable[[int, int | None], None] | None = None,
) -> Batch:
    """Write the batch ``enriched`` of a batch ``articles``; return at once if it is there already.

    An article that a component cannot cope with is passed on with its language alone, logged, and counted as
    ``failed:enrich``.

    Args:
        batch: a finished batch of the stage ``articles``.
        replay: do the work once more, on the articles as they are known now (:func:`wirewatch.replay.latest`): the run
            whose batch is written then.
        only: of a replay, ids of the sources whose articles are taken; all, if empty.
        progress: told (articles done, articles in all).

    Raises:
        UserError: the batch does not exist, the model of a language is not installed, a data file is wrong, or the
            memory of the stories cannot be used.
    """
    done = batch.next("enriched")
    articles, total = batch.read(Article), batch.manifest().records
    if replay:
        done, articles = done.replayed(replay), latest(batch, Article, only)
    if done.exists():
        return done
    meter = Meter()
    memory = Memory(get_settings().state)
    understood = 0

    def one_more() -> None:
        nonlocal understood
        understood += 1
        if progress:
            progress(understood, total)

    # What is understood waits in a file: who is meant by a name and which story each article belongs to is told at the
    # end, one process at a time.
    scratch = get_settings().home / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="enrich-", dir=scratch) as folder:
        waiting, stories = Path(folder) / "waiting", Path(folder) / STORIES
        facts, named = [], []
        with waiting.open("wb") as file:
            for article, failed in enriched(articles, one_more):
                file.write((b"-" if failed else b"+") + line_of(article))
                facts.append(Facts.of(article))
                named.append(Named.of(article))
        with memory.alone(batch.root) as remembered, write(done, meter) as out:
            people = recognise(remembered, named)
            facts = [one.meaning(people.get(one.article, {})) for one in facts]
            story_of, changed = tell(remembered, facts)
            with waiting.open("rb") as lines:
                for line in lines:
                    article = EnrichedArticle.model_validate_json(line[1:])
                    article = settled(article, people.get(article.id, {}))
                    out.add(article.model_copy(update={"story_id": story_of[article.id]}))
                    out.count("failed:enrich" if line.startswith(b"-") else "enriched")
                    out.count(f"language:{article.language}")
            stories.write_bytes(b"".join(map(line_of, changed)))
            out.add_file(STORIES, stories)
    return done


def enriched(
    articles: Iterable[Article], one_more: Callable[[], None] = lambda: None
) -> Iterator[tuple[EnrichedArticle, bool]]:
    """Each article with what it is about, in the order given, and whether that failed.

    ``one_more`` is called for each as soon as it is done, which is before those of other languages that come first.
    """
    articles = iter(articles)
    while chunk := list(islice(articles, CHUNK)):
        by_language: dict[str, list[int]] = defaultdict(list)
        with router().memory_zone():
            for i, doc in enumerate(router().pipe(document(router(), article) for article in chunk)):
                by_language[doc._.language].append(i)
        results: dict[int, tuple[EnrichedArticle, bool]] = {}
        for language, places in by_language.items():
            for start in range(0, len(places), BATCH):
                some = places[start : start + BATCH]
                for i, result in zip(some, _understood([chunk[i] for i in some], language), strict=True):
                    results[i] = result
                    one_more()
        yield from (results[i] for i in range(len(chunk)))


def _understood(articles: Sequence[Article], language: str) -> Iterator[tuple[EnrichedArticle, bool]]:
    """Articles of one language, enriched together, or what is left of them one by one if that fails, so that one harms
    no other.
    """
    nlp = pipeline(language)
    done = 0
    try:
        # What the vocabulary learns from these articles is forgotten after them: memory stays flat.
        with nlp.memory_zone():
            docs = []
            for article in articles:
                doc = document(nlp, article)
                doc._.language = language
                docs.append(doc)
            for article, doc in zip(articles, nlp.pipe(docs), strict=True):
                result = _record(article, doc), False
                done += 1
                yield result
    except UserError:
        raise  # a data file or a model that is wrong is wrong for every article
    except Exception:
        if len(articles) > 1:
            for article in articles[done:]:
                yield from _understood([article], language)
        else:
            log.exception("Could not enrich %s", articles[0].url)
            yield EnrichedArticle(**{**dict(articles[0]), "language": language}), True


def _record(article: Article, doc: Doc) -> EnrichedArticle:
    found = doc._
    return EnrichedArticle(
        **{**dict(article), "language": found.language},
        parts=foreign(doc),
        people=found.people,
        organizations=found.organizations,
        places=found.places,
        entities=found.entities,
        locations=tuple(
            dict.fromkeys(f"{one.latitude},{one.longitude}" for one in found.locations if one.latitude is not None)
        ),
        countries=found.countries,
        countries_found=found.countries_found,
        regions=found.regions,
        topics=best(found.topics),
        topics_found=found.topics,
        events=found.events,
        concepts=found.concepts,
        labels=found.labels,
        sounds=found.sounds,
        embedding=found.embedding,
        passages=found.passages,
    )
