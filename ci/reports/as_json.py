# SPDX-License-Identifier: Apache-2.0
"""The report as JSON, for programs. report.schema.json describes it; `schema` counts up whenever
a field changes its meaning or goes away, not when one is added."""

from __future__ import annotations

import json
from typing import Any, Sequence

from ci.reports import model
from ci.reports.compare import Comparison, ExtensionOutcome, RequirementOutcome, TestOutcome
from ci.reports.problems import Problem

SCHEMA = 1


def _extension(outcome: ExtensionOutcome) -> dict[str, Any]:
    return {
        "name": outcome.extension.name,
        "since": outcome.extension.since,
        "claimed": outcome.claimed,
        "verdict": outcome.claim.verdict,
        "reason": outcome.claim.reason,
        "because": outcome.because,
        "requirements": dict(sorted(outcome.counts.items())),
    }


def _requirement(outcome: RequirementOutcome) -> dict[str, Any]:
    return {
        "id": outcome.requirement.id,
        "level": outcome.requirement.level,
        "verdict": outcome.verdict,
        "reason": outcome.reason,
        "tests": list(outcome.tests),
    }


def _test(outcome: TestOutcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "extension": outcome.extension,
        "requirements": list(outcome.requirements),
        "verdict": outcome.verdict,
        "iterations": outcome.iterations,
        "reason": outcome.reason,
        "message": outcome.message,
        "because": outcome.because,
        # What a passing test has printed is evidence of nothing, and would make the file large.
        "output": "" if outcome.verdict == model.PASS else outcome.output,
        "ms": outcome.ms,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "kind": problem.kind,
        "infrastructure": problem.infrastructure,
        "requirements": list(problem.requirements),
        "test": problem.test,
        "extension": problem.extension,
        "what": problem.what,
        "message": problem.message,
        "todo": problem.todo,
        "ledger_line": problem.line or None,
    }


def _run(comparison: Comparison) -> dict[str, Any]:
    run = comparison.run
    return {
        "testee": {
            "name": run.name,
            "path": run.path,
            "sha256": run.sha256,
            "version": run.version,
        },
        "machine": {"kernel": run.kernel, "arch": run.arch, "cgroup": run.cgroup},
        "seed": run.seed,
        "repeat": run.repeat,
        "ledger": comparison.ledger.path or None,
        "exit_code": comparison.exit_code,
        "counts": dict(sorted(comparison.counts.items())),
        "needs": [
            {"name": need.name, "present": need.present, "evidence": need.evidence}
            for need in run.needs.values()
        ],
        "extensions": [_extension(e) for e in comparison.extensions],
        "requirements": [_requirement(r) for r in comparison.requirements],
        "tests": [_test(t) for t in comparison.tests],
        "problems": [_problem(p) for p in comparison.problems],
    }


def render(comparisons: Sequence[Comparison]) -> str:
    """The document as text."""
    document = {"schema": SCHEMA, "runs": [_run(comparison) for comparison in comparisons]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
