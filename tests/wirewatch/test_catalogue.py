"""Each error of a list that people write is told, with file, line, entry and field, and what to write instead."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict

from wirewatch.catalogue import load_entries
from wirewatch.errors import UserError


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    code: str = ""
    tier: Literal["hot", "nightly"] = "hot"
    links: tuple[str, ...] = ()


def load(folder: Path, text: str | bytes) -> list[Thing]:
    file = folder / "things.yml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [written.entry for written in load_entries(file, Thing, "things")]


def wrong(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(UserError) as error:
        load(folder, text)
    return str(error.value).replace(f"{folder}/", "").splitlines()


def test_entries_come_in_their_order_with_their_places(tmp_path: Path) -> None:
    file = tmp_path / "things.yml"
    file.write_text("# a comment\n- name: a\n  code: x\n\n- name: b\n")
    assert [(w.entry.name, w.line) for w in load_entries(file, Thing, "things")] == [("a", 2), ("b", 5)]
    assert load_entries(file, Thing, "things")[1].place == f"{file}, line 5"


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]", "---\n", "~"])
def test_a_file_with_nothing_in_it_has_no_entries(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- name: a\n  tier: often", "things.yml, line 2 (a): tier: must be one of hot, nightly"),
        ("- name: a\n\n  link: [x]", "things.yml, line 3 (a): link: there is no such field; do you mean links?"),
        ("- name: a\n  qqqqq: 1", "line 2 (a): qqqqq: there is no such field"),
        ("- code: x", "line 1 (without a name): name: is missing"),
        ("- name: a\n  links: x", "line 2 (a): links: must be a list: one a line after a `-`, or [in brackets]"),
        ("- name: a\n  links:\n  - x\n  - [y]", "line 4 (a): links.1: must be text"),
        ("- just text", "line 1 (just text): must be an entry with fields, such as `- name: …`"),
        ("- name: a\n  code: NO", 'code: must be text (YAML reads NO as a truth value: write "NO" in quotes)'),
        ("- name: a\n  links: [no]", 'links.0: must be text (YAML reads no as a truth value: write "no" in quotes)'),
        ("- name: a\n  code: 12:30", 'code: must be text (YAML reads 12:30 as a number: write "12:30" in quotes)'),
        ("- name: a\n  code: 2026-11-22", "code: must be text (YAML reads 2026-11-22 as a date"),
        ("- name: a\n  code: 2026-13-45", "line 2: not valid YAML: 2026-13-45 is no date"),
        ("- name: a\n  code: x\n  code: y", "line 3: not valid YAML: `code` is there twice in one entry"),
        ("- name: a\n  links: [x\n- name: b", "things.yml, line 3: not valid YAML"),
        ("- !!python/object:os.system {}", "line 1: not valid YAML"),
        ("name: a", "things.yml must be a list of things"),
        ("- name: \x00", "is not valid YAML"),
        ("[" * 5000, "not valid YAML"),
        ("- name: Café".encode("latin-1"), "things.yml is not written in UTF-8"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    (message,) = wrong(tmp_path, text)
    assert said in message


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    said = wrong(tmp_path, "- name: a\n  tier: x\n  code: NO\n- name: b\n- code: c\n")
    assert [line.split(": ")[0] for line in said] == [
        "things.yml, line 2 (a)",
        "things.yml, line 3 (a)",
        "things.yml, line 5 (without a name)",
    ]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.yml, the file of things, cannot be read"):
        load_entries(tmp_path / "none.yml", Thing, "things")
