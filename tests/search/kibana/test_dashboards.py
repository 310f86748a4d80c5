"""What analysts see in Kibana asks for fields that exist, in queries that parse, and shows something."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from elasticsearch import Elasticsearch

from search.alerts.alert import Alert
from search.alerts.store import create, note
from search.documents import document
from search.health.history import INDEX as HEALTH
from search.health.measure import document as health_document
from search.index import init
from search.indices import ALIAS, DELIVERIES, NOTICES, STORIES
from search.kibana.columns import Metric, Terms
from search.kibana.dashboards import DASHBOARDS
from search.kibana.desks import DESKS
from search.kibana.panels import Panel
from search.kibana.views import ARTICLES
from tests.search.kibana.reading import empty_panels, fields_of, kql_of, lens_columns, objects, vega_url, view_of
from wirewatch.records import (
    Delivery,
    EnrichedArticle,
    Event,
    Image,
    ListingHealth,
    Notice,
    PageOutcome,
    SourceHealth,
    SourceRef,
    Story,
    now,
)

ENRICHMENT = Path(__file__).parents[3] / "enrichment/data"
NUMBERS = {"integer", "long", "float", "double"}
SUITS = {
    "terms": lambda types: types <= {"keyword"},
    "date_histogram": lambda types: types <= {"date"},
    "unique_count": lambda types: types <= {"keyword"},
    "count": lambda types: types <= {"_index"},
    "sum": lambda types: types <= NUMBERS,
}
"""The types of fields that an operation of Lens works with."""


@pytest.fixture
def indices(es: Elasticsearch) -> Elasticsearch:
    """All indices that the data views name, empty."""
    init(es)
    es.indices.create(index=HEALTH)
    return es


def types_of(es: Elasticsearch, found: dict[str, Any], *names: str) -> dict[str, set[str]]:
    """The types that fields of an object's data view have in the index; of one that is not there, none."""
    view = found if found["type"] == "index-pattern" else view_of(found)
    fields = es.field_caps(index=view["attributes"]["title"], fields=list(names))["fields"]
    return {name: set(fields.get(name, ())) for name in names}


def test_a_data_view_has_the_time_the_formats_the_descriptions_and_what_it_hides(indices: Elasticsearch) -> None:
    for view in objects("index-pattern"):
        said = view["attributes"]
        hidden = [entry["value"] for entry in json.loads(said["sourceFilters"])]
        named = {*json.loads(said["fieldFormatMap"]), *json.loads(said["fieldAttrs"])}
        time = [said["timeFieldName"]] if "timeFieldName" in said else []
        types = types_of(indices, view, *time, *named)
        assert all(types[name] == {"date"} for name in time)
        assert [name for name, found in types.items() if not found] == []
        for pattern in hidden:
            assert indices.field_caps(index=said["title"], fields=[pattern])["fields"], pattern


def test_a_saved_search_has_columns_and_an_order_that_exist(indices: Elasticsearch) -> None:
    for found in objects("search"):
        sort = [name for name, _ in found["attributes"]["sort"] if name != "_score"]
        types = types_of(indices, found, *found["attributes"]["columns"], *sort)
        assert all(types.values()), (found["id"], types)
        assert all(types[name] == {"date"} for name in sort)


def test_the_columns_of_lens_are_of_fields_that_suit_them_and_that_it_can_see(indices: Elasticsearch) -> None:
    for found in objects("lens"):
        for column in lens_columns(found):
            name, operation = column["sourceField"], column["operationType"]
            if name == "___records___":
                assert operation == "count"
                continue
            parent = name.partition(".")[0]
            types = types_of(indices, found, name, parent)
            assert types[name], (found["id"], name)
            assert types[parent] != {"nested"}, (found["id"], name)
            if operation in ("min", "max"):
                assert types[name] <= ({"date"} if column["dataType"] == "date" else NUMBERS), (found["id"], name)
            else:
                assert SUITS[operation](types[name]), (found["id"], name, operation)


