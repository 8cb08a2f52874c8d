"""Figures counted from case records, each person once a year."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats.frames import FINDINGS, NOT_APPLICABLE, TOTAL, UNKNOWN
from crimestats.trafficking.case_records import ADULT_BAND, CHILD_BAND, Cases, forms, read_cases
from crimestats.trafficking.dataset import COUNT, FOREIGN, OTHER_FORMS, OWN, TRAFFICKING_IN_PERSONS
from crimestats.trafficking.source_codes import measures
from crimestats.trafficking.source_figures import COLUMNS, OPTIONAL
from crimestats.trafficking.source_findings import listed, told
from crimestats.trends.figures import hashed

__all__ = ["SHEET", "Cases", "count_cases", "figures_file", "findings_of_cases", "read_cases"]

SHEET = "cases"
"""Stands where the sheet of a cell does: a count is of many records, and of none that may be shown."""

STAGES = {"suspected": "suspected", "prosecuted": "prosecuted", "convicted": "convicted"}
"""Measure to the date of a perpetrator that it is counted by."""

_HIDDEN = "c"  # SDMX: confidential
_PLACE = ["area", "year"]
_KEYS = ("dimension", "iccs", "sex", "age", "exploitation", "citizenship", "country")
_GRIDS: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {
    ("sex",): {"sex": ("F", "M")},
    ("age",): {"age": (CHILD_BAND, ADULT_BAND)},
    ("sex", "age"): {"sex": ("F", "M"), "age": (CHILD_BAND, ADULT_BAND)},
}
"""Tables of which also the empty cells are counts: nought, where the records tell sexes and ages."""


def count_cases(cases: Cases) -> DataFrame:
    """Count the persons in case records.

    A person counts once in each area and year, the year of identification (for perpetrators of
    the stage), however many events it stands in. It counts once in the total and once in each
    form of exploitation that it suffered, so that the forms add to more than the total. Where its
    records differ its sex or citizenship is unknown, and it is a child where any of them has it as one.

    Persons are the same where `person_id` is; without one only within a reporting entity
    (`victim_id`). Where several entities report persons without it the figure is a range:
    at most all of them, at least the most that one entity has, or the persons who are matched.

    Args:
        cases: As `read_cases` gives them.

    Returns:
        The figures in the layout of `figures.csv`, with `lower`, `upper`, `status` and a place;
        counts are exact, small ones too: `disclosure.protect` comes before publishing.
    """
    tables = [_victims(cases), *_perpetrators(cases), _events(cases)]
    figures = pd.concat(tables, ignore_index=True)
    figures = figures.sort_values([*_PLACE, "measure", *_KEYS], kind="stable", ignore_index=True)
    stages = figures["measure"].map(measures()["stage"])
    exact = figures["lower"] == figures["upper"]
    names = figures[[*_PLACE, "measure", "unit", *_KEYS]].astype("str").agg("|".join, axis="columns")
    return figures.assign(
        source_id=cases.source_id, stage=stages, return_id=cases.source_id, sheet=SHEET,
        cell=names.map(hashed) if len(names) else "", value=figures["upper"].where(exact),
        status=np.where(exact, "exact", "bounded"),
        note=np.where(exact, "", "not matched between reporting entities"),
    )  # fmt: skip


def figures_file(figures: DataFrame) -> DataFrame:
    """Counts in the columns of `figures.csv`, as texts that are read back as the same figures.

    A range of counts is `120-150`, one from nought `<5`; a figure that is hidden altogether is `c`.

    Args:
        figures: As `count_cases` gives them.

    Returns:
        One row a figure, every column text.
    """
    least, most = (figures[name].map("{:.0f}".format).astype("str") for name in ("lower", "upper"))
    below = "<" + (figures["upper"] + 1).map("{:.0f}".format).astype("str")
    text = least.where(figures["lower"] == figures["upper"], least + "-" + most)
    text = text.mask((figures["lower"] == 0) & (figures["upper"] > 0), below)
    text = text.mask(figures["lower"].isna(), _HIDDEN)
    named = [*COLUMNS, *(name for name in OPTIONAL if name != "place")]
    unit = figures["unit"].astype("str").mask(figures["unit"] == COUNT, "")
    return figures.assign(value=text, unit=unit)[named].astype("str")


def findings_of_cases(cases: Cases) -> DataFrame:
    """What is to be known of the counts: persons that stand in several events, or cannot be matched.

    Args:
        cases: As `read_cases` gives them.

    Returns:
        The findings of the records and of the counts (`frames.FINDINGS`).
    """
    rows, undated = _dated(cases, "victims", "identified")
    found = [told("TIP-40", undated.assign(cell="line " + undated["line"]))]
    place = {"return_id": cases.source_id, "sheet": "victims.csv", "cell": NOT_APPLICABLE}
    events = rows.groupby([*_PLACE, "person"])["event_id"].nunique().rename("events").reset_index()
    several = events[events["events"] > 1].groupby(_PLACE).size().rename("value").reset_index()
    found.append(told("TIP-37", several.astype({"value": "str"}).assign(**place)))
    for column in ("sex", "citizenship"):
        found.append(told("TIP-38", _unlike(rows, column).assign(column=column, **place)))
    for name, column in (("victims", "identified"), *(("perpetrators", date) for date in STAGES.values())):
        dated, _ = _dated(cases, name, column)
        loose = dated[~dated["is_matched"]].groupby(_PLACE)["person"].nunique().rename("value")
        unmatched = loose[loose.index.isin(_unmatched(dated))].reset_index().astype({"value": "str"})
        found.append(told("TIP-39", unmatched.assign(**place | {"sheet": f"{name}.csv"}, column=column)))
    return FINDINGS.join(cases.findings, *found)


def _unlike(rows: DataFrame, column: str) -> DataFrame:
    """How many persons of each area and year differ between records, and in which lines they stand."""
    key = [*_PLACE, "person"]
    known = rows[rows[column] != UNKNOWN].drop_duplicates([*key, column])
    several = known[known.duplicated(key, keep=False)]
    grouped = several.groupby(_PLACE)
    said = grouped["line"].agg(listed)
    return DataFrame({"value": grouped["person"].nunique().astype("str"), "others": said}).reset_index()


def _victims(cases: Cases) -> DataFrame:
    rows, _ = _dated(cases, "victims", "identified")
    persons = _persons(rows)
    return pd.concat([_by_sex_and_age(persons), _by_citizenship(persons), *_by_form(rows, persons)]).assign(
        measure="victims", unit=COUNT
    )


def _perpetrators(cases: Cases) -> Iterator[DataFrame]:
    for measure, column in STAGES.items():
        rows, _ = _dated(cases, "perpetrators", column)
        persons = _persons(rows)
        tables = [_by_sex_and_age(persons), _by_citizenship(persons, is_named=False)]
        yield pd.concat(tables).assign(measure=measure, unit=COUNT)


def _events(cases: Cases) -> DataFrame:
    """Events of each year: shown beside offences, which they are not."""
    years = cases.events.assign(year=cases.events["identified"].str[:4])
    size = years[years["year"] != ""].groupby(_PLACE).size().rename("upper").reset_index()
    keyed = _keyed(size.assign(lower=size["upper"]), TOTAL)
    return keyed.assign(measure="offences", unit="event")


def _dated(cases: Cases, name: str, column: str) -> tuple[DataFrame, DataFrame]:
    """Records with area, year, entity and person of each; and those without a date."""
    own = getattr(cases, name)
    events = cases.events.set_index("event_id")
    when = own[column].where(
        own[column] != "", own["event_id"].map(events["identified"]) if name == "victims" else ""
    )
    entity = own["event_id"].map(events["reporting_entity_id"]).astype("str")
    key = own["victim_id" if name == "victims" else "perpetrator_id"]
    is_matched = own["person_id"] != ""
    rows = own.assign(
        area=own["event_id"].map(events["area"]), year=when.str[:4], when=when, reporting_entity_id=entity,
        is_matched=is_matched, person=("=|" + own["person_id"]).where(is_matched, entity + "|" + key),
    )  # fmt: skip
    missing = (rows["year"] == "") if name == "victims" else Series(False, index=rows.index)
    return rows[rows["year"] != ""].reset_index(drop=True), rows[missing].assign(year=pd.NA, value="")


def _persons(rows: DataFrame) -> DataFrame:
    """One row for each person, area, year and reporting entity, with one sex, age and citizenship."""
    key = [*_PLACE, "person"]
    first = rows[rows["age"] != UNKNOWN].sort_values("age", kind="stable").drop_duplicates(key)
    known = {"age": first.set_index(key)["age"]} | {
        name: _one(rows, key, name) for name in ("sex", "citizenship")
    }
    persons = rows[[*key, "reporting_entity_id", "is_matched"]].drop_duplicates(ignore_index=True)
    index = pd.MultiIndex.from_frame(persons[key])
    said = {
        name: Series(codes.reindex(index).to_numpy(), dtype="str").astype("object").fillna(UNKNOWN)
        for name, codes in known.items()
    }
    return persons.assign(**said)


def _one(rows: DataFrame, key: list[str], column: str) -> Series:
    """What all records of a person that know it say; missing where they differ."""
    known = rows[rows[column] != UNKNOWN].drop_duplicates([*key, column])
    return known[~known.duplicated(key, keep=False)].set_index(key)[column]


def _by_sex_and_age(persons: DataFrame) -> DataFrame:
    tables = [_keyed(_counted(persons, []), TOTAL)]
    for columns, grid in _GRIDS.items():
        told_of = persons[(persons[[*columns]] != UNKNOWN).any(axis="columns")][_PLACE].drop_duplicates()
        counts = _counted(persons, [*columns]).merge(told_of, on=_PLACE)
        tables.append(_keyed(_with_noughts(counts, told_of, grid), TOTAL))
    return pd.concat(tables, ignore_index=True)


def _with_noughts(counts: DataFrame, places: DataFrame, grid: dict[str, tuple[str, ...]]) -> DataFrame:
    cells = pd.MultiIndex.from_product([*grid.values()], names=list(grid)).to_frame(index=False)
    every = places.merge(cells, how="cross")
    joined = counts.merge(every, how="outer", on=[*_PLACE, *grid])
    return joined.fillna({"lower": 0, "upper": 0})


def _by_citizenship(persons: DataFrame, *, is_named: bool = True) -> DataFrame:
    """Own and foreign citizens, and, where wanted, those of each country."""
    own, unknown = persons["citizenship"] == persons["area"], persons["citizenship"] == UNKNOWN
    group = Series(np.select([unknown, own], [UNKNOWN, OWN], FOREIGN), index=persons.index, dtype="str")
    whole = _counted(persons.assign(group=group), ["group"])
    whole = whole.assign(country=whole["area"].where(whole["group"] == OWN, TOTAL))
    tables = [whole]
    if is_named:
        named = _counted(persons[group == FOREIGN], ["citizenship"])
        tables.append(named.rename(columns={"citizenship": "country"}).assign(group=FOREIGN))
    joined = pd.concat(tables, ignore_index=True).rename(columns={"group": "citizenship"})
    return _keyed(joined, "citizenship")


def _by_form(rows: DataFrame, persons: DataFrame) -> Iterator[DataFrame]:
    """Persons of each form, by sex and age, and of each sub-form; a person may be in several."""
    key = [*_PLACE, "person"]
    several = rows[key].assign(form=rows["exploitation"].str.split(";")).explode("form")
    known = forms().loc[several["form"], ["iccs", "exploitation"]].reset_index(drop=True)
    suffered = several[key].reset_index(drop=True).join(known)
    suffered = suffered[suffered["iccs"] != TRAFFICKING_IN_PERSONS]
    others = suffered[suffered["iccs"].isin(OTHER_FORMS.split("+"))].assign(
        iccs=OTHER_FORMS, exploitation=TOTAL
    )
    whole = pd.concat([suffered, others])[[*key, "iccs"]].drop_duplicates().merge(persons, on=key)
    for columns in ([], ["sex"], ["age"], ["sex", "age"]):
        yield _keyed(_counted(whole, ["iccs", *columns]), "exploitation")
    sub_forms = suffered[suffered["exploitation"] != TOTAL].drop_duplicates().merge(persons, on=key)
    yield _keyed(_counted(sub_forms, ["iccs", "exploitation"]), "exploitation")


def _counted(persons: DataFrame, columns: list[str]) -> DataFrame:
    """Persons in each cell: at most all that are told apart, at least those that cannot be one.

    These are the most that one reporting entity has, and all who are matched by `person_id`; where
    not all are, a person of unknown sex may be one whose sex another entity knows.
    """
    cell = [*_PLACE, *columns]
    each = persons.drop_duplicates([*cell, "person"]).groupby(cell)
    upper = each.size()
    matched = each["is_matched"].sum()
    of_entity = persons.groupby([*cell, "reporting_entity_id"])["person"].nunique().groupby(cell).max()
    lower = np.maximum(matched, of_entity.reindex(upper.index))
    counts = DataFrame({"lower": lower, "upper": upper}).reset_index()
    can_be_known = counts.set_index(_PLACE).index.isin(_unmatched(persons)) & (
        counts[columns] == UNKNOWN
    ).any(axis=1)
    return counts.assign(lower=counts["lower"].mask(can_be_known, 0))


def _unmatched(persons: DataFrame) -> pd.MultiIndex:
    """Areas and years in which one person may be in the records of two entities without being told so."""
    grouped = persons.groupby(_PLACE)
    entities = grouped["reporting_entity_id"].agg(["min", "max"])
    is_open = ~grouped["is_matched"].all() & (entities["min"] != entities["max"])
    return pd.MultiIndex.from_frame(is_open[is_open].reset_index()[_PLACE])


def _keyed(counts: DataFrame, dimension: str) -> DataFrame:
    """Counts with the keys of the dataset: total where they are not broken down."""
    whole = {name: TOTAL for name in _KEYS if name not in counts}
    whole |= {"dimension": dimension, "iccs": TRAFFICKING_IN_PERSONS}
    return counts.assign(**{name: code for name, code in whole.items() if name not in counts})
