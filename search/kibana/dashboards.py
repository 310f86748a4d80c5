"""The dashboards. A panel is a line or two; where it has no number, it counts the documents."""

from __future__ import annotations

from search.kibana.columns import Metric, Terms, Times
from search.kibana.objects import Control, Dashboard, Search
from search.kibana.panels import Panel
from search.kibana.views import (
    ALERT_VIEW,
    ARRIVALS,
    ARTICLES,
    DELIVERY_VIEW,
    EVER,
    HEALTH,
    NOTICE_VIEW,
    OURS,
    STORY_VIEW,
)

SOURCE = Terms("source.name.keyword", "Source")
COUNTRY = Terms("countries", "Country")
TOPIC = Terms("topics", "Topic")
LANGUAGE = Terms("language", "Language")
PERSON = Terms("people.keyword", "Person")
ORGANIZATION = Terms("organizations.keyword", "Organisation")
STATES = "country:.*"
"""Of those who act, the countries."""

NEWSROOM = Dashboard(
    "Newsroom today",
    "What came in during the last 24 hours",
    "now-24h",
    (
        Panel("Articles that came in", ARRIVALS, (Metric(),), "number", 12, 8),
        Panel("Sources with news", ARRIVALS, (Metric("unique_count", "source.id", "Sources"),), "number", 12, 8),
        Panel("Languages", ARRIVALS, (Metric("unique_count", "language", "Languages"),), "number", 12, 8),
        Panel("Stories that moved", STORY_VIEW, (Metric(label="Stories"),), "number", 12, 8),
        Panel("By hour and source", ARRIVALS, (SOURCE, Times("first_seen")), width=48),
        Panel("Top countries", ARRIVALS, (COUNTRY,), width=16),
        Panel("Top topics", ARRIVALS, (TOPIC,), width=16),
        Panel("By language", ARRIVALS, (LANGUAGE,), width=16),
        Panel("Top people", ARRIVALS, (PERSON,)),
        Panel("Top organisations", ARRIVALS, (ORGANIZATION,)),
        Panel(
            "Stories with many sources",
            STORY_VIEW,
            (
                Terms("title.keyword", "Story", 20),
                Terms("id", "All of it", 1),
                Metric("unique_count", "sources", "Sources"),
                Metric("max", "size", "Articles"),
                Metric("unique_count", "languages", "Languages"),
            ),
            "table",
            48,
            kql="size > 1",
        ),
        Search(
            "Latest articles",
            ARRIVALS,
            ("title", "source.name", "language", "countries", "topics", "story_id"),
            sort=(("first_seen", "desc"), ("published", "desc")),
            tags=(OURS,),
        ),
    ),
    (Control("Language", ARRIVALS, "language"), Control("Source", ARRIVALS, "source.id")),
    (OURS,),
)

COUNTRY_DESK = Dashboard(
    "Country desk",
    "Choose countries, regions, topics or languages above",
    EVER,
    (
        Panel("Articles over time", ARTICLES, (LANGUAGE, Times("published")), width=48),
        Panel("Countries on the map", ARTICLES, (Terms("countries", "Country", 250),), "map", height=18),
        Panel(
            "Who meets whom",
            ARTICLES,
            (Terms("events.sources", "Who", 15, STATES), Terms("events.targets", "Whom", 15, STATES)),
            height=18,
            where={"events.type": ["consult", "cooperate"]},
        ),
        Panel("Events over time", ARTICLES, (Times("published"), Terms("events.type", "Event"))),
        Panel("Kinds of events", ARTICLES, (Terms("events.mode", "Kind", 20),)),
        Panel("Topics", ARTICLES, (TOPIC,), width=16),
        Panel("People", ARTICLES, (PERSON,), width=16),
        Panel("Organisations", ARTICLES, (ORGANIZATION,), width=16),
        Panel("Places", ARTICLES, (Terms("places.keyword", "Place"),), width=16),
        Panel("Sources", ARTICLES, (SOURCE,), width=16),
        Panel("Countries", ARTICLES, (COUNTRY,), width=16),
        Search(
            "Articles of the desk",
            ARTICLES,
            ("title", "source.name", "language", "countries", "topics", "story_id"),
            sort=(("published", "desc"),),
            tags=(OURS,),
        ),
    ),
    (
        Control("Country", ARTICLES, "countries"),
        Control("Region", ARTICLES, "regions"),
        Control("Topic", ARTICLES, "topics"),
        Control("Language", ARTICLES, "language"),
    ),
    (OURS,),
)

