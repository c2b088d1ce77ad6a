# SPDX-License-Identifier: Apache-2.0
"""What the words of `lxcspec bench` do: builds compared, speed followed from commit to commit."""

from __future__ import annotations

import argparse
import datetime
import functools
import random
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Sequence

from ci.cli import bench_builds, paths, prepare, progress
from ci.cli.errors import InfrastructureError, UsageError
from ci.cli.options import Action

if TYPE_CHECKING:
    from bench.tracking.history import Commit, Point
    from bench.tracking.program import Effort


def _trackable(action: Action) -> Action:
    """Ends the command with the verdict of an error of tracking."""

    @functools.wraps(action)
    def guarded(options: argparse.Namespace) -> int:
        prepare.for_building()
        from bench.tracking.verdicts import TrackingError

        try:
            return action(options)
        except TrackingError as error:
            progress.say(f"lxcspec: {error.verdict.words}: {error}")
            return int(error.verdict)

    return guarded


def _recipe(options: argparse.Namespace) -> bench_builds.Recipe:
    if bool(options.build) != bool(options.program):
        raise UsageError("--build and --program belong together")
    if not options.repository.is_dir():
        raise UsageError(f"there is no folder {options.repository}")
    return bench_builds.Recipe(
        options.repository,
        options.target,
        options.build,
        options.program,
        tuple(shlex.split(options.flags)),
    )


def _effort(options: argparse.Namespace) -> Effort:
    from bench.tracking.program import Effort

    if not 0 < options.seconds <= 600:
        raise UsageError("--seconds is above 0 and up to 600")
    try:
        re.compile(options.filter.removeprefix("-"))
    except re.error as error:
        raise UsageError(f"--filter '{options.filter}': {error}") from error
    return Effort(options.filter, options.repetitions, options.seconds, options.count)


@_trackable
def compare(options: argparse.Namespace) -> int:
    """Builds, measures and judges A and B."""
    from bench.tracking import abba, judgement
    from bench.tracking.compare import judge
    from ci.cli import bench_output

    recipe, effort = _recipe(options), _effort(options)
    kept = options.rounds_file or paths.new_results_file("bench")
    drawn = random.randrange(2**32) if options.seed is None else options.seed
    with progress.Line() as line, bench_builds.Builder(recipe, line) as builder:
        programs = (builder.program(options.a), builder.program(options.b))
        if programs[0].digest() == programs[1].digest():
            print(f"A: {programs[0].label}\nB: {programs[1].label}")
            print("none: both are the same program, to the last bit; nothing needs to be measured")
            return 0

        def told(number: int) -> None:
            line.show(f"round {number + 1} of {options.rounds} ...")

        try:
            head, rounds = abba.run(kept, programs, effort, options.rounds, drawn, told)
        except KeyboardInterrupt:
            line.clear()
            progress.say(f"Measured rounds are kept: --rounds-file {paths.shown(kept)} goes on.")
            raise
    judged = judge(rounds, gone_is_fine=options.gone_is_fine)
    bench_output.print_comparison(head.labels, judged)
    if options.json:
        paths.write(options.json, judgement.render(head, judged))
    return int(judged.verdict)


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _imported(options: argparse.Namespace) -> list[Point]:
    from bench.tracking import fingerprint, google_benchmark
    from bench.tracking.history import Point

    recipe = _recipe(options)
    reports = [google_benchmark.load(path) for path in options.reports]
    google_benchmark.require_same_build(reports)
    google_benchmark.require_host(reports)
    commit, now = bench_builds.commit_of(recipe.repository, options.commit), _now()
    machine = fingerprint.of_this_machine()
    return [
        Point(commit, now, machine, "", recipe.build, report.counts_by, report.values)
        for report in reports
    ]


@_trackable
def record(options: argparse.Namespace) -> int:
    """Appends a point for each report, or for each of as many processes as --starts says."""
    from bench.tracking import history as points_of

    if options.reports:
        points_of.add(options.history, _imported(options), options.new_machine)
    else:
        recipe = _recipe(options)
        commit = bench_builds.commit_of(recipe.repository, options.commit)
        _measure_all(options, recipe, [commit])
    print(f"recorded in {paths.shown(options.history)}")
    return 0


