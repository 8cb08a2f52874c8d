"""The trafficking dataset: one schema for figures of returns, published files and other sources."""

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame, MultiIndex, Series, to_numeric

from crimestats.areas import areas
from crimestats.frames import BREAKDOWNS, OBSERVATIONS, TOTAL, TRAFFICKING, UNKNOWN

MEASURES = ("victims", "suspected", "prosecuted", "convicted", "offences", "repatriated")
"""What is counted of the crime: the tables of GLOTIP and the trafficking indicators of the data portal."""

TRAFFICKING_IN_PERSONS = "0204"
"""ICCS 1.0; its forms are 02041 to 02044."""

OTHER_FORMS = "02043+02044"
"""How one figure for organ removal and all other forms is published."""

WITHIN_COUNTRY = "within_country"
"""Dimension of victims trafficked within the country: a route, which own citizenship is not."""

COUNT = "number"
OWN, FOREIGN = "NAT", "FOR"
_ROUTE = "DOMESTIC"  # in the column `trait` of the questionnaire's items
_ROW = r"ROW\d+"  # there too: a row in which the sender names a country
_ENTERED = r"_row\d+$"  # the items of these rows
_LABEL = r"(?:^|; )Label: (.*?)(?:; (?:Sex|Age|Unit|Year|Value): |$)"  # as `read_published` writes it
_BESIDE = [name for name in BREAKDOWNS if name not in TRAFFICKING.columns and name != "trait"]
_KEY = ["area", "area_label", "year", "iccs", "measure", "unit", "stage", "source", "sex", "age"]
_TEXTS = ["area", "item", "code", "measure", "unit", "country", "citizenship", "exploitation", "trait",
          "status", "questionnaire", "return_id", "sheet", "cell"]  # fmt: skip


def dataset(observations: DataFrame) -> DataFrame:
    """Arrange figures on trafficking in persons as one table.

    No figure is summed, corrected or made. Own citizens, named or as a word, are `NAT` with the
    reporting unit as their country; citizens of another country are `FOR` with its code, or `_T`
    where the figure is of all foreigners. Of persons brought home the country is the other one that
    the source names; which of the two is theirs says `repatriation.csv`, since in the published
    file it changed. A published row `Abroad` or `Nationals` among them is the total of own citizens
    brought home, and no country: where all its countries are exact, it is what they add to (9 of 9
    in the release of 30 May 2023). The nameless rows of other forms of exploitation are `OTH_1`,
    `OTH_2`, … in the order of the file; the same number in rows of another sex or age need not be
    the same form.

    Args:
        observations: Of accepted GLOTIP returns, or of a published file (`frames.OBSERVATIONS`).
            What is not of trafficking, or divided by what the dataset has no column for, is
            left out; `left_out` tells how much that is.

    Returns:
        The figures (`frames.TRAFFICKING`) in their order, none summed.

    Raises:
        CallError: The observations are not what the frame declares.
    """
    table = _texts(OBSERVATIONS.check(observations))
    table = table[_reason(table) == ""].reset_index(drop=True)
    table = table.assign(iccs=table["code"], **_labels(table), figure_id=_places(table))
    table = _brought_home(table)
    table = table.assign(dimension=_dimension(table))
    return TRAFFICKING.cast(_numbered(_citizenship(table)))


def left_out(observations: DataFrame) -> DataFrame:
    """What of a table of figures is not in the dataset, and why.

    Args:
        observations: As `dataset` takes them.

    Returns:
        One row for each reason, measure and category: `reason`, `measure`, `code`, `figures`
        (their number), in the order of the file. The reasons: `other_crime`, `other_measure`,
        `other_unit` (a rate or a percentage), `other_breakdown` (the name of the column follows)
        and `blank_row` (a row of the form in which no country is named and nothing stands).
    """
    table = _texts(OBSERVATIONS.check(observations))
    table = table.assign(reason=_reason(table))
    gone = table[table["reason"] != ""]
    counted = gone.groupby(["reason", "measure", "code"], sort=False).size()
    return counted.rename("figures").reset_index()


def _texts(observations: DataFrame) -> DataFrame:
    return observations.astype(dict.fromkeys(_TEXTS, "str")).reset_index(drop=True)


