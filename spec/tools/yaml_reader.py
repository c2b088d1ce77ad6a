# SPDX-License-Identifier: Apache-2.0
"""Strict YAML for files that people write: known keys only, and every mistake with its line."""

from __future__ import annotations

from typing import Collection, Iterator

import yaml

from spec.tools.errors import Problems, did_you_mean, one_of


_STRANGE_BREAKS = "\x85\u2028\u2029"


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _check(node: yaml.Node, problems: Problems, seen: set[int]) -> bool:
    """Aliases are refused: they can make a tree endless, and a reader lose the place."""
    if id(node) in seen:
        problems.add(_line(node), "an alias (*) is not allowed: write the value out")
        return False
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        return all([_check(item, problems, seen) for item in node.value])
    if isinstance(node, yaml.MappingNode):
        return all([_check(part, problems, seen) for pair in node.value for part in pair])
    return True


def read(text: str, problems: Problems) -> yaml.Node | None:
    """The document's root, or nothing and a problem."""
    strange = [c for c in text if c in _STRANGE_BREAKS]
    if strange:  # YAML ends a line there, editors do not, and every line number after it is off
        line = text[: text.index(strange[0])].count("\n") + 1
        problems.add(line, f"the character U+{ord(strange[0]):04X} is not allowed")
        return None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)  # type: ignore[no-untyped-call]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problems.add(mark.line + 1 if mark else 1, f"not YAML: {error.problem or error.context}")
        return None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        problems.add(1, f"not YAML: {str(error).splitlines()[0]}")
        return None
    if root is None:
        problems.add(1, "the file is empty")
        return None
    return root if _check(root, problems, set()) else None


class Fields:
    """One mapping. A getter reports a missing or wrong value, and returns an empty one."""

    def __init__(
        self, node: yaml.Node, what: str, known: Collection[str], problems: Problems
    ) -> None:
        self.line = _line(node)
        self.what = what
        self._problems = problems
        self._values: dict[str, yaml.Node] = {}
        if not isinstance(node, yaml.MappingNode):
            problems.add(self.line, f"{what} must be a mapping of {one_of(known)}")
            return
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            if name not in known:
                hint = did_you_mean(name, known) or f"; known are {', '.join(known)}"
                problems.add(_line(key), f"unknown key '{name}' in {what}{hint}")
            elif name in self._values:
                problems.add(_line(key), f"key '{name}' is given twice in {what}")
            else:
                self._values[name] = value

    def has(self, key: str) -> bool:
        return key in self._values

    def line_of(self, key: str) -> int:
        return _line(self._values[key]) if key in self._values else self.line

    def _node(self, key: str, required: bool) -> yaml.Node | None:
        node = self._values.get(key)
        if node is None and required:
            self._problems.add(self.line, f"{self.what} lacks '{key}'")
        return node

    def text(self, key: str, required: bool = True) -> str:
        node = self._node(key, required)
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
            self._problems.add(_line(node), f"'{key}' of {self.what} must be text, and not empty")
            return ""
        return " ".join(str(node.value).split())

    def flag(self, key: str) -> bool:
        value = self.text(key)
        if value and value not in ("true", "false"):
            self._problems.add(
                self.line_of(key),
                f"'{key}' of {self.what} must be true or false, not '{value}'",
            )
        return value == "true"

    def items(self, key: str, required: bool = True) -> Iterator[yaml.Node]:
        node = self._node(key, required)
        if node is None:
            return
        if not isinstance(node, yaml.SequenceNode):
            self._problems.add(_line(node), f"'{key}' of {self.what} must be a list")
            return
        yield from node.value

    def names(self, key: str, required: bool = True) -> list[tuple[int, str]]:
        """The words of a list, each with its line; a word that comes twice is reported."""
        found: list[tuple[int, str]] = []
        for item in self.items(key, required):
            if not isinstance(item, yaml.ScalarNode) or not str(item.value).strip():
                self._problems.add(_line(item), f"'{key}' of {self.what} must list names")
                continue
            name = str(item.value).strip()
            if any(name == earlier for _, earlier in found):
                self._problems.add(_line(item), f"'{name}' is twice in '{key}' of {self.what}")
            else:
                found.append((_line(item), name))
        return found

    def sub_mapping(self, key: str) -> yaml.MappingNode | None:
        node = self._values.get(key)
        return node if isinstance(node, yaml.MappingNode) else None
