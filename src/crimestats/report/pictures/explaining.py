"""Pictures in words: what one shows, how to read it, what it cannot say; made from the figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from pandas import DataFrame

from crimestats.errors import CallError
from crimestats.report.display import shown
from crimestats.report.pictures.choosing import By, Chosen, chosen, methods_of
from crimestats.report.pictures.wording import has_text, listed, several, text

Kind = Literal["multiples", "slope", "dots", "map", "table"]
KINDS: tuple[Kind, ...] = ("multiples", "slope", "dots", "map", "table")

_BELOW_FLOOR = "below_floor"
_FEW = 20  # below so many, chance alone moves a count by two fifths and more (95 per cent, Poisson)


@dataclass(frozen=True)
class Facts:
    """What is counted in the figures of a picture.

    Attributes:
        n_areas: Areas or groups that are meant.
        without: Names of those that have no figure.
        first: First year of the figures.
        last: Last year.
        n_figures: Figures, exact or bounded.
        n_bounded: Those of which only bounds are known.
        n_gaps: Years without a figure between the first and the last figure of an area.
        n_breaks: Places where the two sides may not be compared.
        n_broken: Areas with such a place.
        n_provisional: Provisional figures.
        n_few: Counts below 20, where a rate may move by chance.
        n_below_floor: Figures of groups that are not given, since too few areas report.
        coverage: Least and greatest share of residents covered, of groups.
    """

    n_areas: int
    without: tuple[str, ...]
    first: int
    last: int
    n_figures: int
    n_bounded: int
    n_gaps: int
    n_breaks: int
    n_broken: int
    n_provisional: int
    n_few: int
    n_below_floor: int
    coverage: tuple[float, float] | None


def facts(picked: Chosen, by: By) -> Facts:
    """Count what there is in the figures."""
    rows = picked.figures(by)
    there = rows[rows["shown_lower"].notna()].sort_values(["area", "method", "year"])
    has = set(there["area"])
    broken = _changes(there)
    years = there["year"] if len(there) else rows["year"]
    shares = there.loc[there["method"] == methods_of(picked.rows)[0], "coverage"].dropna()
    return Facts(
        n_areas=len(picked.names),
        without=tuple(name for code, name in picked.names.items() if code not in has),
        first=int(years.min()), last=int(years.max()), n_figures=len(there),
        n_bounded=int(there["shown"].isna().sum()), n_gaps=_gaps(there), n_breaks=int(broken.sum()),
        n_broken=there.loc[broken, "area"].nunique(),
        n_provisional=int((there["provisional"] == "yes").sum()),
        n_few=int((there["upper"] < _FEW).sum()) if by == "rate" else 0,
        n_below_floor=int((rows["status"] == _BELOW_FLOOR).sum()),
        coverage=(float(shares.min()), float(shares.max())) if picked.is_of_groups and len(shares) else None,
    )  # fmt: skip


def _changes(there: DataFrame) -> "pd.Series[bool]":
    """Whether a figure stands in another segment than the one of its area before; rows sorted."""
    before = there[["area", "method", "segment"]].shift()
    is_same = (there["area"] == before["area"]) & (there["method"] == before["method"])
    changed: pd.Series[bool] = is_same & (there["segment"] != before["segment"])
    return changed


def _gaps(there: DataFrame) -> int:
    years = there.groupby(["area", "method"])["year"]
    return int((years.max() - years.min() + 1 - years.nunique()).sum())


def explain(
    trends: DataFrame,
    kind: Kind,
    *,
    iccs: str | None = None,
    areas: Sequence[str] | None = None,
    grouping: str | None = None,
    by: By = "rate",
    first: int | None = None,
    last: int | None = None,
) -> str:
    """Say in plain words what a picture shows, how to read it, and what it cannot say.

    Args:
        trends: The table that the picture is made of (`frames.TRENDS`).
        kind: `multiples`, `slope`, `dots`, `map` or `table`.
        iccs: As for the picture, like the others.
        areas: Codes.
        grouping: Of the groups.
        by: `rate`, `value` or `index`.
        first: First year; of dots and a map the only one.
        last: Last year.

    Returns:
        Three paragraphs, each begun by its heading and a full stop.

    Raises:
        CallError: There is no such kind, or figures of several indicators are meant.
    """
    if kind not in KINDS:
        raise CallError(f"kind {kind!r}", "is none.", f"Name one of {', '.join(KINDS)}.")
    picked = chosen(trends, iccs=iccs, areas=areas, grouping=grouping, first=first, last=last)
    found = facts(picked, by)
    parts = {
        "shows": _shows(picked, found, by),
        "read": _reading(picked, found, by, kind),
        "cannot": _limits(picked, found, by, kind),
    }
    return "\n\n".join(f"{text(f'explain.{name}')} {' '.join(said)}" for name, said in parts.items())


def described(picked: Chosen, by: By, kind: Kind) -> str:
    """The picture in words, for those who do not see it: what it shows, the lowest and the highest."""
    found = facts(picked, by)
    rows = picked.figures(by)
    exact = rows[rows["shown"].notna() & (rows["method"] == methods_of(picked.rows)[0])]
    latest = exact[exact["year"] == exact["year"].max()]
    said = [text(f"alt.{kind}"), *_shows(picked, found, by)]
    if len(latest):
        digits = picked.digits(by)
        low, high = latest.loc[latest["shown"].idxmin()], latest.loc[latest["shown"].idxmax()]
        said.append(text(
            "alt.range", year=low["year"], low=low["name"], least=shown(low["shown"], digits),
            high=high["name"], most=shown(high["shown"], digits),
        ))  # fmt: skip
    return " ".join(said)


def _shows(picked: Chosen, found: Facts, by: By) -> list[str]:
    what = "groups" if picked.is_of_groups else "areas"
    years = (
        text("years", first=found.first, last=found.last) if found.last > found.first else str(found.first)
    )
    said = [text(
        "explain.what", title=picked.title, unit=_low(picked.unit(by)), years=years,
        areas=several(f"explain.{what}", found.n_areas - len(found.without)),
        figures=several("explain.figures", found.n_figures),
    )]  # fmt: skip
    if picked.is_of_groups:
        methods = [text(f"method.{name}") for name in methods_of(picked.rows) if has_text(f"method.{name}")]
        said += [text("explain.methods", methods="; ".join(methods))] if methods else []
    return said


def _reading(picked: Chosen, found: Facts, by: By, kind: Kind) -> list[str]:
    said = [text(f"read.{kind}")]
    if found.n_breaks and has_text(f"read.breaks.{kind}.one"):
        said.append(several(f"read.breaks.{kind}", found.n_breaks, areas=f"{found.n_broken:,}"))
    said += [several("read.bounded", found.n_bounded)] if found.n_bounded else []
    said += [several("read.gaps", found.n_gaps)] if found.n_gaps else []
    said += [several("read.provisional", found.n_provisional)] if found.n_provisional else []
    if found.coverage:
        least, most = (shown(share * 100) for share in found.coverage)
        said.append(text("read.coverage", least=least, most=most))
    return said


def _limits(picked: Chosen, found: Facts, by: By, kind: Kind) -> list[str]:
    said = [text("cannot.recorded"), text(f"cannot.{kind}")]
    said += [several("cannot.few", found.n_few)] if found.n_few else []
    if found.without:
        said.append(several("cannot.without", len(found.without), names=listed(list(found.without))))
    said += [several("cannot.below_floor", found.n_below_floor)] if found.n_below_floor else []
    if picked.is_of_groups:
        said.append(text("cannot.groups"))
    return said


def notes_of(picked: Chosen, by: By, kind: Kind, source: str | None) -> list[str]:
    """What stands below a picture: coverage, breaks, method, and where the figures come from."""
    found = facts(picked, by)
    notes = [text("note.levels")]
    if found.n_breaks and kind == "multiples":
        reason = "groups" if picked.is_of_groups else "areas"
        notes.append(text(f"note.breaks.{reason}"))
        notes += [text("note.breaks.methods")] if len(methods_of(picked.rows)) > 1 else []
    if found.coverage:
        least, most = (shown(share * 100) for share in found.coverage)
        notes.append(text("read.coverage", least=least, most=most))
    if found.n_below_floor:
        notes.append(several("cannot.below_floor", found.n_below_floor))
    if picked.is_of_groups:
        notes += [text(f"note.{name}") for name in methods_of(picked.rows) if has_text(f"note.{name}")]
    if found.n_provisional:
        notes.append(several("read.provisional", found.n_provisional))
    if found.without and kind in ("dots", "map"):
        notes.append(several("cannot.without", len(found.without), names=listed(list(found.without))))
    return [*notes, text("note.source", source=source or picked.source())]


def _low(words: str) -> str:
    return words[:1].lower() + words[1:]
