# SPDX-License-Identifier: Apache-2.0
"""Shifts that somebody has looked at: a committed file with the reason of each. They stay quiet."""

from __future__ import annotations

import fnmatch
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

import yaml

from bench.tracking.verdicts import NotEnoughData

HEADER = """\
# SPDX-License-Identifier: Apache-2.0
# Shifts of benchmarks that are known and stay quiet, each with its reason; `./lxcspec bench ack`
# adds one. benchmark: a name or a pattern with * and ?; direction: slower or faster.
"""
_FEWEST_DIGITS = 7
DIRECTIONS = ("slower", "faster")
_FIELDS = ("commit", "benchmark", "direction", "reason")


@dataclass(frozen=True)
class Acknowledged:
    commit: str
    benchmark: str
    direction: str
    reason: str

    def fits(self, commits: Sequence[str], benchmark: str, direction: str) -> bool:
        """Whether it is about a shift of this benchmark at one of these commits."""
        return (
            direction == self.direction
            and fnmatch.fnmatchcase(benchmark, self.benchmark)
            and any(commit.startswith(self.commit) for commit in commits)
        )


def _entry(value: Any) -> Acknowledged:
    if not isinstance(value, dict) or set(value) != set(_FIELDS):
        raise ValueError(f"an entry has exactly {', '.join(_FIELDS)}")
    entry = Acknowledged(**{name: str(value[name]).strip() for name in _FIELDS})
    if not all(vars(entry).values()):
        raise ValueError("an entry has no empty field; the reason least of all")
    if not set(entry.commit) <= set("0123456789abcdef") or len(entry.commit) < _FEWEST_DIGITS:
        raise ValueError(f"'{entry.commit}' is no commit of {_FEWEST_DIGITS} digits or more")
    if entry.direction not in DIRECTIONS:
        raise ValueError(f"'{entry.direction}' is neither slower nor faster")
    return entry


def parse(text: str, name: str) -> list[Acknowledged]:
    """An entry that is not right is an error: it might hide anything."""
    try:
        values = yaml.safe_load(text) or []
        if not isinstance(values, list):
            raise ValueError("not a list of entries")
        return [_entry(value) for value in values]
    except (yaml.YAMLError, ValueError) as error:
        raise NotEnoughData(f"{name}: {error}") from error


def load(path: Path) -> list[Acknowledged]:
    """None where there is no file."""
    try:
        return parse(path.read_text(encoding="utf-8"), str(path)) if path.exists() else []
    except OSError as error:
        raise NotEnoughData(f"cannot read {path}: {error.strerror}") from error


def added(text: str, entry: Acknowledged) -> str:
    """The file's text with one more entry; what was there stays as it is."""
    _entry(vars(entry))
    # JSON's strings are YAML's; a commit of digits alone would be a number without quotes.
    lines = [f"{name}: {json.dumps(getattr(entry, name), ensure_ascii=False)}" for name in _FIELDS]
    return (text or HEADER).rstrip("\n") + "\n- " + "\n  ".join(lines) + "\n"