SOURCE_HEALTH = Dashboard(
    "Source health",
    "What every source gave, run by run; what is wrong now says `wirewatch sources health`",
    "now-7d",
    (
        Panel("Sources asked", HEALTH, (Metric("unique_count", "source.id", "Sources"),), "number", 12, 8),
        Panel("New articles", HEALTH, (Metric("sum", "new", "New articles"),), "number", 12, 8),
        Panel("Requests", HEALTH, (Metric("sum", "requests", "Requests"),), "number", 12, 8),
        Panel("Refused", HEALTH, (Metric("sum", "refused", "Refused"),), "number", 12, 8),
        Panel(
            "New articles by source",
            HEALTH,
            (Terms("source.name", "Source"), Times("at"), Metric("sum", "new", "New articles")),
        ),
        Panel(
            "Refused by source",
            HEALTH,
            (Terms("source.name", "Source", 20), Metric("sum", "refused", "Refused")),
            kql="refused > 0",
        ),
        Panel("Feeds and section pages over time", HEALTH, (Times("at"), Terms("listings.outcome", "Outcome"))),
        Panel(
            "Why feeds and section pages failed",
            HEALTH,
            (Terms("listings.reason", "Reason", 20),),
            where={"listings.outcome": ["failed"]},
        ),
        Panel(
            "Sources",
            HEALTH,
            (
                Terms("source.name", "Source", 500),
                Metric("max", "at", "Latest run", date=True),
                Metric("sum", "requests", "Requests"),
                Metric("sum", "new", "New"),
                Metric("sum", "updated", "Updated"),
                Metric("sum", "pages", "Pages"),
                Metric("sum", "articles", "Pages with an article"),
                Metric("sum", "from_feed", "From the feed alone"),
                Metric("sum", "refused", "Refused"),
                Metric("sum", "bytes", "Received"),
                Metric("sum", "seconds", "Seconds"),
            ),
            "table",
            48,
            20,
        ),
    ),
    (Control("Source", HEALTH, "source.name"), Control("Country", HEALTH, "source.country")),
    (OURS,),
)

STORY = Dashboard(
    "Story",
    "One story over time, sources and languages: open one of the stories, or ask for `story_id: …` above",
    EVER,
    (
        Panel(
            "Stories",
            STORY_VIEW,
            (
                Terms("title.keyword", "Story", 100),
                Terms("id", "All of it", 1),
                Metric("max", "size", "Articles"),
                Metric("unique_count", "sources", "Sources"),
                Metric("unique_count", "languages", "Languages"),
                Metric("min", "first_seen", "First seen", date=True),
                Metric("max", "last_seen", "Last seen", date=True),
            ),
            "table",
            48,
            10,
        ),
        Panel("Articles in the story", ARTICLES, (Metric(),), "number", 12, 8),
        Panel("Its sources", ARTICLES, (Metric("unique_count", "source.id", "Sources"),), "number", 12, 8),
        Panel("Its languages", ARTICLES, (Metric("unique_count", "language", "Languages"),), "number", 12, 8),
        Panel(
            "Countries of its sources",
            ARTICLES,
            (Metric("unique_count", "source.country", "Countries"),),
            "number",
            12,
            8,
        ),
        Panel("Over time, by language", ARTICLES, (LANGUAGE, Times("published"))),
        Panel("Over time, by source", ARTICLES, (SOURCE, Times("published"))),
        Panel(
            "Who had it first",
            ARTICLES,
            (
                Terms("source.name.keyword", "Source", 50),
                LANGUAGE,
                Metric(),
                Metric("min", "published", "First published", date=True),
                Metric("max", "published", "Last published", date=True),
                Metric(label="Copies", kql="duplicate_of: *"),
            ),
            "table",
            48,
        ),
        Panel("Its countries", ARTICLES, (COUNTRY,), width=12),
        Panel("Its people", ARTICLES, (PERSON,), width=12),
        Panel("Its organisations", ARTICLES, (ORGANIZATION,), width=12),
        Panel("Its events", ARTICLES, (Terms("events.type", "Event"),), width=12),
        Search(
            "Articles of the story",
            ARTICLES,
            ("title", "source.name", "language", "duplicate_of", "url"),
            sort=(("published", "asc"),),
            tags=(OURS,),
        ),
    ),
    (Control("Source", ARTICLES, "source.id"), Control("Language", ARTICLES, "language")),
    (OURS,),
)

