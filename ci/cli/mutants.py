# SPDX-License-Identifier: Apache-2.0
"""`lxcspec mutants`: do the tests notice a change of the reference's own source?"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import random
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Sequence

from ci.cli import bazel, paths, prepare, progress
from ci.cli.errors import OK, VERDICT, InfrastructureError, Interrupted, UsageError, did_you_mean
from ci.cli.options import Commands, positive, seed

if TYPE_CHECKING:
    from ci.mutants.campaign import Reach, Verdict
    from ci.mutants.mutator import Mutant
    from ci.mutants.score import Score
    from ci.mutants.tree import Tree
    from ci.mutants.witnesses import Programs, Runner, Test

SURVIVORS = paths.TOP / "ci" / "mutants" / "survivors.yaml"
_DETAILS = """
    Builds the reference once with all its mutants in it (changed operators, left-out calls,
    swallowed errors, constants off by one), each behind a switch; finds out which unit and
    conformance tests come to which mutant; and runs these, for each mutant, until one fails. What
    no test kills needs a reason in ci/mutants/survivors.yaml. Verdicts are kept: what was killed is
    not tried again until its source changes. Needs root.

    Exit codes: 0 every survivor has its reason, 1 one has none or a reason is wrong, 2 bad usage,
    3 infrastructure.
"""

_EXAMPLES = """
    ./lxcspec mutants --extension console_log       of one extension's module
    ./lxcspec mutants --file runtime/kernel/idmap.cc
    ./lxcspec mutants --sample 400 --seed 1         so many, drawn at random from all
    ./lxcspec mutants --list                        what there is
