"""What the sites publish: article pages, fronts, feeds, sitemaps and photos, as bytes with their validators."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from babel.dates import format_datetime as format_local
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tests.newsroom.sites import Site, slugify
from tests.newsroom.texts import Article

TEMPLATES = Path(__file__).parent / "templates"
_LISTING_TYPES = {
    "rss": "application/rss+xml; charset={charset}",
    "atom": "application/atom+xml; charset={charset}",
    "rdf": "application/rdf+xml",
    "news-sitemap": "application/xml",
    "sitemap-index": "application/xml",
    "not-xml": "application/rss+xml",
}


@dataclass(frozen=True)
class Document:
    """One answer of a site."""

    body: bytes
    content_type: str
    modified: datetime
    etag: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "etag", f'"{sha256(self.body).hexdigest()[:16]}"')

    @property
    def last_modified(self) -> str:
        """The header's value."""
        return format_datetime(self.modified.astimezone(UTC), usegmt=True)


class Press:
    """Draws every document of every site, in every edition."""

    def __init__(
        self, sites: dict[str, Site], articles: dict[str, list[Article]], words: dict[str, dict[str, str]], port: int
    ) -> None:
        self._articles = articles
        self._words = words
        self._port = port
        self._paths = {
            site.id: {site.article_path(article): article for article in articles.get(site.id, [])}
            for site in sites.values()
        }
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"rfc822": format_datetime, "slugify": slugify, "quote": quote, "local": _local}

    def sections(self, site: str) -> list[str]:
        """The sections of a site, the one with the newest article first."""
        return list(dict.fromkeys(article.section for article in self._articles.get(site, [])))

    def document(self, site: Site, path: str, page: int, edition: int) -> Document | None:
        """What the site serves at that path: None if nothing.

        Args:
            page: which page of a paginated article; 1 otherwise.
        """
        current = [a for article in self._articles.get(site.id, []) if (a := article.in_edition(edition))]
        newest = max((a.changed for a in current), default=datetime(2023, 2, 6, tzinfo=UTC))
        if site.by_script and not path.startswith("/images/"):
            return self._by_script(site, path, current, newest)
        if path == "/robots.txt":
            return Document(self._robots(site).encode(), "text/plain; charset=utf-8", newest)
        if kind := site.listings.get(path):
            text = self._render(site, f"feeds/{kind}.xml", items=current, newest=newest)
            return Document(self._encode(site, text), _LISTING_TYPES[kind].format(charset=site.charset), newest)
        article = self._paths[site.id].get(path)
        if article is not None:
            article = article.in_edition(edition)
            if article is None or page > len(article.pages):
                return None
            return self._html(site, self._article(site, article, page), article.changed)
        if path.startswith("/images/"):
            slug = path.removeprefix("/images/").removesuffix(".png")
            return Document(_png(slug), "image/png", newest) if any(a.slug == slug for a in current) else None
        if path == "/":
            return self._html(site, self._render(site, "front.html", title=site.name, items=current), newest)
        for section in self.sections(site.id):
            if path == f"/{slugify(section)}":
                items = [a for a in current if a.section == section]
                return self._html(site, self._render(site, "front.html", title=section, items=items), newest)
        return None

    def _by_script(self, site: Site, path: str, current: list[Article], newest: datetime) -> Document | None:
        """One shell for every page, the script that fills it, and as JSON what it fills it with."""
        found = {site.article_path(article): article for article in current}
        sections = {f"/{slugify(section)}": section for section in self.sections(site.id)}
        if path == "/robots.txt":
            return Document(self._robots(site).encode(), "text/plain; charset=utf-8", newest)
        if path == "/assets/app.js":
            return Document((TEMPLATES / "sites/vite-news.js").read_bytes(), "text/javascript; charset=utf-8", newest)
        if path in found or path in sections:
            return self._html(site, self._render(site, "sites/vite-news.html", port=self._port), newest)
        data: Any = None
        if (article := found.get(path.removeprefix("/api"))) and path.startswith("/api/"):
            data = article.model_dump(mode="json") | {"data": self._json_ld(site, article), "blocks": article.pages[0]}
        elif (section := sections.get(path.removeprefix("/api"))) and path.startswith("/api/"):
            links = [{"href": at, "title": a.title} for at, a in found.items() if a.section == section]
            data = {"section": section, "links": links}
        return Document(json.dumps(data).encode(), "application/json", newest) if data else None

    def _article(self, site: Site, article: Article, page: int) -> str:
        # What stands beside an article never changes with the edition, so that only edited pages change.
        others = [a for a in self._articles[site.id] if a.slug != article.slug and a.edition == 1]
        return self._render(
            site,
            [f"sites/{site.id}.html", "article.html"],
            article=article,
            blocks=article.pages[page - 1][:2] if article.paywalled else article.pages[page - 1],
            page=page,
            data=Markup(_script(site, self._json_ld(site, article))),
            more=others[0] if others else None,
            related=others[1:4],
            most=others[4:8],
            minutes=max(1, len(article.body.split()) // 180),
        )

    def _render(self, site: Site, template: str | list[str], **context: Any) -> str:
        base = f"http://{site.host}:{self._port}"

        def url(article: Article, query: str = "") -> str:
            return base + quote(site.article_path(article)) + (f"?{query}" if query else "")

        context |= {
            "site": site,
            "base": base,
            "url": url,
            "words": self._words[site.language],
            "sections": self.sections(site.id),
        }
        return self._templates.select_template([template] if isinstance(template, str) else template).render(context)

    def _encode(self, site: Site, text: str) -> bytes:
        return text.encode(site.charset, errors="xmlcharrefreplace")

    def _html(self, site: Site, text: str, modified: datetime) -> Document:
        charset = f"; charset={site.header_charset}" if site.header_charset else ""
        return Document(self._encode(site, text), f"text/html{charset}", modified)

    def _robots(self, site: Site) -> str:
        rules = [f"Disallow: {path}" for path in site.disallow] or ["Disallow:"]
        sitemaps = [
            f"Sitemap: http://{site.host}:{self._port}{path}" for path, kind in site.listings.items() if "map" in kind
        ]
        return "\n".join(["User-agent: *", *rules, *sitemaps, ""])

    def _json_ld(self, site: Site, article: Article) -> Any:
        """The article in the site's shape of JSON-LD: None for sites that have none."""
        base = f"http://{site.host}:{self._port}"
        address = base + quote(site.article_path(article))
        news: dict[str, Any] = {
            "@type": "NewsArticle",
            "headline": article.title,
            "datePublished": article.published.isoformat(),
            "dateModified": article.changed.isoformat(),
            "author": [{"@type": "Person", "name": name} for name in article.authors],
            "publisher": {"@type": "Organization", "name": site.name, "logo": {"@type": "ImageObject", "url": base}},
            "articleSection": article.section,
            "keywords": ", ".join(article.tags),
            "inLanguage": site.language,
            "mainEntityOfPage": {"@type": "WebPage", "@id": address},
            "isAccessibleForFree": not article.paywalled,
        }
        if article.lead:
            news["description"] = article.lead
        if article.image:
            photo = f"{base}/images/{article.slug}.png"
            news["image"] = {
                "@type": "ImageObject",
                "url": photo,
                "caption": article.image.caption,
                "creditText": article.image.credit,
            }
        if article.live:
            news |= {"@type": "LiveBlogPosting", "coverageStartTime": news["datePublished"], "liveBlogUpdate": []}
            for tag, text in (block for page in article.pages for block in page):
                if tag == "h2":
                    clock, headline = text.split(" ", 1)
                    moment = f"{article.published.date()}T{clock}:00{article.published:%z}"
                    update = {"@type": "BlogPosting", "headline": headline, "datePublished": moment, "articleBody": ""}
                    news["liveBlogUpdate"].append(update)
                elif news["liveBlogUpdate"]:
                    update = news["liveBlogUpdate"][-1]
                    update["articleBody"] = f"{update['articleBody']} {text}".strip()
        context = {"@context": "https://schema.org"}
        if site.data == "object":
            return context | news
        if site.data == "array":
            crumbs = [
                {"@type": "ListItem", "position": 1, "name": site.name, "item": base},
                {"@type": "ListItem", "position": 2, "name": article.section},
            ]
            trail = {"@type": "BreadcrumbList", "itemListElement": crumbs}
            return [context | trail, context | news, context | {"@type": "Organization", "name": site.name}]
        if site.data == "graph":
            people = [{"@type": "Person", "@id": f"{base}/#/{slugify(n)}", "name": n} for n in article.authors]
            news |= {
                "@id": f"{address}#article",
                "author": [{"@id": person["@id"]} for person in people],
                "publisher": {"@id": f"{base}/#redaction"},
                "isPartOf": {"@id": address},
            }
            nodes = [
                {"@type": "WebSite", "@id": f"{base}/#site", "name": site.name, "description": site.tagline},
                {"@type": "Organization", "@id": f"{base}/#redaction", "name": site.name},
                {"@type": "WebPage", "@id": address, "name": f"{article.title} - {site.name}", "url": address},
                news,
                *people,
            ]
            return context | {"@graph": nodes}
        if site.data == "nested":
            employer = {"@type": "NewsMediaOrganization", "name": site.name}
            authors = [
                {"@type": ["Person"], "name": name, "url": [], "worksFor": employer, "image": {"@type": "ImageObject"}}
                for name in article.authors
            ]
            news |= {"@type": ["NewsArticle", "Article"], "keywords": list(article.tags), "author": authors}
            return context | {"@type": "WebPage", "name": article.title, "url": address, "mainEntity": news}
        return None


def _script(site: Site, data: Any) -> str:
    """JSON as it may stand in a script element of the site's charset."""
    return json.dumps(data, ensure_ascii=site.charset != "utf-8", indent=1).replace("</", "<\\/") if data else ""


def _local(moment: datetime, language: str) -> str:
    return format_local(moment, "d MMMM y, HH:mm", locale=language)


def _png(seed: str) -> bytes:
    """A photo: a gradient whose colours come from the seed."""
    red, green, blue = sha256(seed.encode()).digest()[:3]
    width, height = 320, 180
    rows = b"".join(b"\0" + bytes(((red * y // height), (green + y) % 256, blue)) * width for y in range(height))

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
