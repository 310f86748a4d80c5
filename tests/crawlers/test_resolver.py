"""Names lead to public addresses only."""

import socket
from unittest.mock import Mock

import pytest
from scrapy.settings import Settings
from twisted.internet.error import DNSLookupError

from crawlers.resolver import REFUSED, PublicResolver, is_localhost, is_public


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_all_others_are_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("name", "local"), [("localhost", 1), ("a.B.LOCALHOST.", 1), ("notlocalhost", 0), ("a.com", 0)]
)
def test_localhost_and_what_is_under_it_is_this_machine(name: str, local: int) -> None:
    assert is_localhost(name) == bool(local)


def resolver(**settings: object) -> PublicResolver:
    reactor = Mock()
    return PublicResolver.from_crawler(Mock(settings=Settings(settings | {"DNSCACHE_ENABLED": False})), reactor)


def test_localhost_is_refused_unless_allowed() -> None:
    failures: list[object] = []
    resolver().getHostByName("demo.localhost").addErrback(
        lambda failure: failures.append(failure.check(DNSLookupError))
    )
    assert failures == [DNSLookupError] and "demo.localhost" in REFUSED
    answers: list[str] = []
    resolver(WIREWATCH_ALLOW_PRIVATE=True).getHostByName("demo.localhost").addCallback(answers.append)
    assert answers == ["127.0.0.1"]


def test_a_public_name_with_a_private_address_is_refused() -> None:
    with pytest.raises(DNSLookupError, match=r"169\.254\.169\.254"):
        resolver()._checked("169.254.169.254", "rebinding.example.com")
    assert resolver()._checked("8.8.8.8", "example.com") == "8.8.8.8"


def test_the_proxy_of_the_operator_may_be_anywhere() -> None:
    assert resolver(WIREWATCH_PROXY="http://user:pw@proxy.lan:3128")._checked("10.0.0.9", "proxy.lan") == "10.0.0.9"


def test_registered_domains_are_known_without_asking_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    from url_matcher.util import get_domain

    get_domain.cache_clear()
    assert get_domain("https://www.example.co.uk/x") == "example.co.uk"
