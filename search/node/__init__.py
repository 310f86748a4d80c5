"""The local Elasticsearch node."""

from search.node.supervisor import Node, NodeStatus

__all__ = ["Node", "NodeStatus"]
