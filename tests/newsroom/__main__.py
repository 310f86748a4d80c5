"""Serve the demo newsroom until it is stopped: ``python -m tests.newsroom [--port N] [--edition 2]``."""

import argparse
import signal
import sys
import threading

from tests.newsroom.server import Newsroom
from wirewatch.errors import UserError


def main() -> int:
    """Serve, and print where."""
    parser = argparse.ArgumentParser(prog="python -m tests.newsroom", description="Small local news sites on loopback.")
    parser.add_argument("--port", type=int, help="0 takes a free one (default: WIREWATCH_NEWSROOM_PORT, else 8781)")
    parser.add_argument("--edition", type=int, choices=(1, 2), default=1, help="2 has edited and new articles")
    parser.add_argument("--slow", type=float, default=3.0, help="seconds that the slow article takes (default: 3)")
    parser.add_argument("--refuse", action="append", default=[], metavar="SITE", help="it answers with 403 only")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with Newsroom(options.port, options.edition, options.slow, refuse=options.refuse) as room:
            for site in room.sites.values():
                count = len(room.articles.get(site.id, []))
                print(f"{room.url(site.id):45} {site.name} ({site.language}, {site.country}), {count} articles")
            print(f"Catalogue: {room.sources}. Stop with Ctrl-C.", flush=True)
            stop.wait()
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
