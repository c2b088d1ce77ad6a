# SPDX-License-Identifier: Apache-2.0
"""Runs a job in a VM of the kernel matrix."""

from __future__ import annotations

from pathlib import Path

from ci.cli import progress
from ci.cli.errors import INFRASTRUCTURE, VERDICT, InfrastructureError
from ci.cli.host import Follower, Job, Trouble
from ci.reports import results
from ci.reports.results import Need

INIT_TARGET = "//vmtests/guest:init"


def _arguments(job: Job) -> list[str]:
    """What the launcher in the guest is told beyond files and tests."""
    arguments = ["--name", job.name, "--repeat", str(job.repeat)]
    if job.seed is not None:
        arguments += ["--shuffle", str(job.seed)]
    return arguments


def _extra_files(job: Job) -> list[Path]:
    """What the guest needs beside the testee: a release's folder, the files of a command."""
    files = [Path(word) for word in job.command[1:] if Path(word).is_file()]
    return [job.folder, *files] if job.folder and job.loader else files


def run(job: Job, kernel: str, line: progress.Line) -> Trouble | None:
    """Runs to the end; returns None or why the results are not to be taken as they are."""
    from vmtests.runner.endings import Kind
    from vmtests.runner.results import Record
    from vmtests.runner.run import Options, run_in_vm

    follower = Follower(job)

    def say(text: str) -> None:
        if line.visible:
            line.show(f"{job.name}: {text}")
        else:
            progress.say(text, line.quiet)

    def on_record(record: Record) -> None:
        follower.take(record)
        line.show(f"{follower.text()}  (Linux {kernel})")

    line.show(f"{job.name}: booting Linux {kernel} ...")
    ending = run_in_vm(
        kernel,
        job.launcher,
        job.suite,
        job.probe,
        job.path,
        job.results,
        init=job.init,
        tests=job.tests or None,
        options=Options(
            jobs=job.jobs,
            launcher_arguments=_arguments(job),
            resume=job.resume,
            loader=job.loader,
            libraries=job.libraries,
            extra_files=_extra_files(job),
            testee=job.testee if job.command else "",
        ),
        say=say,
        on_record=on_record,
    )
    line.clear()
    if ending.kind is Kind.FINISHED:
        return None
    logs = next((str(guest.logs) for guest in reversed(ending.guests) if guest.logs), "")
    where = f"; logs: {logs}" if logs else ""
    code = VERDICT if ending.kind is Kind.SPLAT else INFRASTRUCTURE
    return Trouble(f"VM on kernel {kernel}: {ending.kind.value}: {ending.reason}{where}", code)


def probe(job: Job, kernel: str, line: progress.Line) -> tuple[list[Need], str]:
    """What the kernel can do, and its release: the launcher asks before the first test."""
    trouble = run(job, kernel, line)
    try:
        found = results.read(job.results)
    except results.ResultsError as error:
        raise InfrastructureError(trouble.text if trouble else str(error)) from error
    if not found.needs:
        raise InfrastructureError(trouble.text if trouble else "the guest probed nothing")
    return list(found.needs.values()), found.kernel