def test_the_fields_of_vega_and_of_controls_exist_and_can_be_counted(indices: Elasticsearch) -> None:
    for found in objects("visualization"):
        url = vega_url(found)
        names = [url["%timefield%"], *fields_of(url["body"])]
        fields = indices.field_caps(index=url["index"], fields=names)["fields"]
        assert all(set(fields.get(name, ())) in ({"keyword"}, {"date"}) for name in names), found["id"]
    for found in objects("dashboard"):
        references = {ref["name"]: ref["id"] for ref in found["references"]}
        views = {view["id"]: view for view in objects("index-pattern")}
        for name, control in json.loads(found["attributes"]["controlGroupInput"]["panelsJSON"]).items():
            view = views[references[f"controlGroup_{name}:optionsListDataView"]]
            field = control["explicitInput"]["fieldName"]
            assert types_of(indices, view, field)[field] == {"keyword"}


def test_every_query_is_one_that_kibana_reads(indices: Elasticsearch) -> None:
    asked = 0
    for found in objects("search", "lens"):
        for kql in filter(None, kql_of(found)):
            title = view_of(found)["attributes"]["title"]
            indices.search(index=title, query={"kql": {"query": kql}})
            asked += 1
    assert asked > len(DESKS)


def test_the_topics_and_regions_that_desks_ask_for_are_ones_that_articles_get() -> None:
    topics = set(yaml.safe_load((ENRICHMENT / "topics.yml").read_text(encoding="utf-8")))
    lines = (ENRICHMENT / "regions.tsv").read_text(encoding="utf-8").splitlines()
    regions = {line.split("\t")[2] for line in lines if not line.startswith("#")}
    regions |= {group["name"] for group in yaml.safe_load((ENRICHMENT / "groups.yml").read_text(encoding="utf-8"))}
    for kql in DESKS.values():
        for field, known in (("topics", topics), ("regions", regions)):
            for values in re.findall(rf"{field}: (\([^)]*\)|\"[^\"]*\"|\S+)", kql):
                asked = {value.strip('" ') for value in values.strip("()").split(" or ")}
                assert asked <= known, kql


def test_what_lens_draws_is_what_the_request_asks_for() -> None:
    """So a panel that shows nothing cannot have a request that finds something."""
    panels = {panel.id: panel for board in DASHBOARDS for panel in board.panels if isinstance(panel, Panel)}
    for found in objects("lens"):
        request = panels[found["id"]].request()
        fields = {column["sourceField"] for column in lens_columns(found)} - {"___records___"}
        assert set(fields_of(request["aggs"])) - {"_index"} == fields
        assert set(filter(None, kql_of(found))) == set(_kql_asked(request)) - {""}
    for found in objects("visualization"):
        assert vega_url(found)["body"]["aggs"] == panels[found["id"]].request()["aggs"]


def _kql_asked(request: Any) -> list[str]:
    if isinstance(request, dict):
        texts = [request["kql"]["query"]] if "kql" in request else []
        return texts + [text for value in request.values() for text in _kql_asked(value)]
    return []


SOURCE = SourceRef(id="post.example", name="Post", country="NG")


def article(id: str, **more: Any) -> EnrichedArticle:
    return EnrichedArticle(
        **{
            "id": id,
            "url": f"https://post.example/{id}",
            "source": SOURCE,
            "title": "Russia and Africa: military cooperation in the Sahel",
            "body": "Delegations met in Algiers.",
            "language": "en",
            "published": now() - timedelta(hours=2),
            "first_seen": now() - timedelta(hours=1),
            "fetched": now() - timedelta(hours=1),
            "version": id,
            "countries": ("DZ", "RU"),
            "regions": ("Sahel", "Africa"),
            "people": ("A. Person",),
            "organizations": ("African Union",),
            "places": ("Algiers",),
            "topics": ("military-cooperation", "armed-forces", "elections", "economy"),
            "story_id": "1",
            "images": (Image(url="https://post.example/a.jpg", caption="Algiers"),),
        }
        | more
    )


