"""Names of countries, regions, cities and subdivisions in any language: one automaton per language, built when first
asked for.

The names of countries come from CLDR (through Babel) in some 80 languages, and from our own files in
``enrichment/data``:

- ``countries.tsv`` and ``regions.tsv``: the countries, their UN M49 regions and capitals;
- ``groups.yml``: other regions (the Sahel) and organisations (NATO) with their members;
- ``countries.LANGUAGE.tsv``: demonyms, adjectives, other names and seats of government in one language, by country
  code, or by M49 code for a region; ``KP+KR`` is for words that mean both. A line with the code ``-`` lists phrases
  that look like a country and are none ("Guinea pig"). To add a language, add such a file; nothing else is needed;
- ``countries.senses.yml``: words with two senses ("Georgia", "Congo") and the words around them that tell which;
- ``cities.tsv``, ``subdivisions.tsv`` and ``places.yml``: see :mod:`enrichment.gazetteer.places`.

How a form is written in those files: forms are separated by ``, ``; ``algérien*`` stands for that stem and up to five
more letters; ``argelin@`` for that stem and any of the file's ``#endings``; ``^Alger`` for a capital or another seat
of government; ``=Name`` is a form and the label that people are shown instead of CLDR's, ``+Name`` is a form and one
more label to search by. The first demonym of a line is a label too. A form that starts with a capital letter matches
only words that do, an acronym only itself; a lower-case form matches both. Accents never matter.
"""

from enrichment.gazetteer.data import DATA, countries, members, region_codes, regions
from enrichment.gazetteer.folding import LETTER, fold
from enrichment.gazetteer.forms import UNSPACED
from enrichment.gazetteer.labels import label, locale, names
from enrichment.gazetteer.locating import Location
from enrichment.gazetteer.matching import COUNTRY, Mention, Reading, find, read
from enrichment.gazetteer.places import place_label

__all__ = [
    "COUNTRY", "DATA", "LETTER", "UNSPACED", "Location", "Mention", "Reading", "countries", "find", "fold", "label",
    "locale", "members", "names", "place_label", "read", "region_codes", "regions",
]  # fmt: skip
