# SPDX-License-Identifier: Apache-2.0
"""`lxcspec diff`: where do two implementations differ that no requirement has thought of?"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Sequence

from ci.cli import paths, prepare, progress
from ci.cli.errors import OK, VERDICT, InfrastructureError, Interrupted, UsageError
from ci.cli.options import Commands, positive

if TYPE_CHECKING:
    from ci.cli.testees import Testee
    from ci.differential.difference import Difference
    from ci.differential.generate import Step
    from ci.differential.known import Entry
    from ci.differential.players import Answer, Pair

KNOWN = paths.TOP / "conformance" / "differential" / "known.yaml"
_PLAYER_TARGET = "//conformance/differential:player"

_DETAILS = """
    Plays generated sequences of configuration calls on two implementations, each sequence in a
    process of its own, and looks for the first step that they answer differently. Each kind of
    difference is shrunk to the fewest calls that show it and printed once. What is known of the
    reference and liblxc (conformance/differential/known.yaml) is only counted. Neither is taken
    to be right: that is for the specification. Needs no root.

    Exit codes: 0 every difference is known, 1 one is not, 2 bad usage, 3 infrastructure.
"""

_EXAMPLES = """
    ./lxcspec diff                                       the reference against the installed liblxc
    ./lxcspec diff --cases 100000 --seed 7               more of them, and others
    ./lxcspec diff --case 4711                           one sequence, with every answer
    ./lxcspec diff --testee /opt/lxc/lib/liblxc.so.1     your own against the installed one
