# SPDX-License-Identifier: Apache-2.0
"""Judges a bundle again, from nothing but itself: hashes, then what its parts say of each other,
then every verdict from the raw results and the ledger. Whoever rewrites results, ledger and report
alike makes another bundle, with another identity: compare that with one you were told."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from typing import Any, Iterator, Mapping

from ci.bundle import archive, content
from ci.bundle import catalogue as carried
from ci.bundle.content import ABOUT, HASH, KERNELS, REPORT, SPECIFICATION
from ci.bundle.errors import Refused
from ci.reports import as_json, compare, ledger, model, results
from ci.reports.compare import Comparison
from vmtests.kernels import lock
from vmtests.kernels.errors import KernelError


@dataclass(frozen=True)
class Verified:
    """What a bundle proves."""

    identity: str
    date: datetime.date
    commit: str
    specification: model.Catalogue
    comparisons: tuple[Comparison, ...]
    files: int


def _json(files: Mapping[str, bytes], name: str) -> Any:
    try:
        return json.loads(files[name])
    except KeyError:
        raise Refused(f"there is no {name}") from None
    except (ValueError, RecursionError) as error:
        raise Refused(f"{name} is not JSON: {error}") from error


def _about(files: Mapping[str, bytes]) -> tuple[dict[str, Any], datetime.date]:
    about = _json(files, ABOUT)
    if not isinstance(about, dict) or about.get("schema") != content.SCHEMA:
        raise Refused(f"{ABOUT} is not of schema {content.SCHEMA}")
    if set(about) != {"schema", "date", "kit", "runs"} or not isinstance(about["runs"], list):
        raise Refused(f"{ABOUT} does not have the fields that it should have")
    kit = about["kit"]
    if not isinstance(kit, dict) or not isinstance(kit.get("commit"), str) or len(kit) != 1:
        raise Refused(f"{ABOUT}: 'kit' is not a commit")
    if not about["runs"]:
        raise Refused(f"{ABOUT} names no run")
    try:
        return about, datetime.date.fromisoformat(about["date"])
    except (TypeError, ValueError) as error:
        raise Refused(f"{ABOUT}: 'date' is no date") from error


def differences(stated: Any, found: Any, where: str) -> Iterator[str]:
    """Where two documents differ, each place with what both say."""
    if isinstance(stated, dict) and isinstance(found, dict):
        for key in dict.fromkeys([*found, *stated]):
            if key not in found:
                yield f"{where}.{key} should not be there"
            elif key not in stated:
                yield f"{where}.{key} is missing"
            else:
                yield from differences(stated[key], found[key], f"{where}.{key}")
    elif isinstance(stated, list) and isinstance(found, list):
        if len(stated) != len(found):
            yield f"{where} has {len(stated)} entries, and should have {len(found)}"
        for number, (one, other) in enumerate(zip(stated, found)):
            name = other.get("id") or other.get("name") if isinstance(other, dict) else None
            yield from differences(one, other, f"{where}[{name or number}]")
    elif type(stated) is not type(found) or stated != found:
        yield f"{where} is stated as {_short(stated)}, and the results say {_short(found)}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _results(files: Mapping[str, bytes], name: str, known: model.Catalogue) -> results.Run:
    try:
        run = content.read_results(files[name])
    except results.ResultsError as error:
        raise Refused(f"{name} cannot be read: {error}") from error
    if run.damaged:
        raise Refused(f"{name}: line {run.damaged[0]} is no record")
    for what, value in (("testee", run.sha256), ("suite", run.suite)):
        if not HASH.fullmatch(value):
            raise Refused(f"{name} does not say the SHA-256 of its {what}")
    for result in run.results:
        test = known.test_of(result.test)
        if test is None:
            raise Refused(f"{name}: the specification has no test {result.test}")
        wrong = sorted(set(result.requirements) - set(test.requirements))
        if wrong:
            raise Refused(f"{name}: {result.test} does not cover {wrong[0]}")
    return run


def _ledger(
    files: Mapping[str, bytes], file: str, name: Any, known: model.Catalogue
) -> ledger.Ledger:
    if not isinstance(name, str):
        raise Refused(f"{ABOUT}: a ledger's name is no text")
    try:
        book = content.read_ledger(files[file], name)
        ledger.check_names(book, known.requirements, known.extensions)
    except ledger.LedgerError as error:
        raise Refused(f"{file} cannot be used: {error}") from error
    return book


def _one_run(
    number: int,
    stated: Any,
    files: Mapping[str, bytes],
    known: model.Catalogue,
    date: datetime.date,
) -> tuple[Comparison, dict[str, bytes]]:
    """The verdicts of a run, and the files that it should have."""
    where = f"{ABOUT}: runs[{number - 1}]"
    if not isinstance(stated, dict):
        raise Refused(f"{where} is not an object")
    for key in ("results", "ledger"):
        if stated.get(key) not in files:
            raise Refused(f"{where}: its {key} {stated.get(key)!r} are not in the bundle")
    result_file, ledger_file = stated["results"], stated["ledger"]
    run = _results(files, result_file, known)
    book = _ledger(files, ledger_file, stated.get("ledger_name"), known)
    expected = content.about_run(number, run, book.path)
    for difference in differences(stated, expected, where):
        raise Refused(difference)
    comparison = compare.compare(run, book, known, date)
    own = {result_file: files[result_file], ledger_file: files[ledger_file]}
    return comparison, {**own, **content.logs(comparison, expected["logs"])}


def _check_files(files: Mapping[str, bytes], expected: Mapping[str, bytes]) -> None:
    for name in sorted(set(files) - set(expected)):
        raise Refused(f"{name} belongs to no run")
    for name in sorted(set(expected) - set(files)):
        raise Refused(f"{name} is missing: the results hold it")
    for name, wanted in expected.items():
        if files[name] != wanted:
            raise Refused(f"{name} is not what the results hold")


def verify(data: bytes, identity: str = "") -> Verified:
    """Raises Refused. `identity`, if given, must be the bundle's."""
    found_identity, files = archive.unpack(data)
    if identity and identity.lower() != found_identity:
        raise Refused(f"it is another bundle than the one asked for: {found_identity}")
    about, date = _about(files)
    if SPECIFICATION not in files:
        raise Refused(f"there is no {SPECIFICATION}")
    known = carried.parse(files[SPECIFICATION], SPECIFICATION)
    if KERNELS not in files:
        raise Refused(f"there is no {KERNELS}")
    try:
        lock.parse(files[KERNELS].decode("utf-8", errors="replace"), KERNELS)
    except (KernelError, TypeError) as error:
        raise Refused(f"{KERNELS} cannot be used: {error}") from error
    comparisons: list[Comparison] = []
    expected = {name: files[name] for name in (ABOUT, SPECIFICATION, KERNELS)}
    for number, stated in enumerate(about["runs"], 1):
        comparison, own = _one_run(number, stated, files, known, date)
        comparisons.append(comparison)
        expected.update(own)
    stated_report = _json(files, REPORT)
    found_report = json.loads(as_json.render(comparisons))
    for difference in differences(stated_report, found_report, REPORT):
        raise Refused(difference)
    expected[REPORT] = files[REPORT]
    _check_files(files, expected)
    commit = str(about["kit"]["commit"])
    return Verified(found_identity, date, commit, known, tuple(comparisons), len(files))
