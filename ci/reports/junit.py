# SPDX-License-Identifier: Apache-2.0
"""JUnit XML: one <testsuite> per testee with a <testcase> per test, and one with what no single
test stands for (stale ledger entries, claims), so that a reader of this file alone sees it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from typing import Sequence
from xml.etree.ElementTree import Element, SubElement

from ci.reports import model, problems
from ci.reports.compare import Comparison, TestOutcome
from ci.reports.problems import Problem

# What XML 1.0 cannot carry, not even escaped.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Problems that belong to the test which met them.
_OF_A_TEST = (
    problems.FAILURE,
    problems.CHANGED_MESSAGE,
    problems.UNEXPECTED_PASS,
    problems.LEAK,
    problems.BROKEN,
)


def _clean(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)


def _child(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    cleaned = {key: _clean(value) for key, value in attributes.items()}
    child = SubElement(parent, tag, cleaned)
    if text:
        child.text = _clean(text)
    return child


def _describe(found: Sequence[Problem]) -> str:
    return "\n\n".join(
        "\n".join(
            part
            for part in (", ".join(p.requirements), p.what, p.message, f"next: {p.todo}")
            if part
        )
        for p in found
    )


def _add_case(suite: Element, test: TestOutcome, found: Sequence[Problem]) -> None:
    group, _, name = test.name.partition(".")
    classname = f"{suite.get('name', '')}.{group}"
    seconds = f"{test.ms / 1000:.3f}"
    case = _child(suite, "testcase", classname=classname, name=name or group, time=seconds)
    if test.verdict == model.BROKEN:
        _child(case, "error", _describe(found), message=test.reason or test.message, type="broken")
    elif test.verdict == model.UNSUPPORTED:
        _child(case, "skipped", message=test.reason)
    elif test.verdict not in model.EXPECTED:
        first = found[0].what if found else test.verdict
        _child(case, "failure", _describe(found), message=first, type=test.verdict)
    elif test.verdict == model.EXPECTED_FAIL:
        _child(case, "system-out", f"fails as the ledger says: {test.because}\n{test.message}")
    if test.output and test.verdict not in model.EXPECTED:
        _child(case, "system-out", test.output)


def _add_run_case(suite: Element, problem: Problem) -> None:
    subject = ", ".join(problem.requirements) or problem.extension or problem.test or "run"
    where = f" (line {problem.line})" if problem.line else ""
    classname = suite.get("name", "")
    case = _child(suite, "testcase", classname=classname, name=f"{problem.kind} {subject}{where}")
    tag = "error" if problem.infrastructure else "failure"
    _child(case, tag, _describe([problem]), message=problem.what, type=problem.kind)


def _count(suite: Element) -> None:
    suite.set("tests", str(len(suite.findall("testcase"))))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
    total = sum(float(case.get("time", "0")) for case in suite.findall("testcase"))
    suite.set("time", f"{total:.3f}")


def _add_properties(suite: Element, comparison: Comparison) -> None:
    run = comparison.run
    properties = _child(suite, "properties")
    for name, value in (
        ("testee.path", run.path),
        ("testee.version", run.version),
        ("testee.sha256", run.sha256),
        ("machine.kernel", run.kernel),
        ("machine.cgroup", run.cgroup),
    ):
        _child(properties, "property", name=name, value=value)


def render(comparisons: Sequence[Comparison]) -> str:
    """The document as text."""
    root = Element("testsuites", {"name": "lxcspec"})
    for comparison in comparisons:
        suite = _child(root, "testsuite", name=comparison.run.name or "testee")
        _add_properties(suite, comparison)
        for test in comparison.tests:
            own = [p for p in comparison.problems if p.kind in _OF_A_TEST and p.test == test.name]
            _add_case(suite, test, own)
        _count(suite)
        others = [p for p in comparison.problems if p.kind not in _OF_A_TEST]
        if others:
            extra = _child(root, "testsuite", name=f"{comparison.run.name}.run")
            for problem in others:
                _add_run_case(extra, problem)
            _count(extra)
    for attribute in ("tests", "failures", "errors", "skipped"):
        root.set(attribute, str(sum(int(suite.get(attribute, "0")) for suite in root)))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
