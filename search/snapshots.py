"""Snapshots: copies of all that Wirewatch has in Elasticsearch, in a folder that the cluster can reach.

A snapshot holds what changed since the one before, so taking one every night costs little. What the indices are made
from, the batches, lies elsewhere (``WIREWATCH_BATCHES``) and has a backup of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from elasticsearch import ApiError, AuthorizationException, Elasticsearch

from search.client import connect, plain_errors, reason
from search.indices import OURS
from wirewatch.errors import UserError
from wirewatch.records import now
from wirewatch.settings import get_settings
from wirewatch.words import how_many

REPOSITORY = "wirewatch"
DAY = 24 * 3600


class NoRepository(UserError):
    """The cluster is not set up to keep snapshots in any folder."""


@dataclass(frozen=True)
class Snapshot:
    """A snapshot that was taken."""

    name: str
    taken: datetime
    complete: bool
    """Whether every index is in it whole."""
    indices: tuple[str, ...]


def daily(*, dry_run: bool = False, client: Elasticsearch | None = None) -> str:
    """Take the snapshot of the day (UTC) unless it is there, and remove all but as many as ``keep.snapshots`` says.

    Args:
        dry_run: only say what would be done.
        client: instead of the one that the settings name.

    Returns:
        What was done, in words; or why there are no snapshots: none are wanted, the cluster has no folder for them, or
        who asks has no right to take them.

    Raises:
        UserError: as :func:`snapshot` does.
    """
    keep = get_settings().keep.snapshots
    if not keep:
        return "no snapshot: WIREWATCH_KEEP__SNAPSHOTS is 0"
    client = client or connect()
    with plain_errors():
        try:
            _open(client)
        except NoRepository as error:
            return f"no snapshot: {error}"
        except AuthorizationException:
            return (
                "no snapshot: who asks has no right to take one, as the pipeline's key has not. Let the cron of an "
                f"administrator start `wirewatch snapshot --keep {keep}`"
            )
    before = snapshots(client=client)
    today = [found for found in before if found.complete and found.name.startswith(f"{now():%Y%m%d}t")]
    if dry_run:
        return f"{0 if today else 1} to be taken, {len(before)} there, {keep} kept"
    if today:
        with plain_errors():
            _remove_old(client, before, keep)
    else:
        snapshot(keep=keep, client=client)
    after = snapshots(client=client)
    gone = [found.name for found in before if found not in after]
    return f"{len(after)} there, the last {after[-1].name}; {len(gone)} removed{''.join(f', {name}' for name in gone)}"


def snapshot(*, keep: int | None = None, client: Elasticsearch | None = None) -> Snapshot:
    """Take a snapshot of all indices of Wirewatch, and wait until it is complete.

    Args:
        keep: how many of the complete snapshots stay, the latest first; without a number all.
        client: instead of the one that the settings name.

    Raises:
        UserError: Elasticsearch cannot write to the folder, or an index could not be copied whole.
    """
    client = client or connect()
    with plain_errors():
        _open(client)
        name = f"{now():%Y%m%dt%H%M%Sz}"
        _patient(client).snapshot.create(
            repository=REPOSITORY,
            snapshot=name,
            indices=OURS,
            include_global_state=False,
            feature_states=["none"],
            wait_for_completion=True,
        )
        taken = snapshots(client=client)
        (made,) = (found for found in taken if found.name == name)
        if not made.complete:
            raise UserError(f"The snapshot {name} is not complete: an index could not be read. Look at its health.")
        if keep is not None:
            _remove_old(client, taken, max(1, keep))
    return made


def _remove_old(client: Elasticsearch, there: list[Snapshot], keep: int) -> None:
    """Remove all before the first of the complete ones that stay; with them those that never became complete."""
    staying = [found for found in there if found.complete][-keep:]
    for old in there[: there.index(staying[0])]:
        _patient(client).snapshot.delete(repository=REPOSITORY, snapshot=old.name)


def snapshots(*, client: Elasticsearch | None = None) -> list[Snapshot]:
    """The snapshots that there are, the latest last.

    Raises:
        UserError: Elasticsearch cannot read the folder.
    """
    client = client or connect()
    with plain_errors():
        _open(client)
        found = client.snapshot.get(repository=REPOSITORY, snapshot="*", sort="start_time")["snapshots"]
    return [
        Snapshot(
            name=one["snapshot"],
            taken=datetime.fromisoformat(one["start_time"]),
            complete=one["state"] == "SUCCESS",
            indices=tuple(sorted(one["indices"])),
        )
        for one in found
    ]


def restore(name: str | None = None, *, replace: bool = False, client: Elasticsearch | None = None) -> Snapshot:
    """Make the indices of Wirewatch what they were when a snapshot was taken. Searches find nothing until it is done.

    Args:
        name: of the snapshot; without one the latest complete one.
        replace: whether indices with something in them may be deleted for it.
        client: instead of the one that the settings name.

    Raises:
        UserError: there is no such snapshot, there are indices with something in them, or not all could be restored.
    """
    client = client or connect()
    with plain_errors():
        chosen = _chosen(snapshots(client=client), name)
        there = sorted(client.indices.get(index=OURS, expand_wildcards="all", features="aliases"))
        filled = [index for index in there if client.count(index=index)["count"]]
        if filled and not replace:
            raise UserError(
                f"These indices have something in them: {', '.join(filled)}. `wirewatch restore --replace` deletes "
                "them, and puts what the snapshot has in their place."
            )
        try:
            # Reads what the folder says of each index: some damages are found before it is too late.
            _patient(client).snapshot.status(repository=REPOSITORY, snapshot=chosen.name)
        except ApiError as error:
            raise UserError(
                f"The snapshot {chosen.name} cannot be read ({reason(error)}): its folder is damaged. "
                "Nothing was deleted."
            ) from None
        for index in there:
            client.indices.delete(index=index)
        restored = _patient(client).snapshot.restore(
            repository=REPOSITORY,
            snapshot=chosen.name,
            indices=OURS,
            include_global_state=False,
            wait_for_completion=True,
        )
        if failed := restored["snapshot"]["shards"]["failed"]:
            raise UserError(
                f"{how_many(failed, 'part')} of the snapshot {chosen.name} could not be read: the folder is damaged. "
                "Restore another one with --replace, or put the folder back from a copy."
            )
    return chosen


def _chosen(found: list[Snapshot], name: str | None) -> Snapshot:
    complete = {one.name: one for one in found if one.complete}
    if not complete:
        raise UserError("There is no complete snapshot. `wirewatch snapshot` takes one.")
    if name is None:
        return list(complete.values())[-1]
    if name not in complete:
        raise UserError(f"There is no complete snapshot {name}. There are: {', '.join(complete)}.")
    return complete[name]


def _open(client: Elasticsearch) -> None:
    """Tell Elasticsearch where the snapshots lie, and let it see whether it can write there."""
    folder = get_settings().elasticsearch.snapshots
    try:
        client.snapshot.create_repository(
            name=REPOSITORY, repository={"type": "fs", "settings": {"location": folder, "compress": True}}
        )
    except AuthorizationException:
        raise
    except ApiError as error:
        if "path.repo because this setting is empty" in reason(error):
            raise NoRepository(
                "Elasticsearch has no folder for snapshots. Its setting path.repo names one, on a disk that all its "
                "nodes share"
            ) from None
        raise UserError(
            f"Elasticsearch cannot keep snapshots in {folder} ({reason(error)}). It allows the folders that its "
            "setting path.repo names, on a disk that all its nodes share; the local node allows the one in "
            "WIREWATCH_ELASTICSEARCH__SNAPSHOTS from its next start on."
        ) from None


def _patient(client: Elasticsearch) -> Elasticsearch:
    """A client that waits a day for an answer, and asks only once."""
    return client.options(request_timeout=DAY, max_retries=0)
