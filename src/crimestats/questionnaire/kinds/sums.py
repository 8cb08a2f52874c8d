"""Kinds that compare figures of one unit and year: parts and totals, stages, ratios.

Figures are intervals. A rule fails only where the intervals cannot meet, passes
where it must hold, and is undecided between: a missing part is not a wrong total.
"""

from collections.abc import Sequence

import numpy as np

from crimestats.questionnaire.kinds.registry import ItemId, ItemIds, kind
from crimestats.questionnaire.kinds.round import Figures, Judgement, Numbers, Round


@kind("expected", least=1, most=1)
def parts(
    wide: Round, items: Sequence[str], *, parts: ItemIds, exhaustive: bool = True, note_within: float = 0.0
) -> Judgement:
    """A total equals the sum of its parts, or is not below it where they are not exhaustive.

    A part that is not known may be anything from nought up.

    Args:
        wide: The round.
        items: The total.
        parts: Its parts, the unknown ones included.
        exhaustive: The parts make the whole.
        note_within: Relative difference up to which the finding is a note.
    """
    total, shares = wide.figures(items), wide.figures(parts)
    lower, upper = add(shares)
    least, most = total.lower[:, 0], total.upper[:, 0]
    short = upper < least if exhaustive else np.zeros(len(least), dtype=bool)
    asked = total.known[:, 0] & shares.known.any(axis=1)
    fails = asked & ((lower > most) | short)
    holds = (least == most) & (lower == least) & (upper == most) if exhaustive else upper <= least
    gap = np.where(lower > most, lower - most, least - upper)
    return Judgement.of(
        fails, asked & ~fails & ~holds, total.place[:, 0], others=shares.place,
        is_near=gap <= note_within * np.abs(least), expected=(lower, upper),
    )  # fmt: skip


@kind("expected", "limit", least=1, single=True)
def at_most(wide: Round, items: Sequence[str], *, largest: ItemId, times: float = 1.0) -> Judgement:
    """None of some figures is above another figure, or so many times it.

    Args:
        wide: The round.
        items: What may not be larger.
        largest: Than what.
        times: How many times that.
    """
    small, large = wide.figures(items), wide.figures([largest])
    fails = small.lower > times * large.upper
    undecided = small.known & large.known & ~fails & ~(small.upper <= times * large.lower)
    return Judgement.of(
        fails, undecided, small.place, others=large.place[:, None, :],
        expected=(large.lower, large.upper), limit=(times * large.lower, times * large.upper),
    )  # fmt: skip


@kind("expected", least=2)
def order(wide: Round, items: Sequence[str]) -> Judgement:
    """No later stage is above the nearest earlier stage that is known.

    Args:
        wide: The round.
        items: The stages, earliest first (suspected, prosecuted, convicted).
    """
    stages = wide.figures(items)
    earlier = _last_known(stages)
    fails = stages.lower > earlier.upper
    undecided = stages.known & earlier.known & ~fails & ~(stages.upper <= earlier.lower)
    return Judgement.of(
        fails,
        undecided,
        stages.place,
        others=earlier.place[:, :, None],
        expected=(earlier.lower, earlier.upper),
    )


@kind(least=1)
def present(wide: Round, items: Sequence[str], *, where: ItemIds) -> Judgement:
    """Some figures are given where any of others is; undecided where a mark may stand for nought.

    Args:
        wide: The round.
        items: What is given.
        where: The figures beside which it is.
    """
    asked, beside = wide.figures(items), wide.figures(where)
    blank, ambiguous = (
        np.append(wide.has_status(status), False)[asked.place] for status in ("blank", "ambiguous")
    )
    there = np.any(beside.known & (beside.upper > 0), axis=1, keepdims=True)
    return Judgement.of(there & blank, there & ambiguous, asked.place, others=beside.place[:, None, :])


def add(figures: Figures) -> tuple[Numbers, Numbers]:
    """Lower and upper bound of the sum of each row; what is not known may be anything from nought up."""
    lower = np.where(figures.known, figures.lower, 0.0).sum(axis=1)
    upper = np.where(figures.known, figures.upper, np.inf).sum(axis=1)
    return lower, upper


def _last_known(stages: Figures) -> Figures:
    numbers = np.where(stages.known, np.arange(stages.place.shape[1]), -1)
    before = np.maximum.accumulate(numbers, axis=1)
    before = np.concatenate([np.full((len(before), 1), -1), before[:, :-1]], axis=1)
    rows = np.arange(len(before))[:, None]
    there = before >= 0
    lower, upper = (np.where(there, part[rows, before], np.nan) for part in (stages.lower, stages.upper))
    return Figures(np.where(there, stages.place[rows, before], -1), lower, upper)
