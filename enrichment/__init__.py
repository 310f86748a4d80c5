"""Enrichment: what an article is about, by spaCy pipelines with components of our own, one file each."""
