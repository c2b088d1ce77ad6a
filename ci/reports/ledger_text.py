# SPDX-License-Identifier: Apache-2.0
"""A ledger as text: replaces, deletes and adds entries, and leaves every other line as it is."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any, Callable

import yaml
from ruamel.yaml import YAML

from ci.reports import yaml_nodes

Change = Callable[[Any], None]


class NotEditable(Exception):
    """The file is written in a way that this editor does not handle."""


@dataclass
class _Section:
    """Lines count from 0; `items` are the first and last line of each entry."""

    first: int
    last: int
    items: list[tuple[int, int]] = field(default_factory=list)


def _round_trip() -> Any:
    editor: Any = YAML()
    editor.width = 100
    editor.preserve_quotes = True
    return editor


def _dump(items: Any, column: int) -> list[str]:
    out = io.StringIO()
    _round_trip().dump(items, out)
    return [" " * column + line for line in out.getvalue().splitlines()]


class LedgerText:
    """Edits are collected and made at once, so that line numbers stay those of the file read."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._replaced: dict[int, list[str] | None] = {}
        self._added: dict[str, list[dict[str, Any]]] = {}
        self._sections: dict[str, _Section] = {}
        root = yaml_nodes.compose(text)
        if not isinstance(root, yaml.MappingNode) or root.flow_style:
            raise NotEditable("the ledger is no block of keys")
        for key, node in root.value:
            section = _Section(key.start_mark.line, self._last_line(node))
            if isinstance(node, yaml.SequenceNode) and node.value:
                if node.flow_style:
                    raise NotEditable(f"line {section.first + 1}: the list is written in brackets")
                section.items = [
                    (item.start_mark.line, self._last_line(item)) for item in node.value
                ]
            self._sections[str(key.value)] = section

    def _last_line(self, node: yaml.Node) -> int:
        """Where the node's own text ends: comments behind it belong to what follows."""
        block = isinstance(node, yaml.CollectionNode) and not node.flow_style
        block = block or (isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"))
        last = node.end_mark.line - (1 if block else 0)
        last = min(last, len(self._lines) - 1)
        while last > node.start_mark.line and self._lines[last].strip()[:1] in ("", "#"):
            last -= 1
        return int(last)

    def _between(self, first: int, last: int) -> list[str]:
        """The lines from `first` to `last`, both included."""
        return [self._lines[number] for number in range(first, last + 1)]

    def _range(self, line: int) -> tuple[int, int]:
        for section in self._sections.values():
            for first, last in section.items:
                if first == line - 1:
                    return first, last
        raise KeyError(line)

    def delete(self, line: int) -> None:
        """Deletes the entry that begins on `line`, counted from 1."""
        self._replaced[self._range(line)[0]] = None

    def change(self, line: int, change: Change) -> dict[str, Any]:
        """Changes the entry that begins on `line` and returns a plain copy of it."""
        first, last = self._range(line)
        items = _round_trip().load("\n".join(self._between(first, last)) + "\n")
        change(items[0])
        self._replaced[first] = _dump(items, self._lines[first].index("-"))
        return dict(items[0])

    def add(self, section: str, item: dict[str, Any]) -> None:
        """Adds an entry behind the last one of `section`."""
        self._added.setdefault(section, []).append(item)

    def _render_section(self, name: str, section: _Section) -> list[str]:
        added = self._added.pop(name, [])
        if not section.items:
            if added:
                return [f"{name}:", *_dump(added, 0)]
            return self._between(section.first, section.last)
        rendered: list[str] = []
        position = section.first
        for first, last in section.items:
            rendered += self._between(position, first - 1)
            replacement = self._replaced.get(first, self._between(first, last))
            rendered += replacement if replacement is not None else []
            position = last + 1
        column = self._lines[section.items[0][0]].index("-")
        return rendered + (_dump(added, column) if added else [])

    def render(self) -> str:
        """The text with all edits made."""
        rendered: list[str] = []
        position = 0
        for name, section in self._sections.items():
            rendered += self._between(position, section.first - 1)
            rendered += self._render_section(name, section)
            position = 1 + (section.items[-1][1] if section.items else section.last)
        rendered += self._between(position, len(self._lines) - 1)
        for name, added in self._added.items():
            rendered += [f"{name}:", *_dump(added, 0)]
        return "\n".join(rendered) + "\n"
