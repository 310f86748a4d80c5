"""Names to addresses, public ones only: what a site sends must not make us ask hosts of the network we run in."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from scrapy.resolver import CachingHostnameResolver, HostResolution
from twisted.internet.address import IPv4Address

REFUSED: set[str] = set()
"""Names that led to an address that is not public. Twisted turns every error of a resolver into "not found", so the
reason is kept here; one process has one reactor and one resolver."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet: not private, loopback, link-local, reserved or multicast."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        # 64:ff9b::/96 (RFC 6052) carries any IPv4 address through a translator.
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
    return ip.is_global and not ip.is_multicast


def is_localhost(name: str) -> bool:
    """Whether a name always means this machine (RFC 6761, 6.3)."""
    name = name.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


class PublicResolver(CachingHostnameResolver):
    """Scrapy's resolver of IPv4 and IPv6, which gives public addresses only and keeps ``*.localhost`` on this machine.

    The check is made on the very addresses that are then connected to, so a name that changes its answer gains nothing.
    The proxy of the settings may be anywhere: the operator chose it. With a proxy it is the proxy that looks up names
    of sites, and so the proxy that has to refuse.
    """

    allow_private = False
    proxy: str | None = None

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> PublicResolver:
        """Scrapy's constructor."""
        resolver: PublicResolver = super().from_crawler(crawler, reactor)
        resolver.allow_private = crawler.settings.getbool("WIREWATCH_ALLOW_PRIVATE")
        resolver.proxy = urlsplit(crawler.settings.get("WIREWATCH_PROXY") or "").hostname
        return resolver

    def resolveHostName(
        self,
        resolutionReceiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Any = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        """Tell the receiver the public addresses of a name; none is taken for "not found"."""
        free = self.allow_private or hostName == self.proxy
        receiver: Any = resolutionReceiver if free else PublicOnly(resolutionReceiver, hostName)
        if not is_localhost(hostName):
            return super().resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)
        resolution = HostResolution(hostName)
        receiver.resolutionBegan(resolution)
        receiver.addressResolved(IPv4Address("TCP", "127.0.0.1", portNumber))
        receiver.resolutionComplete()
        return resolution


class PublicOnly:
    """Hands on the public ones of the addresses that a name has.

    Args:
        receiver: gets them.
        name: is noted in :data:`REFUSED` if it has others only.
    """

    def __init__(self, receiver: Any, name: str) -> None:
        self.receiver, self.name = receiver, name
        self.given = self.refused = 0

    def resolutionBegan(self, resolution: Any) -> None:
        """The first thing that a resolver says."""
        self.receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:
        """One of the addresses."""
        if is_public(address.host):
            self.given += 1
            self.receiver.addressResolved(address)
        else:
            self.refused += 1

    def resolutionComplete(self) -> None:
        """The last thing that a resolver says."""
        if self.refused and not self.given:
            REFUSED.add(self.name)
        self.receiver.resolutionComplete()
