# SPDX-License-Identifier: Apache-2.0
"""Reads registry.yaml, needs.yaml and levels/*.yaml."""

from __future__ import annotations

from typing import Mapping

from spec.tools import yaml_reader
from spec.tools.errors import Problems, did_you_mean, one_of
from spec.tools.model import (
    LXC_LEVELS,
    NAME,
    RELEASE,
    Extension,
    Level,
    Need,
    Requirement,
    release_key,
)

_EXTENSION_KEYS = (
    "name",
    "since",
    "summary",
    "documented",
    "needs",
    "chapter",
    "bench",
    "guard",
    "note",
)
_BENCH = "'bench' of {} must be a benchmark's name, or 'none: <reason>'"


def read_needs(text: str, problems: Problems) -> dict[str, Need]:
    found: dict[str, Need] = {}
    root = yaml_reader.read(text, problems)
    if root is None:
        return found
    for node in yaml_reader.Fields(root, "the file", ("needs",), problems).items("needs"):
        fields = yaml_reader.Fields(node, "a need", ("name", "proof", "probe"), problems)
        name = fields.text("name")
        proof, probe = fields.text("proof"), fields.flag("probe")
        if not name:
            continue
        if not NAME.fullmatch(name) or name == "none":
            problems.add(fields.line_of("name"), f"'{name}' cannot be the name of a need")
        elif name in found:
            problems.add(fields.line_of("name"), f"need '{name}' is there twice")
        else:
            found[name] = Need(name, proof, probe)
    return found


def _bench(fields: yaml_reader.Fields, name: str, problems: Problems) -> tuple[str, str]:
    """The benchmark's name and, where there is none, why."""
    if fields.sub_mapping("bench") is not None:
        problems.add(fields.line_of("bench"), "quote the value of 'bench': 'none: <reason>'")
        return "", "?"
    bench = fields.text("bench")
    if bench == "none" or bench.startswith("none:"):
        reason = bench.removeprefix("none").removeprefix(":").strip()
        if not reason:
            problems.add(
                fields.line_of("bench"),
                f"'{name}' has no benchmark and gives no reason: 'none: <reason>'",
            )
        return "", reason
    if bench and not NAME.fullmatch(bench):
        problems.add(fields.line_of("bench"), _BENCH.format(f"'{name}'"))
    return bench, ""


def read_registry(
    text: str, needs: Mapping[str, Need], releases: Mapping[str, str], problems: Problems
) -> dict[str, Extension]:
    """The extensions in the file's order. `releases`: up to which release each level reaches."""
    found: dict[str, Extension] = {}
    root = yaml_reader.read(text, problems)
    if root is None:
        return found
    for node in yaml_reader.Fields(root, "the file", ("extensions",), problems).items("extensions"):
        fields = yaml_reader.Fields(node, "an extension", _EXTENSION_KEYS, problems)
        name = fields.text("name")
        fields.what = f"'{name}'" if name else fields.what
        line = fields.line_of("name")
        if name and not NAME.fullmatch(name):
            problems.add(line, f"'{name}' cannot be an extension's name: lower case, digits and _")
        elif name in found:
            problems.add(line, f"extension '{name}' is there twice")
        since = fields.text("since")
        level = _level_of(since, name, releases, fields.line_of("since"), problems)
        listed = fields.names("needs")
        for need_line, need in listed:
            if needs and need not in needs:
                hint = did_you_mean(need, needs) or f"; needs.yaml has {one_of(needs)}"
                problems.add(need_line, f"unknown need '{need}' of '{name}'{hint}")
        bench, no_bench = _bench(fields, name, problems)
        found.setdefault(
            name,
            Extension(
                name=name,
                since=since,
                level=level,
                summary=fields.text("summary"),
                documented=fields.flag("documented"),
                needs=tuple(need for _, need in listed),
                chapter=fields.flag("chapter"),
                bench=bench,
                no_bench_because=no_bench,
                guard=fields.text("guard", required=False),
                note=fields.text("note", required=False),
                line=line,
            ),
        )
    if not found and not problems.found:
        problems.add(1, "there is no extension in it")
    return {name: extension for name, extension in found.items() if name}


