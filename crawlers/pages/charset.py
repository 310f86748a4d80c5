"""Which encoding a page is really written in, when what it declares is missing or wrong."""

from __future__ import annotations

import re

from charset_normalizer import from_bytes
from w3lib.encoding import html_body_declared_encoding as body_declared_encoding
from w3lib.encoding import http_content_type_encoding, read_bom, resolve_encoding

# What undeclared pages are written in: one code page a script, because those of one script are easily mistaken.
_GUESSES = [
    "cp1251",
    "koi8_r",
    "cp1252",
    "cp1253",
    "cp1255",
    "cp1256",
    "gb18030",
    "big5",
    "shift_jis",
    "euc_jp",
    "euc_kr",
]
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def encoding_of(body: bytes, headers: list[tuple[str, str]]) -> str:
    """The encoding of a page.

    Text that is not UTF-8 almost never decodes as UTF-8 by accident, so that UTF-8 is believed from the bytes, whatever
    is declared. Otherwise the first declaration that decodes the bytes counts (header before page, as browsers do);
    without one, the encoding is guessed.
    """
    if body.isascii():
        encoding = body_declared_encoding(body)
        return encoding if encoding and _decodes(body, encoding) else "utf-8"
    bom, _ = read_bom(body)
    if bom:
        return bom
    if _decodes(body, "utf-8"):
        return "utf-8"
    content_type = next((value for name, value in headers if name.lower() == "content-type"), None)
    declared = [http_content_type_encoding(content_type), body_declared_encoding(body)]
    for encoding in declared:
        if encoding and _decodes(body, encoding):
            return encoding
    # One broken byte (a cut, a foreign advertisement) does not make a UTF-8 page something else, but a page of another
    # encoding has hardly a letter that is UTF-8 by accident.
    broken = body.decode("utf-8", "replace").count("\ufffd")
    if len(_BEYOND_ASCII.findall(body.decode("utf-8", "ignore"))) > broken:
        return "utf-8"
    guess = from_bytes(body[:100_000], cp_isolation=_GUESSES).best()
    return (guess and resolve_encoding(guess.encoding)) or "cp1252"


def _decodes(body: bytes, encoding: str) -> bool:
    """Whether the bytes can be in an encoding: they decode, and markup stays markup (it does not in a wrong UTF-16)."""
    try:
        return "<" in body.decode(encoding) or b"<" not in body
    except (UnicodeError, LookupError):
        return False
