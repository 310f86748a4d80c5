"""Why the articles of notices matched, as messages say it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from elasticsearch import Elasticsearch

from search.alerts.matching import Why, why
from search.alerts.store import Kept
from wirewatch.errors import UserError
from wirewatch.records import Cited, Notice

log = logging.getLogger(__name__)

EXPLAINED = 3
"""Articles of a notice whose matching is explained: it is dear."""
AT_ONCE = 200
"""Articles explained in one request."""


class Reasons:
    """What was found out during a delivery, each once."""

    def __init__(self, client: Elasticsearch) -> None:
        self.client = client
        self._known: dict[tuple[str, str], Why] = {}
        """By the alert's name and the article's id."""

    def look_up(self, kept: Kept, notices: Sequence[Notice]) -> None:
        """Find out why the first articles of an alert's notices matched."""
        name = kept.alert.name
        ids = [article.id for notice in notices for article in notice.articles[:EXPLAINED]]
        left = [id for id in dict.fromkeys(ids) if (name, id) not in self._known]
        for start in range(0, len(left), AT_ONCE):
            some = left[start : start + AT_ONCE]
            try:
                found = why(self.client, kept, some)
            except UserError as error:  # the query was broken since
                log.warning("Why the alert %s matched cannot be said: %s", name, error)
                found = {}
            self._known.update(((name, id), found.get(id, Why((), ()))) for id in some)

    def explained(self, notice: Notice) -> tuple[Cited, ...]:
        """The notice's articles, with why they matched where that is known."""
        reasons = ((article, self._known.get((notice.alert, article.id))) for article in notice.articles)
        return tuple(
            article.model_copy(update={"why": found.pieces, "concepts": found.concepts}) if found else article
            for article, found in reasons
        )
