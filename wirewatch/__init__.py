"""Wirewatch: the kernel that crawlers, enrichment and search share.

It holds the records that flow between the stages, the settings, the batches on any file system, the
catalogue of sources and the crawl state. It imports nothing of the project's other folders, except in
the command line (:mod:`wirewatch.cli`).
"""

__version__ = "0.1.0"
