"""People, organisations and places of a text: ``doc.ents`` and ``doc._.people``, ``organizations``, ``places``.

What may be a name comes from the pipeline's recogniser, or, in a pipeline without one, from how it is written
(:mod:`.candidates`, :mod:`.capitals`, :mod:`.uncased`); places and known people and organisations are found in the text
of any language. All that speaks for a kind is weighed (:mod:`.evidence`, :mod:`.spans`). For people to read, articles,
titles and job titles are trimmed or left out (:mod:`.shown`). The words for that are in ``data/names.yml``,
``data/name_kinds.yml`` and ``data/name_titles.yml``.
"""

from enrichment.names.cleaning import clean
from enrichment.names.component import KINDS, Names

__all__ = ["KINDS", "Names", "clean"]
