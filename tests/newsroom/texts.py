"""The articles of the newsroom: ``articles/<site>/<slug>.yml``, one file each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from wirewatch.errors import UserError

FOLDER = Path(__file__).parent / "articles"
MORE = Path(__file__).parent / "more"
"""The articles of the sites that are not in the demo."""
FIRST, LAST = datetime(2023, 2, 6, tzinfo=UTC), datetime(2023, 3, 4, tzinfo=UTC)
"""Between these lie all dates, so that every test can say which window it looks at."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Image(_Strict):
    """The photo of an article; the server draws it."""

    caption: str
    credit: str


class Edit(_Strict):
    """What an article says from the second edition on; what is absent stays as it was."""

    title: str | None = None
    lead: str | None = None
    body: str | None = None
    modified: AwareDatetime | None = None


class Article(_Strict):
    """One article of one site."""

    site: str
    slug: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    title: str
    lead: str | None = None
    authors: tuple[str, ...] = ()
    published: AwareDatetime
    modified: AwareDatetime | None = None
    section: str
    """In the site's language."""
    tags: tuple[str, ...] = ()
    image: Image | None = None
    body: str
    """Paragraphs between blank lines; ``## `` starts a sub-heading; a line ``---`` starts the next page."""
    same_as: str | None = None
    """``<site>/<slug>`` of the wire story whose text this is."""
    desk: dict[str, str] = {}
    """What the site's own desk changed in that text: the words of the wire, and those in their place."""
    live: bool = False
    """A live blog: each sub-heading is ``HH:MM headline`` and starts one update."""
    paywalled: bool = False
    """Only the first two paragraphs are served."""
    edition: int = Field(default=1, ge=1, le=2)
    """The first edition that has it."""
    edited: Edit | None = None

    @model_validator(mode="after")
    def _dates(self) -> Self:
        for moment in (self.published, self.changed, self.edited and self.edited.modified):
            if moment and not FIRST <= moment < LAST:
                raise ValueError(f"{moment} is not between 2023-02-06 and 2023-03-03")
        if self.changed < self.published:
            raise ValueError("modified before it was published")
        return self

    @property
    def changed(self) -> datetime:
        """When the text was last touched."""
        return self.modified or self.published

    @property
    def pages(self) -> list[list[tuple[str, str]]]:
        """The text page by page, as (tag, text) pairs, the tag being ``p`` or ``h2``."""
        pages: list[list[tuple[str, str]]] = [[]]
        for block in self.body.split("\n\n"):
            text = " ".join(block.split())
            if text == "---":
                pages.append([])
            elif text:
                pages[-1].append(("h2", text[3:]) if text.startswith("## ") else ("p", text))
        return pages

    @property
    def paragraphs(self) -> list[str]:
        """The text without sub-headings."""
        return [text for page in self.pages for tag, text in page if tag == "p"]

    def in_edition(self, edition: int) -> Article | None:
        """What the site carries in that edition: None before the article appears."""
        if edition < self.edition:
            return None
        if edition == 1 or self.edited is None:
            return self
        changes = self.edited.model_dump(exclude_none=True)
        changes.setdefault("modified", self.changed + timedelta(hours=3))
        return self.model_copy(update=changes)


def load_articles(folder: Path = FOLDER) -> dict[str, list[Article]]:
    """The articles by site, newest first.

    Raises:
        UserError: a file is wrong; the message names file and field.
    """
    raw: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.glob("*/*.yml")):
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise UserError(f"{file} is not valid YAML: {error}") from None
        if not isinstance(content, dict):
            raise UserError(f"{file} must be a mapping with title, published, section and body.")
        raw[f"{file.parent.name}/{file.stem}"] = content
    articles: dict[str, list[Article]] = {}
    for name, own in raw.items():
        site, slug = name.split("/")
        if original := own.get("same_as"):
            if "body" in own or "same_as" in raw.get(original, {"same_as": ""}):
                raise UserError(f"{name}: same_as must name an article with a text of its own, and replaces the body.")
            own = {k: raw[original][k] for k in raw[original].keys() - {"edited", "edition"}} | own
            for wire, desk in own.get("desk", {}).items():
                if wire not in own["body"]:
                    raise UserError(f"{name}: desk changes words that the wire story does not have: {wire!r}.")
                own["body"] = own["body"].replace(wire, desk).strip()
        try:
            article = Article(site=site, slug=slug, **own)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise UserError(f"Article {name}: {wrong}") from None
        articles.setdefault(site, []).append(article)
    return {site: sorted(ones, key=lambda a: a.published, reverse=True) for site, ones in articles.items()}
