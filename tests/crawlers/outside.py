"""A newsroom that the crawling process takes for a part of the internet."""

OUTSIDE = "127.0.0.9"
"""An address of this machine that :func:`as_if_outside` has taken for one of the internet."""


def as_if_outside(**addresses: str) -> str:
    """Code for the start of the crawling process, after which these names have these addresses.

    The names take the place of a name server's answers, and :data:`OUTSIDE` that of a public address. All the rest is
    as it is in use, so that what the crawler refuses of this machine and its networks, it refuses for real.
    """
    return f"""
import socket

NAMES = {addresses!r}
def getaddrinfo(host, *args, real=socket.getaddrinfo, **kwargs):
    return real(NAMES.get(host, host), *args, **kwargs)
socket.getaddrinfo = getaddrinfo  # before anybody takes a copy

import crawlers.resolver as resolver

resolver.is_public = lambda ip, real=resolver.is_public: ip == {OUTSIDE!r} or real(ip)
resolver.is_localhost = lambda name, real=resolver.is_localhost: name not in NAMES and real(name)
"""