VISIT = Event(
    type="consult", mode="meet", sources=("country:RU",), targets=("country:DZ",), countries=("RU", "DZ"), sentence="…"
)


@pytest.fixture
def filled(indices: Elasticsearch) -> Elasticsearch:
    """Two articles on one story, an alert, what it told of them and what it could not, and how their source did."""
    for made in (article("1", events=(VISIT,)), article("2")):
        indices.index(index=ALIAS, id=made.id, document=document(made))
    moment = now()
    story = Story(
        id="1",
        title="A story",
        size=2,
        languages=("en",),
        sources=("post.example",),
        first_seen=moment,
        last_seen=moment,
    )
    alert = Alert(name="Sahel", kql="regions: (Sahel")
    broken = {"error": "it cannot be read", "warnings": ("a filter is left out",)}
    create(indices, alert, "kibana", origin_id="s", **broken)
    note(indices, "unusual", {alert.id: "found nothing in 30 days"})
    about = {"alert": "Sahel", "title": "…", "url": "https://post.example/1", "created": moment, "run": "run"}
    told = Notice(id="n", story="1", state="told", sources=("post.example",), **about)
    late = Notice(id="m", story="2", state="waiting", sources=("post.example",), **about)
    message = {"alert": "Sahel", "channel": "desk", "notices": ("n",), "at": moment}
    sent = Delivery(id="d", state="sent", **message)
    dead = Delivery(id="e", state="dead", error="it is gone", **message)
    health = SourceHealth(
        id="run/post.example",
        run="run",
        source=SOURCE,
        at=moment,
        requests=5,
        new=2,
        updated=1,
        refused=1,
        failed={"http-403": 1},
        pages=3,
        articles=2,
        fields={"title": 2},
        listings=(ListingHealth(url="https://post.example/feed", outcome=PageOutcome.FAILED, reason="timeout"),),
    )
    indices.index(index=STORIES, id="1", document=story.model_dump(mode="json", exclude_none=True))
    for index, records in ((NOTICES, (told, late)), (DELIVERIES, (sent, dead))):
        for one in records:
            indices.index(index=index, id=one.id, document=one.model_dump(mode="json", exclude_none=True))
    indices.index(index=HEALTH, id=health.id, document=health_document(health))
    indices.indices.refresh(index="*")
    return indices


def test_every_panel_shows_something_in_the_time_that_its_dashboard_opens_with(filled: Elasticsearch) -> None:
    empty = empty_panels(filled)
    assert [name for name in empty if not name.startswith("saved search")] == []
    assert "saved search: Russia military cooperation Africa" not in empty
    assert "saved search: Meetings and visits" not in empty
    assert "saved search: Disasters" in empty, "the check can tell"


def test_the_story_and_the_country_desk_follow_the_search_bar(filled: Elasticsearch) -> None:
    for kql, board, all_of_it in (
        ('story_id: "1"', "Story", True),
        ('story_id: "2"', "Story", False),
        ("countries: DZ and regions: Sahel and topics: elections and language: en", "Country desk", True),
        ("countries: FR", "Country desk", False),
    ):
        (panels,) = [len(found.panels) for found in DASHBOARDS if found.title == board]
        empty = [name for name in empty_panels(filled, kql=kql) if name.startswith(f"{board}: ")]
        assert len(empty) == (0 if all_of_it else panels), (kql, empty)


def test_stories_are_found_by_what_the_story_dashboard_asks_of_articles(filled: Elasticsearch) -> None:
    (board,) = [board for board in DASHBOARDS if board.title == "Story"]
    values = {"source.id": "post.example", "language": "en"}
    assert {control.field for control in board.controls} == set(values)
    for field, value in [*values.items(), ("story_id", "1")]:
        for index in (ALIAS, STORIES):
            assert filled.count(index=index, query={"term": {field: value}})["count"], (index, field)


