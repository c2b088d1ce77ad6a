#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the `run:` steps of a GitHub workflow here, as a runner does: each in bash -e, in one
folder, with the workflow's environment. Steps that use an action are said and left out.

    run_workflow.py WORKFLOW [NAME=VALUE]...        values for ${{ vars.NAME }}
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml


def run(workflow: dict[str, Any], variables: dict[str, str]) -> int:
    """Runs the steps of all jobs; returns the exit code of the first that failed."""

    def filled(text: str) -> str:
        return re.sub(r"\$\{\{ vars\.(\w+) \}\}", lambda found: variables[found.group(1)], text)

    code = 0
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as summary:
        extra = {name: filled(str(value)) for name, value in workflow.get("env", {}).items()}
        environment = {**os.environ, **extra, "GITHUB_STEP_SUMMARY": summary.name}
        for job in workflow["jobs"].values():
            for step in job["steps"]:
                name = step.get("name", step.get("uses", "a step"))
                if "run" not in step or (code and step.get("if") != "always()"):
                    print(f"-- left out: {name}", flush=True)
                    continue
                print(f"-- {name}", flush=True)
                command = ["bash", "-e", "-o", "pipefail", "-c", filled(step["run"])]
                code = subprocess.run(command, env=environment, check=False).returncode or code
        print(f"-- summary: {len(summary.read().splitlines())} lines", flush=True)
    return code


if __name__ == "__main__":
    given = dict(word.split("=", 1) for word in sys.argv[2:])
    sys.exit(run(yaml.safe_load(Path(sys.argv[1]).read_text(encoding="utf-8")), given))
