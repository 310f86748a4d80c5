"""The saved searches: one for each desk, and those that everybody needs. A desk is a line or two of :data:`DESKS`."""

from __future__ import annotations

from search.kibana.objects import Search
from search.kibana.views import ARTICLES, DESK, EVER, OURS

COLUMNS = ("title", "source.name", "language", "countries", "topics", "url")
RELEVANCE_THEN_TIME = (("_score", "desc"), ("published", "desc"))

DESKS = {
    "Russia military cooperation Africa": "Russia and military and cooperation and Africa",
    "Sahel security": "regions: Sahel and topics: (conflict or insurgency or terrorism or coup or armed-forces)",
    "Africa elections": "regions: Africa and topics: elections",
    "Africa economy": "regions: Africa and topics: (economy or trade or inflation or public-debt or investment)",
    "Ukraine war": "countries: UA and topics: (conflict or armed-forces or weapons or peace-talks or missiles)",
    "Middle East conflict": 'regions: ("Western Asia" or "Northern Africa") and topics: (conflict or peace-talks)',
    "Syria and Türkiye": "countries: (SY or TR)",
    "China in Africa and Latin America": 'countries: CN and regions: (Africa or "Latin America and the Caribbean")',
    "Latin America politics": 'regions: "Latin America and the Caribbean" and topics: (politics or protests)',
    "Sanctions and arms": "topics: (sanctions or arms-trade or nuclear-weapons)",
    "Energy and minerals": "topics: (energy or oil-and-gas or natural-gas or critical-minerals or mining)",
    "Disasters": "topics: (disasters or earthquake or floods or drought or storms or wildfires)",
    "Health emergencies": "topics: (epidemic or infectious-diseases or vaccination)",
    "Migration": "topics: (migration or refugees or irregular-migration)",
    "Meetings and visits": "events: { type: consult }",
}
"""KQL by title, as in Kibana's search bar: words look everywhere, in any of the analysts' languages."""

SEARCHES = (
    *(
        Search(title, ARTICLES, COLUMNS, kql, RELEVANCE_THEN_TIME, "By relevance, then time", (OURS, DESK), EVER)
        for title, kql in DESKS.items()
    ),
    Search(
        "Articles without copies",
        ARTICLES,
        COLUMNS,
        "not duplicate_of: *",
        (("published", "desc"),),
        "Of the same text on several sites only the first, by time",
        (OURS,),
        EVER,
    ),
    Search(
        "Articles with pictures",
        ARTICLES,
        ("images.url", "title", "images.caption", "source.name"),
        "images.caption: *",
        (("published", "desc"),),
        "The pictures are loaded from the sites",
        (OURS,),
        EVER,
    ),
)
