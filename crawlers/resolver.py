"""Names to addresses, public ones only: what a site sends must not make us ask hosts of the network we run in."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from scrapy.resolver import CachingThreadedResolver
from twisted.internet import defer
from twisted.internet.error import DNSLookupError

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


class PublicResolver(CachingThreadedResolver):
    """Scrapy's resolver (IPv4), which refuses addresses that are not public and keeps ``*.localhost`` on this machine.

    The check is made on the very address that is then connected to, so a name that changes its answer gains nothing.
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

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> defer.Deferred[str]:
        """The IPv4 address of a name, or a DNSLookupError."""
        answer = defer.succeed("127.0.0.1") if is_localhost(name) else super().getHostByName(name, timeout)
        return answer.addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        if self.allow_private or name == self.proxy or is_public(address):
            return address
        REFUSED.add(name)
        raise DNSLookupError(f"{name} is at {address}, which is not a public address")
