# SPDX-License-Identifier: Apache-2.0
"""The specification and its tests, read from the tree without a build."""

from __future__ import annotations

from typing import Sequence

from ci.cli.errors import InfrastructureError, UsageError, did_you_mean
from ci.cli.paths import TOP
from ci.reports import model
from spec.tools import catalogue as source
from spec.tools import cpp_source
from spec.tools.errors import SpecError

TESTS = TOP / "conformance" / "tests"


def load_source() -> source.Catalogue:
    """The specification as its own tools see it."""
    try:
        return source.load()
    except SpecError as error:
        raise InfrastructureError(f"the specification has mistakes:\n{error}") from error


def _tests(loaded: source.Catalogue) -> dict[str, model.Test]:
    """The conformance tests as they stand in the sources; the build says what is wrong there."""
    ids = {each.constant: each.id for each in loaded.requirements.values()}
    tests = {}
    for path in sorted(TESTS.glob("*_conformance_test.cc")):
        file = str(path.relative_to(TOP))
        scanned, _ = cpp_source.scan(file, path.read_text(encoding="utf-8"))
        for case in scanned.tests:
            cited = [f"spec::{c.extension}::k{c.constant}" for c in case.citations]
            covered = tuple(ids[constant] for constant in cited if constant in ids)
            tests[case.name] = model.Test(case.name, file, case.line, covered)
    return tests


def translate(loaded: source.Catalogue) -> model.Catalogue:
    """The part of the specification that reports need, with the tests that cover it."""
    extensions = {
        each.name: model.Extension(
            name=each.name,
            since=each.since,
            chapter=each.chapter,
            bench=each.bench,
            needs=each.needs,
            summary=each.summary,
        )
        for each in loaded.extensions.values()
    }
    requirements = {
        each.id: model.Requirement(
            id=each.id,
            level=each.level,
            since=each.since,
            kind=each.kind,
            statement=each.statement,
            observable=each.observable,
            needs=each.needs,
            left_open=each.left_open,
            source="; ".join(each.sources),
            retired=bool(each.retired),
        )
        for each in loaded.requirements.values()
    }
    return model.Catalogue(extensions, requirements, _tests(loaded))


def load() -> model.Catalogue:
    return translate(load_source())


def check_names(
    catalogue: model.Catalogue, extensions: Sequence[str], requirements: Sequence[str]
) -> None:
    """Refuses names that the specification does not have."""
    for name in extensions:
        if name not in catalogue.extensions:
            hint = did_you_mean(name, catalogue.extensions)
            raise UsageError(
                f"there is no extension '{name}'.{hint} './lxcspec list' has them all."
            )
        if not catalogue.extensions[name].chapter:
            raise UsageError(f"'{name}' has no chapter yet, and so nothing that could be verified")
    for name in requirements:
        if name not in catalogue.requirements:
            hint = did_you_mean(name, catalogue.requirements)
            raise UsageError(f"there is no requirement '{name}'.{hint}")
        if catalogue.requirements[name].retired:
            raise UsageError(f"requirement '{name}' is retired: nothing tests it any more")


def select(
    catalogue: model.Catalogue,
    names: Sequence[str],
    extensions: Sequence[str],
    requirements: Sequence[str],
) -> list[str]:
    """Of the suite's tests those that were asked for, in the suite's order."""
    if not extensions and not requirements:
        return list(names)
    selected = []
    for name in names:
        test = catalogue.test_of(name)
        covered = test.requirements if test else ()
        if set(covered) & set(requirements) or {r.split(".")[0] for r in covered} & set(extensions):
            selected.append(name)
    if not selected:
        raise InfrastructureError("no test covers what was asked for")
    return selected
