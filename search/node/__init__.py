"""The local Elasticsearch node."""

from search.node.node import Node, NodeStatus

__all__ = ["Node", "NodeStatus"]
