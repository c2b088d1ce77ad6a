# SPDX-License-Identifier: Apache-2.0
"""Reports of a matrix as text and as JUnit XML. Pure."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement

from vmtests.matrix.differences import Difference, along_kernels, first_kernels
from vmtests.matrix.outcome import PASS, ExtensionResult, Outcome, ordered

# What stands in the table for a claim verdict.
_SHORT = {
    "confirmed": "ok",
    "kernel-gated": "gated",
    "over-claimed": "OVER",
    "under-claimed": "UNDER",
    "wrongly-gated": "WRONG",
    "not claimed": "-",
    "unverified": "?",
}
LEGEND = (
    "ok: claimed and holds; gated: the kernel lacks what it needs; -: not claimed; ?: not judged; "
    "*: as known to the ledger; N!: N tests not as expected"
)
# How many lines of differences a person still reads.
_MOST_DIFFERENCES = 60
# How many denied system calls a heading names.
_MOST_NAMES = 4
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def short(result: ExtensionResult, unexpected: int) -> str:
    """Return what the table says of an extension on a kernel."""
    word = _SHORT.get(result.verdict, result.verdict)
    if unexpected:
        return f"{word} {unexpected}!"
    known = result.counts.get("expected_fail", 0) or (word.isupper() and result.expected)
    return f"{word}*" if known else word


def unexpected_tests(outcome: Outcome, extension: str) -> int:
    """Count the tests of an extension that ended as nobody expected."""
    tests = outcome.tests.values()
    return sum(1 for test in tests if test.extension == extension and not test.expected)


def grid(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align columns; the first row is the heading."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows
    ]


def groups(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    """Return the outcomes of each testee and cgroup layout together, oldest kernel first."""
    found: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in ordered(outcomes):
        found.setdefault((outcome.cell.testee, outcome.cell.cgroup), []).append(outcome)
    return list(found.values())


def heading(group: Sequence[Outcome]) -> str:
    """Name a group: testee, version, cgroup layout, and what was denied."""
    cell = group[0].cell
    version = next((f" {outcome.version}" for outcome in group if outcome.version), "")
    names = ", ".join(cell.denied[:_MOST_NAMES])
    more = len(cell.denied) - _MOST_NAMES
    denied = f", without {names}{f' and {more} more' if more > 0 else ''}" if names else ""
    return f"{cell.testee}{version}, cgroups {cell.cgroup}{denied}"


def table_rows(
    group: Sequence[Outcome], differences: Sequence[Difference]
) -> tuple[list[str], list[list[str]]]:
    """Return heading and rows, an extension each; what no cell has judged is left out."""
    cell = group[0].cell
    first = first_kernels(differences, cell.testee, cell.cgroup)
    head = ["extension", *(o.cell.kernel.rsplit("/", 1)[-1] for o in group), "first differs"]
    names: dict[str, None] = {}
    for outcome in group:
        for name, result in outcome.extensions.items():
            if result.verdict != "unverified" or unexpected_tests(outcome, name):
                names[name] = None
    rows = []
    for name in names:
        row = [name]
        for outcome in group:
            here = outcome.extensions.get(name)
            row.append(short(here, unexpected_tests(outcome, name)) if here else "")
        rows.append([*row, first.get(name, "")])
    rows.append(["(ending)", *(o.ending for o in group), ""])
    rows.append(["(seconds)", *(f"{o.seconds:.0f}" for o in group), ""])
    return head, rows


def _of(differences: Iterable[Difference], group: Sequence[Outcome]) -> list[Difference]:
    cell = group[0].cell
    key = (cell.testee, cell.cgroup)
    return [d for d in differences if (d.where.testee, d.where.cgroup) == key]


def text(outcomes: Sequence[Outcome], seconds: float) -> str:
    """Return what a person reads at the end."""
    differences = along_kernels(outcomes)
    lines: list[str] = []
    for group in groups(outcomes):
        lines += ["", heading(group), ""]
        head, rows = table_rows(group, differences)
        lines += grid([head, *rows])
        own = _of(differences, group)
        if own:
            lines += ["", "First kernel where it differs:"]
            for difference in own[:_MOST_DIFFERENCES]:
                where = f"{difference.where.kernel} (from {difference.since})"
                lines.append(f"  {where}: {difference}")
            if len(own) > _MOST_DIFFERENCES:
                lines.append(f"  ... and {len(own) - _MOST_DIFFERENCES} more; --json has them all")
        elif len(group) > 1:
            lines += ["", "Nothing differs from kernel to kernel."]
        for outcome in group:
            if outcome.ending == PASS:
                continue
            lines += ["", f"{outcome.cell.name}: {outcome.ending}: {outcome.reason}".rstrip(": ")]
            lines += [f"  {problem}" for problem in outcome.problems]
            if outcome.logs:
                lines.append(f"  logs: {outcome.logs}")
    passed = sum(1 for outcome in outcomes if outcome.ending == PASS)
    lines += ["", LEGEND, f"{passed} of {len(outcomes)} cells as expected, in {seconds:.0f} s"]
    return "\n".join(lines).lstrip("\n") + "\n"


def comparison_text(differences: Sequence[Difference]) -> str:
    """Return only what has changed since an older report."""
    if not differences:
        return "Nothing has changed.\n"
    lines = []
    for difference in differences:
        word = "REGRESSION" if difference.regression else "changed"
        lines.append(f"{word}: {difference.where.name}: {difference}")
    return "\n".join(lines) + "\n"


def _clean(value: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", value)


def _add_test(suite: Element, outcome: Outcome, name: str) -> None:
    test = outcome.tests[name]
    group, _, rest = name.partition(".")
    classname = f"{outcome.cell.name}.{group}"
    case = SubElement(suite, "testcase", {"classname": classname, "name": rest or group})
    if not test.expected:
        tag = "error" if test.verdict == "broken" else "failure"
        found = SubElement(case, tag, {"type": test.verdict, "message": _clean(test.detail)})
        found.text = _clean(test.detail)
    elif test.verdict == "unsupported":
        SubElement(case, "skipped", {"message": _clean(test.detail)})


def junit(outcomes: Sequence[Outcome]) -> str:
    """Return the report as JUnit XML: a <testsuite> per cell."""
    root = Element("testsuites", {"name": "lxcspec matrix"})
    for outcome in ordered(outcomes):
        suite = SubElement(root, "testsuite", {"name": outcome.cell.name})
        for name in outcome.tests:
            _add_test(suite, outcome, name)
        if outcome.ending != PASS and all(test.expected for test in outcome.tests.values()):
            case = SubElement(
                suite, "testcase", {"classname": outcome.cell.name, "name": outcome.ending}
            )
            detail = _clean("\n".join([outcome.reason, *outcome.problems]).strip())
            SubElement(case, "error", {"type": outcome.ending, "message": detail}).text = detail
        suite.set("tests", str(len(suite.findall("testcase"))))
        for attribute, tag in (
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
        suite.set("time", f"{outcome.seconds:.1f}")
    for attribute in ("tests", "failures", "errors", "skipped"):
        root.set(attribute, str(sum(int(suite.get(attribute, "0")) for suite in root)))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
