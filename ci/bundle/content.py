# SPDX-License-Identifier: Apache-2.0
"""What is in a bundle, made from raw results, and nothing but a function of them:

    bundle.json               date, kit, and for each run its files, testee, suite and kernel
    specification.json        extensions, requirements, and which test covers what
    results/NN-NAME.jsonl     the raw results
    ledgers/NN-NAME.yaml      the ledger that they were compared with
    report.json               claims and verdicts, as `run --json` writes them
    kernels.yaml              the lock of the kernels that VMs run
    logs/NN-NAME/TEST.txt     what tests that did not pass have printed
"""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass
from typing import Any, Sequence

from ci.bundle import catalogue as carried
from ci.bundle.errors import NotBundled
from ci.reports import as_json, compare, ledger, model, results
from ci.reports.compare import Comparison
from ci.web.markup import anchor

SCHEMA = 1
ABOUT, SPECIFICATION, REPORT, KERNELS = (
    "bundle.json",
    "specification.json",
    "report.json",
    "kernels.yaml",
)
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Input:
    """One run: its raw results, and the text and name of its ledger; both empty for none."""

    results: bytes
    ledger: bytes
    ledger_name: str


def names(number: int, run: results.Run) -> tuple[str, str, str]:
    """Where a run's results, ledger and logs are in the bundle."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", run.name).strip("-") or "testee"
    label = f"{number:02d}-{plain}"
    return f"results/{label}.jsonl", f"ledgers/{label}.yaml", f"logs/{label}/"


def read_results(content: bytes) -> results.Run:
    """Raw results, read as everywhere. ResultsError says why they cannot be."""
    return results.parse(content.decode("utf-8", errors="replace").split("\n"))


def read_ledger(content: bytes, name: str) -> ledger.Ledger:
    """The ledger as its name in reports; LedgerError says why it cannot be read."""
    if not content:
        return ledger.Ledger(path=name)
    return ledger.parse(content.decode("utf-8", errors="replace"), name)


def logs(comparison: Comparison, folder: str) -> dict[str, bytes]:
    """The output of what did not pass, by name of file."""
    return {
        f"{folder}{anchor(test.name)}.txt": test.output.encode("utf-8", errors="replace")
        for test in comparison.tests
        if test.verdict != model.PASS and test.output
    }


def about_run(number: int, run: results.Run, ledger_name: str) -> dict[str, Any]:
    """What bundle.json says of a run."""
    result_file, ledger_file, folder = names(number, run)
    return {
        "results": result_file,
        "ledger": ledger_file,
        "ledger_name": ledger_name,
        "logs": folder,
        "testee": {"name": run.name, "version": run.version, "sha256": run.sha256},
        "suite": {"sha256": run.suite},
        "machine": {"kernel": run.kernel, "arch": run.arch, "cgroup": run.cgroup},
    }


def _check(run: results.Run, where: str) -> None:
    for what, value in (("testee", run.sha256), ("suite", run.suite)):
        if not HASH.fullmatch(value):
            raise NotBundled(f"{where} do not say the SHA-256 of their {what}")
    if run.damaged:
        raise NotBundled(f"{where}: line {run.damaged[0]} is damaged")


def make(
    inputs: Sequence[Input],
    specification: model.Catalogue,
    kernels: bytes,
    date: datetime.date,
    commit: str,
) -> dict[str, bytes]:
    """The files of a bundle, judged as of `date`."""
    files = {SPECIFICATION: carried.dump(specification), KERNELS: kernels}
    runs: list[dict[str, Any]] = []
    comparisons: list[Comparison] = []
    for number, each in enumerate(inputs, 1):
        run = read_results(each.results)
        _check(run, f"raw results {number}")
        book = read_ledger(each.ledger, each.ledger_name)
        comparison = compare.compare(run, book, specification, date)
        result_file, ledger_file, folder = names(number, run)
        files[result_file], files[ledger_file] = each.results, each.ledger
        files.update(logs(comparison, folder))
        runs.append(about_run(number, run, each.ledger_name))
        comparisons.append(comparison)
    about = {"schema": SCHEMA, "date": str(date), "kit": {"commit": commit}, "runs": runs}
    files[ABOUT] = (json.dumps(about, indent=1, ensure_ascii=False) + "\n").encode()
    files[REPORT] = as_json.render(comparisons).encode("utf-8", errors="replace")
    return files
