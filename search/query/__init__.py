"""Search: what an analyst asks, in free words, in KQL or by an article, and why each article answers it.

A question (:mod:`search.query.question`) is what Elasticsearch is asked, with the filters; :func:`ask` answers it a
page at a time, :func:`all_hits` with all that there is.
"""

from __future__ import annotations

from search.query.answer import HIGHLIGHT, Concept, Copies, Count, Fold, Happened, Hit, Results, Sort, Suggestion, Told
from search.query.asking import all_hits, ask, get, like_article, search, search_kql
from search.query.export import MEDIA_TYPES, Format, written
from search.query.facets import FACETS, Facet
from search.query.filters import Filters
from search.query.folding import told
from search.query.hits import happened, label
from search.query.names import names_like
from search.query.question import Question, Unreadable, in_kql, in_words

__all__ = [
    "FACETS", "HIGHLIGHT", "MEDIA_TYPES", "Concept", "Copies", "Count", "Facet", "Filters", "Fold", "Format",
    "Happened", "Hit", "Question", "Results", "Sort", "Suggestion", "Told", "Unreadable", "all_hits", "ask", "get",
    "happened", "in_kql", "in_words", "label", "like_article", "names_like", "search", "search_kql", "told", "written",
]  # fmt: skip
