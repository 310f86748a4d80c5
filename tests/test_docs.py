"""What README and docs/ tell the reader to type, and where they lead, is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from wirewatch.cli import cli

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"(?m)(?:^(?: {4}|[$] )?|`)(?:\.venv/bin/)?wirewatch ([^`#|│&>\n]+)")
"""A command, in back quotes or at the beginning of a line of code, without its comment and what it is piped on to."""
QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]+)")

of_each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def unknown(command: str) -> list[str]:
    """The commands and options among the words after ``wirewatch`` that there are none of."""
    words = QUOTED.sub("VALUE", command).split()
    found: Any = typer.main.get_command(cli)
    given = options(found)
    while words and hasattr(found, "commands"):
        word = words.pop(0)
        if word.startswith("-"):
            if word not in given:
                return [word]
        elif word in found.commands:
            found = found.commands[word]
            given = options(found)
        else:
            return [word]
    if found.context_settings.get("ignore_unknown_options"):
        return []
    return [word for word in words if word.startswith("-") and word not in {*given, "--help", "-"}]


def options(command: Any) -> set[str]:
    """How the options of a command are written."""
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}


@of_each_page
def test_what_a_page_says_to_type_is_there(page: Path) -> None:
    typed = COMMAND.findall(page.read_text().replace("\\\n", " "))
    assert {command: lost for command in typed if (lost := unknown(command))} == {}


@of_each_page
def test_the_links_and_pictures_of_a_page_are_there(page: Path) -> None:
    assert [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()] == []


def test_the_check_sees_what_is_not_there() -> None:
    assert unknown("sources helth") == ["helth"]
    assert unknown("replay --form 2027-01-01") == ["--form"]
    assert unknown('-v search "--no-such" --json') == []
