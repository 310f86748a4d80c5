"""Component ``wirewatch_names``."""

from __future__ import annotations

from collections.abc import Iterator

from spacy.language import Language
from spacy.tokens import Doc, Span

from enrichment.names.candidates import after_titles, borrowed, own
from enrichment.names.capitals import capitalised
from enrichment.names.evidence import Sight
from enrichment.names.kinds import ORGANIZATION, PERSON, PLACE, UNCASED, place_kind
from enrichment.names.shown import as_shown, collect
from enrichment.names.spans import Candidate, names

KINDS = {"PER": PERSON, "PERSON": PERSON, "ORG": ORGANIZATION, "LOC": PLACE, "GPE": PLACE, "FAC": PLACE}
"""The recognisers' labels that matter here."""
LABELS = {PERSON: "PER", ORGANIZATION: "ORG", PLACE: "LOC"}
"""What they are called in ``doc.ents`` afterwards."""

for extension in ("people", "organizations", "places", "known_names"):
    if not Doc.has_extension(extension):
        Doc.set_extension(extension, default=())


class Names:
    """Sets ``doc.ents`` to the names in the text (``PER``, ``ORG``, ``LOC``), and ``doc._.people``,
    ``doc._.organizations`` and ``doc._.places``: tuples of names as the text writes them, the most frequent first.
    ``doc._.known_names`` (:class:`enrichment.known.Found`) is where known people and organisations stand in full.

    ``borrowed`` says that the pipeline's recogniser was made for another language.
    """

    def __init__(self, nlp: Language, borrowed: bool) -> None:
        self._nlp = nlp
        self.borrowed = borrowed

    def __call__(self, doc: Doc) -> Doc:
        """Finds and collects the names of one document."""
        language = (doc._.language if Doc.has_extension("language") else None) or doc.lang_
        sight = Sight(doc, language)
        found = names(sight, self._candidates(sight))
        doc._.known_names = tuple(sight.known)
        doc.ents = [Span(doc, one.start, one.end, label=LABELS[one.kind]) for one in found]
        shown = (as_shown(one.kind, sight.shown(one.start, one.end), language) for one in found)
        counted = collect((name for name in shown if name), lambda name: place_kind(name, language) is not None)
        doc._.people = counted[PERSON]
        doc._.organizations = counted[ORGANIZATION]
        doc._.places = counted[PLACE]
        return doc

    def _candidates(self, sight: Sight) -> Iterator[Candidate]:
        if sight.language in UNCASED and "ner" not in self._nlp.pipe_names:
            return after_titles(sight)
        if "ner" not in self._nlp.pipe_names:
            return capitalised(sight)
        marked = [
            Candidate(ent.start, ent.end, KINDS[ent.label_], 0.0) for ent in sight.doc.ents if ent.label_ in KINDS
        ]
        return borrowed(sight, marked) if self.borrowed else own(sight, marked)


@Language.factory(
    "wirewatch_names",
    assigns=["doc.ents", "doc._.people", "doc._.organizations", "doc._.places", "doc._.known_names"],
    default_config={"borrowed": False},
)
def make_names(nlp: Language, name: str, borrowed: bool) -> Names:
    """The factory of :class:`Names`."""
    return Names(nlp, borrowed)
