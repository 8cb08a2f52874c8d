"""Kinds that judge a whole table, or a row of it, at once: one answer where each cell would give one."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from crimestats.frames import SERIES
from crimestats.questionnaire.kinds.before import previous_figures
from crimestats.questionnaire.kinds.registry import Texts, kind
from crimestats.questionnaire.kinds.round import FAIL, UNDECIDED, Judgement, Mask, Round, Rows


@kind("count")
def zero_block(wide: Round, items: Sequence[str], *, least: int = 3, size: float = 20) -> Judgement:
    """A table is not nought throughout for a year, where its siblings are filled or empty.

    Siblings are the same table in the unit's other years and the other tables of the
    module in the same year. A sender who writes 0 for what is not known fills a table
    with noughts and leaves its siblings empty, or has filled them in other years.

    Args:
        wide: The round.
        items: Not read.
        least: How many cells of the table have a figure at least.
        size: The largest figure of the table in another year is at least this.
    """
    place, lower, upper = wide.wide
    tables, known = wide.tables, wide.wide.known
    n_known, n_nought = tables.count(known), tables.count(known & (lower == 0))
    n_sure = tables.count(known & (lower == 0) & (upper == 0))
    empty, there = np.append(wide.has_status("blank"), False)[place], tables.count(place >= 0)
    is_empty = (tables.count(empty) == there) & (there > 0)
    filled = tables.largest(lower).max(axis=1, keepdims=True, initial=0) >= size
    alone = _all_others(is_empty.astype(np.int64), (there > 0).astype(np.int64), tables.module)
    nought = (n_nought == n_known) & (n_known >= least) & (filled | alone)
    fails = nought & (n_sure == n_known)
    return _of_tables(wide, fails, nought & ~fails, count=n_known)


@kind("previous_year", "count")
def repeated_table(
    wide: Round, items: Sequence[str], *, size: float = 100, least: int = 3, back: int = 10,
    besides: Texts = (),
) -> Judgement:  # fmt: skip
    """The figures of a table for a year are not, all of them, those of an earlier year.

    Args:
        wide: The round.
        items: Not read.
        size: The largest figure of the table is at least this.
        least: How many figures above nought are equal at least.
        back: How many years before are looked at.
        besides: Measures that may well stay as they are (capacity, facilities).
    """
    _, lower, upper = wide.wide
    tables, known = wide.tables, wide.wide.known
    known = known & ~np.isin(wide.definition.data["measure"].to_numpy(), list(besides))
    exact, count, large = known & (lower == upper), tables.count(known), tables.largest(lower) >= size
    source = np.zeros(count.shape, dtype=np.int64)
    open_ = np.zeros(count.shape, dtype=bool)
    for lag in range(1, min(back, len(wide.years) - 1) + 1):
        now, then = (slice(None), slice(lag, None)), (slice(None), slice(None, -lag))
        same = exact[now] & exact[then] & (lower[now] == lower[then])
        meets = known[now] & known[then] & (lower[now] <= upper[then]) & (lower[then] <= upper[now])
        whole = (count[now] == count[then]) & (tables.count(same & (lower[now] > 0)) >= least) & large[now]
        is_same = whole & (tables.count(same) == count[now])
        source[now] = np.where(is_same & (source[now] == 0), wide.years[:-lag][None, :, None], source[now])
        open_[now] |= whole & ~is_same & (tables.count(meets) == count[now])
    fails = source > 0
    return _of_tables(wide, fails, open_ & ~fails, count=count, previous_year=source)


@kind("other", least=0)
def same_figure(
    wide: Round, items: Sequence[str], *, size: float = 1000, alone: float = 100_000, years: int = 2
) -> Judgement:
    """A figure does not stand in two tables that count different things.

    Equal figures of the same category, or of a category and its part, may well be
    right. So may two of unrelated ones once, by chance, unless they are large: such
    a pair is asked about where it is equal in several years.

    Args:
        wide: The round.
        items: Not read.
        size: Only figures of at least this are looked at.
        alone: From this on one year is enough.
        years: In how many years a pair is equal.
    """
    place, lower, upper = wide.wide
    exact = wide.wide.known & (lower == upper) & (lower >= size)
    exact &= ~wide.definition.data["iccs"].isin(["_T", "_Z"]).to_numpy()
    unit, year, column = np.nonzero(exact)
    value = lower[unit, year, column]
    order = np.lexsort((column, value, year, unit))
    unit, year, column, value = unit[order], year[order], column[order], value[order]
    equal = (unit[1:] == unit[:-1]) & (year[1:] == year[:-1]) & (value[1:] == value[:-1])
    one, two = column[:-1], column[1:]
    equal[equal] = _unrelated(wide, one[equal], two[equal])
    unit, year, one, two, value = unit[1:][equal], year[1:][equal], one[equal], two[equal], value[1:][equal]
    pair = (unit * len(wide.columns) + one) * len(wide.columns) + two
    _, number, count = np.unique(pair, return_inverse=True, return_counts=True)
    chosen = (count[number] >= years) | (value >= alone) if len(pair) else np.zeros(0, dtype=bool)
    labels = wide.definition.data["label"].to_numpy(dtype=object)
    return Judgement(
        place[unit, year, two], np.where(chosen, FAIL, UNDECIDED).astype(np.int8),
        {"other": labels[one]}, others=place[unit, year, one][:, None],
    )  # fmt: skip


@kind("expected", "other", "ratio")
def swapped(
    wide: Round, items: Sequence[str], *, one: str = "M", two: str = "F", apart: float = 2.0,
    close: float = 1.5, size: float = 20,
) -> Judgement:  # fmt: skip
    """The figures of the two sexes are not exchanged against the unit's other years.

    Asked about are pairs that differ by the sex alone: in all other years one of
    them is clearly the larger, in this year the other, and each fits the level of the
    other sex and not its own. With one other year it cannot be said which of the two
    is exchanged. Last round's figures for the year decide where there are any.

    Args:
        wide: The round.
        items: Not read.
        one: The code of one sex.
        two: That of the other.
        apart: How many times one is the other in the other years, at least.
        close: How far a figure may be from the level that it fits, as a ratio.
        size: The larger of the two is at least this.
    """
    first, second = _pairs(wide, one, two)
    place, lower, _ = wide.wide
    figure, before = (np.log(np.where((low == high) & (low > 0), low, np.nan))
                      for _, low, high in (wide.wide, previous_figures(wide)))  # fmt: skip
    pair, last = ((values[..., first], values[..., second]) for values in (figure, before))
    gap = pair[0] - pair[1]
    side = np.where(np.abs(gap) >= np.log(apart), np.sign(gap), 0) * (np.fmax(*pair) >= np.log(size))
    fits_last = _fits(pair, last, np.log(close)) & (side * (last[0] - last[1]) <= -np.log(apart))
    fits_years, n_others = _against_years(pair, side, np.log(apart), np.log(close))
    fails = fits_last | (fits_years & (n_others > 1))
    labels = wide.definition.data["label"].to_numpy(dtype=object)
    return Judgement.of(
        fails, fits_years & ~fails, place[..., first], others=place[..., second][..., None],
        expected=lower[..., second], other=labels[second], ratio=np.exp(np.abs(gap)),
    )  # fmt: skip


def _fits(pair: tuple[Any, Any], level: tuple[Any, Any], close: float) -> Any:
    """Whether each of two figures is near the level of the other one."""
    return (np.abs(pair[0] - level[1]) <= close) & (np.abs(pair[1] - level[0]) <= close)


def _against_years(pair: tuple[Any, Any], side: Any, apart: float, close: float) -> tuple[Mask, Any]:
    """Where a pair stands against all other years and fits them exchanged; and how many others there are."""
    gap = pair[0] - pair[1]
    known = ~np.isnan(gap)
    clear = np.where(np.abs(gap) >= apart, np.sign(gap), 0)
    n_others = known.sum(axis=1, keepdims=True) - known
    others = clear.sum(axis=1, keepdims=True) - clear
    against = (side != 0) & (n_others > 0) & (others == -side * n_others)
    unit, year, number = np.nonzero(against)
    levels = [_level(part, unit, year, number) for part in pair]
    own = [part[unit, year, number] for part in pair]
    against[unit, year, number] = _fits((own[0], own[1]), (levels[0], levels[1]), close)
    return against, n_others


def _level(values: Any, unit: Rows, year: Rows, number: Rows) -> Any:
    """The middle of a figure's other years, for the places named."""
    series = values[unit, :, number]
    series[np.arange(len(unit)), year] = np.nan
    return np.nanmedian(series, axis=1) if len(unit) else np.empty(0)


