# SPDX-License-Identifier: Apache-2.0
"""Differences that are known, and who is right: conformance/differential/known.yaml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Pattern

import yaml

from ci.differential.difference import Difference
from ci.differential.generate import CALLS

_FIELDS = {"call", "key", "value", "how", "right", "because", "requirement"}
_RIGHT = ("reference", "liblxc", "neither", "both")


class KnownError(Exception):
    """The file cannot be used; the message says where and why."""


@dataclass
class Entry:
    """Explains a difference in these calls, of a key and value that match as a whole, that differs
    in this way. `seen` counts what it has explained."""

    calls: tuple[str, ...]
    key: Pattern[str]
    value: Pattern[str]
    how: Pattern[str]
    right: str
    because: str
    line: str
    seen: int = 0

    def explains(self, difference: Difference) -> bool:
        step = difference.step
        call, _, how = difference.kind
        return (
            call in self.calls
            and self.key.fullmatch(step[1] if len(step) > 1 else "") is not None
            and self.value.fullmatch(step[2] if len(step) > 2 else "") is not None
            and self.how.fullmatch(how) is not None
        )


def load(path: Path, requirements: Iterable[str]) -> list[Entry]:
    """Strict: what is not understood could explain a difference by accident."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise KnownError(f"{path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise KnownError(f"{path} is not YAML: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("entries"), list):
        raise KnownError(f"{path}: must have a list `entries`")
    known = set(requirements)
    entries = []
    for number, record in enumerate(document["entries"], 1):
        where = f"{path.name}, entry {number}"
        if not isinstance(record, dict) or not set(record) <= _FIELDS:
            raise KnownError(f"{where}: fields are {', '.join(sorted(_FIELDS))}")
        if not record.get("because") or record.get("right") not in _RIGHT:
            raise KnownError(
                f"{where}: say who is right ({', '.join(_RIGHT)}), and because of what"
            )
        if record.get("requirement", "") not in {*known, ""}:
            raise KnownError(f"{where}: there is no requirement {record['requirement']}")
        calls = record.get("call")
        calls = [calls] if isinstance(calls, str) else calls
        if not isinstance(calls, list) or not set(calls) <= CALLS:
            raise KnownError(f"{where}: call is one or more of {', '.join(sorted(CALLS))}")
        try:
            key, value, how = (
                re.compile(str(record.get(name, ".*")), re.DOTALL)
                for name in ("key", "value", "how")
            )
        except re.error as error:
            raise KnownError(f"{where}: no regular expression: {error}") from error
        entries.append(
            Entry(tuple(calls), key, value, how, record["right"], record["because"], where)
        )
    return entries


def explanation(entries: Iterable[Entry], difference: Difference) -> Entry | None:
    """The first entry that explains it."""
    return next((entry for entry in entries if entry.explains(difference)), None)
