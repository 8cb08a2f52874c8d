"""A trace as a document: indented text, or a list that unfolds in a notebook."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
from pandas import DataFrame

LEVELS = ("figure", "estimate", "observation", "link", "return", "cell", "finding", "answer")
"""What a branch is, from the figure asked for to what was answered about its cells."""

SHOWN = 12
"""Branches of one kind that the printed tree shows at a place; the others are counted."""


@dataclass(frozen=True, eq=False)
class Trace:
    """The tree of what figures are made of. Printed it is indented text, in a notebook it unfolds.

    Attributes:
        data: One row a branch: `node` (its number) and `parent` (that of what it is part of, -1 at
            the top), `level` (one of `LEVELS`), `key` (figure_id, `return!sheet!cell`, finding_id, …),
            area, year and iccs, `weight` (times which its value enters the figure above), value,
            lower, upper, status, and `text`, a line about it.
    """

    data: DataFrame

    def __str__(self) -> str:
        return self.tree()

    def __repr__(self) -> str:
        return f"Trace({len(self.data)} branches)"

    def tree(self, shown: int | None = SHOWN) -> str:
        """The tree as text.

        Args:
            shown: Branches of a kind at one place, those with the largest figures; all of them if None.
        """
        return "\n".join(line for root in self._of[-1] for line in self._lines(root, "", "", shown))

    def _repr_html_(self) -> str:
        parts = "".join(self._html(root, 0) for root in self._of[-1])
        return f'<ul class="crimestats-trace" dir="auto">{parts}</ul>'

    @cached_property
    def _of(self) -> dict[int, list[Any]]:
        """The branches of each node, in the order in which they are shown."""
        size = self.data["upper"].where(np.isfinite(self.data["upper"]), self.data["lower"]).fillna(-1)
        place = self.data["level"].map({level: place for place, level in enumerate(LEVELS)})
        ordered = self.data.assign(place=place, size=-size).sort_values(["place", "size", "node"])
        of: dict[int, list[Any]] = {-1: []}
        for row in ordered.itertuples(index=False):
            of.setdefault(int(str(row.parent)), []).append(row)
        return of

    def _lines(self, row: Any, first: str, further: str, shown: int | None) -> Iterator[str]:
        yield first + row.text
        branches, left = _cut(self._of.get(row.node, []), shown)
        for place, branch in enumerate(branches):
            is_last = place == len(branches) - 1 and not left
            joint, bar = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
            yield from self._lines(branch, further + joint, further + bar, shown)
        if left:
            more = ", ".join(f"{count} more of the level {level}" for level, count in left.items())
            yield f"{further}└─ … and {more}"

    def _html(self, row: Any, depth: int) -> str:
        branches = self._of.get(row.node, [])
        if not branches:
            return f"<li>{escape(row.text)}</li>"
        inner = "".join(self._html(branch, depth + 1) for branch in branches)
        is_open = " open" if depth == 0 else ""
        return f"<li><details{is_open}><summary>{escape(row.text)}</summary><ul>{inner}</ul></details></li>"


def _cut(branches: list[Any], shown: int | None) -> tuple[list[Any], dict[str, int]]:
    """Of each level the first branches, and how many more there are."""
    if shown is None:
        return branches, {}
    kept: list[Any] = []
    seen: dict[str, int] = {}
    for branch in branches:
        seen[branch.level] = seen.get(branch.level, 0) + 1
        if seen[branch.level] <= shown:
            kept.append(branch)
    return kept, {level: count - shown for level, count in seen.items() if count > shown}
