#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every requirement has a test and every test a requirement; writes which has which."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Mapping

from spec.tools import catalogue, cpp_source
from spec.tools.cpp_source import Source, TestCase
from spec.tools.errors import Problem, SpecError, did_you_mean

_SUFFIX = "_conformance_test.cc"


@dataclass(frozen=True)
class Required:
    """What this check needs to know of a requirement."""

    id: str
    constant: str
    retired: bool
    file: str
    line: int


@dataclass(frozen=True)
class Specification:
    """Extensions by name, requirements by the constant that tests cite."""

    extensions: tuple[str, ...]
    by_constant: Mapping[str, Required]

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Specification:
        if data.get("schema") != 1:
            raise ValueError(f"requirements.json has schema {data.get('schema')}, and not 1")
        required = [
            Required(r["id"], r["constant"], bool(r["retired"]), r["file"], r["line"])
            for r in data["requirements"]
        ]
        names = tuple(extension["name"] for extension in data["extensions"])
        return Specification(names, {each.constant: each for each in required})

    def extension_of(self, file: str) -> str:
        """The extension whose tests the file holds: the longest name that its own begins with."""
        stem = Path(file).name.removesuffix(_SUFFIX)
        if stem == Path(file).name:
            return ""
        fitting = [n for n in self.extensions if stem == n or stem.startswith(f"{n}_")]
        return max(fitting, key=len, default="")


def _requirements_of(
    test: TestCase, extension: str, specification: Specification, problems: list[Problem]
) -> list[str]:
    """The ids that the test cites; reports what it may not cite."""
    ids: list[str] = []
    for citation in test.citations:
        constant = f"spec::{citation.extension}::k{citation.constant}"
        required = specification.by_constant.get(constant)
        if required is None:
            prefix = f"spec::{citation.extension}::"
            siblings = [name for name in specification.by_constant if name.startswith(prefix)]
            hint = did_you_mean(constant, siblings)
            message = f"{test.name} cites {constant}, which is no requirement{hint}"
        elif required.retired:
            message = f"{test.name} cites {required.id}, which is retired ({_place(required)})"
        elif extension and citation.extension != extension:
            message = f"{test.name} cites {required.id} in the file of '{extension}'"
        else:
            ids.append(required.id)
            continue
        problems.append(Problem(test.file, citation.line, message))
    return ids


def _place(required: Required) -> str:
    return f"{required.file}:{required.line}"


def _check_sources(
    sources: Iterable[Source], specification: Specification, problems: list[Problem]
) -> None:
    sources = list(sources)
    first: dict[str, TestCase] = {}
    instantiated = {suite for source in sources for suite in source.instantiated}
    for source in sources:
        if not specification.extension_of(source.file):
            problems.append(
                Problem(source.file, 1, f"the file must be named <extension>[_<topic>]{_SUFFIX}")
            )
        if not source.tests:
            problems.append(Problem(source.file, 1, "the file has no test"))
        for test in source.tests:
            earlier = first.setdefault(test.name, test)
            if earlier is not test:
                problems.append(
                    Problem(
                        test.file,
                        test.line,
                        f"{test.name} is already the test at {earlier.file}:{earlier.line}",
                    )
                )
            if test.macro == "TEST_P" and test.suite not in instantiated:
                problems.append(
                    Problem(
                        test.file,
                        test.line,
                        f"{test.name} never runs: no INSTANTIATE_TEST_SUITE_P of {test.suite}",
                    )
                )


def cover(sources: Iterable[Source], specification: Specification) -> dict[str, Any]:
    """The contents of coverage.json; raises SpecError with everything that is wrong."""
    sources = list(sources)
    problems: list[Problem] = []
    _check_sources(sources, specification, problems)
    tests: dict[str, dict[str, Any]] = {}
    tests_of: dict[str, list[str]] = {
        each.id: [] for each in specification.by_constant.values() if not each.retired
    }
    for source in sources:
        extension = specification.extension_of(source.file)
        for test in source.tests:
            ids = _requirements_of(test, extension, specification, problems)
            tests[test.name] = {
                "requirements": ids,
                "file": test.file,
                "line": test.line,
                "extension": extension,
            }
            for id_ in ids:
                tests_of[id_].append(test.name)
    for required in specification.by_constant.values():
        if not required.retired and not tests_of[required.id]:
            problems.append(
                Problem(
                    required.file,
                    required.line,
                    f"'{required.id}' has no test: no COVERS({required.constant})",
                )
            )
    if problems:
        raise SpecError(problems)
    return {"schema": 1, "tests": tests, "requirements": tests_of}


def cover_files(
    files: Iterable[Path], specification: Specification, known: Iterable[Problem] = ()
) -> dict[str, Any]:
    """The same, from the files. What is wrong in them, and `known`, is reported with the rest."""
    problems = list(known)
    sources: list[Source] = []
    for path in files:
        source, found = cpp_source.scan(str(path), path.read_text(encoding="utf-8"))
        sources.append(source)
        problems += found.found
    try:
        result = cover(sources, specification)
    except SpecError as error:
        raise SpecError([*problems, *error.problems]) from None
    if problems:
        raise SpecError(problems)
    return result


@dataclass(frozen=True)
class CoveredTest:
    """A test as its source has it."""

    name: str
    file: str
    line: int
    requirements: tuple[str, ...]


def read_tests(files: Iterable[Path], specification: catalogue.Catalogue) -> dict[str, CoveredTest]:
    """The tests of files that may have mistakes: for showing them, where nothing is checked."""
    ids = {r.constant: r.id for r in specification.requirements.values()}
    found: dict[str, CoveredTest] = {}
    for path in files:
        source, _ = cpp_source.scan(str(path), path.read_text(encoding="utf-8", errors="replace"))
        for test in source.tests:
            constants = [f"spec::{each.extension}::k{each.constant}" for each in test.citations]
            cited = tuple(ids[constant] for constant in constants if constant in ids)
            found[test.name] = CoveredTest(test.name, test.file, test.line, cited)
    return found


def source_name(test: str, known: Iterable[str]) -> str:
    """The name in coverage.json of a test that ran: `All/Suite.Name/case` is `Suite.Name` there.

    Empty if there is none.
    """
    names = set(known)
    suite, _, name = test.partition(".")
    for part in suite.split("/"):
        candidate = f"{part}.{name.split('/')[0]}"
        if candidate in names:
            return candidate
    return ""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requirements", type=Path, required=True, help="requirements.json")
    parser.add_argument("--output", type=Path, help="where coverage.json goes")
    parser.add_argument(
        "--unlisted",
        action="append",
        default=[],
        help="a conformance test that the build does not know: reported",
    )
    parser.add_argument("sources", type=Path, nargs="*", help="the conformance tests")
    options = parser.parse_args(arguments)
    text = options.requirements.read_text(encoding="utf-8")
    unlisted = [Problem(file, 1, "no rule in BUILD lists this file") for file in options.unlisted]
    try:
        result = cover_files(options.sources, Specification.from_json(json.loads(text)), unlisted)
    except SpecError as error:
        print(error, file=sys.stderr)
        return 1
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
