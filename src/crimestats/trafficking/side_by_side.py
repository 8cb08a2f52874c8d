"""Figures of several sources on the same thing in one row, for a person to read."""

from pandas import DataFrame, Series

from crimestats.frames import NOT_APPLICABLE, SOURCES, TOTAL
from crimestats.trafficking.judging import written
from crimestats.trafficking.source_codes import RETURNS
from crimestats.trafficking.things import THING, thing, title

MARKS = {"yes": " *", "no": ""}
"""Behind a figure: whether it is the one used."""

_COMPARED = (NOT_APPLICABLE, "lower_rank", "same_rank", "mixed_table", "no_figure")


def side_by_side(sources: DataFrame, *, every: bool = False) -> DataFrame:
    """Put the sources of each figure in columns of one row.

    The figure used is marked `*`; one that cannot be put against it (a part of the country,
    another unit, period or stage) stands in brackets with the reason.

    Args:
        sources: As `compare` gives them (`frames.SOURCES`).
        every: Also things of which only the dataset has a figure.

    Returns:
        The keys of each thing, `table` (what it is of, in words), a column of texts for each
        source by its id, `used` (id of the source used, empty where none is), `gap_filled`,
        and `relative_lower` and `relative_upper`: how far the others lie from the used figure,
        at least and at most, as a share of it.
    """
    keys = [name for name, kind in SOURCES.columns.items() if kind == "key"]
    rows = sources.astype(dict.fromkeys(keys, "str")).reset_index(drop=True)
    rows = rows.assign(thing=thing(rows), table=title(rows), text=_texts(rows))
    if not every:
        rows = rows[rows["thing"].isin(set(rows.loc[rows["source_id"] != RETURNS, "thing"]))]
    last = rows["rank"].where(rows["rank"] > 0, rows["rank"].max() + 1)  # never used
    ids = rows.assign(last=last).sort_values(["last", "source_id"], kind="stable")["source_id"].unique()
    wide = rows.groupby(["thing", "source_id"])["text"].agg("; ".join).unstack("source_id")  # noqa: PD010
    firsts = rows.drop_duplicates("thing").set_index("thing")[["area", "year", "table", *THING[2:]]]
    is_used = rows["used"] == "yes"
    used = rows[is_used].drop_duplicates("thing").set_index("thing")[["source_id", "gap_filled"]]
    apart = rows.groupby("thing").agg({"relative_lower": "min", "relative_upper": "max"})
    joined = (
        firsts.join(wide.reindex(columns=ids)).join(used.rename(columns={"source_id": "used"})).join(apart)
    )
    texts = {name: joined[name].astype("object").fillna("").astype("str") for name in (*ids, "used")}
    return joined.assign(**texts, gap_filled=joined["gap_filled"].astype("object").fillna("no")).reset_index(
        drop=True
    )


def named(table: DataFrame) -> "Series[str]":
    """What a figure is of, in a few words: `detected victims by sex and age: F Y0T17`."""
    codes = [name for name in THING if name not in ("area", "year", "measure", "dimension", "iccs")]
    text = table["iccs"].where(table["iccs"] != "0204", "")
    for name in codes:
        text = text + (" " + table[name]).where(table[name] != TOTAL, "")
    return table["table"] + (": " + text.str.strip()).where(text.str.strip() != "", "")


def _texts(rows: DataFrame) -> "Series[str]":
    figure = written(rows["lower"], rows["upper"])
    figure = figure.mask(rows["lower"].isna() & (rows["status"] != "exact"), rows["status"])
    reason = rows["reason"].str.replace("_", " ")
    aside = "(" + figure + ", " + reason + ")"
    return figure.where(rows["reason"].isin(_COMPARED), aside) + rows["used"].map(MARKS)
