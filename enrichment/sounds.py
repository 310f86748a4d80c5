"""``doc._.sounds``: the phonetic keys of what may be a foreign name in a text of another script than Latin.

An English query "Zaev" finds "Заев", "زاييف" and "扎埃夫", because :func:`enrichment.sound.asked` of the one and
:func:`sounds` of the other have a key in common. Which words may be names, a script tells only in part: capitals within
a sentence (Cyrillic, Greek, Armenian) and the characters with which Chinese spells foreign names; elsewhere every word
that is no stop word may be one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from enrichment import known, sound
from enrichment.language import stop_words

LEAST = 2
"""Consonants of a key: fewer tell nothing."""

_SPELLING = (
    "阿埃艾爱安昂奥巴白拜班邦保鲍贝比彼毕宾波伯博布查察柴昌彻茨达戴丹德登邓迪蒂丁杜顿多恩尔耳范菲费芬丰冯弗夫福"
    "盖甘冈高戈哥格葛根古瓜圭果哈汉豪赫黑亨洪侯胡华怀惠霍吉季基济加贾简姜杰金津京居卡凯坎康考科克肯孔库夸昆拉"
    "莱赖兰朗劳勒雷蕾里丽利莉连廉良列烈林琳龙卢鲁路伦罗洛吕略马玛迈麦曼芒毛梅门蒙米密明敏缪摩莫默姆木穆"
    "纳娜乃奈南瑙内嫩能尼涅宁纽农努诺欧帕潘庞培佩彭皮平泼珀普奇齐契恰强乔切钦琴青琼丘屈让热仁荣茹瑞若撒萨塞赛"
    "桑瑟森沙莎珊尚绍舍申什圣施史舒朔斯丝司思松苏孙索塔泰坦汤唐陶特滕提田廷通图托陀瓦万旺威韦维卫魏温文沃翁乌伍武"
    "西希锡夏香肖谢辛欣休许雪逊雅亚延扬耶叶伊尤约云赞扎泽詹章哲真珍芝治朱祖兹佐"
)
"""Characters with which Chinese usually spells foreign names."""
_spelling_run = re.compile(f"[{_SPELLING}]{{2,9}}")

_article = re.compile("[وف]?[بك]?(?:ال|لل)(?=...)")


@lru_cache(maxsize=100_000)
def _keys(word: str) -> tuple[str, ...]:
    forms, least = known.bare(word), LEAST
    if article := _article.match(word):
        # What Arabic determines is hardly a foreign name, a surname at most: السنوار.
        forms, least = (word[article.end() :],), LEAST + 1
    found = (key for form in forms for key in sound.heard(form))
    return tuple(dict.fromkeys(key for key in found if len(key) > least))


def _spelled_in_chinese(text: str) -> list[str]:
    """The runs of characters that may spell a foreign name, apart at the dot between first name and surname."""
    runs = _spelling_run.findall(text)
    return [part for run in runs for part in (run, run[1:], run[:-1]) if part is run or len(part) > 2]


def sounds(text: str, language: str) -> tuple[str, ...]:
    """The keys of what may be a name in a text, each once; none for a text in Latin letters."""
    if sound.script(re.sub(r"[\W\d_a-zA-Z]+", "", text[:400]) or "a") == "latin":
        return ()
    found: dict[str, None] = {}
    # In an order that is the same in every process: a batch made again is the same batch.
    for word in sorted(candidates(text, language)):
        found.update(dict.fromkeys(_keys(word)))
    return tuple(found)


def candidates(text: str, language: str) -> set[str]:
    """The words that may be names."""
    names: set[str] = set(_spelled_in_chinese(text)) if language in ("zh", "ja") else set()
    stops = stop_words(language)
    last = 0
    for word in known.words(text):
        kind = sound.script(word.text)
        if kind in ("latin", "chinese"):
            last = word.end
            continue
        cased = word.text[:1] != word.text[:1].lower() or word.text[:1] != word.text[:1].upper()
        if cased:
            begins = any(c in '.!?\n»“”":' for c in text[last : word.start]) or not last
            if word.text[0] != word.text[0].lower() and not begins:
                names.add(word.text)
        elif word.text not in stops:
            names.add(word.text)
        last = word.end
    return names
