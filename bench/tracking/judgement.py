# SPDX-License-Identifier: Apache-2.0
"""A comparison as JSON, for programs."""

from __future__ import annotations

import json

from bench.tracking.abba import Head
from bench.tracking.compare import Comparison

SCHEMA = 1


def render(head: Head, judged: Comparison) -> str:
    rows = [
        {
            "benchmark": row.key.benchmark,
            "measure": row.key.measure,
            "unit": row.key.unit,
            "a": row.before,
            "b": row.after,
            "change": row.change,
            "low": row.low,
            "high": row.high,
            "p": row.p,
            "verdict": row.verdict.words,
            "notes": list(row.notes),
        }
        for row in judged.rows
    ]
    document = {
        "schema": SCHEMA,
        "verdict": judged.verdict.words,
        "exit_code": int(judged.verdict),
        "rounds": judged.rounds,
        "about": head.as_json(),
        "rows": rows,
        "new": [list(key) for key in judged.new],
        "gone": [list(key) for key in judged.gone],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