WAITING = "state: (waiting or due)"
NOT_TAKEN = "state: (failed or dead or unsure)"
BROKEN = "error: * or warnings: *"
ALERTS = Dashboard(
    "Alerts",
    "What fired, who was told, what waits, and what is broken",
    "now-7d",
    (
        Panel("Notices", NOTICE_VIEW, (Metric(label="Notices"),), "number", 8, 8),
        Panel("Told", NOTICE_VIEW, (Metric(label="Told", kql="state: told"),), "number", 8, 8),
        Panel("Waiting", NOTICE_VIEW, (Metric(label="Waiting", kql=WAITING),), "number", 8, 8),
        Panel("Messages sent", DELIVERY_VIEW, (Metric(label="Messages", kql="state: sent"),), "number", 8, 8),
        Panel("Messages not taken", DELIVERY_VIEW, (Metric(label="Messages", kql=NOT_TAKEN),), "number", 8, 8),
        Panel("Broken alerts", ALERT_VIEW, (Metric(label="Alerts", kql=BROKEN),), "number", 8, 8),
        Panel(
            "Fired over time",
            NOTICE_VIEW,
            (Terms("alert", "Alert"), Times("created"), Metric(label="Notices")),
            width=48,
        ),
        Panel("Kinds of notices", NOTICE_VIEW, (Terms("kind", "Kind"), Metric(label="Notices")), width=16),
        Panel("What became of them", NOTICE_VIEW, (Terms("state", "State"), Metric(label="Notices")), width=16),
        Panel("Outlets", NOTICE_VIEW, (Terms("sources", "Outlet"), Metric(label="Notices")), width=16),
        Panel(
            "By alert",
            NOTICE_VIEW,
            (
                Terms("alert", "Alert", 100),
                Metric(label="Notices"),
                Metric(label="Told", kql="state: told"),
                Metric(label="Waiting", kql=WAITING),
                Metric(label="Muted", kql="state: muted"),
                Metric("max", "created", "Last fired", date=True),
            ),
            "table",
            48,
        ),
        Panel(
            "Messages by channel",
            DELIVERY_VIEW,
            (Terms("channel", "Channel"), Terms("state", "State"), Metric(label="Messages")),
        ),
        Panel("Messages over time", DELIVERY_VIEW, (Terms("state", "State"), Times("at"), Metric(label="Messages"))),
        Search(
            "Alerts that are broken",
            ALERT_VIEW,
            ("name", "owner", "origin", "error", "warnings"),
            BROKEN,
            (("changed", "desc"),),
            tags=(OURS,),
            height=10,
        ),
        Search(
            "Alerts that are silent or tell too much",
            ALERT_VIEW,
            ("name", "owner", "origin", "unusual"),
            "unusual: *",
            (("changed", "desc"),),
            tags=(OURS,),
            height=10,
        ),
        Search(
            "Messages that were not taken",
            DELIVERY_VIEW,
            ("alert", "channel", "state", "attempts", "next", "error"),
            NOT_TAKEN,
            (("at", "desc"),),
            tags=(OURS,),
            height=10,
        ),
        Search(
            "Notices that wait",
            NOTICE_VIEW,
            ("alert", "title", "state", "due", "sources"),
            WAITING,
            (("created", "desc"),),
            tags=(OURS,),
            height=10,
        ),
        Search(
            "Latest notices",
            NOTICE_VIEW,
            ("alert", "kind", "title", "state", "size", "sources", "url"),
            sort=(("created", "desc"),),
            tags=(OURS,),
        ),
        Search(
            "All alerts",
            ALERT_VIEW,
            ("name", "owner", "query", "about", "origin", "paused", "muted"),
            sort=(("changed", "desc"),),
            tags=(OURS,),
        ),
    ),
    (Control("Alert", NOTICE_VIEW, "alert"), Control("Channel", DELIVERY_VIEW, "channel")),
    (OURS,),
)

DASHBOARDS = (NEWSROOM, COUNTRY_DESK, SOURCE_HEALTH, STORY, ALERTS)
