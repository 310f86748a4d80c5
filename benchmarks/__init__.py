"""Quality and speed of the whole and of each part, each a command that prints tables: ``python -m benchmarks.replay``."""
