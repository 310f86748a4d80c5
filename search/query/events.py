"""Which events of an article KQL has matched. Elasticsearch finds the article by them, and does not say which.

Inner hits would, but a KQL query cannot carry them, and KQL within a nested query of ours matches the wrong events. So
each event of the articles that are shown is asked for once more: by the same KQL, and by what it alone has.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from elasticsearch import Elasticsearch

from search.client import plain_errors
from search.index import ALIAS
from search.query.kql import kql_query, quoted

AT_ONCE = 250
"""Events asked for in one request."""
_QUOTED = r'"(?:\\.|[^"\\])*"'
_VALUE = rf'{_QUOTED}|\([^()]*\)|(?:\\.|[^\s(){{}}"\\])+'
_TOKEN = re.compile(
    rf"\bevents\s*:\s*(?P<opened>{{)|\bevents\.(?P<field>\w+\s*(?::|[<>]=?)\s*(?:{_VALUE}))"
    rf"|(?P<brace>[{{}}])|{_QUOTED}|\\.",
    re.DOTALL,
)


def asked_of_events(kql: str) -> tuple[str, ...]:
    """What a KQL query asks of events, each as it stands between the braces.

    Example:
        >>> asked_of_events("countries: DZ and events: {type: visit and countries: RU} or events.type: aid")
        ('type: visit and countries: RU', 'type: aid')
    """
    asked = []
    depth = begun = 0
    for token in _TOKEN.finditer(kql):
        if token["opened"] or token["brace"] == "{":
            begun = begun if depth else token.end()
            depth += 1
        elif token["brace"] and depth:
            depth -= 1
            if not depth:
                asked.append(kql[begun : token.start()])
        elif token["field"] and not depth:
            asked.append(token["field"])
    return tuple(asked)


def matched(
    client: Elasticsearch, asked: Iterable[str], found: Iterable[dict[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """The events that KQL has matched, by the id of their article.

    Args:
        client: of the index.
        asked: as :func:`asked_of_events` gives it.
        found: the hits, with ``events`` in their documents.
    """
    either = " or ".join(f"({one})" for one in asked)
    every = [(hit["_id"], event) for hit in found for event in hit["_source"].get("events", ())] if either else []
    events: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for first in range(0, len(every), AT_ONCE):
        some = every[first : first + AT_ONCE]
        queries = [_one(id, event, either, str(at)) for at, (id, event) in enumerate(some)]
        with plain_errors():
            answer = client.search(
                index=ALIAS, query={"bool": {"should": queries}}, size=len(some), source=False,
                allow_partial_search_results=False,
            )  # fmt: skip
        for at in sorted(int(name) for hit in answer["hits"]["hits"] for name in hit["matched_queries"]):
            events[some[at][0]].append(some[at][1])
    return events


def _one(article: str, event: dict[str, Any], asked: str, name: str) -> dict[str, Any]:
    """Matches an article if what is asked for is in one event, and that is one with this type, sentence and words."""
    own = [
        ("type", event["type"]),
        ("sentence", event["sentence"]),
        *(("words", word) for word in event.get("words", ())),
    ]
    told = " and ".join(f"{field}: {quoted(value)}" for field, value in own)
    happened = kql_query(f"events: {{ ({asked}) and {told} }}")
    return {"bool": {"filter": [{"term": {"id": article}}, happened], "_name": name}}
