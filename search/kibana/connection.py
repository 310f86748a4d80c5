"""How Kibana is spoken to: as whom, and by whose certificate it is believed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import requests

from wirewatch.errors import UserError
from wirewatch.settings import get_settings

SPACE = "wirewatch"
"""The id of the space that everything is put into."""


@contextmanager
def session() -> Iterator[requests.Session]:
    """A session in which Kibana is asked as the user, or with the key, with which Elasticsearch is.

    Raises:
        UserError: there is no such certificate as ``WIREWATCH_KIBANA_CA`` names.
    """
    settings = get_settings()
    if settings.kibana_ca and not settings.kibana_ca.is_file():
        raise UserError(f"WIREWATCH_KIBANA_CA={settings.kibana_ca} is no file: name the authority's certificate (PEM).")
    with requests.Session() as kibana:
        if settings.kibana_ca:
            kibana.trust_env = False  # else REQUESTS_CA_BUNDLE has the last word
            kibana.verify = str(settings.kibana_ca)
        kibana.headers["kbn-xsrf"] = "true"
        given = settings.elasticsearch
        if given.api_key:
            kibana.headers["Authorization"] = f"ApiKey {given.api_key.get_secret_value()}"
        elif given.user and given.password:
            kibana.auth = (given.user, given.password.get_secret_value())
        yield kibana
