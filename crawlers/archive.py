"""The archive: every exchange with a site as WARC 1.1 (ISO 28500:2017), inside the batch of pages that it belongs to.

What is kept is what came over the wire, still compressed as the server sent it, so that articles can be cut out again
later without asking the site twice, and so that any WARC tool (warcio, pywb) can read it; see docs/archive.md. Of a
page that was rendered (see :mod:`crawlers.render`) it is the HTML that the browser made of it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from scrapy.http import Request, Response
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawlers.answers import headers_of
from wirewatch import __version__
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import Page, utc_second


@dataclass(frozen=True)
class ArchivedResponse:
    """What a site answered once."""

    url: str
    """The address that answered, after redirects."""
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    """Without the content encoding (gzip …) of the transfer; the text's own encoding is untouched."""
    fetched: datetime


def read_response(batch: Batch, page: Page) -> ArchivedResponse:
    """The archived response of a fetched page.

    Raises:
        UserError: the page was not fetched, or its record is not where it should be.
    """
    if page.warc is None or page.offset is None:
        raise UserError(f"{page.url} was not fetched in batch {batch.name} ({page.reason or page.outcome}).")
    with batch.open(page.warc) as file:
        file.seek(page.offset)
        record = next(iter(ArchiveIterator(file)), None)
        if record is None or record.rec_type != "response":
            raise UserError(f"{batch.url}/{page.warc} has no response at byte {page.offset}: the archive is damaged.")
        return ArchivedResponse(
            url=record.rec_headers.get_header("WARC-Target-URI"),
            status=int(record.http_headers.get_statuscode()),
            headers=list(record.http_headers.headers),
            body=record.content_stream().read(),
            fetched=utc_second(datetime.fromisoformat(record.rec_headers.get_header("WARC-Date"))),
        )


class WarcFile:
    """The WARC files of one crawl, written on the local disk and gzipped record by record.

    Args:
        folder: where ``<name>-00000.warc.gz``, ``<name>-00001.warc.gz`` … are written.
        name: what the files are called.
        max_bytes: a file that has grown to this size gets nothing more; the next exchange opens another one.
    """

    def __init__(self, folder: Path, name: str, max_bytes: int) -> None:
        self.folder, self.name, self.max_bytes = folder, name, max_bytes
        self._files = 0
        self._open()

    def _open(self) -> None:
        path = self.folder / f"{self.name}-{self._files:05}.warc.gz"
        self._files += 1
        self._file = path.open("wb")
        self._writer = WARCWriter(self._file, gzip=True, warc_version="1.1")
        software = {"software": f"Wirewatch/{__version__}", "format": "WARC file version 1.1"}
        self._writer.write_record(self._writer.create_warcinfo_record(path.name, software))

    def add(self, request: Request, response: Response) -> tuple[str, int]:
        """Append a request, its response as it came off the wire, and what else is known of them (see :func:`_about`).

        Returns:
            The name of the file, and the offset of the response record in it in bytes.
        """
        if self._file.tell() >= self.max_bytes:
            self._file.close()
            self._open()
        # To the microsecond, as WARC 1.1 allows and warcio writes: many exchanges share a second.
        date = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        offset: int = self._file.tell()
        protocol = response.protocol or "HTTP/1.1"
        answer = self._writer.create_warc_record(
            response.url,
            "response",
            payload=io.BytesIO(response.body),
            http_headers=StatusAndHeaders(
                f"{response.status} {_phrase(response.status)}", _headers(response), protocol=protocol
            ),
            warc_headers_dict={"WARC-Date": date}
            | ({"WARC-IP-Address": str(response.ip_address)} if response.ip_address else {}),
        )
        parts = urlsplit(request.url)
        asked = self._writer.create_warc_record(
            response.url,
            "request",
            payload=io.BytesIO(request.body),
            http_headers=StatusAndHeaders(
                f"{request.method} {parts.path or '/'}{'?' + parts.query if parts.query else ''} {protocol}",
                [("Host", parts.netloc), *_headers(request)],
                is_http_request=True,
            ),
            warc_headers_dict={"WARC-Date": date},
        )
        self._writer.write_request_response_pair(asked, answer)
        fields = "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in _about(request, response).items())
        about = self._writer.create_warc_record(
            response.url,
            "metadata",
            payload=io.BytesIO(fields.encode()),
            warc_content_type="application/warc-fields",
            warc_headers_dict={
                "WARC-Date": date,
                "WARC-Concurrent-To": answer.rec_headers.get_header("WARC-Record-ID"),
            },
        )
        self._writer.write_record(about)
        return Path(self._file.name).name, offset

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def _about(request: Request, response: Response) -> dict[str, str]:
    """What is known of an exchange beside itself: fields of the metadata record.

    ``fetchTimeMs``, ``via`` (the listing that named the page) and ``source`` (its id) where they are known, and
    ``rendered``, the browser that made the HTML, where one did.
    """
    about: dict[str, str] = {"source": request.meta.get("source", ""), "via": request.meta.get("via") or ""}
    asked = request.meta.get("asked")  # the spider's own measure, to the end of the body
    if (seconds := asked.seconds if asked else request.meta.get("download_latency")) is not None:
        about["fetchTimeMs"] = str(round(seconds * 1000))
    about["rendered"] = request.meta.get("rendered", "")
    return {name: value for name, value in about.items() if value}


def _phrase(status: int) -> str:
    """The usual words for a status, which the transport does not keep."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _headers(message: Request | Response) -> list[tuple[str, str]]:
    """All headers but the one with a proxy's password."""
    return [(name, value) for name, value in headers_of(message) if name != "Proxy-Authorization"]
