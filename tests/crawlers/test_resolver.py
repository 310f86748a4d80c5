"""Names lead to public addresses only."""

import socket
from types import SimpleNamespace

import pytest
from scrapy.settings import Settings
from twisted.internet.address import IPv4Address, IPv6Address

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


def addresses(name: str, *answers: str, **settings: object) -> list[tuple[str, int]]:
    """What a name leads to where the system's resolver gives these answers."""

    class System:
        def resolveHostName(self, receiver, name, port=0, types=None, semantics="TCP"):
            receiver.resolutionBegan(self)
            for answer in answers:
                kind = IPv6Address if ":" in answer else IPv4Address
                receiver.addressResolved(kind("TCP", answer, port))
            receiver.resolutionComplete()
            return self

    class Receiver:
        def __init__(self) -> None:
            self.found: list[tuple[str, int]] = []
            self.complete = False

        def resolutionBegan(self, resolution: object) -> None:
            pass

        def addressResolved(self, address: IPv4Address | IPv6Address) -> None:
            self.found.append((address.host, address.port))

        def resolutionComplete(self) -> None:
            self.complete = True

    REFUSED.clear()
    receiver = Receiver()
    crawler = SimpleNamespace(settings=Settings(settings | {"DNSCACHE_ENABLED": False}))
    PublicResolver.from_crawler(crawler, SimpleNamespace(nameResolver=System())).resolveHostName(receiver, name, 80)
    assert receiver.complete
    return receiver.found


def test_localhost_is_refused_unless_allowed() -> None:
    assert addresses("demo.localhost") == [] and "demo.localhost" in REFUSED
    assert addresses("demo.localhost", WIREWATCH_ALLOW_PRIVATE=True) == [("127.0.0.1", 80)]


def test_only_the_public_addresses_of_a_name_are_connected_to() -> None:
    assert addresses("rebinding.example.com", "169.254.169.254", "fd00::1") == []
    assert "rebinding.example.com" in REFUSED
    assert addresses("example.com", "10.0.0.1", "8.8.8.8", "::1", "2606:4700::1111") == [
        ("8.8.8.8", 80),
        ("2606:4700::1111", 80),
    ]
    assert not REFUSED


def test_a_name_without_addresses_is_not_refused_but_unknown() -> None:
    assert addresses("nowhere.example.com") == [] and not REFUSED


def test_the_proxy_of_the_operator_may_be_anywhere() -> None:
    assert addresses("proxy.lan", "10.0.0.9", WIREWATCH_PROXY="http://user:pw@proxy.lan:3128") == [("10.0.0.9", 80)]


def test_registered_domains_are_known_without_asking_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    from url_matcher.util import get_domain

    get_domain.cache_clear()
    assert get_domain("https://www.example.co.uk/x") == "example.co.uk"
