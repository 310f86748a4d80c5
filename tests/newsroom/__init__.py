"""The demo newsroom: small local news sites on loopback that behave like real ones.

``python -m tests.newsroom`` serves them until it is stopped; in code::

    with Newsroom(port=0) as room:
        room.url("maghreb-matin")  # http://maghreb-matin.localhost:<port>/
        room.sources  # folder of catalogue files for that port

All texts under ``articles/`` were written for Wirewatch; people quoted in them are invented unless they hold a public
office, and so are the quotes.
"""

from tests.newsroom.server import Newsroom
from tests.newsroom.sites import Site, load_sites
from tests.newsroom.texts import Article, load_articles

__all__ = ["Article", "Newsroom", "Site", "load_articles", "load_sites"]
