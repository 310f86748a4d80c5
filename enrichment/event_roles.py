"""Who did it and to whom: the actors of a sentence told apart by where they stand.

No parser runs. What counts is the side of the verb or noun that an actor stands on, the small word before it ("by",
"contre", "между"), what it is joined to by "and", and whether the verb is passive. A sentence is parted into clauses at
"which", "after", "qui" and at signs; the actors of one clause are not those of the next, but a clause without a subject
has that of the clause before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from enrichment.event_parties import WITHIN, are_countries, may_do
from enrichment.event_words import Grammar, Hit, Kind, grammar, kinds

REACH = 140
"""Characters between a verb or noun and an actor at most."""
CLOSE = 60
"""The same for the subject of a verb that a noun completes ("imposed sanctions"), and between "accused" and whom."""

VERB = dict.fromkeys(("", "to", "object", "against", "with", "of", "between"), "target")
"""What an actor behind an active verb is, by the small word before it."""
NOUN = {
    "": "source", "of": "source", "by": "source", "from": "source", "between": "source",
    "to": "target", "object": "target", "against": "target", "with": "target",
}  # fmt: skip


class Actor(NamedTuple):
    """A country, organisation or person that a text names: offsets, and concept ids (a known person's country too)."""

    start: int
    end: int
    ids: tuple[str, ...]


@dataclass
class Group:
    """Actors that stand together: "Russia and Algeria", "Russian minister Lavrov"."""

    start: int
    end: int
    cue: str
    """One of :data:`~enrichment.event_words.CUES`, or empty."""
    members: list[tuple[str, ...]]


class Told(NamedTuple):
    """What a verb or noun tells."""

    hit: Hit
    sources: tuple[str, ...]
    targets: tuple[str, ...]


_comma = re.compile(r" ?, (?:\w{1,3}[ '])?")
_whose = re.compile(r"['’]s? (?:[\w-]+ ){0,5}$")
_plain = re.compile(r"[\w' .-]{0,60}")
_accusative = re.compile(r"\w{4}[юу]$")
_instrumental = re.compile(r"(?:ей|ией|ом|ем|ым|им|ами|ями)$")
_participle = re.compile(r"(?:ен|ена|ено|ены|ан|ана|аны|яты?|ята)$")


class Sentence:
    """A sentence with its actors and what may tell events, the offsets those of the document."""

    def __init__(
        self, text: str, folded: str, start: int, end: int, actors: Sequence[Actor], hits: Sequence[Hit], language: str
    ) -> None:
        self.text, self.folded, self.start, self.end = text, folded, start, end
        self.language = language
        self.grammar: Grammar = grammar(language)
        self.hits = [self._decided(hit, actors) for hit in hits]
        inside = [actor for actor in actors if not any(h.start < actor.end and actor.start < h.end for h in self.hits)]
        taken = [(actor.start, actor.end) for actor in actors]
        self.breaks = [
            found.start()
            for found in self.grammar.breaks.finditer(folded, start, end)
            if not any(a <= found.start() < b for a, b in taken)
            and not any(hit.start <= found.start() < hit.end for hit in self.hits)
        ]
        self.groups = self._grouped(inside)

    def told(self) -> list[Told]:
        """What the sentence tells, in its order."""
        return [told for hit in self._stated() if (told := self._told(hit))]

    def is_planned(self, hit: Hit) -> bool:
        """Whether it is to come, or may."""
        return bool(self.grammar.planned.search(self.folded, max(self.start, hit.start - 40), hit.start))

    # Which hits state something

    def _decided(self, hit: Hit, actors: Sequence[Actor]) -> Hit:
        """The hit as a verb or as a noun, where its word may be either."""
        if not (hit.verb and hit.noun):
            return hit
        before = self.folded[max(self.start, hit.start - 14) : hit.start]
        noun = bool(self.grammar.before_noun and self.grammar.before_noun.search(before))
        adjective = next((self.text[a.start : a.end] for a in actors if a.end == hit.start - 1), "")
        if not adjective and self.grammar.cues.match(self.folded, hit.end + 1):
            noun = True  # "a separate protest against"; not "Macedonians vote in"
        if adjective and self._after_cue(hit.start - 1 - len(adjective)):
            noun = True  # "after Kenya protests"
        if self.language == "en" and adjective.endswith(("n", "sh", "se", "i", "ch", "'s")) and hit.end - hit.start > 3:
            noun = True  # Russian attack, Pakistani visit; not Russia attacks
        return Hit(hit.start, hit.end, hit.kind, not noun, noun)

    def _after_cue(self, at: int) -> bool:
        return any(one.end() == at - 1 for one in self.grammar.cues.finditer(self.folded, max(self.start, at - 14), at))

    def _stated(self) -> list[Hit]:
        stated = []
        for i, hit in enumerate(self.hits):
            kind = kinds()[hit.kind]
            clause = self._clause(hit.start)
            if any(kinds()[h.kind].governs and h.verb and self._one_clause(h.start, hit.start) for h in self.hits[:i]):
                continue
            if kind.gives_way and any(h.start < clause[1] for h in self.hits[i + 1 :]):
                continue
            if not self._is_negated(hit):
                stated.append(hit)
        return stated

    def _one_clause(self, start: int, end: int) -> bool:
        """Whether no word parts what stands there; a quotation goes on with what came before it."""
        return not any(start < point < end and self.folded[point].isalpha() for point in self.breaks)

    def _is_negated(self, hit: Hit) -> bool:
        start = max(self.start, hit.start - 45)
        comma = max(self.folded.rfind(sign, start, hit.start) for sign in ",;:")
        return bool(self.grammar.negated.search(self.folded, max(start, comma + 1), hit.start))

    # Actors together

    def _clause(self, at: int) -> tuple[int, int]:
        """Where the clause around an offset begins and ends."""
        before = max((point for point in self.breaks if point <= at), default=self.start)
        return before, min((point for point in self.breaks if point > at), default=self.end)

    def _grouped(self, actors: Sequence[Actor]) -> list[Group]:
        groups: list[Group] = []
        for actor in actors:
            edge = max(
                [self.start]
                + [hit.end for hit in self.hits if hit.end <= actor.start]
                + [point + 1 for point in self.breaks if point < actor.start]
            )
            last = groups[-1] if groups and groups[-1].end > edge else None
            if last and actor.start < last.end:
                last.members[-1] += tuple(id_ for id_ in actor.ids if id_ not in last.members[-1])
                last.end = max(last.end, actor.end)
                continue
            gap = self.folded[last.end if last else edge : actor.start]
            cue = self._cue(actor.start - len(gap), actor.start)
            if last and self._same(gap, cue, actor):
                last.members[-1] += tuple(id_ for id_ in actor.ids if id_ not in last.members[-1])
                last.end = actor.end
            elif last and self._joined(gap, cue, last):
                last.members.append(actor.ids)
                last.end = actor.end
            else:
                if not last and edge > self.start and (anew := self.grammar.anew.search(gap)):
                    self.breaks.append(actor.start - len(gap) + anew.start("and"))
                groups.append(Group(actor.start, actor.end, cue or self._case(actor), [actor.ids]))
        return groups

    def _same(self, gap: str, cue: str, actor: Actor) -> bool:
        """Whether somebody's name follows the country: "ministre russe des Affaires étrangères Sergueï Lavrov"."""
        is_person = actor.ids[0].startswith("person:")
        return is_person and cue in ("", "of") and bool(_plain.fullmatch(gap)) and not self.grammar.joins.search(gap)

    def _joined(self, gap: str, cue: str, last: Group) -> bool:
        """Whether it is one of a list with the group before."""
        if self.grammar.joins.match(gap) and (not cue or cue == last.cue or cue == "of"):
            return True
        return bool(_comma.fullmatch(gap)) and last.cue != "in" and cue in ("", "of", last.cue)

    def _cue(self, start: int, end: int) -> str:
        """The small word before an actor: of "against the decision of Russia" it is the first."""
        if self.folded.endswith("anti-", start, end):
            return "against"
        comma = self.folded.rfind(",", start, end)
        found = [one for one in self.grammar.cues.finditer(self.folded, max(start, comma), end) if self._is_cue(one)]
        while len(found) > 1 and self.grammar.cue_of[found[-1].group()] == "of":
            found.pop()
        if not found or self.folded.count(" ", found[-1].end(), end) > 8:
            return ""
        return self.grammar.cue_of[found[-1].group()]

    def _is_cue(self, one: re.Match[str]) -> bool:
        written = self.text[one.start() : one.end()]
        return one.group() not in self.grammar.accented or written.lower() != one.group() or written.isupper()

    def _case(self, actor: Actor) -> str:
        """In Russian, what the case of a name says in place of a small word."""
        if self.language != "ru":
            return ""
        word = self.folded[actor.start : actor.end]
        return "by" if _instrumental.search(word) else "object" if _accusative.search(word) else ""

    # Who is who

    def _told(self, hit: Hit) -> Told | None:
        kind = kinds()[hit.kind]
        before, after = self._around(hit)
        between = next((list(group.members) for group in after if group.cue == "between"), [])
        if kind.together and len(between) > 1:  # whoever brings them together
            sources = between[:1]
            targets = between[1:]
        elif hit.noun:
            sources, targets = self._of_noun(hit, kind, before, after)
        elif self._is_passive(hit, kind):
            sources = self._first(after, {"by": "source"}, "source") or self._first(before, {"by": "source"}, "source")
            targets = self._subject(hit) or self._first(after, {"to": "target", "against": "target"}, "target")
            if kind.alone and not sources:  # "the army was deployed"
                sources, targets = targets, []
        else:
            roles = kind.roles if kind.alone else VERB | kind.roles
            if self.language == "ru" and not kind.together:
                roles = {"by": "target"} | roles
            sources, targets = self._subject(hit), self._first(after, roles, "target")
            if kind.together and not sources and self.language in ("en", "fr"):  # "he is to meet Xi and Li"
                return None
            if kind.together and not targets and self._goes_on_with(hit):  # "both say they met with farmers"
                return None
            if not kind.together and self._is_of_another(hit, sources):
                return None
            if self.folded.endswith(" que ", self.start, hit.start):  # "le pays que quittent les troupes françaises"
                sources, targets = targets, sources
            if fronted := self._first(before, {"object": "target"}, "target"):  # "Россию обвинила Польша"
                sources, targets = sources or self._first(after, {"": "source"}, "source"), fronted
            if kind.alone and not sources:
                sources = self._first(after, roles, "source") or self._first(before, {"in": "source"}, "source")
        return self._result(hit, kind, sources, targets)

    def _result(
        self, hit: Hit, kind: Kind, sources: list[tuple[str, ...]], targets: list[tuple[str, ...]]
    ) -> Told | None:
        if kind.together:
            place = {member: group.start for group in reversed(self.groups) for member in group.members}
            both = {*sources, *targets}
            if kind.apart and any(len(both) > 1 and both <= {*g.members} and g.cue != "between" for g in self.groups):
                return None
            everybody = sorted(dict.fromkeys([*sources, *targets]), key=lambda member: place[member])
            sources, targets = everybody[:1], everybody[1:]
        doing = tuple(dict.fromkeys(id_ for member in sources for id_ in member))
        done = tuple(dict.fromkeys(id_ for member in targets for id_ in member if id_ not in doing))
        if kind.type in WITHIN:  # the people of a country, whoever is named with them
            doing, done = (tuple(id_ for id_ in side if not id_.startswith("person:")) for side in (doing, done))
        nobody = are_countries(doing) and not self.grammar.offices.search(self.folded, self.start, self.end)
        if kind.official and nobody:
            return None
        if kind.alone and hit.noun and sources and sources[0][0].startswith("person:"):
            return None  # "le référendum", "the protests": who is named beside them only speaks of them
        if not may_do(kind, doing, done, targets):
            return None
        if kind.alone and "target" not in kind.roles.values():
            done = ()
        return Told(hit, doing, done)

    def _around(self, hit: Hit) -> tuple[list[Group], list[Group]]:
        """The groups before and after it that may be its own."""
        begin, end = self._clause(hit.start)
        if not kinds()[hit.kind].governs:
            type_ = kinds()[hit.kind].type  # "a strike killed two men in Syria" is one thing
            end = min(
                [end] + [h.start for h in self.hits if h.start > hit.start and h.verb and kinds()[h.kind].type != type_]
            )
        kind = kinds()[hit.kind]
        reach = CLOSE if kind.governs or (kind.alone and hit.noun) else REACH
        before = [g for g in self.groups if begin <= g.start and g.end <= hit.start and hit.start - g.end < REACH]
        after = [g for g in self.groups if hit.end <= g.start < end and g.start - hit.end < reach]
        return before, after

    def _of_noun(
        self, hit: Hit, kind: Kind, before: list[Group], after: list[Group]
    ) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
        roles = kind.noun_roles | {"by": "source"} if kind.alone else NOUN | kind.noun_roles
        doer = self._first(after, {"by": "source"}, "source")
        beside = before[-1] if not doer and before and self._is_beside(before[-1], hit) else None
        sources = doer or (list(beside.members) if beside else [])
        if sources and "of" not in kind.noun_roles:
            roles = roles | {"of": "target"}
        # "A deal with Kenya seen as a prize of leaving Uganda": whose it is stands before with whom.
        with_whom = next((group.start for group in after if roles.get(group.cue) == "target"), self.end)
        ahead = [group for group in after if group.start < with_whom or group.cue != "of"]
        sources = sources or self._first(ahead, roles, "source")
        targets = self._first([g for g in after if g.members != sources], roles, "target")
        if kind.alone:
            return sources or self._first(before, {"in": "source"}, "source"), targets
        near = [group for group in before if hit.start - group.end < CLOSE]
        # Who condemns an attack did not attack.
        judged = kind.governs or any(
            kinds()[h.kind].type == "accuse" for h in self.hits if h.verb and h.end <= hit.start
        )
        # Nor who was killed "by an air strike", or spoke "after the attack".
        beginning = max(self._clause(hit.start)[0], hit.start - 25)
        small = [one.group() for one in self.grammar.cues.finditer(self.folded, beginning, hit.start)]
        told_of = not kind.together and bool(small) and self.grammar.cue_of[small[-1]] in ("by", "aside", "from")
        judged = judged or told_of
        if not judged and (not sources or (kind.together and len(sources) + len(targets) < 2)):
            there = {member for group in near for member in group.members}
            sources = [member for member in self._subject(hit) if member in there and member not in sources] + sources
        if not targets and not kind.together:
            # "Le retrait des soldats allemands du Mali": the first is whose it is.
            rest = [group for group in after if group.cue == "of" and group.members != sources]
            targets = list(rest[0].members) if rest else []
        if not targets and not told_of and not kind.together:
            others = [group for group in near if group is not beside and not group.cue and group.members != sources]
            targets = list(others[-1].members) if others else []
        return sources, targets

    def _is_beside(self, group: Group, hit: Hit) -> bool:
        gap = self.folded[group.end : hit.start]
        verb = any(group.end <= other.start < hit.start for other in self.hits)
        small = {self.grammar.cue_of[one.group()] for one in self.grammar.cues.finditer(gap)}
        if not verb and _whose.match(gap) and small <= {"of"}:  # "India's blatant act of aggression"
            return True
        return len(gap.split()) < 3 and "," not in gap and not verb and not self._cue(group.end, hit.start)

    @staticmethod
    def _first(groups: Sequence[Group], roles: dict[str, str], role: str) -> list[tuple[str, ...]]:
        """The members of the first group that has the role."""
        return next((list(group.members) for group in groups if roles.get(group.cue) == role), [])

    def _subject(self, hit: Hit) -> list[tuple[str, ...]]:
        """Who stands before the first verb of the clause, or else of a clause before it."""
        begin = self._clause(hit.start)[0]
        while True:
            verb = min([hit.start] + [h.start for h in self.hits if h.verb and h.start >= begin])
            there = [g for g in self.groups if begin <= g.start and g.end <= verb and hit.start - g.end < REACH]
            plain = [group for group in there if not group.cue]
            if plain:
                return list(plain[-1].members)
            if of := [group for group in there if group.cue in ("of", "between")]:
                return list(of[0].members)
            if begin == self.start:
                return []
            relative = self.grammar.relative.match(self.folded, begin)
            begin = max((point for point in self.breaks if point < begin), default=self.start)
            before = (
                [g for g in self.groups if begin <= g.start and g.end <= verb and g.cue != "aside"] if relative else []
            )
            if before:  # "students in Ukraine, which is attacked"
                return list(before[-1].members)

    def _goes_on_with(self, hit: Hit) -> bool:
        cue = self.grammar.cues.match(self.folded, hit.end + 1)
        return bool(cue) and self.grammar.cue_of[cue.group()] == "with"  # type: ignore[union-attr]

    def _is_of_another(self, hit: Hit, subject: list[tuple[str, ...]]) -> bool:
        """Whether somebody named in between may do it: "announced sanctions over Russia's attempts to attack"."""
        if not self.folded.endswith(self.grammar.infinitive, self.start, hit.start):
            return False
        last = max((g for g in self.groups if g.end <= hit.start), key=lambda group: group.end, default=None)
        return last is not None and last.members != subject and hit.start - last.end < CLOSE

    def _is_passive(self, hit: Hit, kind: Kind) -> bool:
        word = self.folded[hit.start : hit.end].split(" ")[0]
        if kind.active or (self.language == "en" and word.endswith("ing")):
            return False
        if self.language == "ru":
            return bool(_participle.search(word))
        if self.grammar.by.match(self.folded, hit.end):
            return True
        before = self.folded[max(self.start, hit.start - 30) : hit.start]
        found = self.grammar.passive.search(before) if self.grammar.passive else None
        return bool(found) and not re.search(r"\b(?:se |s'|to )", before)
