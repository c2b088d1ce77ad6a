# SPDX-License-Identifier: Apache-2.0
"""`lxcspec explain`: a requirement or an extension, its tests, and who is known to differ."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING, Iterator

from ci.cli import paths, prepare
from ci.cli.errors import OK, InfrastructureError, UsageError, did_you_mean
from ci.cli.options import Commands

if TYPE_CHECKING:
    from ci.reports import ledger, model

_DETAILS = """
    Explains a requirement: its level, statement and source, what it needs of the kernel, what
    it leaves open, the tests that cover it, and what each known implementation does. For an
    extension: all of its requirements in short.
"""

_EXAMPLES = """
    ./lxcspec explain console_log.overflow_keeps_tail
    ./lxcspec explain console_log
"""
_WIDTH = 96


def add_to(commands: Commands) -> None:
    parser = commands.add(
        "explain", "explain a requirement or an extension", _DETAILS, _EXAMPLES, execute
    )
    parser.add_argument("id", metavar="ID|EXTENSION", help="<extension>.<slug>, or <extension>")


def _field(label: str, text: str) -> str:
    lines = textwrap.wrap(text, _WIDTH - 16, break_long_words=False, break_on_hyphens=False)
    first, *rest = lines or [""]
    return "\n".join([f"  {label:<14}{first}", *(" " * 16 + line for line in rest)])


def _conditions(scope: ledger.Scope) -> str:
    parts = []
    if str(scope.versions):
        parts.append(f"versions {scope.versions}")
    if str(scope.kernels):
        parts.append(f"kernels {scope.kernels}")
    if scope.cgroup:
        parts.append(f"{scope.cgroup} cgroups")
    if scope.until:
        parts.append(f"until {scope.until}")
    return f" ({', '.join(parts)})" if parts else ""


def ledgers() -> dict[str, ledger.Ledger]:
    from ci.reports import ledger

    try:
        books = [
            ledger.load(path, paths.shown(path))
            for path in sorted(paths.EXPECTATIONS.glob("*.yaml"))
        ]
    except ledger.LedgerError as error:
        raise InfrastructureError(str(error)) from error
    return {book.testee: book for book in books}


def _known(book: ledger.Ledger, requirement: str) -> Iterator[str]:
    """What the ledger says of one requirement."""
    words = {"fail": "fails, to be fixed", "divergent": "differs, and will stay so"}
    for entry in book.entries:
        if entry.requirement == requirement:
            how = words[entry.status]
            if entry.verdict != "fail":
                how = f"{entry.verdict}: {how}"
            test = f" in {entry.test}" if entry.test else ""
            link = f" [{entry.scope.link}]" if entry.scope.link else ""
            yield f"{how}{test}{_conditions(entry.scope)}: {entry.scope.because}{link}"


def _explain_requirement(
    catalogue: model.Catalogue, requirement: model.Requirement
) -> Iterator[str]:
    retired = ", retired" if requirement.retired else ""
    yield f"{requirement.id}  {requirement.level}, since LXC {requirement.since}{retired}"
    yield ""
    yield textwrap.fill(requirement.statement, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    yield ""
    yield _field("kind", requirement.kind)
    yield _field("observable", requirement.observable)
    yield _field("needs", ", ".join(requirement.needs) or "none")
    if requirement.left_open:
        yield _field("left open", requirement.left_open)
    yield _field("source", requirement.source)
    tests = catalogue.tests_of(requirement.id)
    for number, test in enumerate(tests):
        yield _field("tests" if number == 0 else "", test.name)
        yield _field("", f"{test.file}:{test.line}")
    if not tests:
        yield _field("tests", "none")
    for name, book in ledgers().items():
        known = list(_known(book, requirement.id))
        yield _field(name, known[0] if known else "ok: nothing to the contrary is known")
        for more in known[1:]:
            yield _field("", more)


def _explain_extension(catalogue: model.Catalogue, extension: model.Extension) -> Iterator[str]:
    yield f"{extension.name}  since LXC {extension.since}"
    if extension.summary:
        yield ""
        yield textwrap.fill(extension.summary, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    yield ""
    yield _field("needs", ", ".join(extension.needs) or "none")
    books = ledgers()
    for name, book in books.items():
        for claim in book.claims:
            if claim.extension == extension.name:
                where = _conditions(claim.scope)
                yield _field(name, f"{claim.verdict}{where}: {claim.scope.because}")
    if not extension.chapter:
        yield _field("chapter", "none yet: the claim is recorded, and nothing more is known")
        return
    yield _field("chapter", f"spec/extensions/{extension.name}.md")
    for requirement in catalogue.of_extension(extension.name):
        if requirement.retired:
            continue
        differing = [name for name, book in books.items() if any(_known(book, requirement.id))]
        note = f"  [known to differ: {', '.join(differing)}]" if differing else ""
        yield ""
        yield f"  {requirement.id}  {requirement.level}, {requirement.kind}{note}"
        yield textwrap.fill(
            requirement.statement, _WIDTH, initial_indent="    ", subsequent_indent="    "
        )


def execute(options: argparse.Namespace) -> int:
    """Prints the explanation."""
    prepare.for_reading()
    from ci.cli import specification

    catalogue = specification.load()
    name = options.id
    if name in catalogue.requirements:
        lines = _explain_requirement(catalogue, catalogue.requirements[name])
    elif name in catalogue.extensions:
        lines = _explain_extension(catalogue, catalogue.extensions[name])
    else:
        slugs = {r.id.split(".", 1)[1]: r.id for r in catalogue.requirements.values()}
        known = [*catalogue.requirements, *catalogue.extensions]
        hint = f" Did you mean {slugs[name]}?" if name in slugs else did_you_mean(name, known)
        raise UsageError(f"there is no requirement or extension '{name}'.{hint}")
    print("\n".join(lines))
    return OK