def _pairs(wide: Round, one: str, two: str) -> tuple[Rows, Rows]:
    """Columns that differ by the sex alone."""
    data = wide.definition.data
    keys = [name for name in ("module", "table", "iccs", "code", *SERIES) if name != "sex"]
    rows = list(zip(*(data[name].tolist() for name in keys), strict=True))
    sex = data["sex"].tolist()
    seconds = {key: column for column, key in enumerate(rows) if sex[column] == two}
    firsts = [column for column, key in enumerate(rows) if sex[column] == one and key in seconds]
    return np.array(firsts, dtype=np.intp), np.array([seconds[rows[each]] for each in firsts], dtype=np.intp)


def _unrelated(wide: Round, one: Rows, two: Rows) -> Mask:
    """Whether two columns are of different tables and of categories of which neither holds the other."""
    codes = wide.definition.data["iccs"].to_numpy(dtype=object)
    number = wide.tables.number
    return np.array(
        [
            number[a] != number[b] and not codes[a].startswith(codes[b]) and not codes[b].startswith(codes[a])
            for a, b in zip(one.tolist(), two.tolist(), strict=True)
        ],
        dtype=bool,
    )


def _all_others(is_empty: Mask, is_there: Mask, module: Rows) -> Mask:
    """Whether all siblings of a table are empty: in the other years, or the module's others in the year."""
    over_years = is_there.sum(axis=1, keepdims=True) - is_there, is_empty.sum(axis=1, keepdims=True)
    in_years = (over_years[0] > 0) & (over_years[0] == over_years[1] - is_empty)
    same = (module[:, None] == module[None, :]).astype(np.int64)
    there, empty = is_there @ same - is_there, is_empty @ same - is_empty
    alone: Mask = in_years | ((there > 0) & (there == empty))
    return alone


def _of_tables(wide: Round, fails: Mask, undecided: Mask, **fields: Any) -> Judgement:
    """One answer for each table and year, at the first cell of the table that has a figure."""
    unit, year, table = np.nonzero(fails | undecided)
    columns = wide.tables.members[table]
    rows = np.append(wide.wide.place, np.full((*wide.wide.place.shape[:2], 1), -1), axis=2)
    known = np.append(wide.wide.known, np.zeros((*wide.wide.known.shape[:2], 1), dtype=bool), axis=2)
    cells = np.where(
        known[unit[:, None], year[:, None], columns], rows[unit[:, None], year[:, None], columns], -1
    )
    first = (cells >= 0).argmax(axis=1)
    at = np.arange(len(cells))
    place = cells[at, first]
    cells[at, first] = -1
    verdict = np.where(fails[unit, year, table], FAIL, UNDECIDED).astype(np.int8)
    return Judgement(
        place, verdict, {name: values[unit, year, table] for name, values in fields.items()}, others=cells
    )
