"""What is written like a name, in languages without a recogniser: words with capitals, and in scripts without them what
stands after a title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

import yaml

from enrichment import gazetteer
from enrichment.gazetteer import fold
from enrichment.language import stop_words
from enrichment.names.evidence import ORGANIZATION, PERSON, PLACE, SUBJECT, Sight, first_names, is_stop, is_title
from enrichment.names.spans import Candidate
from enrichment.names.words import LINKS, NO_NAMES, PARTICLES, no_names_of
from enrichment.words import lines, stem

_INSIDE = {
    "pt": "de da do das dos e",
    "it": "di del della dei delle degli dell' d' de da",
    "es": "de del de la",
    "sw": "ya wa la cha za",
    "en": "of",
    "de": "von zu zur",
}
"""Small words inside names, where a capital follows; ``PARTICLES`` are so everywhere."""

_titles: dict[str, str] = yaml.safe_load((gazetteer.DATA / "name_titles.yml").read_text("utf-8"))


def _is_capital(text: str) -> bool:
    return text[0].isupper() or (len(text) > 2 and any(c.isupper() for c in text[1:]) and text[0].isalpha())


def capitalised(sight: Sight) -> Iterator[Candidate]:
    """Words with capitals in a row. One that only begins a sentence is left out, unless the text has it elsewhere."""
    inside = frozenset(_INSIDE.get(sight.language, "").split())
    small = {text for text in sight.texts if text[0].islower()}
    middle = {text for i, text in enumerate(sight.texts) if not sight.begins[i] and text[0].isupper()}
    i = 0
    while i < len(sight.texts):
        if not _is_capital(sight.texts[i]) or _is_ordinary(sight, i, small):
            i += 1
            continue
        end = _end_of_run(sight, i, inside)
        yield from _bare(sight, i, end, middle)
        i = end


def _end_of_run(sight: Sight, start: int, inside: frozenset[str]) -> int:
    """Where the words with capitals end that begin at a token, small words between them included."""
    texts = sight.texts
    i = start + 1
    while i < len(texts):
        if sight.language == "tr" and "'" in texts[i - 1]:
            break  # "Londra'da": endings stand after an apostrophe
        after = i + 1 < len(texts) and _is_capital(texts[i + 1]) and not is_title(sight.folded[i + 1], sight.language)
        if _is_capital(texts[i]) and not sight.begins[i]:
            if _parts(sight, start, i):
                break
            i += 1
        elif after and (texts[i] == "-" or _joins(sight, start, i, inside)):
            i += 2
        else:
            break
    return i


def _parts(sight: Sight, start: int, i: int) -> bool:
    """Whether another name begins within capitals: at a title, a month or a day, or after a country ("wa Ufaransa Edouard
    Philippe")."""
    if not no_names_of(sight.language).isdisjoint(sight.folded[i - 1 : i + 1]):
        return True
    if is_title(sight.folded[i], sight.language):
        return not is_title(sight.folded[i - 1], sight.language)
    while start < i - 1 and is_title(sight.folded[start], sight.language):
        start += 1
    place = any(one.kind == PLACE for (first, end), one in sight.certain.items() if first <= start and end == i)
    if place and (start, i + 1) not in sight.longer and not sight.head_of(i):
        return True
    given = sight.folded[start] in first_names()
    if given and any(first == i for first, _ in sight.certain):
        return (start, i + 1) not in sight.longer  # "Metin Soylu İzmir'e gitti"
    office = start > 1 and sight.folded[start - 1] in LINKS and is_title(sight.folded[start - 2], sight.language)
    return office and not given and sight.folded[i] in first_names()


def _joins(sight: Sight, start: int, i: int, inside: frozenset[str]) -> bool:
    """Whether a small word is part of the name that it stands in."""
    word, titled = sight.texts[i], is_title(sight.folded[start], sight.language)
    if sight.language == "de":  # where all nouns have capitals
        return word in inside | PARTICLES and sight.folded[start] in first_names()
    if word in inside:
        if sight.language in {"sw", "en"}:
            return any(sight.head_of(j) not in (None, "other") for j in range(start, i))
        return not titled and (word != "e" or sight.head_of(start) == ORGANIZATION)
    return not titled and word in PARTICLES and word not in {"e", "la", "le", "y", "da", "do"}


def _is_ordinary(sight: Sight, i: int, small: set[str]) -> bool:
    """Whether a word that begins a sentence is only so written for that."""
    text = sight.texts[i]
    if not sight.begins[i] or (len(text) > 1 and text.isupper()):
        return False
    return text.lower() in small or is_stop(text.lower(), sight.language)


def _bare(sight: Sight, start: int, end: int, middle: set[str]) -> Iterator[Candidate]:
    """The words without titles before them; nothing where they are but one that begins a sentence."""
    while start < end and (is_title(sight.folded[start], sight.language) or sight.texts[start] in LINKS):
        start += 1
    if start >= end:
        return
    text = sight.texts[start]
    if end - start == 1:
        if sight.folded[start] in NO_NAMES or len(text) < 2 or _roman.fullmatch(text):
            return
        if sight.begins[start] and text not in middle and not text.isupper() and not _acts(sight, end):
            return
    if sight.language != "de" or _is_german_name(sight, start, end):
        yield Candidate(start, end, *_guess(sight, start, end))


_roman = re.compile("[IVXLCDM]+")


def _acts(sight: Sight, end: int) -> bool:
    subject = SUBJECT.get(sight.language)
    return subject is not None and subject.match(" ".join(sight.folded[end : end + 2])) is not None


def _guess(sight: Sight, start: int, end: int) -> tuple[str | None, float]:
    """The kind that such words mostly have, and how far that is sure."""
    if end - start > 1 and not any(sight.head_of(i) for i in range(start, end)):
        if any(len(text) > 1 and text.isupper() for text in sight.texts[start:end]):
            return ORGANIZATION, 1.1
        return None if sight.language in {"de", "tr"} else PERSON, 1.1
    return (PLACE, 0.4) if end - start == 1 and not sight.begins[start] else (None, 0.0)


_german_ending = re.compile(
    "(?:ung|heit|keit|schaft|tion|ismus|tat|nis|ling|chen|lein|tum|ment|ungen|heiten|keiten|schaften|tionen|ern|eln)$"
)


def _is_german_name(sight: Sight, start: int, end: int) -> bool:
    """Whether capitals in German, which has them on all nouns, are those of a name: after a first name, a title or a noun
    that names things have, or where no word is an ordinary one by its ending or by our dictionary."""
    folded = sight.folded
    if folded[start] in first_names() or (start and is_title(folded[start - 1], sight.language)):
        return True
    if (start and sight.words.nouns.get(folded[start - 1])) or sight.texts[start].isupper():
        return True
    return not any(_is_german_word(text) for text in sight.texts[start:end])


@lru_cache(maxsize=20_000)
def _is_german_word(word: str) -> bool:
    return _german_ending.search(fold(word)) is not None or stem(word, "de") in _german_words()


@cache
def _german_words() -> frozenset[str]:
    return frozenset(stem(form, "de") for line in lines() for form in line.forms.get("de", ()))


# Scripts without capitals

_SOUNDS = (
    "阿埃艾爱安昂奥敖巴白拜班邦包保鲍贝本比彼毕宾波伯勃博布策查茨次达大戴丹当道德登迪蒂丁东杜敦多厄恩尔法凡范方菲费芬丰冯佛弗夫福盖甘冈高戈哥格葛根贡古瓜"
    "圭果哈海罕翰汉豪赫黑亨洪胡华怀惠霍基吉加贾简杰金津卡开凯坎康考科柯可克肯孔库夸奎昆拉莱赖兰朗劳勒雷蕾黎里理利丽莉连联良列林琳隆卢鲁露路伦罗洛吕马玛迈麦曼芒毛梅门蒙米密"
    "敏明摩莫墨默姆穆纳娜乃奈南瑙内能尼娘涅宁纽农努诺欧帕派潘庞培佩彭蓬皮匹平珀普京奇齐契钱乔切琴丘让热仁日荣茹儒瑞若萨塞赛桑瑟森沙莎山尚绍舍申圣施什史士舒朔斯丝思松苏绥索"
    "所塔泰坦汤唐陶特腾提廷图托陀瓦万旺威韦维魏温文翁沃乌武伍西希锡夏香肖谢欣基辛匈休许雪逊雅亚延扬耶叶伊衣依易因英尤于约宰赞泽扎詹珍芝治朱兹子佐祖佐瑙普拜登"
)
"""The signs that Chinese writes foreign names with."""
_FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严武戴莫孔向汤习"
_END = (
    "(?=说|称|表示|指出|强调|认为|宣布|介绍|访问|出席|抵达|率|在|和|与|将|向|对|于|会|的|是|[，。、；：！？）”\\s]|$)"
)


@cache
def _titled(language: str) -> re.Pattern[str] | None:
    """A title and the words after it; in Chinese also what is written as foreign names are."""
    if language not in _titles:
        return None
    listed = sorted((title.strip() for title in _titles[language].split(",")), key=len, reverse=True)
    titles = "|".join(map(re.escape, listed))
    if language == "zh":
        foreign = f"[{_SOUNDS}]{{1,6}}(?:[·・][{_SOUNDS}]{{1,8}}){{1,3}}"
        return re.compile(
            rf"(?P<name>{foreign})|(?:{titles})(?P<after>[{_SOUNDS}]{{2,6}}|[{_FAMILY}][\u4e00-\u9fff]{{1,2}}?){_END}"
        )
    word = r"[^\W\d_][^\s،,.;:!?؛؟।॥።፣()\"«»]*"
    return re.compile(rf"(?<![^\W_])\w{{0,2}}(?:{titles})\s+(?P<after>{word}(?:\s+{word}){{0,2}})")


def titled(text: str, language: str) -> Iterator[tuple[int, int]]:
    """Characters, from and before which, of people's names, told by a title before them: two words, three after "Abd"."""
    pattern = _titled(language)
    if pattern is None:
        return
    for found in pattern.finditer(text):
        if language == "zh":
            yield found.span(found.lastgroup or 0)
            continue
        words = list(re.finditer(r"\S+", found["after"]))
        stop = next((i for i, one in enumerate(words) if _is_no_name(one[0], language)), len(words))
        length = min(stop, 3 if words[0][0] in {"عبد", "أبو", "ابو"} else 2)
        if length > 1:
            yield found.start("after"), found.start("after") + words[length - 1].end()


def _is_no_name(word: str, language: str) -> bool:
    return fold(word) in _stops(language) or bool(gazetteer.find(word, language))


@cache
def _stops(language: str) -> frozenset[str]:
    return frozenset(map(fold, stop_words(language))) | frozenset(fold(_titles["after"]).split())
