"""Every saved object has the shape that Kibana 9.4 takes, and refers to what is there."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest

from tests.search.kibana.reading import lens_columns, objects, vega_url

TEXTS = {"title": str, "description": str}
SOURCE = {"kibanaSavedObjectMeta": dict}
SHAPES: dict[str, tuple[str, dict[str, type]]] = {
    "index-pattern": (
        "8.0.0",
        {"title": str, "name": str, "timeFieldName": str, "allowNoIndex": bool}
        | dict.fromkeys(("fieldAttrs", "fieldFormatMap", "sourceFilters"), str),
    ),
    "search": (
        "10.5.0",
        TEXTS | SOURCE | {"columns": list, "sort": list, "grid": dict, "hideChart": bool, "isTextBasedQuery": bool},
    ),
    "lens": ("8.9.0", TEXTS | {"visualizationType": str, "state": dict}),
    "visualization": ("8.5.0", TEXTS | SOURCE | {"version": int, "visState": str, "uiStateJSON": str}),
    "dashboard": (
        "8.9.0",
        TEXTS
        | SOURCE
        | {"panelsJSON": str, "optionsJSON": str, "timeRestore": bool, "timeFrom": str, "timeTo": str}
        | {"refreshInterval": dict, "controlGroupInput": dict},
    ),
    "tag": ("8.0.0", {"name": str, "description": str, "color": str}),
}
"""By type: the version that it is written at, and its attributes; Kibana refuses unknown ones."""
JSON_TEXTS = ("JSON", "fieldAttrs", "fieldFormatMap", "sourceFilters", "visState")


def ids(found: dict[str, Any]) -> str:
    return f"{found['type']}-{found['id']}"


@pytest.mark.parametrize("found", objects(), ids=ids)
def test_a_saved_object_has_the_shape_of_its_type(found: dict[str, Any]) -> None:
    version, attributes = SHAPES[found["type"]]
    assert found["typeMigrationVersion"] == version
    assert found["coreMigrationVersion"] == "8.8.0"
    said = {name: type(value) for name, value in found["attributes"].items()}
    if found["type"] == "search" and "timeRestore" in said:
        attributes = attributes | {"timeRestore": bool, "timeRange": dict}
    if found["id"] == "wirewatch-alerts" and found["type"] == "index-pattern":  # all of them, at any time
        attributes = {name: kind for name, kind in attributes.items() if name != "timeFieldName"}
    assert said == attributes
    assert set(found) == {"type", "id", "attributes", "references", "coreMigrationVersion", "typeMigrationVersion"}
    texts = dict(found["attributes"])
    for name in ("kibanaSavedObjectMeta", "controlGroupInput"):
        texts |= texts.get(name, {})
    for name, value in texts.items():
        if name.endswith(JSON_TEXTS):
            json.loads(value)


def test_ids_are_our_own_and_each_is_there_once() -> None:
    named = [(found["type"], found["id"]) for found in objects()]
    assert len(named) == len(set(named))
    assert all(id.startswith("wirewatch-") for _, id in named)


def test_whatever_is_referred_to_is_imported_before_what_refers_to_it() -> None:
    there: set[tuple[str, str]] = set()
    for found in objects():
        names = [ref["name"] for ref in found["references"]]
        assert len(names) == len(set(names))
        assert {(ref["type"], ref["id"]) for ref in found["references"]} <= there
        there.add((found["type"], found["id"]))


def test_the_desks_are_there_with_their_tag_sorted_by_relevance_then_time() -> None:
    desks = [found for found in objects("search") if "wirewatch-desk" in {ref["id"] for ref in found["references"]}]
    titles = [found["attributes"]["title"] for found in desks]
    assert "Russia military cooperation Africa" in titles and len(titles) >= 10
    assert all(found["attributes"]["sort"] == [["_score", "desc"], ["published", "desc"]] for found in desks)


def test_what_may_be_old_opens_on_five_years() -> None:
    ever = {"from": "now-5y", "to": "now"}
    for found in objects("search"):
        if "wirewatch-desk" in {ref["id"] for ref in found["references"]}:
            assert found["attributes"]["timeRestore"] is True
            assert found["attributes"]["timeRange"] == ever
    boards = {found["attributes"]["title"]: found["attributes"] for found in objects("dashboard")}
    for title in ("Story", "Country desk"):
        assert boards[title]["timeRestore"] is True
        assert {"from": boards[title]["timeFrom"], "to": boards[title]["timeTo"]} == ever


def test_a_chart_of_lens_has_its_layer_and_draws_columns_that_it_has() -> None:
    for found in objects("lens"):
        state = found["attributes"]["state"]
        (name,) = state["datasourceStates"]["formBased"]["layers"]
        assert [ref["name"] for ref in found["references"]] == [f"indexpattern-datasource-layer-{name}"]
        columns = state["datasourceStates"]["formBased"]["layers"][name]["columns"]
        drawn = set(_accessors(state["visualization"]))
        assert drawn == set(columns), found["id"]
        buckets = [column["isBucketed"] for column in lens_columns(found)]
        assert buckets == sorted(buckets, reverse=True), "groups before numbers"
        for column in columns.values():
            if column["operationType"] == "terms":
                assert not columns[column["params"]["orderBy"]["columnId"]]["isBucketed"]


def _accessors(visualization: Any) -> list[str]:
    """The columns that a visualization names."""
    if isinstance(visualization, dict):
        return [name for value in visualization.values() for name in _accessors(value)]
    if isinstance(visualization, list):
        return [name for value in visualization for name in _accessors(value)]
    return [visualization] if str(visualization).startswith(("group", "number")) else []


def test_a_chart_of_vega_takes_part_in_the_time_range_and_the_controls() -> None:
    for found in objects("visualization"):
        url = vega_url(found)
        assert url["%context%"] is True and url["%timefield%"]
        assert "query" not in url["body"], "Kibana refuses a query beside the dashboard's own"


@pytest.mark.parametrize("found", objects("dashboard"), ids=ids)
def test_the_panels_of_a_dashboard_are_found_and_do_not_overlap(found: dict[str, Any]) -> None:
    references = {ref["name"]: ref for ref in found["references"]}
    panels = json.loads(found["attributes"]["panelsJSON"])
    places = []
    for panel in panels:
        assert references.pop(f"{panel['panelIndex']}:{panel['panelRefName']}")["type"] == panel["type"]
        place = panel["gridData"]
        assert place["i"] == panel["panelIndex"] and place["x"] + place["w"] <= 48
        places.append((place["x"], place["y"], place["x"] + place["w"], place["y"] + place["h"]))
    for (left, top, right, bottom), (x, y, to_x, to_y) in combinations(places, 2):
        assert to_x <= left or right <= x or to_y <= top or bottom <= y
    controls = json.loads(found["attributes"]["controlGroupInput"]["panelsJSON"])
    for name in controls:
        assert references.pop(f"controlGroup_{name}:optionsListDataView")["type"] == "index-pattern"
    assert {ref["type"] for ref in references.values()} == {"tag"}


def test_the_five_dashboards_are_there_and_each_control_of_the_country_desk() -> None:
    found = {found["attributes"]["title"]: found["attributes"] for found in objects("dashboard")}
    assert list(found) == ["Newsroom today", "Country desk", "Source health", "Story", "Alerts"]
    controls = json.loads(found["Country desk"]["controlGroupInput"]["panelsJSON"]).values()
    assert [control["explicitInput"]["fieldName"] for control in controls] == [
        "countries",
        "regions",
        "topics",
        "language",
    ]


def test_codes_are_shown_as_names_links_can_be_followed_and_pictures_are_seen() -> None:
    (articles,) = [found["attributes"] for found in objects("index-pattern") if found["id"] == "wirewatch-articles"]
    formats = json.loads(articles["fieldFormatMap"])
    assert {"key": "DZ", "value": "Algeria"} in formats["countries"]["params"]["lookupEntries"]
    assert {"key": "fr", "value": "French"} in formats["language"]["params"]["lookupEntries"]
    assert formats["url"]["id"] == "url" and formats["images.url"]["params"]["type"] == "img"
    story = formats["story_id"]["params"]["urlTemplate"]
    assert "/view/wirewatch-story?" in story and "wirewatch-story" in {found["id"] for found in objects("dashboard")}
    assert json.loads(articles["fieldAttrs"])["lead"]["customDescription"].startswith("Standfirst")