def _measure_all(
    options: argparse.Namespace, recipe: bench_builds.Recipe, commits: Sequence[Commit]
) -> None:
    """Builds all, then measures them in an order drawn for each turn; each process is a point."""
    from bench.tracking import fingerprint, measured
    from bench.tracking import history as points_of

    effort = _effort(options)
    file: Path = options.history
    known = points_of.load(file) if file.exists() else []
    points_of.require_machine(known, fingerprint.of_this_machine(), options.new_machine)
    with progress.Line() as line, bench_builds.Builder(recipe, line) as builder:
        built: list[measured.Built] = []
        for commit in commits:
            try:
                built.append(measured.Built(commit, builder.of_commit(commit)))
            except bench_builds.NoSuchBenchmark as error:
                line.clear()
                progress.say(str(error))
            except InfrastructureError as error:
                line.clear()
                progress.say(f"{commit} is left out: {error}")
        if not built:
            raise InfrastructureError("no commit could be built")
        turns = measured.turns(built, options.starts, random.Random())
        for number, one in enumerate(turns, 1):
            line.show(f"process {number} of {len(turns)}: {one.commit} ...")
            point = measured.point(one, effort, recipe.build, _now())
            # Whether the machine is the same was asked before; it may not change meanwhile either.
            points_of.add(file, [point], options.new_machine and number == 1)


@_trackable
def history(options: argparse.Namespace) -> int:
    """Measures what is missing, if asked for; then analyses."""
    from bench.tracking import acknowledged, alerts, as_csv, journal, page
    from bench.tracking import history as points_of
    from ci.cli import bench_output

    if options.set_aside:
        count = journal.set_aside(options.history)
        progress.say(f"{count} broken lines were moved to {options.history.name}.broken")
    if options.commits:
        recipe = _recipe(options)
        known = points_of.load(options.history) if options.history.exists() else []
        have = {p.commit.hash for p in known if p.build == recipe.build}
        wanted = bench_builds.commits_of(recipe.repository, options.commits)
        missing = [commit for commit in wanted if commit.hash not in have]
        progress.say(f"{len(wanted)} commits, {len(missing)} of them without a point")
        if missing:
            _measure_all(options, recipe, missing)
    chosen = points_of.choose(points_of.load(options.history), options.machine)
    entries = acknowledged.load(options.acknowledged)
    analysed = [alerts.analyse(series, entries) for series in points_of.series_of(chosen)]
    found = alerts.group(analysed, chosen.commits)
    verdict = alerts.verdict(analysed, found)
    outputs: tuple[tuple[Path | None, Callable[[], str]], ...] = (
        (options.html, lambda: page.render(chosen, analysed, found, verdict)),
        (options.csv, lambda: as_csv.render(chosen.points)),
    )
    for file, text in outputs:
        if file:
            paths.write(file, text())
    bench_output.print_history(chosen, analysed, found, verdict)
    return int(verdict)


@_trackable
def acknowledge(options: argparse.Namespace) -> int:
    """Adds an entry to the file of acknowledged shifts."""
    from bench.tracking import acknowledged

    commit = bench_builds.commit_of(options.repository, options.commit)
    file: Path = options.acknowledged
    acknowledged.load(file)
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    entry = acknowledged.Acknowledged(
        commit.hash[:12], options.benchmark, options.direction, options.reason.strip()
    )
    draft = file.with_name(f"{file.name}.new")
    paths.write(draft, acknowledged.added(before, entry))
    draft.replace(file)
    print(f"{paths.shown(file)}: {options.benchmark} {options.direction} at {commit}")
    return 0


@_trackable
def error_rates(options: argparse.Namespace) -> int:
    """Prints the rates; 0 if they are as promised, 1 if not."""
    from bench.tracking import error_rates as rates
    from bench.tracking import program

    data = options.data or rates.DATA
    if options.measure:
        effort = _effort(options)
        measured = program.Program(Path(options.measure), Path(options.measure).name)
        with progress.Line() as line:
            for number in range(options.processes):
                line.show(f"process {number + 1} of {options.processes} ...")
                rates.measure(data, measured, effort, _now())
    with progress.Line() as line:
        found = rates.rates(
            rates.only(rates.load(data), options.only),
            options.rounds,
            options.comparisons,
            lambda n: line.show(f"{n} ..."),
        )
    print(found.text())
    if options.json:
        paths.write(options.json, found.as_json(_now()))
    return 0 if found.kept else 1
