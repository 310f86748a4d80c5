"""The sites of the newsroom, defined in ``sites.yml``, and the catalogue made from them."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import yaml
from pydantic import BaseModel, ConfigDict

from tests.newsroom.texts import Article

Listing = Literal["rss", "atom", "rdf", "news-sitemap", "sitemap-index", "not-xml"]


class Trouble(BaseModel):
    """An address that the site lists and that does not simply answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    title: str
    answer: int | str
    """A status, the path it redirects to, or ``circle``: a redirect to itself with another number, for ever."""
    listed: bool = True


class Site(BaseModel):
    """What is special about one site."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    tagline: str
    country: str
    language: str
    path: str
    """Addresses of articles: a format string over section, slug, year, month, day and number."""
    listings: dict[str, Listing] = {}
    """Feeds and sitemaps by path."""
    by_sections: bool = False
    """Whether the catalogue knows the site by its section pages."""
    data: Literal["object", "array", "graph", "nested", "og", "microdata", "none"] = "object"
    """The shape of the structured data: four of JSON-LD, or what takes its place."""
    charset: str = "utf-8"
    """What the bytes really are."""
    header_charset: str | None = "utf-8"
    meta_charset: str | None = "utf-8"
    feed_query: str = ""
    """Tracking parameters that the feed adds to addresses."""
    disallow: tuple[str, ...] = ()
    trouble: tuple[Trouble, ...] = ()
    slow: tuple[str, ...] = ()
    """Articles that take long to answer, by slug."""
    by_script: bool = False
    """Whether the pages are empty until a script has fetched what is to be read."""
    demo: bool = True
    """Whether it is one of the demo's sites."""

    @property
    def host(self) -> str:
        """The host name, without port."""
        return f"{self.id}.localhost"

    def article_path(self, article: Article) -> str:
        """The path of an article's own (canonical) address, not percent-encoded."""
        moment = article.published
        return self.path.format(
            section=slugify(article.section),
            slug=article.slug,
            year=moment.year,
            month=f"{moment.month:02}",
            day=f"{moment.day:02}",
            number=int(sha256(article.slug.encode()).hexdigest()[:6], 16),
        )


def slugify(text: str) -> str:
    """A section's name as part of an address: accents folded, other scripts kept."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return re.sub(r"\W+", "-", folded).strip("-")


def load_sites(only: Collection[str] | None = None) -> tuple[dict[str, Site], dict[str, dict[str, str]]]:
    """The sites by id (those of the demo if ``only`` is None), and by language the words that furnish their pages."""
    content = yaml.safe_load((Path(__file__).parent / "sites.yml").read_text(encoding="utf-8"))
    sites = [Site.model_validate(site) for site in content["sites"]]
    return {site.id: site for site in sites if (site.demo if only is None else site.id in only)}, content["words"]


def write_sources(folder: Path, sites: list[Site], sections: dict[str, list[str]], port: int) -> None:
    """Write the catalogue of the newsroom at that port: one file a country, as ``wirewatch.sources`` reads it."""
    countries = defaultdict(list)
    for site in sites:
        base = f"http://{site.host}:{port}"
        kinds = site.listings.items()
        index = "sitemap-index" in site.listings.values()
        entry: dict[str, object] = {
            "name": site.name,
            "domain": site.host,
            "country": site.country,
            "languages": [site.language],
            "feeds": [base + path for path, kind in kinds if "sitemap" not in kind],
            "sitemaps": [base + p for p, kind in kinds if kind == ("sitemap-index" if index else "news-sitemap")],
            "sections": [f"{base}/{quote(slugify(s))}" for s in sections[site.id]] if site.by_sections else [],
            "render": site.by_script,
            "checked": "the demo newsroom",
        }
        countries[site.country].append({key: value for key, value in entry.items() if value})
    folder.mkdir(parents=True, exist_ok=True)
    for country, entries in countries.items():
        text = yaml.safe_dump(entries, allow_unicode=True, sort_keys=False)
        (folder / f"{country.lower()}.yml").write_text(text, encoding="utf-8")
