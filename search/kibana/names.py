"""What codes mean, in English."""

from __future__ import annotations

from babel import Locale

from search import schema

_ENGLISH = Locale("en")
COUNTRIES = {
    code: name
    for code, name in sorted(_ENGLISH.territories.items())
    if len(code) == 2 and code not in ("ZZ", "XA", "XB")
}
"""By ISO 3166-1 alpha-2 code, and the few others that CLDR has (``XK``: Kosovo)."""
LANGUAGES = {
    code: name for code, name in sorted(_ENGLISH.languages.items()) if len(code) == 2 or code in schema.text_languages()
}
"""By ISO 639 code."""
