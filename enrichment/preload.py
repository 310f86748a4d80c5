"""What enrichment keeps in memory, loaded in the process from which those are forked that enrich.

A task of Airflow is a process of its own, forked from its worker's: without this each loads models and tables anew,
which takes it 12 s and 1.1 GB. What a process has loaded those forked from it share, as long as they only read it.
"""

from __future__ import annotations

import gc

from enrichment.embedding import embedder
from enrichment.pipelines import pipeline, router
from wirewatch.settings import get_settings

SENTENCES = {
    "en": "The president of Russia, Vladimir Putin, met general Said Chengriha in Algiers on 3 May to sign a treaty.",
    "es": "El presidente de Rusia, Vladimir Putin, se reunió con el general Saíd Chengriha en Argel el 3 de mayo.",
    "fr": "Le président de la Russie, Vladimir Poutine, a rencontré le général Saïd Chengriha à Alger le 3 mai.",
    "it": "Il presidente della Russia, Vladimir Putin, ha incontrato il generale Said Chengriha ad Algeri il 3 maggio.",
    "pt": "O presidente da Rússia, Vladimir Putin, reuniu-se com o general Said Chengriha em Argel a 3 de maio.",
    "ru": "Президент России Владимир Путин встретился с генералом Саидом Шенгрихой в Алжире 3 мая.",
}
"""What has a model, and a sentence for it: most tables are loaded when they are first asked for."""


def preload() -> None:
    """Load the models of languages and the tables that every article is compared with.

    What may have threads of its own is left to who enriches, since threads are not forked: OpenVINO's compiled model,
    embedders and models of spaCy that the settings name.
    """
    router()
    settings = get_settings()
    for language, sentence in SENTENCES.items():
        if language in settings.models:
            continue
        nlp = pipeline(language)
        doc = nlp.make_doc(sentence)
        doc._.language = language
        with nlp.select_pipes(disable="wirewatch_embedding"):
            for _, component in nlp.pipeline:
                doc = component(doc)
    if not settings.embedder.factory:
        embedder()
    # A collection writes to each object that it looks at, and what is written to is no longer shared.
    gc.collect()
    gc.freeze()
