"""Elasticsearch: the schema, indexing, search, alerts, Kibana's objects and the local node.

Nothing else in the project imports Elasticsearch.
"""
