"""Libraries that log the addresses they ask, in which tokens stand."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

TALKERS = ("apprise", "urllib3", "requests_oauthlib", "oauthlib")


@contextmanager
def silence() -> Iterator[None]:
    """Nothing that these libraries log gets anywhere while the block lasts."""
    loggers = [logging.getLogger(name) for name in TALKERS]
    before = [(logger.propagate, logger.handlers, logger.level) for logger in loggers]
    try:
        for logger in loggers:
            logger.propagate, logger.handlers = False, [logging.NullHandler()]
        yield
    finally:
        for logger, (propagate, handlers, level) in zip(loggers, before, strict=True):
            logger.propagate, logger.handlers = propagate, handlers
            logger.setLevel(level)
