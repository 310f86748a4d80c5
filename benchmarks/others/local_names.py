"""Lets every Python tool reach ``*.localhost``, which not every system resolves."""

from __future__ import annotations

import socket
from typing import Any

_ask = socket.getaddrinfo


def _answer(host: Any, *args: Any, **named: Any) -> Any:
    return _ask("127.0.0.1" if str(host).endswith(".localhost") else host, *args, **named)


socket.getaddrinfo = _answer
