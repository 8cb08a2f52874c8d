"""Figures of several sources on the same thing: put side by side, never added, and one of them used.

The order of precedence is data (`questionnaires/trafficking/precedence.csv`), or a table of
your own. Among figures on the same thing the one of the best rank is used; of two of one rank
that of the more reliable source, then of the calendar year, then of the most recent
publication, then of the first id.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats.errors import CallError, DefinitionError
from crimestats.files import line_of, read_csv, shipped
from crimestats.frames import FINDINGS, NOT_APPLICABLE, SOURCES, TOTAL, TRAFFICKING
from crimestats.trafficking.judging import judged
from crimestats.trafficking.source_codes import COUNT, RETURNS, codes, measures, source_types
from crimestats.trafficking.source_findings import near
from crimestats.trafficking.sources import NATIONAL, Protect, as_dataset, of_dataset, read_sources
from crimestats.trafficking.things import THING, family, table_of, thing

Fill = Literal["table", "figure"]
FILLS = ("table", "figure")
"""How gaps are filled: whole tables, so that the parts of a whole are of one source, or figure by figure."""

RELAXED = ("other_period", "other_unit", "other_stage")
"""Reasons that `also` can lift; a part of the country, or several years together, never fill a year of it."""

HELD_BACK = ("suppressed", "withheld")
"""Statuses of a figure that is there and hidden: no other source may say it instead."""

_ORDER = ("rank", "reliability_order", "period_order", "recency", "source_id")


@dataclass(frozen=True, slots=True)
class Combined:
    """A dataset with the figures of other sources.

    Attributes:
        dataset: The figures used (`frames.TRAFFICKING`); those that fill a gap have the type
            of their source in the column `source`.
        sources: All figures that can be compared, side by side (`frames.SOURCES`).
        findings: Of the files, of the gaps filled and of what is in doubt (`frames.FINDINGS`).
        records: The record of each source (`sources.csv`).
        faults: Of the findings those of the files alone, which no figure that is used changes.
    """

    dataset: DataFrame
    sources: DataFrame
    findings: DataFrame
    records: DataFrame
    faults: DataFrame


def combine(
    dataset: DataFrame,
    folder: Path | str,
    *,
    precedence: Path | str | None = None,
    fill: Fill = "table",
    also: tuple[str, ...] = (),
    protect: Protect | None = None,
) -> Combined:
    """Fill the gaps of a dataset from a folder of other sources.

    Args:
        dataset: `frames.TRAFFICKING`.
        folder: As `read_sources` takes it.
        precedence: As `compare` takes it.
        fill: See `compare`.
        also: See `compare`.
        protect: See `read_sources`.

    Returns:
        The dataset with gaps filled, all figures side by side, and findings.

    Raises:
        FileError, DefinitionError: As `read_sources` and `read_precedence`.
        CallError: An argument is not among its choices.
    """
    collected = read_sources(folder, protect=protect)
    figures = SOURCES.join(of_dataset(dataset), collected.figures)
    sources = compare(figures, precedence, fill=fill, also=also)
    sources, findings = judged(sources)
    every = FINDINGS.join(collected.findings, findings)
    return Combined(used(sources, dataset), sources, every, collected.records, collected.findings)


def as_published(combined: Combined, dataset: DataFrame) -> Combined:
    """The same with the figures as they are in a dataset in which small ones are hidden.

    Figures side by side, their differences and the findings would else tell what is hidden.

    Args:
        combined: As `combine` gives it.
        dataset: Its dataset after `disclosure.protect`.
    """
    sources, known = combined.sources, dataset.drop_duplicates("figure_id").set_index("figure_id")
    is_there = sources["figure_id"].isin(known.index)
    values = known[["value", "lower", "upper"]].reindex(sources["figure_id"]).set_axis(sources.index)
    status = known["status"].astype("str").reindex(sources["figure_id"]).set_axis(sources.index)
    shown = {name: sources[name].where(~is_there, values[name]) for name in values.columns.astype("str")}
    said = sources["status"].astype("str").where(~is_there, status)
    note = sources["note"].mask(is_there & (said != sources["status"].astype("str")), "")
    table = _texts(sources.assign(**shown, status=said, note=note, findings=""))
    sources, findings = judged(SOURCES.cast(_differences(table.assign(thing=thing(table)))))
    return Combined(
        dataset, sources, FINDINGS.join(combined.faults, findings), combined.records, combined.faults
    )


def read_precedence(path: Path | str | None = None) -> DataFrame:
    """The order of precedence.

    Args:
        path: A CSV with the columns `source_type`, `measure` (`_T` for all, else for this
            one only) and `rank` (from 1; empty: shown, never used); the shipped one if none.

    Returns:
        `source_type`, `measure`, `rank` (0 where never used).

    Raises:
        DefinitionError: A type or measure is not known, a rank is no number, a pair stands twice.
    """
    place = Path(path) if path else shipped("questionnaires", "trafficking", "precedence.csv")
    table = read_csv(place, ("source_type", "measure", "rank"))[["source_type", "measure", "rank"]]
    known = {"source_type": tuple(source_types().index), "measure": (TOTAL, *measures().index)}
    faults = {name: (~table[name].isin(allowed), allowed) for name, allowed in known.items()}
    faults["rank"] = (~table["rank"].str.fullmatch(r"([1-9]\d{0,3})?"), ())
    for name, (wrong, allowed) in faults.items():
        if wrong.any():
            row = int(np.argmax(wrong))
            value, where = table[name].iloc[row], f"{place}, line {line_of(place, row)}, column {name}"
            remedy = (
                f"Write one of {', '.join(allowed)}."
                if allowed
                else "Write a whole number from 1, or nothing."
            )
            raise DefinitionError(where, f"is {value!r}{near(value, allowed)}.", remedy)
    twice = table.duplicated(["source_type", "measure"])
    if twice.any():
        where = f"{place}, line {line_of(place, int(np.argmax(twice)))}"
        raise DefinitionError(where, "ranks the same type and measure again.", "Keep one of the rows.")
    return table.assign(rank=pd.to_numeric(table["rank"].replace("", "0")).astype("int64"))


def compare(
    figures: DataFrame,
    precedence: Path | str | None = None,
    *,
    fill: Fill = "table",
    also: tuple[str, ...] = (),
) -> DataFrame:
    """Put figures on the same thing side by side and say which is used.

    Args:
        figures: Of one or several sources (`frames.SOURCES`), as `read_sources` and
            `of_dataset` give them.
        precedence: A table of your own; see `read_precedence`.
        fill: `table`: the best source that has any figure of a table (one area, year, measure
            and pattern of breakdowns, such as sex by age) gives all of it, so that parts of one
            whole never come from two sources. `figure`: each figure by itself.
        also: Reasons that shall not keep a figure out: `other_period`, `other_unit`, `other_stage`.

    Returns:
        All figures (`frames.SOURCES`), the ones on the same thing together and the used one
        first. `gap_filled` is yes where a used figure is not of the first type in the order of
        its measure. `reason` says why a figure is not used: `lower_rank`, `same_rank` (a tie),
        `mixed_table` (a better source has the table, but not this figure), `subnational`,
        `other_period`, `cumulative`, `other_unit`, `other_stage`, `other_area` (the whole, where the
        parts are used, or a part), `never_used`, `no_figure`.
        Differences are the figure less the used one; where one of them is a range, between the
        bounds that interval arithmetic gives, and without a point.

    Raises:
        CallError: An argument is not among its choices.
        DefinitionError: The table of precedence has a fault.
    """
    for name, value, allowed in [("fill", fill, FILLS), *(("also", each, RELAXED) for each in also)]:
        if value not in allowed:
            raise CallError(name, f"is {value!r}.", f"Choose {', '.join(allowed)}.")
    order = read_precedence(precedence)
    table = _ranked(SOURCES.cast(figures), order)
    table = table.assign(thing=thing(table), block=table_of(table) if fill == "table" else thing(table))
    table = table.assign(reason=_reason(table, also))
    table = table.assign(reason=_apart(table))
    table = _chosen(table)
    table = _differences(table.assign(gap_filled=_is_filled(table, order)))
    shown = table.sort_values(
        [*THING, "used", "preference"], ascending=[True] * len(THING) + [False, True], kind="stable"
    )
    return SOURCES.cast(shown.reset_index(drop=True))


def used(sources: DataFrame, dataset: DataFrame | None = None) -> DataFrame:
    """The figures used, as a dataset.

    Args:
        sources: As `compare` gives them.
        dataset: The dataset that was among them; its own figures are kept as they are,
            also those that no other source could speak of.

    Returns:
        `frames.TRAFFICKING`. A figure of another source has the type of that source in the
        column `source` and its title in the note, so that `dataset[dataset["source"] == "CJS"]`
        is the dataset without what was filled.
    """
    own = TRAFFICKING.empty() if dataset is None else dataset
    texts = sources.astype({name: "str" for name in (*THING, "source_id", "used") if name != "year"})
    is_own = texts["figure_id"].isin(own["figure_id"]) & (texts["source_id"] == RETURNS)
    block, is_used = table_of(texts), texts["used"] == "yes"
    number, other = thing(texts), is_used & ~is_own
    whole = block.isin(set(block[other])) & ~block.isin(set(block[is_used & is_own]))
    replaced = number.isin(set(number[other])) | whole
    gone = set(texts.loc[is_own & ~is_used & replaced, "figure_id"])
    kept = own[~own["figure_id"].isin(gone).to_numpy()]
    return TRAFFICKING.join(kept, as_dataset(texts[is_used & ~is_own]))


def _ranked(figures: DataFrame, order: DataFrame) -> DataFrame:
    """Figures with the rank of their source for their measure, and their place in the order."""
    texts = _texts(figures)
    general = order[order["measure"] == TOTAL].set_index("source_type")["rank"]
    pairs = pd.MultiIndex.from_frame(texts[["source_type", "measure"]])
    special = order[order["measure"] != TOTAL].set_index(["source_type", "measure"])["rank"].reindex(pairs)
    rank = Series(special.to_numpy(), index=texts.index).fillna(texts["source_type"].map(general)).fillna(0)
    places = {
        name: {code: place for place, code in enumerate(codes(name))} for name in ("reliability", "period")
    }
    recency = pd.to_numeric(
        texts["published"].str.replace("-", "").str.ljust(8, "0"), errors="coerce"
    ).fillna(0)
    table = texts.assign(
        rank=rank.astype("int64"), reliability_order=texts["reliability"].map(places["reliability"]),
        period_order=texts["period"].map(places["period"]), recency=-recency,
    )  # fmt: skip
    preferences = table[list(_ORDER)].drop_duplicates().sort_values(list(_ORDER), kind="stable")
    preferences = preferences.assign(preference=np.arange(len(preferences)))
    return table.merge(preferences, on=list(_ORDER), how="left")


def _texts(figures: DataFrame) -> DataFrame:
    return figures.astype({name: "str" for name, kind in SOURCES.columns.items() if kind == "key"})


def _reason(table: DataFrame, also: tuple[str, ...]) -> Series:
    """Why a figure cannot be used whatever else there is; `_Z` where it can."""
    is_return = table["source_id"] == RETURNS  # the return says its own period, and is the State's figure
    is_hidden = table["status"].isin(HELD_BACK)
    known = measures().reindex(table["measure"])
    reasons = {
        "never_used": table["rank"] == 0,
        "subnational": table["geography"] != NATIONAL,
        "cumulative": table["period"] == "cumulative",
        "other_unit": table["unit"] != COUNT,
        "other_stage": table["stage"] != known["stage"].to_numpy(),
        "other_period": (table["period"] == "other_period") & ~is_return,
        "no_figure": table["lower"].isna() & ~is_hidden,
    }
    wanted = {name: flags for name, flags in reasons.items() if name not in also}
    chosen = np.select([flags.to_numpy() for flags in wanted.values()], list(wanted), NOT_APPLICABLE)
    return Series(chosen, index=table.index, dtype="str")


def _apart(table: DataFrame) -> Series:
    """A country and its parts are never both used: the better source says which of them it is."""
    rows = table.assign(whole=family(table))
    rows = rows[(rows["whole"] != "") & (rows["reason"] == NOT_APPLICABLE)]
    by = [rows["whole"], rows["year"], rows["measure"]]
    is_best = rows["preference"] == rows.groupby(by)["preference"].transform("min")
    is_whole = rows["area"] == rows["whole"]
    best_is_whole = is_whole.where(is_best).groupby(by).transform("max").astype("bool")
    other = rows.index[(is_whole != best_is_whole).to_numpy()]
    return table["reason"].mask(table.index.isin(other), "other_area")


def _chosen(table: DataFrame) -> DataFrame:
    """The best source of each table gives all of it; the others are told why they do not."""
    can = table["reason"] == NOT_APPLICABLE
    best = table["preference"].where(can).groupby(table["block"]).transform("min")
    is_used = can & (table["preference"] == best)
    rank = table["rank"].where(is_used).groupby(table["thing"]).transform("min")
    unused = np.select([rank.isna(), rank == table["rank"]], ["mixed_table", "same_rank"], "lower_rank")
    reason = table["reason"].mask(can & ~is_used, Series(unused, index=table.index))
    return table.assign(used=np.where(is_used, "yes", "no"), reason=reason)


def _is_filled(table: DataFrame, order: DataFrame) -> Series:
    """Whether a used figure is of a source that is not the first in the order of its measure."""
    ranks = order[order["rank"] > 0]
    first = ranks["rank"].min()
    own = ranks[ranks["measure"] != TOTAL].groupby("measure")["rank"].min()
    best = np.minimum(table["measure"].map(own).fillna(first), first)
    return Series(np.where((table["used"] == "yes") & (table["rank"] > best), "yes", "no"), index=table.index)


def _differences(table: DataFrame) -> DataFrame:
    """The figure less the used one, and that as a share of the used one."""
    is_used = table["used"] == "yes"
    by = table["thing"]
    least = table["lower"].where(is_used).groupby(by).transform("min")
    most = table["upper"].where(is_used).groupby(by).transform("max")
    compared = ~is_used & table["reason"].isin(["lower_rank", "same_rank", "other_period", "never_used"])
    lower = (table["lower"] - most).where(compared)
    upper = (table["upper"] - least).where(compared)
    point = lower.where(np.isclose(lower, upper, rtol=0, atol=0))
    relative_lower = (table["lower"] / most.where(most > 0) - 1).where(compared)
    relative_upper = (table["upper"] / least.where(least > 0) - 1).where(compared)
    return table.assign(
        difference=point, difference_lower=lower, difference_upper=upper,
        relative=relative_lower.where(point.notna()),
        relative_lower=relative_lower, relative_upper=relative_upper,
    )  # fmt: skip
