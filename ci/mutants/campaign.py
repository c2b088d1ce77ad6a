# SPDX-License-Identifier: Apache-2.0
"""Which tests come to which mutants, and who kills each: the likeliest tests first, and no test
after the first kill."""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Callable, Iterable, Iterator, Mapping, Sequence

from ci.mutants.mutator import Mutant
from ci.mutants.witnesses import UNIT, Environment, Runner, Test

# The first batch is small: most mutants die at once. Then ever more of the tests.
_BATCHES = (2, 6, 24)


@dataclass(frozen=True)
class Verdict:
    """`by` is the test that killed it; `tried` how many of the `reaching` tests ran."""

    mutant: str
    killed: bool
    by: str = ""
    tried: int = 0
    reaching: int = 0


@dataclass(frozen=True)
class Reach:
    """The tests that pass without a mutant, and by mutant the names of those that come to it."""

    tests: Mapping[str, Test]
    of: Mapping[int, Sequence[str]]


def observe(
    runner: Runner, tests: Sequence[Test], count: int, show: Callable[[str], None]
) -> Reach:
    """Runs the tests without a mutant and reads what they came to."""
    # /dev is the one place that tests share with this machine and may write to.
    folder = Path(tempfile.mkdtemp(prefix="lxcspec-mutants-", dir="/dev"))
    folder.chmod(0o777)
    good: dict[str, Test] = {}
    by_name = {test.name: test for test in tests}
    try:
        for number, (name, well, seconds) in enumerate(
            runner.run(tests, Environment(reached=folder)), 1
        ):
            show(f"without a mutant: {number} of {len(tests)}, {name}")
            if well:
                good[name] = replace(by_name[name], seconds=seconds)
        of: dict[int, list[str]] = defaultdict(list)
        for name in good:
            stem = name.rpartition(":")[2] if good[name].kind == UNIT else name
            file = folder / stem.replace("/", "~")
            if file.is_file():
                content = file.read_bytes()
                for number in range(1, count + 1):
                    if content[number]:
                        of[number].append(name)
        return Reach(good, dict(of))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def merged(reaches: Iterable[Reach]) -> Reach:
    tests: dict[str, Test] = {}
    of: dict[int, list[str]] = defaultdict(list)
    for reach in reaches:
        tests.update(reach.tests)
        for number, names in reach.of.items():
            of[number] += names
    return Reach(tests, dict(of))


def in_order(mutant: Mutant, reach: Reach, most: int) -> list[Test]:
    """The tests that come to a mutant, likeliest and cheapest first: unit tests, then those of the
    file's own extension, then one of each other extension in turn. At most `most` of the suite."""
    tests = sorted(
        (reach.tests[name] for name in reach.of.get(mutant.id, ())), key=lambda test: test.seconds
    )
    stem = Path(mutant.file).stem
    units = [test for test in tests if test.kind == UNIT]
    others = [test for test in tests if test.kind != UNIT]
    own = [test for test in others if test.extension == stem]
    by_extension: dict[str, list[Test]] = defaultdict(list)
    for test in others:
        if test.extension != stem:
            by_extension[test.extension].append(test)
    turns = itertools.zip_longest(*by_extension.values())
    foreign = [test for turn in turns for test in turn if test is not None]
    return [*units, *(own + foreign)[: max(most, len(own))]]


def _batches(tests: Sequence[Test]) -> Iterator[Sequence[Test]]:
    units = [test for test in tests if test.kind == UNIT]
    yield from ([test] for test in units)
    rest = [test for test in tests if test.kind != UNIT]
    for size in _BATCHES:
        if rest:
            yield rest[:size]
        rest = rest[size:]
    if rest:
        yield rest


def judge(mutant: Mutant, reach: Reach, runners: Mapping[str, Runner], most: int) -> Verdict:
    """Runs the tests that come to it until one fails, twice: a kill is no accident."""
    tests = in_order(mutant, reach, most)
    reaching = len(reach.of.get(mutant.id, ()))
    tried = 0
    on = Environment(mutant=mutant.id)
    for batch in _batches(tests):
        runner = runners[batch[0].kind]
        for name, well, _ in runner.run(batch, on):
            tried += 1
            if not well and _again(runner, reach.tests[name], on):
                return Verdict(mutant.name, True, name, tried, reaching)
    return Verdict(mutant.name, False, "", tried, reaching)


def _again(runner: Runner, test: Test, on: Environment) -> bool:
    return any(not well for _, well, _ in runner.run([test], on))


def _file_of(verdict: Verdict) -> str:
    return verdict.mutant.partition(":")[0]


class Book:
    """Verdicts on disk, one a line, so that an interrupted campaign loses none. `keys` says what a
    source is made of, and `tests` what the tests are."""

    def __init__(self, file: Path, keys: Mapping[str, str], tests: str) -> None:
        self._file = file
        self._keys = keys
        self._tests = tests
        self.known: dict[str, Verdict] = {}
        if file.is_file():
            for line in file.read_text(encoding="utf-8").splitlines():
                told = json.loads(line)
                key, same_tests = told.pop("key"), told.pop("tests") == tests
                verdict = Verdict(**told)
                # Whoever was killed stays so; a survivor meets the tests that are new.
                if keys.get(_file_of(verdict)) == key and (same_tests or verdict.killed):
                    self.known[verdict.mutant] = verdict

    def note(self, verdict: Verdict) -> None:
        self.known[verdict.mutant] = verdict
        with self._file.open("a", encoding="utf-8") as file:
            key = self._keys.get(_file_of(verdict))
            file.write(json.dumps({**asdict(verdict), "key": key, "tests": self._tests}) + "\n")


def run(
    mutants: Sequence[Mutant],
    reach: Reach,
    runners: Mapping[str, Runner],
    book: Book,
    most: int,
    at_once: int,
    show: Callable[[str], None],
) -> list[Verdict]:
    """A verdict for each mutant, in their order."""
    waiting = [mutant for mutant in mutants if mutant.name not in book.known]
    done = survived = 0
    with ThreadPoolExecutor(at_once) as pool:
        futures = [pool.submit(judge, mutant, reach, runners, most) for mutant in waiting]
        try:
            for future in as_completed(futures):
                verdict = future.result()
                book.note(verdict)
                done += 1
                survived += not verdict.killed
                show(f"{done} of {len(waiting)} mutants, {survived} not killed; {verdict.mutant}")
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return [book.known[mutant.name] for mutant in mutants]
