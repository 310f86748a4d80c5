"""A question as somebody puts it, understood by enrichment and answered by the index."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from threading import Lock
from typing import Literal

from elasticsearch import Elasticsearch
from pydantic import Field

from enrichment import known, sound, suggest
from enrichment import query as enrichment
from search import query as index
from search.query import Filters, Fold, Question, Results, Sort, Suggestion, Unreadable
from wirewatch.records import Meaning

LITTLE = 3
"""Articles found, below which another spelling of a name is looked for whatever words they have."""
SUGGESTIONS = 3


class Asked(Filters):
    """What is asked, in one of three ways, and what every hit must have."""

    q: str | None = Field(None, max_length=2000)
    """Free words in any language."""
    kql: str | None = Field(None, max_length=10_000)
    """KQL, as in Kibana."""
    similar: str | None = Field(None, max_length=2000)
    """An article (its address, its id or the first digits of that) that the hits are to be like."""
    sort: Sort = "relevance"
    fold: Fold | None = None
    """What is shown as one hit; by itself the copies of one text, and in KQL nothing."""
