# SPDX-License-Identifier: Apache-2.0
"""The HTML report's filters. Hidden until its script, which they need, shows them."""

from __future__ import annotations

from typing import Sequence

from ci.reports import columns as sheet
from ci.reports.columns import Column
from ci.web.markup import Html, tag

_STATES = (
    ("", "every verdict"),
    ("bad", "not as expected"),
    ("known", "known not to hold"),
    ("good", "holds"),
    ("none", "not to be had, or not run"),
)


def _choices(label: str, name: str, values: Sequence[tuple[str, list[int]]]) -> Html:
    """A box per value, each with the numbers of its columns; nothing where there is no choice."""
    if len(values) < 2:
        return Html("")
    boxes = []
    for value, numbers in values:
        listed = " ".join(map(str, numbers))
        box = tag("input", type="checkbox", checked=True, data_f=name, data_cs=listed)
        boxes.append(tag("label", box, " ", value))
    return tag("fieldset", tag("legend", label), *boxes)


def filters(columns: Sequence[Column]) -> Html:
    """Search, verdict, implementations and kernels."""
    testees = [(name, [c.number for c in those]) for name, those in sheet.groups(columns)]
    kernels: dict[str, list[int]] = {}
    for column in columns:
        kernels.setdefault(f"{column.kernel}, {column.cgroup}", []).append(column.number)
    options = [tag("option", text, value=value) for value, text in _STATES]
    search = tag("label", "Search ", tag("input", type="search", id="q", autocomplete="off"))
    state = tag("label", "Show ", tag("select", *options, id="state"))
    button = tag("button", "Open all", type="button", id="open")
    count = tag("span", role="status", id="count", class_="faint")
    return tag(
        "form",
        tag("div", search, " ", state, " ", button, " ", count),
        _choices("Implementations", "testee", testees),
        _choices("Kernels", "kernel", list(kernels.items())),
        id="filters",
        class_="no-print",
        hidden=True,
        aria_label="Filters",
    )
