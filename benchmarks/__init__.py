"""Measurements of quality and speed, each a command that prints tables: ``python -m benchmarks.replay``."""
