# SPDX-License-Identifier: Apache-2.0
"""Reads results of any form back into comparisons: raw results, reports of `run` and of `matrix`.
Strict about types: what is read here may come from elsewhere."""

from __future__ import annotations

import json
from typing import Any, Callable, Mapping, Sequence

from ci.reports import as_json, claims, ledger, load_matrix, model, results
from ci.reports.compare import Comparison, ExtensionOutcome, RequirementOutcome, TestOutcome
from ci.reports.problems import Problem
from vmtests.matrix import outcome as matrix

Judge = Callable[[results.Run], Comparison]
VERDICTS = (*model.RAW_VERDICTS, model.EXPECTED_FAIL, model.UNEXPECTED_PASS, model.NOT_RUN)


class LoadError(Exception):
    """It is no results file that can be read; the message names it."""


class _Fields:
    """Typed access to an object of a report."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise LoadError(f"{where} is not an object")
        self.where = where
        self._value: Mapping[str, Any] = value

    def _get(self, key: str, kinds: tuple[type, ...], wanted: str) -> Any:
        value = self._value.get(key)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise LoadError(f"{self.where}: '{key}' is not {wanted}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        if default is not None and self._value.get(key) is None:
            return default
        return str(self._get(key, (str,), "a string"))

    def number(self, key: str) -> float:
        value = self._get(key, (int, float), "a number")
        return value if isinstance(value, int) else float(value)

    def integer(self, key: str) -> int | None:
        return None if self._value.get(key) is None else int(self._get(key, (int,), "a number"))

    def flag(self, key: str) -> bool | None:
        return None if self._value.get(key) is None else bool(self._get(key, (bool,), "a truth"))

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._get(key, (list,), "a list")
        if not all(isinstance(value, str) for value in values):
            raise LoadError(f"{self.where}: '{key}' is not a list of strings")
        return tuple(values)

    def part(self, key: str) -> _Fields:
        return _Fields(self._value.get(key), f"{self.where}: '{key}'")

    def parts(self, key: str) -> list[_Fields]:
        values = self._get(key, (list,), "a list")
        return [_Fields(v, f"{self.where}: {key}[{n}]") for n, v in enumerate(values)]

    def counts(self, key: str) -> dict[str, int]:
        values = self._get(key, (dict,), "an object")
        if not all(isinstance(value, int) for value in values.values()):
            raise LoadError(f"{self.where}: '{key}' does not hold numbers")
        return dict(values)

    def word(self, key: str, known: Sequence[str]) -> str:
        value = self.text(key)
        if value not in known:
            raise LoadError(f"{self.where}: '{key}' is '{value}', which is none of the known words")
        return value


def _extension(fields: _Fields, catalogue: model.Catalogue) -> ExtensionOutcome:
    name = fields.text("name")
    counts = fields.counts("requirements")
    unknown = model.Extension(name, fields.text("since"), chapter=bool(counts))
    return ExtensionOutcome(
        extension=catalogue.extensions.get(name, unknown),
        claimed=fields.flag("claimed"),
        claim=claims.Outcome(fields.word("verdict", model.CLAIM_VERDICTS), fields.text("reason")),
        counts=counts,
        because=fields.text("because"),
    )


def _requirement(fields: _Fields, catalogue: model.Catalogue) -> RequirementOutcome:
    id_ = fields.text("id")
    unknown = model.Requirement(id_, fields.text("level"), "", "", "")
    return RequirementOutcome(
        requirement=catalogue.requirements.get(id_, unknown),
        verdict=fields.word("verdict", VERDICTS),
        tests=fields.texts("tests"),
        reason=fields.text("reason"),
    )


def _test(fields: _Fields) -> TestOutcome:
    return TestOutcome(
        name=fields.text("name"),
        extension=fields.text("extension"),
        requirements=fields.texts("requirements"),
        verdict=fields.word("verdict", VERDICTS),
        iterations=int(fields.number("iterations")),
        reason=fields.text("reason"),
        message=fields.text("message"),
        because=fields.text("because"),
        # Older reports have none.
        output=fields.text("output", default=""),
        ms=fields.number("ms"),
    )


def _problem(fields: _Fields) -> Problem:
    return Problem(
        kind=fields.text("kind"),
        what=fields.text("what"),
        todo=fields.text("todo"),
        requirements=fields.texts("requirements"),
        test=fields.text("test"),
        extension=fields.text("extension"),
        message=fields.text("message"),
        line=fields.integer("ledger_line") or 0,
    )


def _run(fields: _Fields, catalogue: model.Catalogue) -> Comparison:
    testee, machine = fields.part("testee"), fields.part("machine")
    run = results.Run(
        name=testee.text("name"),
        path=testee.text("path"),
        sha256=testee.text("sha256"),
        version=testee.text("version"),
        kernel=machine.text("kernel"),
        arch=machine.text("arch"),
        cgroup=machine.text("cgroup"),
        seed=fields.integer("seed"),
        repeat=int(fields.number("repeat")),
        ended=True,
    )
    for each in fields.parts("needs"):
        need = results.Need(each.text("name"), each.flag("present") is True, each.text("evidence"))
        run.needs[need.name] = need
    extensions = [_extension(each, catalogue) for each in fields.parts("extensions")]
    for one in extensions:
        run.claims[one.extension.name] = results.Claim(one.extension.name, one.claimed)
    return Comparison(
        run=run,
        ledger=ledger.Ledger(path=fields.text("ledger", default="")),
        tests=[_test(each) for each in fields.parts("tests")],
        requirements=[_requirement(each, catalogue) for each in fields.parts("requirements")],
        extensions=extensions,
        problems=[_problem(each) for each in fields.parts("problems")],
    )


def _report(document: dict[str, Any], name: str, catalogue: model.Catalogue) -> list[Comparison]:
    if document.get("schema") != as_json.SCHEMA:
        known = f"this reads schema {as_json.SCHEMA}"
        raise LoadError(f"{name}: schema {document.get('schema')!r}; {known}")
    return [_run(fields, catalogue) for fields in _Fields(document, name).parts("runs")]


def load(text: str, name: str, catalogue: model.Catalogue, judge: Judge) -> list[Comparison]:
    """The comparisons in a file named `name`. `judge` compares raw results with their ledger."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict) and "runs" in document:
        return _report(document, name, catalogue)
    if isinstance(document, dict) and "cells" in document:
        try:
            cells = matrix.load(text, name)
            return [load_matrix.comparison(cell, catalogue) for cell in cells]
        except matrix.ReportError as error:
            raise LoadError(str(error)) from error
        except (TypeError, AttributeError) as error:
            raise LoadError(f"{name}: not a report of ./lxcspec matrix: {error!r}") from error
    try:
        # Not splitlines(): a string in JSON may hold what that takes for the end of a line.
        return [judge(results.parse(text.split("\n")))]
    except (results.ResultsError, RecursionError) as error:
        what = "neither a report of 'run' or 'matrix' nor raw results"
        raise LoadError(f"{name}: {what}: {error}") from error
