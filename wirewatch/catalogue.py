"""Lists that people write: YAML files with one entry after the other, each checked, each error with file and line."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from wirewatch.errors import UserError

M = TypeVar("M", bound=BaseModel)

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's loader is ten times faster, and in every wheel of PyYAML."""


@dataclass(frozen=True)
class Written(Generic[M]):
    """An entry and where it is written."""

    entry: M
    file: Path
    line: int

    @property
    def place(self) -> str:
        """``sources/fr.yml, line 17``."""
        return f"{self.file}, line {self.line}"


def load_entries(file: Path, model: type[M], what: str) -> list[Written[M]]:
    """The entries of a YAML file, in its order; a file with nothing in it has none.

    Args:
        file: the file.
        model: what each entry must be.
        what: the word for the entries in messages: "sources".

    Raises:
        UserError: the file is not there, not readable or not a list, or entries are wrong; the message has a line for
            each error, with file, line, entry and field.
    """
    entries, wrong = read_entries(file, read_text(file, what), model, what)
    if wrong:
        raise UserError("\n".join(wrong))
    return entries


def read_text(file: Path, what: str) -> str:
    """The text of such a file.

    Raises:
        UserError: it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{file}, the file of {what}, cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UserError(f"{file} is not written in UTF-8. Save it in that encoding.") from None


def read_entries(file: Path, text: str, model: type[M], what: str) -> tuple[list[Written[M]], list[str]]:
    """The right entries of a text that is, or is to be, the file's; and a message for each thing that is wrong."""
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None or root.tag == "tag:yaml.org,2002:null":
            return [], []
        if not isinstance(root, yaml.SequenceNode):
            return [], [f"{file} must be a list of {what}, each starting with `- name:`."]
        entries, wrong = [], []
        for node in root.value:
            line = node.start_mark.line + 1
            given = loader.construct_document(node)
            try:
                entries.append(Written(model.model_validate(given), file, line))
            except ValidationError as error:
                name = given.get("name", "without a name") if isinstance(given, dict) else given
                wrong += [f"{file}, line {at} ({name}): {why}" for at, why in sorted(_errors(error, node, model))]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return [], [f"{file}, line {mark.line + 1 if mark else 1}: not valid YAML: {error.problem or error.context}."]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return [], [f"{file} is not valid YAML: {' '.join(str(error).split())}"]
    return entries, wrong


class _Loader(_Base):  # type: ignore[misc]
    """Refuses a field that is written twice, of which YAML would keep the last one, and dates that are none."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        for number, (key, _) in enumerate(node.value):
            if key.value in keys[:number]:
                raise yaml.constructor.ConstructorError(
                    None, None, f"`{key.value}` is there twice in one entry", key.start_mark
                )
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping

    def construct_yaml_timestamp(self, node: yaml.ScalarNode) -> Any:
        try:
            return super().construct_yaml_timestamp(node)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(
                None, None, f"{node.value} is no date: {error}", node.start_mark
            ) from None


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_timestamp)


def wording(error: ValidationError, model: type[BaseModel]) -> str:
    """What is wrong with an entry that is not written in a file: field and reason of each error, on one line."""
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'entry'}: {_words(e, model)}" for e in error.errors())


def _errors(error: ValidationError, entry: yaml.Node, model: type[BaseModel]) -> Iterator[tuple[int, str]]:
    """Line and wording of each error of an entry."""
    for e in error.errors():
        line, node = _find(entry, e["loc"])
        field = ".".join(map(str, e["loc"]))
        said = _words(e, model) + (_hint(node) if node else "")
        yield line, f"{field}: {said}" if field else said


def _find(node: yaml.Node, path: tuple[int | str, ...]) -> tuple[int, yaml.Node | None]:
    """The line of what is at a path, and its node; where the path goes further, the line of the last one, and None."""
    line = node.start_mark.line + 1
    for step in path:
        found: list[tuple[yaml.Node, yaml.Node]] = []
        if isinstance(node, yaml.MappingNode):
            found = [pair for pair in node.value if pair[0].value == step]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            found = [(node.value[step], node.value[step])] if step < len(node.value) else []
        if not found:
            return line, None
        place, node = found[0]
        line = place.start_mark.line + 1
    return line, node


def _words(error: Any, model: type[BaseModel]) -> str:
    """What is wrong, in words of our own where pydantic's speak of the program and not of the file."""
    match error["type"]:
        case "literal_error":
            return f"must be one of {error['ctx']['expected'].replace(' or ', ', ')}".replace("'", "")
        case "extra_forbidden":
            near = get_close_matches(str(error["loc"][-1]), model.model_fields, 1)
            return f"there is no such field; do you mean {near[0]}?" if near else "there is no such field"
        case "missing":
            return "is missing"
        case "string_type":
            return "must be text"
        case "tuple_type":
            return "must be a list: one a line after a `-`, or [in brackets]"
        case "value_error":
            return str(error["ctx"]["error"])
        case "model_type":
            return "must be an entry with fields, such as `- name: …`"
    return str(error["msg"])


_READ_AS = {"bool": "a truth value", "int": "a number", "float": "a number", "timestamp": "a date", "null": "nothing"}


def _hint(node: yaml.Node) -> str:
    """YAML reads NO, the code of Norway, as a truth value, 12:30 as a number and 2026-11-22 as a date."""
    tag = node.tag.rpartition(":")[2]
    if not isinstance(node, yaml.ScalarNode) or tag not in _READ_AS or node.style or not node.value:
        return ""
    return f' (YAML reads {node.value} as {_READ_AS[tag]}: write "{node.value}" in quotes)'