def test_stories_of_an_older_version_get_the_fields_that_they_lack(es: Elasticsearch) -> None:
    es.indices.delete_index_template(name="wirewatch-stories")
    es.indices.create(index=STORIES, mappings={"properties": {"id": {"type": "keyword"}}})
    es.index(index=STORIES, id="1", document={"id": "1"}, refresh=True)
    init(es)
    assert es.count(index=STORIES, query={"term": {"story_id": "1"}})["count"] == 1


def test_a_panel_of_nothing_is_found_out(indices: Elasticsearch) -> None:
    boards = [f"{board.title}: {panel.title}" for board in DASHBOARDS for panel in board.panels]
    assert [name for name in empty_panels(indices) if not name.startswith("saved search")] == boards


def test_the_map_has_a_place_for_every_country_and_asks_nobody_for_its_ground() -> None:
    (found,) = [found for found in objects("visualization") if found["id"] == "wirewatch-articles-countries-on-the-map"]
    spec = json.loads(json.loads(found["attributes"]["visState"])["params"]["spec"])
    assert re.findall(r"https?://[^\"]*", json.dumps(spec)) == [spec["$schema"]]
    assert set(fields_of(spec["data"]["url"]["body"])) == {"countries"}
    grid, ground, countries = spec["layer"]
    assert grid["data"] == {"graticule": {"step": [30, 30]}}
    places = countries["transform"][0]["from"]["data"]["values"]
    lines = (ENRICHMENT / "countries.tsv").read_text(encoding="utf-8").splitlines()
    assert {line[:2] for line in lines if not line.startswith("#")} <= {place["code"] for place in places}
    assert len(ground["data"]["values"]) > 1000
    for place in [*places, *ground["data"]["values"]]:
        assert abs(place["lat"]) < 75 and abs(place["lon"]) <= 180


def test_a_panel_of_nested_objects_counts_only_those_it_is_about(filled: Elasticsearch) -> None:
    (panel,) = [panel for board in DASHBOARDS for panel in board.panels if panel.title == "Who meets whom"]
    assert isinstance(panel, Panel)
    answer = filled.search(index=ALIAS, **panel.request())["aggregations"]["events"]["such"]
    ((who,), (whom,)) = (answer["group0"]["buckets"], answer["group0"]["buckets"][0]["group1"]["buckets"])
    assert (who["key"], whom["key"], whom["doc_count"]) == ("country:RU", "country:DZ", 1)
    people = [group.only for group in panel.groups if isinstance(group, Terms)]
    assert people == ["country:.*", "country:.*"], "what people and organisations do is not in this matrix"


def test_what_a_panel_cannot_do_is_refused_and_not_left_out() -> None:
    event = Terms("events.type", "Event")
    for columns, more in (
        ((event,), {"kql": "language: en"}),
        ((Terms("countries", "Country"),), {"kql": "language: en", "shape": "map"}),
        ((event, Metric()), {}),
        ((Metric(),), {"where": {"a": ["b"]}}),
    ):
        with pytest.raises(ValueError, match=r"^A panel: "):
            Panel("A panel", ARTICLES, columns, **more)


def test_the_saved_search_without_copies_finds_no_copy(indices: Elasticsearch) -> None:
    for one in ({"id": "1"}, {"id": "2", "duplicate_of": "1"}):
        indices.index(index=ALIAS, id=one["id"], document=one, refresh=True)
    (found,) = [found for found in objects("search") if found["id"] == "wirewatch-articles-without-copies"]
    (kql,) = kql_of(found)
    hits = indices.search(index=ALIAS, query={"kql": {"query": kql}})["hits"]["hits"]
    assert [hit["_id"] for hit in hits] == ["1"]
