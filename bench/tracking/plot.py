# SPDX-License-Identifier: Apache-2.0
"""One benchmark through the commits, as SVG that takes its colours from page.css."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from html import escape
from typing import Sequence

from bench.tracking.alerts import Analysed
from bench.tracking.history import Sample

_WIDTH, _HEIGHT = 720, 290
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 14, 26, 78
_MOST_LABELS = 24
_TICKS = 5
_HASH = 8
_EDGE = 0.06


@dataclass(frozen=True)
class Mark:
    """An alert at a sample: its number on the page, and its class in page.css."""

    position: int
    number: int
    style: str
    words: str


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    count: int

    def x(self, position: float) -> float:
        width = _WIDTH - _LEFT - _RIGHT
        return _LEFT + width * (position + 0.5) / self.count

    def y(self, value: float) -> float:
        """What is out of the picture is drawn at its edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share


def _spread(sample: Sample) -> tuple[float, float]:
    """From the lowest process to the highest."""
    return min(sample.processes), max(sample.processes)


def _scale(samples: Sequence[Sample]) -> _Scale:
    """Holds every median, and the ranges as far as they do not make those flat."""
    middles = [sample.middle for sample in samples]
    low, high = min(middles), max(middles)
    least = max(abs(high) * 0.02, 1e-9)
    room = max(high - low, least)
    spreads = [_spread(sample) for sample in samples]
    low = max(min(spread[0] for spread in spreads), low - room)
    high = min(max(spread[1] for spread in spreads), high + room)
    edge = max(high - low, least) * _EDGE
    return _Scale(max(0.0, low - edge), high + edge, len(samples))


def ticks(low: float, high: float) -> list[float]:
    """Round numbers from low to high."""
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(low / step)
    return [step * index for index in range(first, math.floor(high / step) + 1)]


def _axes(samples: Sequence[Sample], scale: _Scale, unit: str) -> list[str]:
    parts = [f'<text x="{_LEFT}" y="12">{escape(unit)}</text>']
    for tick in ticks(scale.low, scale.high):
        y = scale.y(tick)
        grid = f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        label = f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:.5g}</text>'
        parts += [grid, label]
    step = math.ceil(len(samples) / _MOST_LABELS)
    bottom = _HEIGHT - _BOTTOM + 12
    for position in range(0, len(samples), step):
        x = scale.x(position)
        short = escape(samples[position].commit.hash[:_HASH])
        turned = f'transform="rotate(-60 {x:.1f} {bottom})"'
        parts.append(f'<text x="{x:.1f}" y="{bottom}" text-anchor="end" {turned}>{short}</text>')
    return parts


def _points(samples: Sequence[Sample], scale: _Scale, unit: str) -> list[str]:
    parts = []
    for position, sample in enumerate(samples):
        x = scale.x(position)
        low, high = _spread(sample)
        ends = f'y1="{scale.y(low):.1f}" y2="{scale.y(high):.1f}"'
        said = f"{sample.commit}\n{sample.middle:.5g} {unit}, {len(sample.processes)} processes"
        parts += [
            f'<line class="range" x1="{x:.1f}" x2="{x:.1f}" {ends}/>',
            f'<circle class="point" cx="{x:.1f}" cy="{scale.y(sample.middle):.1f}" r="3.5">'
            f"<title>{escape(said)}</title></circle>",
        ]
    return parts


def _levels(analysed: Analysed, scale: _Scale) -> list[str]:
    parts = []
    for start, end in analysed.segments:
        y = scale.y(statistics.median(s.middle for s in analysed.series.samples[start:end]))
        x1, x2 = scale.x(start - 0.4), scale.x(end - 0.6)
        ends = f'x1="{x1:.1f}" x2="{x2:.1f}" y1="{y:.1f}" y2="{y:.1f}"'
        parts.append(f'<line class="level" {ends}/>')
    return parts


def _marks(marks: Sequence[Mark], scale: _Scale) -> list[str]:
    parts = []
    for mark in marks:
        x = scale.x(mark.position - 0.5)
        words = escape(mark.words)
        parts.append(
            f'<g class="mark {mark.style}"><title>{words}</title>'
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
            f'<path d="M{x - 6:.1f} {_TOP - 8} h12 l-6 9 z"/>'
            f'<text x="{x + 9:.1f}" y="{_TOP}">{mark.number}</text></g>'
        )
    return parts


def render(analysed: Analysed, marks: Sequence[Mark]) -> str:
    series = analysed.series
    scale = _scale(series.samples)
    shifts = f"{len(marks)} shifts" if marks else "no shift"
    said = (
        f"{series.key.benchmark}: {series.key.measure} of {len(series.samples)} commits, {shifts}"
    )
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(said)}">',
        *_axes(series.samples, scale, series.key.unit),
        *_marks(marks, scale),
        *_levels(analysed, scale),
        *_points(series.samples, scale, series.key.unit),
        "</svg>",
    ]
    return "\n".join(parts)
