# SPDX-License-Identifier: Apache-2.0
"""Strict reading of YAML with the line number of every value, for files that people write."""

from __future__ import annotations

import datetime
from typing import Collection

import yaml


class YamlError(Exception):
    """What is wrong, and on which line."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem


def line_of(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


class Fields:
    """One mapping whose keys are known: anything else, and any key given twice, is an error."""

    def __init__(self, node: yaml.Node, what: str, known: Collection[str]) -> None:
        self.line = line_of(node)
        self._what = what
        self._values: dict[str, yaml.Node] = {}
        if not isinstance(node, yaml.MappingNode):
            raise YamlError(self.line, f"{what} must be a mapping of keys to values")
        for key, value in node.value:
            name, line = str(key.value), line_of(key)
            if name not in known:
                names = ", ".join(sorted(known))
                raise YamlError(line, f"unknown key '{name}' in {what}; known are {names}")
            if name in self._values:
                raise YamlError(line, f"key '{name}' is given twice in {what}")
            self._values[name] = value

    def has(self, key: str) -> bool:
        return key in self._values

    def line_of(self, key: str) -> int:
        return line_of(self._values[key]) if key in self._values else self.line

    def text(self, key: str, default: str | None = None) -> str:
        """The string under `key`; without a default it must be there and not be empty."""
        node = self._values.get(key)
        if node is None:
            if default is not None:
                return default
            raise YamlError(self.line, f"{self._what} lacks '{key}'")
        if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
            raise YamlError(line_of(node), f"'{key}' must be text, and not empty")
        return str(node.value).strip()

    def choice(self, key: str, values: Collection[str], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in values and value != default:
            raise YamlError(self.line_of(key), f"'{key}' is '{value}'; use {', '.join(values)}")
        return value

    def date(self, key: str) -> datetime.date | None:
        if not self.has(key):
            return None
        try:
            return datetime.date.fromisoformat(self.text(key))
        except ValueError as error:
            raise YamlError(self.line_of(key), f"'{key}' must be a date, 2027-06-01") from error

    def items(self, key: str) -> list[yaml.Node]:
        node = self._values.get(key)
        if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise YamlError(line_of(node), f"'{key}' must be a list")
        return list(node.value)


def compose(text: str) -> yaml.Node | None:
    """The document's root node, or None for an empty document."""
    try:
        root: yaml.Node | None = yaml.compose(  # type: ignore[no-untyped-call]
            text, Loader=yaml.SafeLoader
        )
        return root
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise YamlError(mark.line + 1 if mark else 1, str(error.problem)) from error
    except yaml.YAMLError as error:
        raise YamlError(1, str(error)) from error
