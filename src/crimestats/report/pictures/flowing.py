"""What pictures of flows have in common: names of places, titles, notes, the figures in words."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.files import read_csv, shipped
from crimestats.frames import NOT_APPLICABLE, UNKNOWN
from crimestats.report.chart import COLOURS
from crimestats.report.display import shown
from crimestats.report.pictures.sheet import altair
from crimestats.report.pictures.wording import has_text, listed, several, text
from crimestats.trafficking.levels import DOMESTIC, WORLD

UNKNOWN_COLOUR = "#9aa3ae"


def place_names(grouping: str) -> Mapping[str, str]:
    """Codes of areas and of the groups of a grouping to their names, long ones to shorter names."""
    units, groups = areas.areas(), areas.groupings(grouping)
    short = read_csv(shipped("questionnaires", "trafficking", "short_names.csv"), ("area", "name", "source"))
    return {
        **dict(zip(units["area"], units["name"], strict=True)),
        **dict(zip(short["area"], short["name"], strict=True)),
        **dict(zip(groups["code"], groups["name"], strict=True)),
        WORLD: text("flow.world"), UNKNOWN: text("flow.unknown"),
    }  # fmt: skip


def colours(grouping: str) -> Mapping[str, str]:
    """Areas, subregions and regions of a grouping to the colour of their region."""
    table = areas.groupings(grouping)
    regions = table[table["level"] == "region"].drop_duplicates("area")
    order = sorted(regions["code"].unique())
    of_region = {code: COLOURS[at % len(COLOURS)] for at, code in enumerate(order)}
    of_area = dict(zip(regions["area"], regions["code"].map(of_region), strict=True))
    groups = table[table["level"] != "world"].drop_duplicates("code")
    of_group = dict(zip(groups["code"], groups["area"].map(of_area), strict=True))
    return {**of_area, **of_group, **of_region, UNKNOWN: UNKNOWN_COLOUR}


@cache
def level_labels() -> dict[str, str]:
    """Codes of levels to their labels, in their order."""
    table = read_csv(shipped("questionnaires", "trafficking", "flow_levels.csv"), ("level", "order", "label"))
    return dict(zip(table["level"], table["label"], strict=True))


def span(table: DataFrame) -> str:
    """The years of the figures: one, or the first and the last."""
    first, last = int(table["first_year"].min()), int(table["year"].max())
    return str(last) if first == last else text("years", first=first, last=last)


def bounds_of(table: DataFrame) -> tuple[float, float, float]:
    """Lower bound, figure and upper bound of a sum; infinite where a part is withheld."""
    lower, upper = float(table["lower"].sum()), float(table["upper"].sum())
    return lower, float(table["middle"].sum()) if np.isfinite(upper) else np.nan, upper


def count_text(table: DataFrame) -> str:
    """Victims of several figures in words: a number, a range, or at least so many."""
    lower, _, upper = bounds_of(table)
    if np.isinf(upper):
        return text("flow.at_least", number=shown(lower))
    return shown(lower) if lower == upper else text("flow.range", low=shown(lower), high=shown(upper))


def share_text(part: DataFrame, whole: DataFrame) -> str:
    """The share of one in the other in whole per cent."""
    total = bounds_of(whole)[1]
    return shown(100 * bounds_of(part)[1] / total) if total else "–"


def pairs_text(rows: DataFrame, threshold: float) -> str:
    """How many of the pairs are flows, have fewer victims, are of own citizens or of no known country."""
    kind = rows["is_flow"].astype("str").mask(rows["level"] == DOMESTIC, "own")
    number = kind.value_counts()
    kinds = [name for name in ("yes", "no", "undecided", "own", NOT_APPLICABLE) if name in number.index]
    least = shown(threshold)
    return listed([several(f"flow.pairs.{name}", int(number[name]), threshold=least) for name in kinds])


def packed(values: Any, **form: str) -> Any:
    """Data of a drawing as one text: Altair copies and checks every entry of lists, many times over."""
    alt = altair()
    written = values if isinstance(values, str) else json.dumps(values)
    return alt.InlineData(values=written, format={"type": "json", **form})


def title(rows: DataFrame, *places: str | None, by: str = "area") -> str:
    """Whom the picture is about, by countries or what else, when, and of which places alone."""
    told = text(f"flow.title.{rows['basis'].iloc[0]}", years=span(rows), place=text(f"flow.place.{by}"))
    named = [place for place in places if place]
    return f"{told}: {', '.join(named)}" if named else told


def notes(rows: DataFrame, threshold: float, source: str | None, *, drawn_widths: bool = True) -> list[str]:
    """What must be known to read figures of flows."""
    basis = str(rows["basis"].iloc[0])
    bounded = int((rows["lower"] < rows["upper"]).sum())
    said = [text(f"flow.note.{basis}", threshold=shown(threshold))]
    if bounded and drawn_widths:
        said.append(several("flow.note.bounded", bounded))
    said.append(text("flow.note.cannot"))
    return [*said, text("note.source", source=source)] if source else said


def left_out(rows: DataFrame, drawn: DataFrame) -> list[str]:
    """What is not drawn, where there is any: own citizens, and figures that are withheld."""
    own = rows[(rows["level"] == DOMESTIC) & ~rows.index.isin(drawn.index)]
    hidden = int(np.isinf(rows["upper"]).sum())
    withheld = [several("flow.note.withheld", hidden)] if hidden else []
    if own.empty:
        return withheld
    known = rows[(rows["origin"] != UNKNOWN) & (rows["destination"] != UNKNOWN)]
    return [text("flow.note.domestic", number=count_text(own), share=share_text(own, known)), *withheld]


def grouping_note(grouping: str) -> list[str]:
    """Which regions and subregions are meant, and how sure their members are."""
    key = f"flow.grouping.{grouping}"
    said = text("flow.note.grouping", grouping=text(key) if has_text(key) else grouping)
    return [f"{said} {text('flow.note.memberships')}" if grouping == "glotip" else said]


def with_names(rows: DataFrame, grouping: str) -> DataFrame:
    """The flows with the names of both places."""
    known = place_names(grouping)

    def named(codes: "Series[str]") -> "Series[str]":
        return codes.map(known).fillna(codes)

    return rows.assign(origin_name=named(rows["origin"]), destination_name=named(rows["destination"]))
