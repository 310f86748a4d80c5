"""An article as spaCy sees it: one text of title, lead and body, and where each of them ends."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

import enrichment.language  # noqa: F401 - its extensions of Doc
from enrichment.names import clean
from wirewatch.records import Article

LONGEST = 100_000
"""Characters of an article that are read; hardly an article has more, and what an article is about is said before."""
OPENING = 400
"""Characters of the body that stand for the lead where there is none."""

Doc.set_extension("headline_end", default=0, force=True)
Doc.set_extension("opening_end", default=OPENING, force=True)
Doc.set_extension("published", default=None, force=True)


def document(nlp: Language, article: Article) -> Doc:
    """The article's text, tokenised by ``nlp``.

    ``doc._.headline_end`` is the offset where title and lead end, ``doc._.opening_end`` the one where what stands for
    the whole article (title and lead, or title and first :data:`OPENING` characters) ends. ``doc._.published`` is when
    it was published (UTC), as far as known. ``doc._.language`` is the article's if extraction found it in the text;
    what an older batch has is what the page names: ``doc._.language_hint``.
    """
    headline = "\n\n".join(part for part in (clean(article.title), clean(article.lead or "")) if part)
    body = clean(article.body)
    doc = nlp.make_doc("\n\n".join(part for part in (headline, body) if part)[:LONGEST])
    doc._.headline_end = min(len(headline), LONGEST)
    doc._.opening_end = doc._.headline_end + (0 if article.lead else OPENING)
    doc._.published = article.published
    doc._.language_hint = article.language
    doc._.language = article.language if "language" in article.origins else None
    return doc