"""
# At most so many of the suite's tests for a mutant that is not of their own extension's module.
_MOST = 60
_UNIT_TESTS = (
    "kind(cc_test, //runtime/kernel/... + //runtime/config/... + //runtime/extensions/...)"
)


def add_to(commands: Commands) -> None:
    parser = commands.add(
        "mutants", "do the tests catch changed sources?", _DETAILS, _EXAMPLES, execute
    )
    what = parser.add_argument_group("which mutants")
    what.add_argument("--extension", metavar="NAME", action="append", default=[], help="of it")
    what.add_argument("--file", metavar="F", action="append", default=[], help="of this source")
    what.add_argument("--mutant", metavar="NAME", action="append", default=[], help="this one")
    what.add_argument("--sample", metavar="N", type=positive, help="only so many, at random")
    what.add_argument("--seed", metavar="S", type=seed, default=1, help="of the sample (default 1)")
    what.add_argument("--list", action="store_true", help="print the mutants, and run none")
    how = parser.add_argument_group("how")
    how.add_argument("--jobs", metavar="N", type=positive, help="mutants at once (default: cores)")
    how.add_argument(
        "--most",
        metavar="N",
        type=positive,
        default=_MOST,
        help=f"conformance tests for each, at most (default {_MOST})",
    )
    out = parser.add_argument_group("results")
    out.add_argument("--summary", action="store_true", help="print only the numbers")
    out.add_argument("--json", metavar="FILE", type=Path, help="write the verdicts as JSON")
    out.add_argument("--quiet", action="store_true", help="no progress")


def _files(options: argparse.Namespace, sources: Sequence[str]) -> list[str]:
    """The sources that are to have mutants."""
    from ci.mutants import tree as trees

    for name in options.file:
        if name not in sources:
            raise UsageError(f"there is no source '{name}'.{did_you_mean(name, sources)}")
    named = [name.partition(":")[0] for name in options.mutant]
    files = trees.chosen(sources, [*options.file, *named], options.extension)
    if not files:
        raise UsageError("what was asked for has no mutant; './lxcspec mutants --list' has all")
    return files


def _drawn(options: argparse.Namespace, tree: Tree) -> list[Mutant]:
    found = list(tree.mutants.values())
    if options.mutant:
        found = [mutant for mutant in found if mutant.name in options.mutant]
        if len(found) < len(options.mutant):
            raise UsageError("there is no such mutant; './lxcspec mutants --list' has all")
    if options.sample and options.sample < len(found):
        drawn = random.Random(options.seed).sample(range(len(found)), options.sample)
        found = [found[at] for at in sorted(drawn)]
    return found


def _query(top: Path) -> list[str]:
    answer = subprocess.run(
        bazel.command("query", _UNIT_TESTS), cwd=top, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise InfrastructureError(answer.stderr.strip() or "bazel query failed")
    return sorted(answer.stdout.split())


def _build(tree: Tree, line: progress.Line) -> tuple[Programs, dict[str, Path]]:
    """The suite and, of the copy, the reference and the unit tests by label."""
    from ci.cli import execution
    from ci.cli.testees import REFERENCE_TARGET
    from ci.mutants.witnesses import Programs

    binaries = execution.build(line, with_reference=False, with_vm=False)
    labels = _query(tree.folder)
    folder = bazel.build(
        [REFERENCE_TARGET, *labels], line, ("--symlink_prefix=/",), top=tree.folder
    )
    testee = folder / "runtime" / "liblxc.so.1"
    programs = Programs(binaries.launcher, binaries.suite, binaries.probe, testee)
    return programs, {label: folder / label[2:].replace(":", "/") for label in labels}


def _conformance_tests(suite: Path, tree: Tree) -> list[Test]:
    """Those of an extension where only its own module has mutants, else all."""
    from ci.cli import execution, specification
    from ci.mutants.witnesses import CONFORMANCE, Test

    catalogue = specification.load()
    found = []
    for name in execution.names_of(suite):
        known = catalogue.test_of(name)
        extension = Path(known.file).stem.split("_conformance_test")[0] if known else ""
        cited = known.requirements[0].split(".")[0] if known and known.requirements else extension
        found.append(Test(name, CONFORMANCE, 1.0, cited))
    stems = {Path(source).stem for source in tree.keys}
    own = [test for test in found if test.extension in stems]
    are_modules = all(source.startswith("runtime/extensions/") for source in tree.keys)
    return own if own and are_modules else found


def _sha(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def _reach(
    tree: Tree,
    home: Path,
    tests: str,
    runners: dict[str, Runner],
    all_tests: Sequence[Test],
    line: progress.Line,
) -> Reach:
    """Kept by build and by tests."""
    from ci.mutants import campaign
    from ci.mutants.campaign import Reach
    from ci.mutants.witnesses import Test

    kept = home / f"reach-{tree.digest}-{tests}.json"
    if kept.is_file():
        told = json.loads(kept.read_text())
        known = {name: Test(**each) for name, each in told["tests"].items()}
        return Reach(known, {int(number): names for number, names in told["of"].items()})
    parts = [
        campaign.observe(
            runner, [test for test in all_tests if test.kind == kind], len(tree.mutants), line.show
        )
        for kind, runner in runners.items()
    ]
    reach = campaign.merged(parts)
    told = {"tests": {name: asdict(each) for name, each in reach.tests.items()}, "of": reach.of}
    kept.write_text(json.dumps(told))
    return reach


def _print(
    verdicts: Sequence[Verdict], mistakes: Sequence[str], score: Score, numbers: bool
) -> None:
    from ci.cli.outcome import console

    out = console()
    if not numbers:
        for verdict in verdicts:
            word = "[green]killed[/]  " if verdict.killed else "[yellow]survived[/]"
            by = verdict.by or f"{verdict.tried} of the {verdict.reaching} tests that come to it"
            out.print(f"{word}  ", end="")
            out.print(f"{verdict.mutant}  <- {by}", markup=False, highlight=False)
        out.print()
    for mistake in mistakes:
        out.print(mistake, style="bold red", markup=False, highlight=False)
    out.print(score.text)


def _as_json(verdicts: Sequence[Verdict], score: Score, options: argparse.Namespace) -> Any:
    from ci.mutants.score import interval

    low, high = interval(score.killed, score.viable, score.population)
    return {
        "schema": 1,
        "mutants": score.population,
        "judged": score.judged,
        "killed": score.killed,
        "viable": score.viable,
        "confidence": [round(low, 4), round(high, 4)],
        "seed": options.seed if options.sample else None,
        "survivors": dict(score.kinds),
        "verdicts": [asdict(verdict) for verdict in verdicts],
    }


def execute(options: argparse.Namespace) -> int:
    """Judges the mutants; the exit code says whether every survivor has its reason."""
    if importlib.util.find_spec("clang") is None:
        raise UsageError("mutants need clang's Python package: 'apt-get install python3-clang'")
    if os.geteuid() and not options.list:
        raise UsageError("mutants run the tests on this machine, which needs root")
    prepare.for_building()
    from ci.mutants import campaign, reasons, score, tree as trees
    from ci.mutants.witnesses import CONFORMANCE, UNIT, Suite, Test, UnitTests

    try:
        excused = reasons.load(SURVIVORS)
    except reasons.ReasonsError as error:
        raise InfrastructureError(str(error)) from error
    home = trees.home(paths.TOP)
    with progress.Line(options.quiet) as line:
        maker = trees.Maker(paths.TOP, home)
        tree = maker.make(_files(options, maker.sources()), line.show)
        mutants = _drawn(options, tree)
        if options.list:
            for mutant in mutants:
                print(f"{mutant.name}  (line {mutant.line})")
            return OK
        programs, units = _build(tree, line)
        # Two tests at once for each of the mutants at once would wait for one another.
        runners: dict[str, Runner] = {
            UNIT: UnitTests(units),
            CONFORMANCE: Suite(programs, home / "results", jobs=2),
        }
        all_tests = [Test(label, UNIT, 3.0) for label in units]
        all_tests += _conformance_tests(programs.suite, tree)
        tests = _sha(programs.suite, programs.probe)
        reach = _reach(tree, home, tests, runners, all_tests, line)
        book = campaign.Book(home / "verdicts.jsonl", tree.keys, tests)
        at_once = options.jobs or os.cpu_count() or 1
        try:
            verdicts = campaign.run(mutants, reach, runners, book, options.most, at_once, line.show)
        except KeyboardInterrupt as error:
            line.clear()
            raise Interrupted("interrupted; what was judged is kept") from error
    names = {mutant.name for mutant in tree.mutants.values()}
    # Of sources without mutants in this build nothing is known.
    here = {name: why for name, why in excused.items() if name.partition(":")[0] in tree.keys}
    mistakes = reasons.wrong(here, names, verdicts)
    result = score.score(len(names), verdicts, excused)
    if options.json:
        options.json.write_text(json.dumps(_as_json(verdicts, result, options), indent=2) + "\n")
    _print(verdicts, mistakes, result, options.summary)
    return VERDICT if mistakes else OK
