"""The stories of the demo newsroom: what its sites tell of one event, in their languages, is one story."""

from __future__ import annotations

from collections import defaultdict

import pytest

from enrichment.enrich import enriched
from enrichment.stories import Facts, Stories
from tests.newsroom import texts
from wirewatch.records import Article, SourceRef, article_id, content_version

EVENTS = {
    "sanctions of the West African bloc": {
        "capital-wire/west-african-bloc-keeps-sanctions",
        "harbour-post/west-africa-leaders-transition-summit",
        "lagos-ledger/ecowas-maintains-suspension",
        "sahel-courrier/cedeao-maintient-sanctions-mali-guinee-burkina",
    },
    "exercise of Russia and Belarus": {
        "harbour-post/russia-belarus-joint-military-exercises",
        "neva-vestnik/rossiya-belorussiya-sovmestnoe-uchenie",
    },
    "exercise African Lion": {
        "harbour-post/african-lion-morocco-united-states",
        "maghreb-matin/maroc-etats-unis-exercice-african-lion",
    },
    "football match of Russia and Cameroon": {
        "neva-vestnik/futbol-rossiya-kamerun-tovarishcheskij-match",
        "paris-derniere/football-russie-cameroun-match-amical",
    },
    "cyclone Freddy reaches Mozambique": {
        "folha-do-cabo/ciclone-freddy-vilankulo-inhambane",
        "habari-pwani/kimbunga-freddy-msumbiji-vilankulo",
    },
    "election day in Nigeria": {
        "el-faro-del-sur/nigeria-elecciones-generales-tres-candidatos",
        "habari-pwani/nigeria-uchaguzi-wapiga-kura-foleni",
    },
    "result of the election in Nigeria": {
        "lagos-ledger/tinubu-declared-winner-opposition-court",
        "neva-vestnik/nigeriya-vybory-prezidenta-itogi",
    },
}
"""What two or more sites tell of, in two or more languages. One report of the election day is not among them, since it
stays alone: it tells of polling stations that opened late (lagos-ledger/presidential-election-late-start-polling).
"""


def as_crawled(text: texts.Article) -> Article:
    url, body = f"https://{text.site}.example/{text.slug}", "\n\n".join(text.paragraphs)
    return Article(
        id=article_id(url),
        url=url,
        source=SourceRef(id=f"{text.site}.example", name=text.site, country="FR"),
        title=text.title,
        lead=text.lead,
        body=body,
        published=text.published,
        first_seen=text.published,
        fetched=text.published,
        version=content_version(text.title, text.lead, body),
    )


@pytest.fixture(scope="module")
def stories() -> dict[str, set[str]]:
    """The articles of each story that has more than one."""
    written = sorted((text for site in texts.load_articles().values() for text in site), key=lambda t: t.published)
    articles = [as_crawled(text) for text in written]
    told = Stories().assign([Facts.of(article) for article, _ in enriched(articles)], {})
    found: dict[str, set[str]] = defaultdict(set)
    for text, article in zip(written, articles, strict=True):
        found[told[article.id]].add(f"{text.site}/{text.slug}")
    return {story: members for story, members in found.items() if len(members) > 1}


def test_a_wire_story_is_one_story_on_all_sites_that_carry_it(stories: dict[str, set[str]]) -> None:
    carried: dict[str, set[str]] = defaultdict(set)
    for text in (text for site in texts.load_articles().values() for text in site):
        carried[text.same_as or f"{text.site}/{text.slug}"].add(f"{text.site}/{text.slug}")
    wires = [copies for copies in carried.values() if len(copies) > 1]
    assert wires
    for copies in wires:
        assert any(copies <= members for members in stories.values()), copies


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_is_one_story_over_sites_and_languages(event: str, stories: dict[str, set[str]]) -> None:
    assert [members for members in stories.values() if EVENTS[event] <= members], [
        members for members in stories.values() if EVENTS[event] & members
    ]


def test_events_that_have_little_in_common_are_no_story(stories: dict[str, set[str]]) -> None:
    subjects = ("football", "futbol", "inflation", "earthquake", "seisme", "cholera", "colera", "election", "gaz")
    for members in stories.values():
        told = {subject for subject in subjects for name in members if subject in name}
        assert len(told - {"earthquake", "cholera", "futbol"}) <= 1, members
