"""What the command line says is read as it was written."""

from __future__ import annotations

import pytest

from wirewatch.cli.console import say


def test_a_line_is_neither_broken_nor_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    line = f"failed to parse field [published] of type [date] in {'a long document ' * 10}[/]"
    say(line)
    assert capsys.readouterr().out == f"{line}\n"
