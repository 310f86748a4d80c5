"""What is not theirs, the keys of analysts, operators and the pipeline cannot touch: each refusal is tried out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from elasticsearch import AuthorizationException, Elasticsearch

from search.health.history import INDEX as HEALTH
from search.index import init
from search.indices import ALERTS, ALIAS, DELIVERIES, KIBANA_ALERTS, NOTICES, STORIES
from search.node import Node
from search.security import setup
from wirewatch.settings import Settings

PAYROLL = "payroll"
"""An index of somebody else in the same cluster."""


@pytest.fixture(scope="module")
def keys(node: Settings) -> Iterator[dict[str, Elasticsearch]]:
    """A client with nothing but its key for each role, on a cluster where there is something to be refused.

    For all tests of this file together: what is refused changes nothing.
    """
    url, user, password = Node(node).connection()
    ca = str(Node(node).ca)
    with Elasticsearch(url, basic_auth=(user, password), ca_certs=ca) as admin:
        for index in admin.indices.get(index="*"):
            admin.indices.delete(index=index)
        admin.security.invalidate_api_key(name="wirewatch-*")
        init(admin)
        admin.index(index=PAYROLL, id="1", document={"salary": 1, "title": "Russia"}, refresh=True)
        admin.index(index=ALIAS, id="a", document={"id": "a", "title": "Russia in Africa"}, refresh=True)
        admin.index(index=HEALTH, id="h", document={"id": "h", "run": "r"}, refresh=True)
        admin.index(index=KIBANA_ALERTS, id="k", document={"alert": "Africa"}, refresh=True)
        clients = {key.role: Elasticsearch(url, api_key=key.encoded, ca_certs=ca) for key in setup(admin)}
        yield clients
        for client in clients.values():
            client.close()


@pytest.fixture
def analyst(keys: dict[str, Elasticsearch]) -> Elasticsearch:
    return keys["analyst"]


@pytest.fixture
def operator(keys: dict[str, Elasticsearch]) -> Elasticsearch:
    return keys["operator"]


@pytest.fixture
def pipeline(keys: dict[str, Elasticsearch]) -> Elasticsearch:
    return keys["pipeline"]


Forbidden = dict[str, Callable[[Elasticsearch], Any]]
EVERYTHING = {"match_all": {}}
NO_ADMINISTRATION: Forbidden = {
    "make a role": lambda es: es.security.put_role(name="wirewatch-analyst", cluster=["all"]),
    "make a user": lambda es: es.security.put_user(username="eve", password="eve's password", roles=["superuser"]),
    "change a password": lambda es: es.security.change_password(username="elastic", password="eve's password"),
    "make a key": lambda es: es.security.create_api_key(name="wirewatch-analyst", role_descriptors={"all": {}}),
    "see all keys": lambda es: es.security.get_api_key(name="wirewatch-*"),
    "end a key": lambda es: es.security.invalidate_api_key(name="wirewatch-pipeline"),
    "read what security keeps": lambda es: es.search(index=".security-7"),
    "change a template": lambda es: es.indices.put_index_template(name="wirewatch-articles", index_patterns=["*"]),
    "change a setting of the cluster": lambda es: es.cluster.put_settings(persistent={"action.auto_create_index": "*"}),
    "take a snapshot": lambda es: es.snapshot.create_repository(
        name="eve", repository={"type": "fs", "settings": {"location": "eve"}}
    ),
    "add an ingest pipeline": lambda es: es.ingest.put_pipeline(id="eve", processors=[]),
    "store a script": lambda es: es.put_script(id="eve", script={"lang": "painless", "source": "1"}),
    "read another's index": lambda es: es.search(index=PAYROLL),
    "write another's index": lambda es: es.index(index=PAYROLL, document={"salary": 2}),
    "delete another's index": lambda es: es.indices.delete(index=PAYROLL),
    "make an index of any name": lambda es: es.indices.create(index="eve"),
    "write saved objects past Kibana": lambda es: es.index(index=".kibana_1", document={"type": "tag"}),
    "read saved objects past Kibana": lambda es: es.search(index=".kibana_1"),
    "copy another's index into ours": lambda es: es.reindex(source={"index": PAYROLL}, dest={"index": STORIES}),
}
NO_WRITING: Forbidden = {
    "write an article": lambda es: es.index(index=ALIAS, id="b", document={"title": "Invented"}),
    "change an article": lambda es: es.update(index=ALIAS, id="a", doc={"title": "Invented"}),
    "delete an article": lambda es: es.delete(index=ALIAS, id="a"),
    "delete by a query": lambda es: es.delete_by_query(index=ALIAS, query=EVERYTHING),
    "change by a query": lambda es: es.update_by_query(index=ALIAS, query=EVERYTHING),
    "write to an index behind the alias": lambda es: es.index(index=_behind(es), document={"title": "Invented"}),
    "write a story": lambda es: es.index(index=STORIES, document={"id": "s"}),
    "write a notice": lambda es: es.index(index=NOTICES, document={"id": "n"}),
    "write an alert": lambda es: es.index(index=ALERTS, document={"id": "a"}),
    "delete an alert": lambda es: es.delete(index=ALERTS, id="a"),
    "write a message": lambda es: es.index(index=DELIVERIES, document={"id": "d"}),
    "write health": lambda es: es.index(index=HEALTH, document={"id": "h"}),
    "delete the articles": lambda es: es.indices.delete(index=_behind(es)),
    "close the articles": lambda es: es.indices.close(index=ALIAS),
    "add a field": lambda es: es.indices.put_mapping(index=ALIAS, properties={"eve": {"type": "keyword"}}),
    "change a setting": lambda es: es.indices.put_settings(index=ALIAS, settings={"index.blocks.write": True}),
    "turn the alias elsewhere": lambda es: es.indices.put_alias(index=STORIES, name=ALIAS),
    "make a year's index": lambda es: es.indices.create(index="wirewatch-articles-1999"),
}
ANALYST: Forbidden = {
    **NO_ADMINISTRATION,
    **NO_WRITING,
    "read health": lambda es: es.search(index=HEALTH),
    "count health": lambda es: es.count(index=HEALTH),
    "look at a document of health": lambda es: es.get(index=HEALTH, id="h"),
    "read health through a lookup": lambda es: es.search(
        index=ALIAS, query={"terms": {"id": {"index": HEALTH, "id": "h", "path": "run"}}}
    ),
    "read what rules of Kibana found": lambda es: es.search(index=KIBANA_ALERTS),
    "replace what a rule of Kibana found": lambda es: es.index(index=KIBANA_ALERTS, id="k", document={}),
    "delete what a rule of Kibana found": lambda es: es.delete(index=KIBANA_ALERTS, id="k"),
    "see the nodes": lambda es: es.nodes.info(),
    "see the cluster's state": lambda es: es.cluster.state(),
}
OPERATOR: Forbidden = {
    **NO_ADMINISTRATION,
    **NO_WRITING,
    "read articles": lambda es: es.search(index=ALIAS),
    "read one article": lambda es: es.get(index=ALIAS, id="a"),
    "read stories": lambda es: es.search(index=STORIES),
    "read notices": lambda es: es.search(index=NOTICES),
    "read alerts": lambda es: es.search(index=ALERTS),
    "read what rules of Kibana found": ANALYST["read what rules of Kibana found"],
}
PIPELINE: Forbidden = {
    **NO_ADMINISTRATION,
    "close the articles": NO_WRITING["close the articles"],
    "change a setting": NO_WRITING["change a setting"],
    "name another's index as ours": lambda es: es.indices.put_alias(index=PAYROLL, name=ALIAS),
    "see the nodes": ANALYST["see the nodes"],
}


def _behind(es: Elasticsearch) -> str:
    return str(next(iter(es.indices.get_alias(name=ALIAS))))


@pytest.mark.parametrize("what", ANALYST)
def test_an_analyst_cannot(what: str, analyst: Elasticsearch) -> None:
    with pytest.raises(AuthorizationException, match="unauthorized for API key"):
        ANALYST[what](analyst)


@pytest.mark.parametrize("what", OPERATOR)
def test_an_operator_cannot(what: str, operator: Elasticsearch) -> None:
    with pytest.raises(AuthorizationException, match="unauthorized for API key"):
        OPERATOR[what](operator)


@pytest.mark.parametrize("what", PIPELINE)
def test_the_pipeline_cannot(what: str, pipeline: Elasticsearch) -> None:
    with pytest.raises(AuthorizationException, match="unauthorized for API key"):
        PIPELINE[what](pipeline)


def test_a_search_of_everything_shows_each_only_what_is_theirs(keys: dict[str, Elasticsearch]) -> None:
    def seen(role: str) -> set[str]:
        return {hit["_index"].partition("-20")[0] for hit in keys[role].search(index="*")["hits"]["hits"]}

    assert seen("analyst") == {"wirewatch-articles"}
    assert seen("operator") == {HEALTH}
    assert seen("pipeline") == {"wirewatch-articles", HEALTH, KIBANA_ALERTS}


def test_what_alerts_have_told_is_there_for_those_who_look_after_it(keys: dict[str, Elasticsearch]) -> None:
    for index in (ALERTS, NOTICES, DELIVERIES):
        assert keys["analyst"].search(index=index)["hits"]["total"]["value"] == 0
    assert keys["operator"].search(index=DELIVERIES)["hits"]["total"]["value"] == 0


def test_a_bulk_writes_nothing_for_an_analyst(analyst: Elasticsearch) -> None:
    document = {"title": "Invented"}
    answer = analyst.bulk(
        operations=[{"index": {"_index": ALIAS}}, document, {"create": {"_index": NOTICES}}, document]
    )
    assert [next(iter(item.values()))["status"] for item in answer["items"]] == [403, 403]


def test_an_analyst_cannot_borrow_a_view_that_somebody_else_has_opened(
    keys: dict[str, Elasticsearch], analyst: Elasticsearch
) -> None:
    view = keys["operator"].open_point_in_time(index=HEALTH, keep_alive="1m")["id"]
    with pytest.raises(AuthorizationException):
        analyst.search(pit={"id": view})
    keys["operator"].close_point_in_time(id=view)


def test_what_a_rule_of_kibana_found_an_analyst_adds_and_the_pipeline_reads(
    analyst: Elasticsearch, pipeline: Elasticsearch
) -> None:
    # As the index connector writes it, with the rights of who made the rule.
    answer = analyst.bulk(index=KIBANA_ALERTS, operations=[{"index": {"op_type": "create"}}, {"alert": "Sahel"}])
    assert not answer["errors"]
    pipeline.indices.refresh(index=KIBANA_ALERTS)
    found = pipeline.search(index=KIBANA_ALERTS)["hits"]["hits"]
    assert {hit["_source"]["alert"] for hit in found} == {"Africa", "Sahel"}
