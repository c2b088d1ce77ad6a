# SPDX-License-Identifier: Apache-2.0
"""Sequences of calls, at random and the same for the same seed."""

from __future__ import annotations

import random
from typing import Sequence

from ci.differential import vocabulary

# A call and its arguments (conformance/differential/steps.h).
Step = tuple[str, ...]

NULL = "\0"
_LONGEST = 8
# What is asked of a container, and how often.
_STEPS = (
    ("set", 40),
    ("get", 22),
    ("clear", 9),
    ("load", 9),
    ("save", 5),
    ("reopen", 4),
    ("keys", 4),
    ("supported", 4),
    ("clear_config", 2),
    ("extension", 1),
    ("defined", 1),
    ("state", 1),
)


CALLS = frozenset(word for word, _ in _STEPS)


class Generator:
    """Sequences over these keys and extensions. Each number has its own sequence, whatever was
    asked for before."""

    def __init__(self, seed: int, keys: Sequence[str], extensions: Sequence[str]) -> None:
        self._seed = seed
        self._keys = sorted({*keys, *vocabulary.OPEN_KEYS})
        self._extensions = sorted(extensions)

    def sequence(self, number: int) -> list[Step]:
        chance = random.Random(f"{self._seed} {number}")
        # Few keys each, so that calls meet.
        keys = [self._key(chance) for _ in range(chance.randint(1, 3))]
        words, weights = zip(*_STEPS)
        count = chance.randint(2, _LONGEST)
        # A container that nothing was ever said to is a state of its own, but one of many.
        first: list[Step] = [] if chance.random() < 0.05 else [("load", "")]
        return first + [
            self._step(chance, chance.choices(words, weights)[0], chance.choice(keys))
            for _ in range(count)
        ]

    def _key(self, chance: random.Random) -> str:
        if chance.random() < 0.25:
            index = chance.choice(vocabulary.INDICES)
            return f"lxc.net.{index}.{chance.choice(vocabulary.NETWORK_KEYS)}"
        return chance.choice(self._keys)

    def _value(self, chance: random.Random, key: str) -> str:
        fitting = vocabulary.values_of(key)
        if fitting and chance.random() < 0.7:
            return chance.choice(fitting)
        return chance.choice(list(vocabulary.any_values()))

    def _line(self, chance: random.Random, key: str) -> str:
        equals = chance.choice((" = ", " = ", " = ", "=", "  =\t", " "))
        start = chance.choice(("", "", "", "", "  ", "# ", "\t"))
        return f"{start}{key}{equals}{self._value(chance, key)}\n"

    def _step(self, chance: random.Random, word: str, key: str) -> Step:
        if word == "set":
            return ("set", key, NULL if chance.random() < 0.03 else self._value(chance, key))
        if word in ("get", "clear", "supported"):
            return (word, key)
        if word == "keys":
            return ("keys", chance.choice((NULL, key, key.rsplit(".", 1)[0], "lxc.net.0")))
        if word == "load":
            lines = [self._line(chance, key) for _ in range(chance.randint(1, 2))]
            text = "".join(lines)
            return ("load", text if chance.random() < 0.9 else text.rstrip("\n"))
        if word == "extension":
            return ("extension", chance.choice(self._extensions))
        return (word,)
