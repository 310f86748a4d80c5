"""Articles to enrich, made in a line."""

from wirewatch.records import Article, SourceRef, article_id, content_version, now


def article(title: str, body: str, lead: str | None = None, language: str | None = None, path: str = "a") -> Article:
    url = f"https://paper.example/{path}"
    return Article(
        id=article_id(url),
        url=url,
        source=SourceRef(id="paper.example", name="The Paper", country="FR"),
        title=title,
        lead=lead,
        body=body,
        language=language,
        first_seen=now(),
        fetched=now(),
        version=content_version(title, lead, body),
    )
