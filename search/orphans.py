"""Copies that outlive their original: where that is removed, one of them takes its place.

Otherwise they would be copies of nothing: left out wherever copies are, and no text would be found to be like theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from elasticsearch import Elasticsearch

from search.bulk import Sender, put
from search.client import AGAIN, PAGE, every
from wirewatch.errors import Unavailable


def adopt(client: Elasticsearch, index: str, going: dict[str, Any]) -> None:
    """Let the copies of originals that are about to be removed be copies of the first of them that stays.

    Args:
        index: where all articles are.
        going: the query of those that are about to be removed. It may be done again, also after some are removed.

    Raises:
        Unavailable: Elasticsearch does not take a copy now.
    """
    client.indices.refresh(index=index)
    sender = Sender(client)
    originals = {"bool": {"filter": [going], "must_not": [{"exists": {"field": "duplicate_of"}}]}}
    ids = (hit["_id"] for hit in every(client, index, originals, ["_doc"], source=False))
    while lot := list(islice(ids, PAGE)):
        for answer in sender.send(_adopted(client, index, lot, going)):
            if answer.reason and answer.status != 409:  # 409: it has another text by now
                raise Unavailable(f"Elasticsearch takes no article now ({answer.kind}: {answer.reason}). {AGAIN}")


def _adopted(
    client: Elasticsearch, index: str, originals: list[str], going: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    staying = {"bool": {"filter": [{"terms": {"duplicate_of": originals}}], "must_not": [going]}}
    heirs: dict[str, str] = {}
    for hit in every(client, index, staying, [{"first_seen": "asc"}, {"id": "asc"}], version=True):
        source = dict(hit["_source"])
        heir = heirs.setdefault(source.pop("duplicate_of"), hit["_id"])
        source |= {"original": heir} | ({} if heir == hit["_id"] else {"duplicate_of": heir})
        yield put(hit["_index"], hit["_id"], hit["_version"], source)
