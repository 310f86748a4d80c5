"""A local Elasticsearch node for one benchmark, empty and apart from the one that may run here."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from elasticsearch import Elasticsearch

from search.node import Node
from wirewatch.settings import get_settings


@contextmanager
def own_node() -> Iterator[Node]:
    """The node, started, with its data in a folder of its own; both are gone afterwards."""
    server = get_settings().node_home or Node(get_settings()).install()
    with tempfile.TemporaryDirectory(prefix="wirewatch-benchmark-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # the node's user must get through
        node = Node(get_settings().model_copy(update={"home": home, "node_home": server}))
        try:
            node.start()
            yield node
        finally:
            node.stop()


@contextmanager
def client_of(node: Node) -> Iterator[Elasticsearch]:
    """A client of the node."""
    url, user, password = node.connection()
    with Elasticsearch(url, basic_auth=(user, password), ca_certs=str(node.ca)) as client:
        yield client


def empty(client: Elasticsearch) -> None:
    """Remove every index of ours."""
    for name in client.indices.get(index="wirewatch-*"):
        client.indices.delete(index=name)
