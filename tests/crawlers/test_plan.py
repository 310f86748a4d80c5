"""Groups are sharded by site."""

from crawlers.plan import Group, plan
from wirewatch.sources import Source


def source(domain: str) -> Source:
    return Source(name=domain, domain=domain, country="DZ", languages=("fr",), feeds=(f"https://{domain}/feed",))


DOMAINS = [f"paper{n}.com" for n in range(20)] + ["afrique.example.co.uk", "www.example.co.uk", "example.org"]


def test_every_source_is_in_one_group_and_no_site_in_two() -> None:
    groups = plan([source(domain) for domain in DOMAINS], 4)
    assert sorted(s.domain for group in groups for s in group.sources) == sorted(DOMAINS)
    (together,) = [group for group in groups if any("example.co.uk" in s.domain for s in group.sources)]
    assert {"afrique.example.co.uk", "www.example.co.uk"} <= {s.domain for s in together.sources}


def test_groups_are_of_about_the_same_size() -> None:
    sizes = [len(group.sources) for group in plan([source(domain) for domain in DOMAINS], 4)]
    assert max(sizes) - min(sizes) <= 2


def test_the_order_of_the_catalogue_does_not_matter() -> None:
    sources = [source(domain) for domain in DOMAINS]
    assert plan(sources, 3) == plan(sources[::-1], 3)


def test_there_are_no_empty_groups() -> None:
    assert [group.name for group in plan([source("a.com"), source("b.com")], 5)] == ["g00", "g01"]
    assert plan([], 5) == []


def test_sites_of_the_demo_count_as_sites_though_they_share_localhost() -> None:
    assert len(plan([source("one.localhost"), source("two.localhost")], 2)) == 2


def test_a_group_survives_json_as_airflow_hands_it_on() -> None:
    (group,) = plan([source("a.com")], 1)
    assert Group.model_validate(group.model_dump(mode="json")) == group
