# SPDX-License-Identifier: Apache-2.0
"""From a sequence that shows a difference to the least one that still shows it. Pure."""

from __future__ import annotations

from typing import Callable, Iterator, Sequence

from ci.differential.generate import Step

# Whether a sequence still shows the same thing.
Shows = Callable[[Sequence[Step]], bool]


def _without_a_step(steps: Sequence[Step]) -> Iterator[list[Step]]:
    # The last one is where it shows.
    for at in range(len(steps) - 1):
        yield [*steps[:at], *steps[at + 1 :]]


def _with_less_text(steps: Sequence[Step]) -> Iterator[list[Step]]:
    for at, step in enumerate(steps):
        if step[0] == "load":
            lines = step[1].splitlines(keepends=True)
            for gone in range(len(lines) if len(lines) > 1 else 0):
                text = "".join(lines[:gone] + lines[gone + 1 :])
                yield [*steps[:at], ("load", text), *steps[at + 1 :]]
        if step[0] == "set" and len(step[2]) > 1:
            half = step[2][: len(step[2]) // 2]
            yield [*steps[:at], ("set", step[1], half), *steps[at + 1 :]]


def shrink(steps: Sequence[Step], shows: Shows, most: int = 200) -> list[Step]:
    """Tries at most `most` smaller sequences."""
    best = list(steps)
    tries = 0
    while True:
        for smaller in (*_without_a_step(best), *_with_less_text(best)):
            tries += 1
            if tries > most:
                return best
            if shows(smaller):
                best = smaller
                break
        else:
            return best
