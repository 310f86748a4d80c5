"""Migration: indices of articles by the present schema, built beside those of an older one, which they then replace.

Searches go on all the while, and so does indexing, but for the last moments: the old indices then take no more
articles, what was written to them meanwhile is copied, and one request moves the alias. What is refused in these
moments is tried again by :mod:`search.index`, and goes to the new index.

It can be killed at any point, and goes on from there when it is run again. All it has to remember stands in
``wirewatch-migrations``: of each index the sequence number up to which its changes are copied. A document is copied
with its version, so copying it twice is as copying it once. Two migrations at once notice each other: one gives up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from elasticsearch import ConflictError, Elasticsearch, NotFoundError

from search import schema
from search.bulk import TOO_BUSY, Answer, Sender, pauses, put
from search.client import AGAIN, connect, every, plain_errors
from search.duplicates import Copies, Text
from search.indices import ALIAS, MIGRATIONS, create, index_of, older, standing, year_of
from search.retention import remove_replaced
from search.templates import put_templates
from wirewatch.errors import UserError
from wirewatch.words import how_many

LOT = 500
"""Documents copied at once."""
_WHILE_BUILT: dict[str, Any] = {
    "index.refresh_interval": "-1",
    "index.auto_expand_replicas": False,
    "index.number_of_replicas": 0,
}
_FROM_NOW_ON = {
    f"index.{name}": schema.load("component")["wirewatch-articles-settings"]["template"]["settings"]["index"][name]
    for name in ("refresh_interval", "auto_expand_replicas")
}

Progress = Callable[[int, int | None], None]


def migrate(*, client: Elasticsearch | None = None, progress: Progress | None = None) -> list[str]:
    """Bring the articles into indices of the present schema, and remove the old ones that were kept long enough.

    Args:
        client: instead of the one that the settings name.
        progress: told how many articles are copied, and of how many.

    Returns:
        The indices that were replaced. They are kept for the setting ``keep_replaced_days``; the first
        :func:`search.indices.init` after that removes them.

    Raises:
        UserError: Elasticsearch does not answer or refuses, or an article does not fit into the new schema. What was
            built until then is kept for the next time, and the old indices go on as before.
    """
    client = client or connect()
    before = standing(client)
    for _ in steps(client, progress):
        pass
    return sorted(before.keys() - standing(client).keys())


def steps(client: Elasticsearch, progress: Progress | None = None) -> Iterator[str]:
    """The work of :func:`migrate`, told after each step by its name: ``made``, ``copied`` (again and again),
    ``linked``, ``blocked``, ``caught up``, ``replaced`` and ``cleaned``. Whoever stops listening has interrupted it.
    """
    with plain_errors():
        put_templates(client)
        create(client, MIGRATIONS)
        remove_replaced(client, standing(client))
        olds = older(client)
        if olds:
            builds = [_build(client, old) for old in olds]
            yield "made"
            yield from _copied(client, builds, progress)
            news = [build.new for build in builds]
            _link(client, news)
            yield "linked"
            try:
                for old in olds:
                    # Answers when no write is under way any more.
                    client.indices.add_block(index=old, block="write")
                yield "blocked"
                for build in builds:
                    for _ in build.copy():
                        pass
                _link(client, news)
                yield "caught up"
                for build in builds:
                    build.settle()
                    build.check()
                if older(client) != olds:
                    raise UserError("Old indices were made or removed meanwhile. Run this again.")
                client.indices.update_aliases(
                    actions=[
                        *({"remove": {"index": build.old, "alias": ALIAS, "must_exist": True}} for build in builds),
                        *({"add": {"index": build.new, "alias": ALIAS}} for build in builds),
                    ]
                )
            finally:
                # Where it ends here, whatever the reason, articles go to the old indices as before; unless another
                # migration has taken over and needs them closed.
                for build in builds:
                    if build.old in standing(client) and build.is_ours():
                        client.indices.put_settings(index=build.old, settings={"index.blocks.write": None})
            yield "replaced"
        remove_replaced(client, standing(client))
        yield "cleaned"


def _copied(client: Elasticsearch, builds: list[_Build], progress: Progress | None) -> Iterator[str]:
    total, done = sum(client.count(index=build.old)["count"] for build in builds), 0
    for build in builds:
        for number in build.copy():
            done += number
            if progress:
                progress(min(done, total), total)
            yield "copied"


@dataclass
class _Build:
    """An index of the present schema under construction, and how far it has come."""

    sender: Sender
    old: str
    new: str
    shards: list[int]
    """Of each shard of the old index the sequence number up to which all changes are copied."""
    between: list[str]
    at: dict[str, Any] = field(default_factory=dict)
    """Where the state was when it was read: nobody else may have changed it since."""

    def copy(self) -> Iterator[int]:
        """Copy what was written to the old index since the last time, and say after each lot how many it were. Ends
        when little or nothing is left.
        """
        client = self.sender.client
        while True:
            whole = _whole(client, self.old)
            client.indices.refresh(index=self.old)
            behind = sum(whole) - sum(self.shards)
            for shard, last in enumerate(whole):
                for hits in _lots(self._changes(shard, last)):
                    self._write(hits)
                    self._save(shard, hits[-1]["sort"][0])
                    yield len(hits)
                self._save(shard, last)
            if behind <= LOT:
                return

    def _changes(self, shard: int, last: int) -> Iterator[dict[str, Any]]:
        """The documents of a shard that were written since, in the order they were."""
        since = {"range": {"_seq_no": {"gt": self.shards[shard], "lte": last}}}
        return every(
            self.sender.client, self.old, since, ["_seq_no"], version=True, size=LOT, preference=f"_shards:{shard}"
        )

    def _write(self, hits: list[dict[str, Any]]) -> None:
        waiting = {hit["_id"]: put(self.new, hit["_id"], hit["_version"], _renewed(hit)) for hit in hits}
        for pause in pauses():
            busy: Answer | None = None
            for answer in self.sender.send(list(waiting.values())):
                if answer.status == TOO_BUSY:
                    busy = answer
                elif answer.reason and answer.status != 409:
                    raise UserError(
                        f"The article {answer.id} of {self.old} does not fit into {self.new}: {answer.kind}: "
                        f"{answer.reason}. Nothing is lost, and all goes on with the old index. {AGAIN}"
                    )
                else:
                    del waiting[answer.id]
            if busy is None:
                return
            pause(busy)

    def _save(self, shard: int, copied: int) -> None:
        self.shards[shard] = max(copied, self.shards[shard])
        self.at = _save(self.sender.client, self)

    def is_ours(self) -> bool:
        """Whether no other migration works on it now."""
        try:
            self.at = _save(self.sender.client, self)
        except UserError:
            return False
        return True

    def check(self) -> None:
        """See that the new index has what the old one has; what was deleted there meanwhile is deleted here."""
        client = self.sender.client
        client.indices.refresh(index=[self.old, self.new])
        if self.shards != _sequence(client, self.old, "max_seq_no"):
            raise UserError(f"{self.old} was written to while it was closed. Nothing is lost. {AGAIN}")
        if self._counts_differ():
            for hits in _lots(every(client, self.new, {"match_all": {}}, [{"id": "asc"}])):
                ids = {hit["_id"] for hit in hits}
                kept = client.search(index=self.old, query={"ids": {"values": list(ids)}}, size=LOT, source=False)
                gone = ids - {hit["_id"] for hit in kept["hits"]["hits"]}
                for _ in self.sender.send({"_op_type": "delete", "_index": self.new, "_id": id} for id in gone):
                    pass
            client.indices.refresh(index=self.new)
            if counts := self._counts_differ():
                raise UserError(
                    f"{self.old} has {how_many(counts[0], 'article')} and its copy {self.new} {counts[1]}. The old "
                    f"one stays. Delete {self.new} and run this again."
                )

    def _counts_differ(self) -> tuple[int, int] | None:
        old, new = (int(self.sender.client.count(index=name)["count"]) for name in (self.old, self.new))
        return (old, new) if old != new else None

    def settle(self) -> None:
        """Give the new index the settings that it is searched with."""
        client = self.sender.client
        client.indices.put_settings(index=self.new, settings=_FROM_NOW_ON)
        client.cluster.health(index=self.new, wait_for_no_initializing_shards=True, wait_for_status="yellow")


def _renewed(hit: dict[str, Any]) -> dict[str, Any]:
    """An article as the present schema has it. Before version 5 one that was in no story had no ``story_id``."""
    source: dict[str, Any] = hit["_source"]
    return {"story_id": hit["_id"]} | source


def _build(client: Elasticsearch, old: str) -> _Build:
    """Begin to build the new version of an index, or go on."""
    year = year_of(old)
    if year is None:
        raise UserError(f"The alias {ALIAS} has the index {old}, which is none of ours: take it out of the alias.")
    new = index_of(year)
    create(client, new, settings=_WHILE_BUILT)
    found = client.indices.get_settings(index=[old, new], name="index.uuid")
    between = [found[name]["settings"]["index"]["uuid"] for name in (old, new)]
    build = _Build(Sender(client), old, new, [-1] * len(_whole(client, old)), between)
    try:
        state = client.get(index=MIGRATIONS, id=new)
    except NotFoundError:
        build.at = {"op_type": "create"}
    else:
        build.at = {"if_seq_no": state["_seq_no"], "if_primary_term": state["_primary_term"]}
        # Somebody may have deleted or restored one of the two.
        if state["_source"]["between"] == between:
            build.shards = state["_source"]["copied"]
    build.at = _save(client, build)
    return build


def _save(client: Elasticsearch, build: _Build) -> dict[str, Any]:
    state = {"from": build.old, "between": build.between, "copied": build.shards}
    try:
        saved = client.index(index=MIGRATIONS, id=build.new, document=state, **build.at)
    except ConflictError:
        raise UserError("Another migration is under way: this one leaves the work to it.") from None
    return {"if_seq_no": saved["_seq_no"], "if_primary_term": saved["_primary_term"]}


def _whole(client: Elasticsearch, index: str) -> list[int]:
    """Of each shard the sequence number up to which no change is missing in any copy of it."""
    return _sequence(client, index, "global_checkpoint")


def _sequence(client: Elasticsearch, index: str, which: str) -> list[int]:
    stats = client.indices.stats(index=index, level="shards")["indices"][index]["shards"]
    primaries = {
        int(number): copy["seq_no"][which]
        for number, copies in stats.items()
        for copy in copies
        if copy["routing"]["primary"]
    }
    return [primaries[number] for number in sorted(primaries)]


def _lots(hits: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rest = iter(hits)
    while lot := list(islice(rest, LOT)):
        yield lot


def _link(client: Elasticsearch, indices: list[str]) -> None:
    """Link the articles that come from before there were links to copies, those first that were indexed first."""
    sender, searched = Sender(client), ",".join(indices)
    copies = Copies(client, searched)
    copies.refresh()
    unlinked = {"bool": {"must_not": {"exists": {"field": "original"}}}}
    hits = every(client, searched, unlinked, [{"indexed": "asc"}, {"id": "asc"}], version=True, size=LOT)
    for lot in _lots(hits):
        documents = [hit["_source"] for hit in lot]
        links = copies.link(documents, {document["id"]: Text.of(document) for document in documents})
        for answer in sender.send(
            put(hit["_index"], hit["_id"], hit["_version"], hit["_source"] | links[hit["_id"]]) for hit in lot
        ):
            if answer.reason:
                raise UserError(f"Elasticsearch takes no article now ({answer.kind}: {answer.reason}). {AGAIN}")
        copies.refresh()
