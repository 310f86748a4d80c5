"""What may be a name, from what a recogniser marks and from how it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from enrichment.names.capitals import capitalised
from enrichment.names.evidence import Sight
from enrichment.names.kinds import ORGANIZATION, PERSON, PLACE, is_title
from enrichment.names.spans import Candidate
from enrichment.names.uncased import titled

_WARY = {ORGANIZATION: 0.9, PERSON: 2.0, PLACE: 2.0}
TRUST = {"en": _WARY, "ru": _WARY}
"""What a recogniser's mark weighs where it is not :data:`MARK`. Much that these call an organisation is none: something
else must speak for it."""
MARK = 2.5
BORROWED_MARK = 1.5
"""Of a recogniser that was made for another language."""


UNSEEN = 0.7
"""What a guess weighs at most, where even a recogniser saw no name."""


def own(sight: Sight, marked: Sequence[Candidate]) -> Iterator[Candidate]:
    """What a recogniser marks, and what it left out of words with capitals."""
    trust = TRUST.get(sight.language, {})
    for one in marked:
        yield one._replace(weight=trust.get(one.mark or "", MARK))
    if sight.is_cased:
        by_token = _by_token(marked)
        for one in capitalised(sight):
            if _is_announced(sight, one) and not _over(one, by_token):
                yield one._replace(weight=min(one.weight, UNSEEN))


def _is_announced(sight: Sight, one: Candidate) -> bool:
    """Whether it has several words, or a title or "city" or the like before it."""
    before = sight.folded[one.start - 1] if one.start else ""
    return one.end - one.start > 1 or is_title(before, sight.language) or before in sight.words.nouns


def borrowed(sight: Sight, marked: Sequence[Candidate]) -> Iterator[Candidate]:
    """Words with capitals, with the kinds that a recogniser for another language gives them."""
    by_token = _by_token(marked)
    for one in capitalised(sight):
        over = _over(one, by_token)
        mark = over.mark if over else one.mark
        yield one._replace(mark=mark, weight=BORROWED_MARK if over else min(one.weight, UNSEEN))


def _by_token(marked: Iterable[Candidate]) -> dict[int, Candidate]:
    return {i: one for one in marked for i in range(one.start, one.end)}


def _over(one: Candidate, by_token: dict[int, Candidate]) -> Candidate | None:
    return next((by_token[i] for i in range(one.start, one.end) if i in by_token), None)


def after_titles(sight: Sight) -> Iterator[Candidate]:
    """What stands after titles, in scripts without capitals."""
    for start, end in titled(sight.raw, sight.language):
        span = sight.doc.char_span(start, end, alignment_mode="expand")
        if span is not None:
            yield Candidate(span.start, span.end, PERSON, MARK)