def _reason(table: DataFrame) -> Series:
    """Why a figure is not of the dataset; empty where it is."""
    reason = Series("", index=table.index, dtype="str")
    is_row = table["trait"].str.fullmatch(_ROW)
    others = {name: table[name].astype("str") != TOTAL for name in _BESIDE}
    others["trait"] = ~table["trait"].isin([TOTAL, _ROUTE]) & ~is_row
    for name in reversed(others):
        reason = reason.mask(others[name], f"other_breakdown {name}")
    is_blank = is_row & (table["country"] == UNKNOWN) & (table["note"] == "") & (table["status"] == "blank")
    reason = reason.mask(is_blank, "blank_row").mask(table["unit"] != COUNT, "other_unit")
    reason = reason.mask(~table["measure"].isin(MEASURES), "other_measure")
    return reason.mask(~table["code"].str.startswith(TRAFFICKING_IN_PERSONS), "other_crime")


def _places(table: DataFrame) -> Series:
    return table["return_id"] + "!" + table["sheet"] + "!" + table["cell"]


def _labels(table: DataFrame) -> Mapping[str, Series]:
    """What the notes hold of the source's own words: of the area, and of a country.

    In a published file the label is in the note where no area code was found for it; a return's
    note begins with what the sender entered in a row for a country.
    """
    note = table["note"].astype("str")
    said = note.str.extract(_LABEL, expand=False).fillna("")
    is_entered = table["item"].str.contains(_ENTERED) & (table["country"] != TOTAL)
    entered = note.str.extract(r"^(.*?)(?:; |$)", expand=False).fillna("").where(is_entered, "")
    area = note.str.extract(r"(?:^|; )Area: ([^;]*)", expand=False).fillna("")
    return {"area_label": area, "label": said.mask(entered != "", entered)}


def _brought_home(table: DataFrame) -> DataFrame:
    """Persons brought home: the rows that mean all own citizens have no country of their own."""
    is_word = (table["citizenship"] == FOREIGN) & (table["country"] == UNKNOWN)
    is_published = table["questionnaire"] == UNKNOWN
    is_word |= (table["citizenship"] == OWN) & (table["country"] == table["area"]) & is_published
    is_home = table["measure"] == "repatriated"
    country = table["country"].mask(is_word & is_home, TOTAL)
    is_all = is_home & (country == TOTAL)
    return table.assign(country=country, citizenship=table["citizenship"].mask(is_all, OWN))


def _dimension(table: DataFrame) -> Series:
    """Total, or what the figure is divided by."""
    is_home = table["measure"] == "repatriated"
    is_named = (table["country"] != TOTAL) | (table["citizenship"] != TOTAL)
    is_form = (table["iccs"] != TRAFFICKING_IN_PERSONS) | (table["exploitation"] != TOTAL)
    kinds = [table["trait"] == _ROUTE, is_home & (table["country"] != TOTAL), is_home, is_named, is_form]
    names = [WITHIN_COUNTRY, "repatriation", TOTAL, "citizenship", "exploitation"]
    return Series(np.select(kinds, names, TOTAL), index=table.index, dtype="str")


def _citizenship(table: DataFrame) -> DataFrame:
    """Own citizens with their country, and others, told by the country of their citizenship."""
    of_it, country = table["dimension"] == "citizenship", table["country"]
    whole = table["area"].map(_wholes()).fillna(table["area"])
    is_known = ~country.isin([TOTAL, UNKNOWN])
    is_own = is_known & ((country == table["area"]) | (country == whole))
    is_own |= (table["citizenship"] == OWN) & ~is_known
    is_own &= of_it & (table["area"] != UNKNOWN)
    is_other = of_it & is_known & ~is_own
    said = table["citizenship"].mask(is_own, OWN).mask(is_other, FOREIGN)
    said = said.mask(of_it & (said == TOTAL), UNKNOWN)  # a country is named, but not known
    return table.assign(country=country.mask(is_own, table["area"]), citizenship=said)


def _wholes() -> dict[str, str]:
    """The country of a unit that is part of one: England and Wales of the United Kingdom."""
    units = areas()
    parts = units[units["part_of"] != ""]
    return dict(zip(parts["area"], parts["part_of"], strict=True))


def _numbered(table: DataFrame) -> DataFrame:
    """The nameless rows of other forms told apart by their number in the file."""
    is_other = (table["iccs"] == OTHER_FORMS) & (table["exploitation"] == TOTAL)
    rows = table.loc[is_other, [*_KEY, "return_id", "sheet", "cell"]].astype({"sex": "str", "age": "str"})
    rows["line"] = to_numeric(rows["cell"].str.extract(r"(\d+)$", expand=False))
    rows = rows.sort_values(["return_id", "sheet", "line"], kind="stable")
    key = MultiIndex.from_frame(rows[_KEY])
    several = rows.assign(key=key.to_numpy())[key.duplicated(keep=False)]
    number = several.groupby("key").cumcount() + 1
    named = ("OTH_" + number.astype("str")).reindex(table.index)
    return table.assign(exploitation=table["exploitation"].mask(named.notna(), named))