def _level_of(
    since: str, name: str, releases: Mapping[str, str], line: int, problems: Problems
) -> str:
    """The first level that reaches to the release `since`."""
    if not since:
        return ""
    if not RELEASE.fullmatch(since):
        problems.add(line, f"since '{since}' of '{name}' must be a release, such as 4.0.5")
        return ""
    if not all(releases.get(level) for level in LXC_LEVELS):
        return ""  # a level's file could not be read, and that is reported
    for level in LXC_LEVELS:
        if release_key(since) <= release_key(releases[level]):
            return level
    problems.add(line, f"no level reaches to release {since}, since when there is '{name}'")
    return ""


def read_level(text: str, name: str, problems: Problems) -> tuple[Level | None, list[int]]:
    """One level as its file says it, and the lines of its extensions and exceptions, in order."""
    root = yaml_reader.read(text, problems)
    if root is None:
        return None, []
    keys = ("level", "release", "extensions", "exceptions")
    fields = yaml_reader.Fields(root, "the level", keys, problems)
    if (stated := fields.text("level")) and stated != name:
        problems.add(fields.line_of("level"), f"level '{stated}' in the file of level {name}")
    release = fields.text("release")
    if release and not RELEASE.fullmatch(release):
        problems.add(fields.line_of("release"), f"'{release}' must be a release, such as 4.0.12")
        release = ""
    elif release and not release.startswith(name.split(".")[0] + "."):
        problems.add(fields.line_of("release"), f"release {release} is not of the series {name}")
        release = ""
    listed = fields.names("extensions")
    lines = [line for line, _ in listed]
    exceptions: dict[str, str] = {}
    for node in fields.items("exceptions", required=False):
        entry = yaml_reader.Fields(node, "an exception", ("requirement", "because"), problems)
        id_, because = entry.text("requirement"), entry.text("because")
        if id_ in exceptions:
            problems.add(entry.line, f"'{id_}' is excepted twice")
        elif id_:
            exceptions[id_] = because
            lines.append(entry.line_of("requirement"))
    extensions = tuple(extension for _, extension in listed)
    return Level(name, release, extensions, exceptions, problems.file), lines


def check_level(
    level: Level,
    lines: list[int],
    registry: Mapping[str, Extension],
    requirements: Mapping[str, Requirement] | None,
    problems: Problems,
) -> None:
    """A level lists what follows from `since`, in the registry's order, and excepts no more.

    Without `requirements` (a chapter could not be read) the exceptions stay unchecked.
    """
    if not level.release:
        return
    expected = _expected(level, registry)
    for line, name in zip(lines, level.extensions):
        if name not in registry:
            problems.add(line, f"unknown extension '{name}'{did_you_mean(name, registry)}")
        elif name not in expected:
            since = registry[name].since
            problems.add(
                line, f"'{name}' is since {since}, and level {level.name} ends at {level.release}"
            )
    for name in expected:
        if name not in level.extensions:
            problems.add(1, f"'{name}' is missing: it is since {registry[name].since}")
    known = [name for name in level.extensions if name in expected]
    in_order = [name for name in expected if name in level.extensions]
    for found, wanted in zip(known, in_order):
        if found != wanted:
            line = lines[level.extensions.index(found)]
            problems.add(line, f"'{found}' stands where the registry's order wants '{wanted}'")
            break
    if requirements is None:
        return
    listed = len(level.extensions)
    exception_lines = lines[listed:]
    for line, id_ in zip(exception_lines, level.exceptions):
        if id_ not in requirements:
            problems.add(line, f"unknown requirement '{id_}'{did_you_mean(id_, requirements)}")
        elif release_key(requirements[id_].since) > release_key(level.name):
            since = requirements[id_].since
            problems.add(line, f"'{id_}' is since {since}: level {level.name} is without it anyway")


def _expected(level: Level, registry: Mapping[str, Extension]) -> list[str]:
    bound = release_key(level.release)
    return [
        extension.name
        for extension in registry.values()
        if RELEASE.fullmatch(extension.since) and release_key(extension.since) <= bound
    ]
