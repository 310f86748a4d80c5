"""Putting the templates of :mod:`search.schema` where they are not as they are here."""

from __future__ import annotations

import hashlib
import json

from elasticsearch import AuthorizationException, Elasticsearch

from search import schema
from wirewatch.errors import UserError


def put_templates(client: Elasticsearch) -> None:
    """Put the templates that are not there as they are here: the pipeline's key may look at them, not change them.

    Raises:
        UserError: one is another, and we may not change it.
    """
    lenient = client.options(ignore_status=404)  # so it answers where there is none
    components = lenient.cluster.get_component_template(name="wirewatch-*")["component_templates"]
    indices = lenient.indices.get_index_template(name="wirewatch-*").get("index_templates", [])
    there = {found["name"]: found["component_template"].get("_meta") for found in components}
    there |= {found["name"]: found["index_template"].get("_meta") for found in indices}
    put = {"component": client.cluster.put_component_template, "index": client.indices.put_index_template}
    for kind in ("component", "index"):
        for name, body in schema.load(kind).items():
            digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
            if (there.get(name) or {}).get("sha256") == digest:
                continue
            try:
                put[kind](name=name, **body | {"_meta": {**body.get("_meta", {}), "sha256": digest}})
            except AuthorizationException:
                raise UserError(
                    f"The template {name} is not that of this Wirewatch, and only an administrator may change it: let "
                    "one run `wirewatch index init`."
                ) from None
