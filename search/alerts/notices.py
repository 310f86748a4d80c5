"""The notices of alerts: made of what a run brought, one for an alert and a story, and changed without losing anything.

Doing the same once more changes nothing. Who asks alerts does so in turn, but notices are marked and renamed meanwhile,
and nothing of that is lost: a notice is written only where it is still as it was read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from elasticsearch import Elasticsearch, helpers

from search.alerts.schedule import when
from search.alerts.store import Kept
from search.client import every, failure
from search.indices import ALIAS, NOTICES
from wirewatch.errors import UserError
from wirewatch.records import Cited, Notice, notice_id, now

CITED = 20
"""Articles that a notice tells of; of the others it has the ids."""
LOT = 500
"""Notices read and written at once."""
TERMS = 10_000
"""Ids that one query asks for; Elasticsearch takes 65,536."""

Change = Callable[[str, Notice | None], Sequence[Notice]]
"""From the id of a notice, and the notice if there is one, to what is to be written: nothing where it stays as it is;
the notice itself last, and before it others that must be there first."""


class Book:
    """What the alerts have to tell of a run, story by story.

    Only one at a time may be open: of two, each might read before the other's outlet or notice was there, and what
    waits for more outlets would wait for ever.
    """

    def __init__(self, client: Elasticsearch, run: str, alerts: Mapping[str, Kept]) -> None:
        self.client, self.run, self.alerts = client, run, alerts
        self.moment: datetime = now()
        client.indices.refresh(index=[ALIAS, NOTICES])
        self._story: dict[str, str] = {}
        self._outlets: defaultdict[str, set[str]] = defaultdict(set)
        self._read_stories()
        self._standing: dict[tuple[str, str], str] = {}
        self._waiting: dict[str, tuple[Kept, str]] = {}
        self._read_notices()
        self._found: dict[str, tuple[Kept, str, list[dict[str, Any]]]] = {}

    def add(self, kept: Kept, hits: Iterable[dict[str, Any]]) -> None:
        """Note what an alert has found."""
        stories: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for hit in hits:
            stories[hit["_source"].get("story_id", hit["_id"])].append(hit)
        for story, found in stories.items():
            id = self._standing.get((kept.alert.name, story)) or notice_id(kept.alert.name, story)
            *_, before = self._found.get(id, ((),))
            self._found[id] = kept, story, [*before, *found]
        if len(self._found) >= LOT:
            self.write()

    def announce(self, kept: Kept, notice: Notice) -> None:
        """Write a notice of what is no story, unless there is one already."""
        fresh = notice.model_copy(update={"run": self.run, **self._due(kept)})
        announce(self.client, fresh)

    def write(self) -> None:
        """Write the notices of what was noted."""
        change(self.client, self._found, self._told)
        self._found = {}

    def wake(self) -> None:
        """Tell what waited for more outlets and is reported by enough of them now, whatever those say."""
        change(self.client, self._waiting, self._woken)

    def _read_stories(self) -> None:
        """Which articles tell the stories that the run's articles tell, and in which outlets."""
        of_run = every(self.client, ALIAS, {"term": {"run": self.run}}, ["id"], source_includes=["story_id"])
        for some in _lots((hit["_source"].get("story_id", hit["_id"]) for hit in of_run), TERMS):
            theirs, facts = {"terms": {"story_id": sorted(set(some))}}, ["story_id", "source.id"]
            for hit in every(self.client, ALIAS, theirs, ["id"], source_includes=facts):
                self._story[hit["_id"]] = hit["_source"]["story_id"]
                self._outlets[hit["_source"]["story_id"]].add(hit["_source"]["source"]["id"])

    def _read_notices(self) -> None:
        """Which notices tell of these stories already. One was perhaps written under the id of a story that became part
        of an older one since: what they have in common is an article."""
        facts = ["alert", "state", "members"]
        for some in _lots(self._story, TERMS):
            of_these = {"bool": {"filter": [{"term": {"kind": "new"}}, {"terms": {"members": some}}]}}
            for hit in every(self.client, NOTICES, of_these, [{"created": "asc"}, "id"], source_includes=facts):
                name, kept = hit["_source"]["alert"], self.alerts.get(hit["_source"]["alert"])
                for story in {self._story[id] for id in hit["_source"]["members"] if id in self._story}:
                    self._standing.setdefault((name, story), hit["_id"])
                    if kept and not kept.paused and hit["_source"]["state"] == "waiting":
                        self._waiting[hit["_id"]] = kept, story

    def _told(self, id: str, before: Notice | None) -> list[Notice]:
        kept, story, hits = self._found[id]
        cited = [_cited(hit) for hit in sorted(hits, key=_age)]
        after = self._ready(_with(before or self._new(id, kept, story, cited[0]), cited), kept, story)
        if after == before:
            return []
        return [*developing(after, kept, self.moment, self.run), after]

    def _new(self, id: str, kept: Kept, story: str, first: Cited) -> Notice:
        told = {"alert": kept.alert.name, "story": story, "title": first.title, "url": first.url}
        return Notice(id=id, created=self.moment, state="waiting", run=self.run, **told)

    def _woken(self, id: str, before: Notice | None) -> list[Notice]:
        kept, story = self._waiting[id]
        after = before and self._ready(before, kept, story)
        return [after] if after and after != before else []

    def _ready(self, notice: Notice, kept: Kept, story: str) -> Notice:
        """The notice, due if it waited and enough outlets report the story."""
        if notice.state != "waiting" or len(self._outlets[story] | set(notice.sources)) < kept.alert.sources:
            return notice
        return notice.model_copy(update=self._due(kept))

    def _due(self, kept: Kept) -> dict[str, Any]:
        return _due(kept, self.moment, self.run)


