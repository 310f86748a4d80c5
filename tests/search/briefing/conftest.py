"""A briefing made by hand, with what a hostile site sends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from search.briefing import Briefing, Period
from search.briefing.gather import Bar, Desk, Step, Told
from search.briefing.stories import Story, Tellers
from search.health.history import State
from search.health.verdicts import Day, Kind, Verdict
from tests.search.health.runs import POST, WIRE
from wirewatch.records import Cited, Notice, SourceRef

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'</svg></style><style>*{display:none}</style>{{ 7*7 }}"


def cited(title: str, language: str | None, url: str = "http://a.example/1", name: str = "Outlet") -> Cited:
    source = SourceRef(id="a.example", name=name, country="DZ")
    return Cited(id="1", title=title, url=url, source=source, language=language, published=NOON)


def notice(article: Cited, why: str, **facts: object) -> Notice:
    articles = (article.model_copy(update={"why": (why,), "concepts": ("Algeria",)}),)
    given = {"id": "n", "alert": "", "story": "s", "title": article.title, "url": article.url, "articles": articles}
    return Notice.model_validate(given | {"created": NOON, "run": "r"} | facts)


def story(article: Cited, lead: str, earlier: int = 0) -> Story:
    others = (cited("Une visite", "fr", name="Matin"), cited("La visite", "fr", name="Soir"))
    tellers = (Tellers("fr", others), Tellers(article.language, (article,)))
    told = notice(article, lead, size=3, sources=("a.example", "b.example", "c.example"))
    return Story(told, 2, 2, tellers, earlier, ("Algeria", "military cooperation"))


@pytest.fixture
def briefing() -> Briefing:
    """Of a day, with a story in Arabic, and hostile titles, names, addresses and reasons."""
    arabic = cited("الجزائر وروسيا تبحثان التعاون العسكري", "ar", name="النيل")
    hostile = cited(f"Wheat {EVIL}", "en", "javascript:alert(1)", f"Evil {EVIL}")
    stories = (story(arabic, "زار وفد روسي الجزائر."), story(hostile, EVIL, earlier=4))
    period = Period(NOON - timedelta(days=1), NOON)
    return Briefing(
        period=period,
        made=NOON,
        articles=1_277,
        outlets=3,
        outlet_countries=1,
        stories=2,
        top=stories,
        desks=(Desk("Sahel security", "regions: Sahel", 9, 7, stories), Desk("Disasters", "topics: floods", 0, 0, ())),
        told=(
            Told("Sahel security", 2, (notice(hostile, f"a <em>match</em> {EVIL}", alert="Sahel security"),)),
            Told(EVIL, 1, (notice(arabic, "زار", alert=EVIL, kind="developing"),)),
        ),
        volume=tuple(Step(period.since + timedelta(hours=at), at % 7 * 9) for at in range(25)),
        countries=(Bar("Democratic Republic of the Congo", 200), Bar("Algeria", 50)),
        topics=(Bar("military cooperation", 9),),
        languages=(),
        all_languages=2,
        sources=(
            State(WIRE, Day(), None, (Verdict(Kind.DEAD, f"{WIRE.feeds[0]} has failed ({EVIL})"),)),
            State(POST, Day(), None, ()),
        ),
        broken=((EVIL, f"line 1:7: {EVIL}"),),
    )
