"""Who may do what in Elasticsearch and Kibana: one role, and one API key of it, for each kind of work.

Nobody has more than the work needs. What is left to the administrator (the user ``elastic``, or one with the cluster
privileges ``manage_security`` and ``manage_index_templates``): templates, migrations, snapshots, roles and keys.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from search.client import connect, plain_errors
from search.health.history import INDEX as HEALTH
from search.indices import ALERTS, ALIAS, DELIVERIES, KIBANA_ALERTS, NOTICES, STORIES
from search.kibana.connection import SPACE
from wirewatch.errors import UserError

GRACE = timedelta(hours=24)
"""How long a replaced key still works: until it is replaced wherever it is used."""

_ARTICLES = [ALIAS, "wirewatch-articles-*"]
_GREETING = "cluster:monitor/main"
"""What every client asks first: name and version of the cluster. The privilege ``monitor`` would show far more."""
_READ = ["read", "view_index_metadata"]


def _kibana(*privileges: str) -> list[dict[str, Any]]:
    features = [f"feature_{privilege}" for privilege in privileges]
    return [{"application": "kibana-.kibana", "privileges": features, "resources": [f"space:{SPACE}"]}]


ROLES: dict[str, dict[str, Any]] = {
    "pipeline": {
        # Looks whether the templates are those of this version; cannot change them, as they reach beyond our indices.
        "cluster": [_GREETING, "cluster:admin/component_template/get", "indices:admin/index_template/get"],
        "indices": [
            {
                "names": [ALIAS, "wirewatch-*"],
                # Documents, fields, a new year's index under the alias and an old one's end; no other management.
                "privileges": [
                    *(*_READ, "write", "maintenance", "create_index", "delete_index"),
                    *("indices:admin/mapping/put", "indices:admin/aliases"),
                ],
            }
        ],
        # Looks for saved searches with the tag `alert`, and at the data views that they are about.
        "applications": _kibana("discover_v2.read", "indexPatterns.read", "savedObjectsTagging.read"),
    },
    "analyst": {
        "cluster": [_GREETING],
        "indices": [
            {"names": [*_ARTICLES, STORIES, ALERTS, NOTICES, DELIVERIES], "privileges": _READ},
            {"names": [KIBANA_ALERTS], "privileges": ["create_doc"]},
        ],
        "applications": _kibana(
            *("discover_v2.all", "dashboard_v2.all", "visualize_v2.all", "maps_v2.all", "savedQueryManagement.all"),
            *("savedObjectsTagging.all", "stackAlerts.all", "actions.read", "indexPatterns.read"),
        ),
    },
    "operator": {
        "cluster": ["monitor"],
        "indices": [
            {"names": [HEALTH, DELIVERIES], "privileges": _READ},
            # How large and how well the others are, not what they say.
            {"names": [ALIAS, "wirewatch-*"], "privileges": ["monitor", "view_index_metadata"]},
        ],
        "applications": _kibana("discover_v2.read", "dashboard_v2.read", "visualize_v2.read", "indexPatterns.read"),
    },
}
"""What each kind of work needs, as Elasticsearch writes it. In Kibana a user is given the role ``wirewatch-<name>``."""


@dataclass(frozen=True)
class Key:
    """An API key that was just made. Elasticsearch keeps a hash of it, and nobody else anything."""

    role: str
    id: str
    encoded: str = field(repr=False)
    """What goes into ``WIREWATCH_ELASTICSEARCH__API_KEY``."""


def setup(client: Elasticsearch | None = None, *, keys_for: Collection[str] = tuple(ROLES)) -> Iterator[Key]:
    """Put the roles, and make a key for each of ``keys_for`` that has none; doing it again changes nothing.

    Keys that are there already get the rights that this version of their role has.

    Yields:
        Each new key as soon as it exists: this is the only chance to tell it to somebody.

    Raises:
        UserError: Elasticsearch does not answer, or refuses because we are no administrator.
    """
    client = client or connect()
    with plain_errors():
        for role, rights in ROLES.items():
            client.security.put_role(name=_name(role), **rights)
        for role in ROLES:
            in_force = _in_force(client, role)
            for key in in_force:
                _update(client, key, role_descriptors=_descriptors(role))
            if role in keys_for and not in_force:
                yield _create(client, role)


def lacking(role: str, client: Elasticsearch) -> list[str]:
    """What those whom the client logs in may not do, of what the work of a role needs.

    Raises:
        UserError: Elasticsearch does not answer.
    """
    needs = ROLES[role]
    indices = [{name: one[name] for name in ("names", "privileges")} for one in needs["indices"]]
    with plain_errors():
        answer = client.security.has_privileges(cluster=needs["cluster"], index=indices)
    missing = {name for name, has in answer["cluster"].items() if not has}
    missing |= {name for rights in answer["index"].values() for name, has in rights.items() if not has}
    return sorted(missing)


def keep(role: str, file: Path) -> bool:
    """Keep a key of a role in a file, which only its owner may read: the one that is there if it is in force, else a
    new one, for :data:`GRACE` beside those that the role has.

    Returns:
        Whether it is a new one.

    Raises:
        UserError: as :func:`rotate` does.
    """
    client = connect()
    with plain_errors():
        kept = _id(file.read_text()) if file.exists() else None
        if any(key["id"] == kept for key in _in_force(client, role)):
            return False
    for key in rotate(role, client=client):
        new = file.with_name(f"{file.name}.new")
        new.touch(0o600)
        new.write_text(key.encoded)
        new.replace(file)
    return True


def rotate(role: str, *, grace: timedelta = GRACE, client: Elasticsearch | None = None) -> Iterator[Key]:
    """Make another key of a role; those that it has end after ``grace``, or earlier if that was decided before.

    Yields:
        The new key, before the old ones are touched.

    Raises:
        UserError: there is no such role, Elasticsearch does not answer, or it refuses.
    """
    if role not in ROLES:
        raise UserError(f"There is no role {role}. There are: {', '.join(ROLES)}.")
    client = client or connect()
    with plain_errors():
        old = _active(client, role)
        yield _create(client, role)
        if not grace and old:
            client.security.invalidate_api_key(ids=[key["id"] for key in old])
            return
        end = datetime.now(UTC) + grace
        for key in old:
            if key.get("expiration", float("inf")) > end.timestamp() * 1000:
                _update(client, key, expiration=f"{int(grace.total_seconds())}s")


def _name(role: str) -> str:
    return f"wirewatch-{role}"


def _descriptors(role: str) -> dict[str, Any]:
    return {_name(role): ROLES[role]}


def _active(client: Elasticsearch, role: str) -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = client.security.get_api_key(name=_name(role), active_only=True)["api_keys"]
    return keys


def _in_force(client: Elasticsearch, role: str) -> list[dict[str, Any]]:
    return [key for key in _active(client, role) if "expiration" not in key]


def _id(encoded: str) -> str | None:
    """The id of a key; None of what is none."""
    try:
        return base64.b64decode(encoded).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return None


def _create(client: Elasticsearch, role: str) -> Key:
    log = logging.getLogger("elastic_transport.node")  # its DEBUG lines quote whole answers
    level = log.level
    log.setLevel(logging.INFO)
    try:
        made = client.security.create_api_key(name=_name(role), role_descriptors=_descriptors(role))
    finally:
        log.setLevel(level)
    return Key(role, made["id"], made["encoded"])


def _update(client: Elasticsearch, key: dict[str, Any], **change: Any) -> None:
    try:
        client.security.update_api_key(id=key["id"], **change)
    except NotFoundError:
        raise UserError(
            f"The key {key['id']} ({key['name']}) was made by the user {key['username']}, who alone can change it. Do "
            "this as that user, or replace it at once: `wirewatch security rotate "
            f"{key['name'].removeprefix('wirewatch-')} --hours 0`."
        ) from None
