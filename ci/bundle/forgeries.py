# SPDX-License-Identifier: Apache-2.0
"""A small bundle, and what a careful forger does to it: the manifest is right again each time. With
what must be said of each."""

from __future__ import annotations

import datetime
import json
from typing import Any, Callable

from ci.bundle import content
from ci.reports.fixtures import catalogue, record, records, text_of
from vmtests.kernels import lock

DATE = datetime.date(2026, 6, 1)
_RESULTS, _LEDGER = "results/01-liblxc.jsonl", "ledgers/01-liblxc.yaml"
_LOG = "logs/01-liblxc/ConsoleLogTest.ClearEmpties.txt"
_BOOK = """testee: liblxc
entries:
- requirement: console_log.clear_empties
  status: fail
  because: stays
  message: '5 bytes'
  until: 2026-09-01
"""
Files = dict[str, bytes]
Change = Callable[[Files], object]


def raw(*different: dict[str, Any]) -> bytes:
    found = records(*different)
    found[0]["testee"]["sha256"] = "ab" * 32
    found[0]["suite"]["sha256"] = "cd" * 32
    return text_of(found).encode()


def files() -> Files:
    clear = record("ConsoleLogTest.ClearEmpties", "fail", message="5 bytes", output="it printed")
    lost = record("PidfdTest.SignalArrives", "timeout", reason="no end")
    first = content.Input(raw(clear, lost), _BOOK.encode(), "liblxc.yaml")
    second = content.Input(raw(), b"", "a ledger")
    kernels = lock.LOCK_FILE.read_bytes()
    return content.make([first, second], catalogue(), kernels, DATE, "0123abcd")


def _replace(name: str, old: str, new: str) -> Change:
    def change(files: Files) -> None:
        text = files[name].decode()
        assert old in text, (name, old)
        files[name] = text.replace(old, new, 1).encode()

    return change


def _edit(name: str, change: Callable[[Any], object]) -> Change:
    """Changes a JSON file, written back in the form it had."""

    def edit(files: Files) -> None:
        document = json.loads(files[name])
        change(document)
        indent = 2 if name == content.REPORT else 1
        text = json.dumps(document, indent=indent, ensure_ascii=False) + "\n"
        files[name] = text.encode()

    return edit


def _delete(name: str) -> Change:
    return lambda files: files.pop(name)


def _set(name: str, value: bytes) -> Change:
    return lambda files: files.__setitem__(name, value)


def _drop_line(name: str, having: str) -> Change:
    def drop(files: Files) -> None:
        lines = files[name].decode().splitlines(keepends=True)
        kept = [line for line in lines if having not in line]
        assert len(kept) < len(lines)
        files[name] = "".join(kept).encode()

    return drop


def _test_of(document: Any, name: str) -> Any:
    return next(t for t in document["runs"][0]["tests"] if t["name"] == name)


def _all_pass(document: Any) -> None:
    """The report that a wishful reader would like."""
    _test_of(document, "PidfdTest.SignalArrives")["verdict"] = "pass"