"""


def add_to(commands: Commands) -> None:
    parser = commands.add(
        "diff", "where do two implementations differ?", _DETAILS, _EXAMPLES, execute
    )
    what = parser.add_argument_group("whom to compare")
    what.add_argument("--testee", metavar="PATH|NAME", default="reference", help="the one")
    what.add_argument("--against", metavar="PATH|NAME", default="liblxc", help="the other")
    how = parser.add_argument_group("what to play")
    how.add_argument("--seed", metavar="N", type=int, default=1, help="(default: 1)")
    how.add_argument(
        "--cases", metavar="N", type=positive, default=2000, help="sequences (default: 2000)"
    )
    how.add_argument("--case", metavar="N", type=int, help="only this one, with every answer")
    how.add_argument("--errno", action="store_true", help="compare the errno of failures too")
    how.add_argument(
        "--known",
        metavar="FILE|none",
        help="differences to count, not print (default: those of the reference and liblxc)",
    )
    out = parser.add_argument_group("results")
    out.add_argument("--json", metavar="FILE", type=Path, help="write the differences as JSON")
    out.add_argument("--quiet", action="store_true", help="no progress")


def _as_text(answer: Answer | None, end: str) -> str:
    if answer is None:
        return f"no answer, {end}"
    if not answer.ok:
        return f"fails with {answer.error}"
    return json.dumps(answer.value, ensure_ascii=False) if answer.value else "succeeds"


def _call(step: Step) -> str:
    words = ("NULL" if word == "\0" else json.dumps(word, ensure_ascii=False) for word in step[1:])
    return f"{step[0]}({', '.join(words)})"


class _Found:
    """Kinds of differences, each with the first that showed it and how many did."""

    def __init__(self) -> None:
        self.first: dict[tuple[str, str, str], tuple[int, Difference]] = {}
        self.counts: dict[tuple[str, str, str], int] = {}

    def add(self, number: int, difference: Difference) -> bool:
        """Whether its kind is new."""
        kind = difference.kind
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return self.first.setdefault(kind, (number, difference))[0] == number


def _shrunk(pair: Pair, difference: Difference, same: Any) -> Difference:
    """The least sequence that shows a difference of the same kind."""
    from ci.differential.difference import first_difference
    from ci.differential.shrink import shrink

    last = difference

    def shows(steps: Sequence[Step]) -> bool:
        nonlocal last
        seen = first_difference(steps, *pair.play(steps), same)
        if seen is None or seen.kind != difference.kind:
            return False
        last = seen
        return True

    shrink(difference.steps, shows)
    return last


def _print_difference(
    number: int, count: int, difference: Difference, names: Sequence[str]
) -> None:
    from ci.cli.outcome import console

    out = console()
    times = f", {count} times" if count > 1 else ""
    out.print(f"[bold red]differs[/] (sequence {number}{times}):", highlight=False)
    for step in difference.steps[:-1]:
        out.print(f"    {_call(step)}", markup=False, highlight=False, soft_wrap=True)
    out.print(f"    {_call(difference.step)}", markup=False, highlight=False, soft_wrap=True)
    width = max(map(len, names))
    for name, answer, end in zip(names, (difference.one, difference.other), difference.ends):
        out.print(
            f"      {name:{width}}  {_as_text(answer, end)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _show_case(pair: Pair, steps: Sequence[Step], same: Any) -> int:
    from ci.differential.difference import first_difference

    one, other = pair.play(steps)
    for at, step in enumerate(steps):
        print(_call(step))
        for name, played in ((pair.one.name, one), (pair.other.name, other)):
            answer = played.answers[at] if at < len(played.answers) else None
            print(f"  {name}: {_as_text(answer, played.end)}")
    return VERDICT if first_difference(steps, one, other, same) else OK


def _as_json(found: _Found, names: Sequence[str], played: int) -> dict[str, Any]:
    return {
        "schema": 1,
        "testees": list(names),
        "sequences": played,
        "differences": [
            {
                "kind": list(kind),
                "count": found.counts[kind],
                "sequence": number,
                "steps": [list(step) for step in difference.steps],
                "answers": [
                    _as_text(difference.one, difference.ends[0]),
                    _as_text(difference.other, difference.ends[1]),
                ],
            }
            for kind, (number, difference) in found.first.items()
        ],
    }


def _vocabulary(pair: Pair) -> list[str]:
    """Every key that one of the two names."""
    keys: set[str] = set()
    for played in pair.play([("keys", "\0")]):
        if played.answers and played.answers[0].ok:
            keys.update(played.answers[0].value.split())
    # What ends in a full stop stands for keys below it.
    return sorted(key for key in keys if not key.endswith("."))


def _play(
    pair: Pair,
    options: argparse.Namespace,
    entries: Sequence[Entry],
    extensions: Sequence[str],
    line: progress.Line,
) -> tuple[_Found, int, bool]:
    """What was found, in how many sequences, and whether that was all of them."""
    from ci.differential import known
    from ci.differential.difference import first_difference, same_effect, same_errno
    from ci.differential.generate import Generator

    same = same_errno if options.errno else same_effect
    generator = Generator(options.seed, _vocabulary(pair), extensions)
    found = _Found()
    number = 0
    try:
        for number in range(options.cases):
            if number % 50 == 0:
                line.show(f"{number} of {options.cases} sequences, {len(found.first)} differences")
            steps = generator.sequence(number)
            difference = first_difference(steps, *pair.play(steps), same)
            if difference is None:
                continue
            entry = known.explanation(entries, difference)
            if entry:
                entry.seen += 1
                continue
            if found.add(number, difference):
                found.first[difference.kind] = (number, _shrunk(pair, difference, same))
    except KeyboardInterrupt:
        return found, number, False
    return found, options.cases, True


def _known_file(word: str | None, chosen: Sequence[Testee]) -> Path | None:
    """What is known is known of these two, in this order: it explains nothing of others."""
    from ci.cli import testees

    if word is None:
        return KNOWN if tuple(testee.name for testee in chosen) == testees.DEFAULTS else None
    return None if word == "none" else Path(word)


def execute(options: argparse.Namespace) -> int:
    """Plays, compares, and prints what nobody has explained yet."""
    prepare.for_building()
    from ci.cli import bazel, specification, testees
    from ci.differential import known
    from ci.differential.difference import same_effect, same_errno
    from ci.differential.generate import Generator
    from ci.differential.players import Pair, Player, PlayerError

    catalogue = specification.load()
    chosen = testees.resolve([options.testee, options.against])
    if len(chosen) != 2:
        raise UsageError("--testee and --against are the same")
    try:
        file = _known_file(options.known, chosen)
        entries = known.load(file, catalogue.requirements) if file else []
    except known.KnownError as error:
        raise UsageError(str(error)) from error
    extensions = sorted(catalogue.extensions)
    with progress.Line(options.quiet) as line:
        folder = bazel.build([_PLAYER_TARGET, testees.REFERENCE_TARGET], line)
        program = folder / "conformance" / "differential" / "player"
        one, other = (Player(t.name, program, t.located(folder)) for t in chosen)
        began = time.monotonic()
        try:
            with one, other:
                pair = Pair(one, other)
                if options.case is not None:
                    line.clear()
                    generator = Generator(options.seed, _vocabulary(pair), extensions)
                    same = same_errno if options.errno else same_effect
                    return _show_case(pair, generator.sequence(options.case), same)
                found, played, whole = _play(pair, options, entries, extensions, line)
        except PlayerError as error:
            raise InfrastructureError(str(error)) from error
    names = (one.name, other.name)
    if options.json:
        options.json.write_text(json.dumps(_as_json(found, names, played), indent=2) + "\n")
    for kind, (number, difference) in sorted(found.first.items()):
        _print_difference(number, found.counts[kind], difference, names)
    seen = [entry for entry in entries if entry.seen]
    print(
        f"{played} sequences in {time.monotonic() - began:.0f} s: {len(found.first)} kinds of "
        f"difference that nobody has explained, {len(seen)} that are known"
    )
    if not whole:
        raise Interrupted(f"interrupted after {played} of {options.cases} sequences")
    return VERDICT if found.first else OK
