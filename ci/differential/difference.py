# SPDX-License-Identifier: Apache-2.0
"""The first step that two implementations answer differently, and what kind of difference it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, Sequence

from ci.differential.generate import Step
from ci.differential.players import Answer, Played

# Which errno a call leaves is not in every contract.
Same = Callable[[Answer, Answer], bool]


def same_effect(one: Answer, other: Answer) -> bool:
    """Both succeeded with the same value, or both failed."""
    return one.ok == other.ok and (not one.ok or one.value == other.value)


def same_errno(one: Answer, other: Answer) -> bool:
    """And with the same errno."""
    return same_effect(one, other) and one.error == other.error


@dataclass(frozen=True)
class Difference:
    """`steps` end with the one that differs. An answer is None where there was none: see `ends`."""

    steps: tuple[Step, ...]
    one: Answer | None
    other: Answer | None
    ends: tuple[str, str]

    @property
    def step(self) -> Step:
        return self.steps[-1]

    @property
    def kind(self) -> tuple[str, str, str]:
        """Call, key without its numbers, and how the answers differ: differences of one kind are
        likely one thing."""
        return self.step[0], re.sub(r"\d+", "N", key_of(self.step)), self._how()

    def _how(self) -> str:
        if self.one is None or self.other is None:
            return f"{self.ends[0]} / {self.ends[1]}"
        if self.one.ok != self.other.ok:
            return f"{_word(self.one)} / {_word(self.other)}"
        return "values" if self.one.ok else "errno"


def _word(answer: Answer) -> str:
    return "succeeds" if answer.ok else "fails"


def key_of(step: Step) -> str:
    """The key that a step is about, where it is about one."""
    if step[0] == "load":
        found = re.search(r"lxc[\w.-]*", step[1])
        return found.group() if found else ""
    return step[1] if len(step) > 1 else ""


def first_difference(
    steps: Sequence[Step], one: Played, other: Played, same: Same = same_effect
) -> Difference | None:
    """None where both answered everything alike and ended well."""
    for at, _ in enumerate(steps):
        mine = one.answers[at] if at < len(one.answers) else None
        theirs = other.answers[at] if at < len(other.answers) else None
        if mine is None and theirs is None and one.end == other.end:
            return None
        if mine is None or theirs is None or not same(mine, theirs):
            return Difference(tuple(steps[: at + 1]), mine, theirs, (one.end, other.end))
    if one.end != other.end:
        return Difference(tuple(steps), None, None, (one.end, other.end))
    return None