# What a careful forger does: the manifest is right again. And what must be said of it.
FORGED: tuple[tuple[str, Change, str], ...] = (
    (
        "a verdict",
        _edit(content.REPORT, _all_pass),
        r"tests\[PidfdTest.SignalArrives\].verdict is stated as \"pass\", and the results say",
    ),
    (
        "a claim verdict",
        _edit(content.REPORT, lambda d: d["runs"][0]["extensions"][1].update(verdict="confirmed")),
        r"extensions\[pidfd\].verdict is stated as \"confirmed\"",
    ),
    (
        "a requirement's verdict",
        _edit(content.REPORT, lambda d: d["runs"][0]["requirements"][7].update(verdict="pass")),
        r"requirements\[pidfd.signals\].verdict",
    ),
    (
        "what is claimed",
        _edit(content.REPORT, lambda d: d["runs"][1]["extensions"][0].update(claimed=False)),
        r"extensions\[console_log\].claimed",
    ),
    (
        "the exit code",
        _edit(content.REPORT, lambda d: d["runs"][0].update(exit_code=0)),
        "exit_code is stated as 0, and the results say 1",
    ),
    (
        "a problem left out",
        _edit(content.REPORT, lambda d: d["runs"][0].update(problems=[])),
        "problems has 0 entries, and should have 1",
    ),
    (
        "a run left out of the report",
        _edit(content.REPORT, lambda d: d["runs"].pop()),
        "runs has 1 entries, and should have 2",
    ),
    (
        "a need that was absent",
        _edit(content.REPORT, lambda d: d["runs"][0]["needs"][0].update(present=False)),
        r"needs\[pty\].present",
    ),
    (
        "a field of the report left out",
        _edit(content.REPORT, lambda d: d["runs"][0].pop("machine")),
        "machine is missing",
    ),
    (
        "a field of the report added",
        _edit(content.REPORT, lambda d: d["runs"][0].update(note="all is well")),
        "note should not be there",
    ),
    ("the report is none", _set(content.REPORT, b"{"), "report.json is not JSON"),
    ("the report is gone", _delete(content.REPORT), "there is no report.json"),
    (
        "a result made to pass",
        _replace(_RESULTS, '"verdict": "timeout"', '"verdict": "pass"'),
        "stated as .*the results say",
    ),
    (
        "a result removed",
        _drop_line(_RESULTS, '"verdict": "timeout"'),
        "report.json.* is stated as",
    ),
    ("the end removed", _drop_line(_RESULTS, '"record": "end"'), "report.json"),
    (
        "results that are torn",
        _replace(_RESULTS, '{"record": "end"', '"record": "end"'),
        "no record",
    ),
    (
        "a test that nobody knows",
        _replace(
            _RESULTS,
            '"result", "test": "PidfdTest.SignalArrives"',
            '"result", "test": "Made.Up"',
        ),
        "the specification has no test Made.Up",
    ),
    (
        "a test that covers more than it does",
        _replace(_RESULTS, '["pidfd.lacking"]', '["pidfd.signals"]'),
        "PidfdTest.FailsWhereLacking does not cover pidfd.signals",
    ),
    (
        "another testee",
        _replace(_RESULTS, "ab" * 32, "ef" * 32),
        "testee.sha256 is stated as .*abab.*efef",
    ),
    (
        "another suite",
        _replace(_RESULTS, "cd" * 32, "ef" * 32),
        "suite.sha256 is stated as .*cdcd.*efef",
    ),
    ("no hash of the testee", _replace(_RESULTS, "ab" * 32, ""), "SHA-256 of its testee"),
    (
        "another kernel",
        _replace(_RESULTS, "6.1.0-47-cloud-amd64", "7.3.0"),
        "machine.kernel is stated as",
    ),
    (
        "another version in bundle.json",
        _replace(content.ABOUT, '"version": "5.0.2"', '"version": "7.0.0"'),
        'testee.version is stated as "7.0.0", and the results say "5.0.2"',
    ),
    (
        "an entry added to the ledger",
        _set(
            _LEDGER,
            _BOOK.encode() + b"- {requirement: pidfd.signals, status: fail, because: x, "
            b"message: 'no', verdict: timeout}\n",
        ),
        r"report.json.* is stated as",
    ),
    (
        "a reason in the ledger",
        _replace(_LEDGER, "because: stays", "because: never mind"),
        'stated as "stays", and the results say "never mind"',
    ),
    (
        "an entry of what is no requirement",
        _replace(_LEDGER, "console_log.clear_empties", "console_log.made_up"),
        "cannot be used: .*no requirement console_log.made_up",
    ),
    ("the ledger is gone", _delete(_LEDGER), "its ledger .* are not in the bundle"),
    (
        "a ledger of another name",
        _replace(content.ABOUT, '"ledger_name": "liblxc.yaml"', '"ledger_name": "x.yaml"'),
        'report.json.*ledger is stated as "liblxc.yaml"',
    ),
    (
        "a date after which an entry has expired",
        _replace(content.ABOUT, str(DATE), "2027-01-01"),
        "problems has 1 entries, and should have 2",
    ),
    ("no date", _replace(content.ABOUT, str(DATE), "yesterday"), "'date' is no date"),
    ("another schema", _replace(content.ABOUT, '"schema": 1', '"schema": 2'), "not of schema 1"),
    (
        "a run taken out of bundle.json",
        _edit(content.ABOUT, lambda d: d["runs"].pop()),
        "runs has 2 entries, and should have 1",
    ),
    ("a log that says something else", _set(_LOG, b"all is well"), f"{_LOG} is not what the"),
    ("a log removed", _delete(_LOG), f"{_LOG} is missing"),
    ("a file that belongs to nothing", _set("notes.txt", b"x"), "notes.txt belongs to no run"),
    (
        "a requirement made a SHOULD",
        _edit(content.SPECIFICATION, lambda d: d["requirements"][7].update(level="SHOULD")),
        r"report.json",
    ),
    (
        "a requirement taken out",
        _edit(content.SPECIFICATION, lambda d: d["requirements"].pop(7)),
        "covers pidfd.signals, which is not there",
    ),
    (
        "a test taken out",
        _edit(content.SPECIFICATION, lambda d: d["tests"].pop(8)),
        "no test covers pidfd.signals",
    ),
    (
        "a field of a requirement of another type",
        _edit(content.SPECIFICATION, lambda d: d["requirements"][0].update(needs="pty")),
        "requirement 0: 'needs' is not a list of texts",
    ),
    (
        "a kernel's hash that is none",
        _replace(content.KERNELS, "sha256: ", "sha256: 00"),
        "kernels.yaml cannot be used: .*sha256 must be 64",
    ),
    ("no kernels", _delete(content.KERNELS), "there is no kernels.yaml"),
)