def developing(notice: Notice, kept: Kept, moment: datetime, run: str) -> list[Notice]:
    """The notice that tells a story once more, where it was told before it was as big as the alert wants for that."""
    grown = kept.alert.developing
    told = notice.size if notice.told_size is None else notice.told_size
    if not grown or (notice.kind, notice.state) != ("new", "told") or not told < grown <= notice.size:
        return []
    id = notice_id(notice.id, notice.story, "developing")  # the first one's id stays when the alert is renamed
    again = {"id": id, "kind": "developing", "created": moment, "run": run, "told_size": None}
    return [notice.model_copy(update=again | _due(kept, moment, run))]


def _due(kept: Kept, moment: datetime, run: str) -> dict[str, Any]:
    """When a notice is sent that an alert makes at that moment, and with which others."""
    if kept.is_muted(moment):
        return {"state": "muted", "due": None, "slot": ""}
    due, slot = when(kept.alert, moment, run)
    return {"state": "due", "due": due, "slot": f"{kept.id} {slot}"}


def change(client: Elasticsearch, ids: Collection[str], how: Change) -> list[Notice]:
    """Change notices, or make them; returns those that were written.

    Raises:
        UserError: Elasticsearch does not take one.
    """
    written: list[Notice] = []
    for lot in _lots(ids, LOT):
        left = lot
        while left:
            others: dict[str, Notice] = {}
            own: dict[str, tuple[Notice, dict[str, Any]]] = {}
            for found in client.mget(index=NOTICES, ids=left)["docs"]:
                is_there = found["found"]
                wanted = how(found["_id"], notice_of(found["_source"]) if is_there else None)
                if wanted:
                    *first, last = wanted
                    others.update((one.id, one) for one in first)
                    own[last.id] = last, _as_read(found) if is_there else {"_op_type": "create"}
            created = _write(client, {id: (one, {"_op_type": "create"}) for id, one in others.items()})
            changed = _write(client, own)
            written += [others[id] for id in created] + [own[id][0] for id in changed]
            # Another process has written these meanwhile: they are read once more.
            left = [id for id in own if id not in changed]
    return written


def announce(client: Elasticsearch, notice: Notice) -> Notice | None:
    """Write a notice, unless there is one of its id already: None then."""
    return next(iter(change(client, [notice.id], lambda _, before: [] if before else [notice])), None)


def notice_of(source: Mapping[str, Any]) -> Notice:
    """A notice as the index has it."""
    return Notice.model_validate(source)


def _with(notice: Notice, cited: Iterable[Cited]) -> Notice:
    """The notice with articles more. Those that it has already are as they were when they were found."""
    new = {article.id: article for article in cited if article.id not in notice.members}
    members = (*notice.members, *new)
    outlets = dict.fromkeys((*notice.sources, *(article.source.id for article in new.values())))
    articles = (*notice.articles, *new.values())[:CITED]
    return notice.model_copy(
        update={"articles": articles, "members": members, "size": len(members), "sources": tuple(outlets)}
    )


def _cited(hit: Mapping[str, Any]) -> Cited:
    source = hit["_source"]
    facts = {name: source.get(name) for name in ("title", "url", "source", "language", "published")}
    return Cited.model_validate({"id": hit["_id"], **facts})


def _age(hit: Mapping[str, Any]) -> tuple[str, str]:
    source = hit["_source"]
    return source.get("published") or source.get("first_seen") or "", hit["_id"]


def _as_read(found: Mapping[str, Any]) -> dict[str, Any]:
    return {"_op_type": "index", "if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}


def _write(client: Elasticsearch, notices: Mapping[str, tuple[Notice, dict[str, Any]]]) -> set[str]:
    """Write notices; returns the ids of those that were, the others are another process's."""
    actions = (
        {"_index": NOTICES, "_id": id, "_source": notice.model_dump(mode="json", exclude_none=True), **how}
        for id, (notice, how) in notices.items()
    )
    done = set()
    for ok, item in helpers.streaming_bulk(client, actions, raise_on_error=False, max_retries=5):
        answer = next(iter(item.values()))
        if ok:
            done.add(answer["_id"])
        elif answer["status"] != 409:
            raise UserError(f"Elasticsearch does not take a notice: {failure(answer['error'])}")
    return done


def _lots(ids: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(ids)
    while some := list(islice(rest, size)):
        yield some
