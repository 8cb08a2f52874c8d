"""What stands on the sheets of the annex, and in which order."""

from collections.abc import Iterator
from dataclasses import dataclass

from pandas import DataFrame

from crimestats.errors import CallError
from crimestats.report.chapter.completing import between_countries
from crimestats.report.chapter.crossing import BASIS
from crimestats.report.chapter.detected import PROFILE
from crimestats.report.chapter.figures import name, when
from crimestats.report.chapter.headlines import LEVELS_BY
from crimestats.report.chapter.siding import named as titled
from crimestats.report.chapter.tables import MAIN_VARIANT, Tables, records
from crimestats.report.chapter.texts import has_text, look, text
from crimestats.trafficking.matrices import Place, matrix

_LEVELS = {"world": "profiles", "region": "profiles", "subregion": "profiles", "area": "countries"}
"""Levels that have a sheet, and the kind of its columns."""
_POOLED_ONLY = ("subregion",)
"""Levels whose averages over countries stand in the Parquet file only."""
_RATE = 100_000
_SORTED = ["profile", "within", "area", "variant", "year", "place"]


@dataclass(frozen=True, eq=False, slots=True)
class SheetRows:
    """A sheet: its name, its title, and rows with the columns of its kind.

    Attributes:
        name: On the tab.
        title: Above the table.
        table: Kind of sheet, as `annex_columns.csv` names it; `matrix` has columns of its own.
        rows: What stands on it.
        frozen: Columns that stay in sight.
        file: Where all rows stand.
    """

    name: str
    title: str
    table: str
    rows: DataFrame
    frozen: int
    file: str


def sheets(tables: Tables) -> Iterator[SheetRows]:
    """The sheets that have rows."""
    named = _labelled(_named(tables.profiles))
    is_count = named["profile"].astype("str") == PROFILE
    for level, table in _LEVELS.items():
        rows = named[~is_count & (named["level"].astype("str") == level)]
        if level in _POOLED_ONLY:
            rows = rows[rows["variant"].astype("str") == MAIN_VARIANT]
        if len(rows):
            tab = text("sheet.country" if level == "area" else f"sheet.{level}")
            yield SheetRows(tab, text(f"annex.{level}"), table, _in_order(rows), 3, "profiles.parquet")
    if is_count.any():
        rows = _in_order(named[is_count])
        rows = rows.assign(**{
            column.replace("share", "rate"): rows[column] * _RATE
            for column in ("share", "share_lower", "share_upper")
        })  # fmt: skip
        yield SheetRows(text("sheet.counts"), text("annex.counts"), "counts", rows, 3, "profiles.parquet")
    yield from _flow_sheets(tables)
    if len(tables.sources):
        rows = titled(tables.sources)
        yield SheetRows(text("sheet.sources"), text("annex.sources"), "sources", rows, 2, "sources.parquet")
    yield SheetRows(
        text("sheet.findings"), text("annex.findings"), "findings", tables.findings, 2, "findings.json"
    )


def _named(profiles: DataFrame) -> DataFrame:
    columns = {"area_name": "area", "influence_name": "influence_area", "largest_name": "largest_area"}
    codes = {"_Z": "", "_T": "", "_U": ""}
    return profiles.assign(**{
        new: profiles[column].astype("str").map(lambda code: codes.get(code, name(code)))
        for new, column in columns.items()
    })  # fmt: skip


def _labelled(profiles: DataFrame) -> DataFrame:
    """With titles of profile and variant; a code without one stands as it is."""
    for column in ("profile", "variant"):
        codes = profiles[column].astype("str")
        titles = {code: text(key) if has_text(key := f"{column}.{code}") else code for code in codes.unique()}
        profiles = profiles.assign(**{f"{column}_title": codes.map(titles)})
    return profiles


def _in_order(rows: DataFrame) -> DataFrame:
    """By profile and area, the latest year first, categories in their order."""
    places = {code: look(code).order for code in rows["category"].astype("str").unique()}
    ordered = rows.assign(
        place=rows["category"].astype("str").map(places), year=-rows["year"].astype("int64")
    )
    keys = [key for key in _SORTED if key in ordered]
    ordered = ordered.astype(dict.fromkeys(("profile", "within", "area", "variant"), "str")).sort_values(keys)
    return ordered.assign(year=-ordered["year"]).drop(columns="place").reset_index(drop=True)


def _flow_sheets(tables: Tables) -> Iterator[SheetRows]:
    pairs = between_countries(tables.flows)
    rows = pairs[pairs["grouping"].astype("str") == LEVELS_BY]
    if rows.empty:
        return
    middle = rows["value"].fillna((rows["lower"] + rows["upper"]) / 2)
    named = {f"{side}_name": rows[side].astype("str").map(_place) for side in ("origin", "destination")}
    rows = rows.assign(middle=middle, **named).sort_values(
        ["year", "basis", "middle", "destination", "origin"], ascending=[False, True, False, True, True]
    )
    yield SheetRows(text("sheet.flows"), text("annex.flows"), "flows", rows, 6, "flows.parquet")
    kinds: tuple[tuple[str, Place], ...] = (("matrix", "area"), ("matrix_regions", "subregion"))
    for key, by in kinds:
        wide = _matrix(pairs, by, tables.year)
        if len(wide):
            title = text("annex.matrix", when=_when(pairs, tables.year))
            yield SheetRows(text(f"sheet.{key}"), title, "matrix", wide, 1, "flows.parquet")


def _when(pairs: DataFrame, year: int) -> str:
    """The year of the pairs, or the years that they are added up of."""
    rows = records(pairs[(pairs["year"] == year) & (pairs["basis"].astype("str") == BASIS)].head(1))
    return when(rows[0]) if rows else str(year)


def _place(code: str) -> str:
    return look("_U").label if code == "_U" else name(code)


def _matrix(pairs: DataFrame, by: Place, year: int) -> DataFrame:
    try:
        wide = matrix(pairs, by=by, grouping=LEVELS_BY, basis=BASIS, year=year)
    except CallError:  # no flows by citizenship in that year
        return DataFrame()
    table = wide.rename(columns=_place).reset_index()
    table.columns = ["destination_name", *table.columns[1:]]
    return table.assign(destination_name=table["destination_name"].map(_place))
