"""Generated articles in many languages, for sites that :mod:`benchmarks.site` serves.

Their sentences are those of the evaluation's cross-lingual sets, which are real news, drawn anew for each article, so
that names, countries and words are as frequent as in real text, and no two articles the same but for copies. Lengths,
and how many articles are copies of another site's, are those of :mod:`benchmarks.articles`. A host writes in one
language. With what only it has in a script, a page weighs on the wire what the saved pages of the evaluation do: some
45 kB.
"""

from __future__ import annotations

import re
from dataclasses import replace
from math import log
from pathlib import Path
from random import Random

from benchmarks.articles import COPIES, LONGEST, MEDIAN_WORDS, SPREAD
from benchmarks.crosslingual import rows
from benchmarks.site import Made, day
from wirewatch.errors import UserError

# fmt: off
SPOKEN = ("en", "fr", "es", "ar", "ru", "en", "pt", "de", "fr", "en",
          "it", "tr", "es", "en", "ru", "sw", "ar", "en", "fr", "en")
"""Languages of the hosts, in turn."""
# fmt: on
COUNTRIES = {
    **{"en": "GB", "fr": "FR", "es": "ES", "ar": "EG", "ru": "RU", "pt": "BR"},
    **{"de": "DE", "it": "IT", "tr": "TR", "sw": "KE"},
}
SCRIPT = 24_000
"""Bytes of a page that do not become less when it is compressed."""
_TITLE_WORDS = 11
_SENTENCE_END = re.compile(r"(?<=[.!?؟])\s+")


class Press:
    """The articles; the same number gives the same one every time.

    Args:
        evaluation: the folder of evaluation data.
        hosts: how many share them: in the language of ``SPOKEN`` that has its number a host writes.
    """

    def __init__(self, evaluation: Path, hosts: int) -> None:
        self._folder, self._hosts = evaluation / "crosslingual", hosts
        self._read: dict[str, list[str]] = {}

    def article(self, number: int) -> Made:
        """An article.

        Raises:
            UserError: its language has no corpus in the folder.
        """
        chance = Random(f"press {number}")
        script = f'window.state="{chance.randbytes(SCRIPT).hex()}"'
        if chance.random() < COPIES and (original := self._elsewhere(number)) is not None:
            return replace(self.article(original), published=day(number), script=script)
        language = self._language(number)
        sentences = self._sentences(language)
        words = min(chance.lognormvariate(log(MEDIAN_WORDS), SPREAD), LONGEST)
        text: list[str] = []
        while words > 0 and len(text) < len(sentences):
            text.append(chance.choice(sentences))
            words -= len(text[-1].split())
        return Made(
            title=" ".join(chance.choice(sentences).rstrip(".").split()[:_TITLE_WORDS]),
            lead=chance.choice(sentences),
            paragraphs=[" ".join(text[at : at + 3]) for at in range(0, len(text), 3)],
            published=day(number),
            language=language,
            author=f"{chance.choice(['Ada', 'Ben', 'Cleo'])} {chance.choice(['Moss', 'Reed', 'Stone'])}",
            script=script,
        )

    def _language(self, number: int) -> str:
        return spoken(number % self._hosts)

    def _elsewhere(self, number: int) -> int | None:
        """An earlier article in the same language, of another host."""
        earlier = range(number - 1, max(-1, number - self._hosts), -1)
        return next((one for one in earlier if self._language(one) == self._language(number)), None)

    def _sentences(self, language: str) -> list[str]:
        if language not in self._read:
            files = sorted(self._folder.glob(f"*/{language}.corpus.jsonl.gz"))
            if not files:
                raise UserError(f"{self._folder} has no {language}.corpus.jsonl.gz: name another folder.")
            texts = " ".join(row["text"] for file in files for row in rows(file))
            self._read[language] = [one for one in _SENTENCE_END.split(texts) if len(one.split()) > 4]
        return self._read[language]


def spoken(host: int) -> str:
    """The language of a host."""
    return SPOKEN[host % len(SPOKEN)]
