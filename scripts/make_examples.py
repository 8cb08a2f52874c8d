"""Make the example returns from published figures.

    python scripts/make_examples.py SHARED/data

SHARED/data is the folder that holds the published files at the paths that
`questionnaires/examples/source.toml` names. Written are the workbooks under
`questionnaires/examples/returns/` and `origins.csv`, which names source, row
and label of every figure. Nothing is computed: a series that the publisher
gives as a count goes into the item that `published.csv` names, or not at all.
"""

import sys
from pathlib import Path

import pandas as pd
from python_calamine import CalamineWorkbook

from crimestats.areas import match
from crimestats.files import read_csv, read_toml
from crimestats.questionnaire import Questionnaire, build

EXAMPLES = Path(__file__).resolve().parents[1] / "questionnaires" / "examples"
KEYS = ["source", "series", "sex", "age"]
LONG = ["source", "row", "area", "series", "sex", "age", "year", "value", "rate", "reported_by"]
RATE = "Rate per 100,000 population"


def portal(path: Path, source: str) -> pd.DataFrame:
    """Counts of a data portal workbook (13 columns under two title rows), each with the rate published beside it."""
    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
    table = pd.DataFrame(rows[3:], columns=rows[2]).assign(row=range(4, len(rows) + 1), source=source)
    series = table["Indicator"] + " / " + table["Dimension"] + " / " + table["Category"]
    table = table.assign(series=series, value=table["VALUE"].map(plain), year=table["Year"].map(plain))
    table = table.rename(columns={"Iso3_code": "area", "Sex": "sex", "Age": "age", "Source": "reported_by"})
    keys = ["area", "series", "sex", "age", "year"]
    rates = table.loc[table["Unit of measurement"] == RATE, [*keys, "value"]].rename(
        columns={"value": "rate"}
    )
    counts = table[table["Unit of measurement"] == "Counts"]
    return counts.merge(rates.drop_duplicates(keys, keep=False), "left", keys).fillna({"rate": ""})[LONG]


def plain(value: object) -> str:
    """A number as the publisher has it, without the `.0` of a spreadsheet."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def reported_homicide(path: Path, source: str) -> pd.DataFrame:
    """Reported counts with years as columns, countries by name."""
    table = read_csv(path)
    table = table.assign(row=range(2, len(table) + 2), area=match(table["Country"])["area"].to_numpy())
    years = [name for name in table.columns if name.isdigit()]
    long = table.melt(["row", "area", "Indicator"], years, "year", "value").rename(
        columns={"Indicator": "series"}
    )
    return long.assign(source=source, sex="", age="", rate="", reported_by="UNODC")[LONG]


def homicide_by_age(path: Path, source: str) -> pd.DataFrame:
    """A third party's counts by sex and age, labels in Russian."""
    table = read_csv(path).assign(row=lambda rows: range(2, len(rows) + 2), series="count", source=source)
    table = table.assign(value=pd.to_numeric(table["count"]).map(plain), rate="", reported_by="third party")
    return table.rename(columns={"iso3": "area", "age_group": "age"})[LONG]


READERS = {"unodc-homicide-2017": reported_homicide, "homicide-2023": homicide_by_age}


def figures(data: Path) -> pd.DataFrame:
    """Every published count that fills an item, with its origin; what is published twice is left out."""
    record = read_toml(EXAMPLES / "source.toml")
    first, last = record["years"]
    tables = [
        READERS.get(source["id"], portal)(data / source["file"], source["id"]) for source in record["source"]
    ]
    long = pd.concat(tables).merge(read_csv(EXAMPLES / "published.csv"), on=KEYS, validate="many_to_one")
    inside = pd.to_numeric(long["year"], errors="coerce").between(first, last)
    long = long[inside & long["area"].isin(record["areas"]) & (long["value"] != "")]
    keys = ["area", "item", "year"]
    for key, group in long[long.duplicated(keys, keep=False)].groupby(keys):
        print("published twice, left empty:", *key, "values", *group["value"], file=sys.stderr)
    return long.drop_duplicates(keys, keep=False).sort_values(["area", "item", "year"], ignore_index=True)


def write(table: pd.DataFrame) -> None:
    """The workbooks, one a reporting unit, and the table of origins."""
    record = read_toml(EXAMPLES / "source.toml")
    short = {source["id"]: source["short"] for source in record["source"]}
    definition = Questionnaire.load("un-cts-2024")
    modules = {item.item: item.module for item in definition}
    folder = EXAMPLES / "returns"
    folder.mkdir(exist_ok=True)
    for area in record["areas"]:
        own = table[table["area"] == area]
        own = own.assign(note=own["source"].map(short) + " (" + own["reported_by"] + ")")
        sources = (
            own.assign(module=own["item"].map(modules))
            .groupby("module")["source"]
            .agg(lambda ids: sorted(set(ids)))
        )
        answers = {
            f"{module}.source": "; ".join(short[name] for name in ids) for module, ids in sources.items()
        }
        build(definition, folder / f"{area}.xlsx", area=area, figures=own, metadata=answers,
              agency="Filled in by the project from published figures; not a return of the country")  # fmt: skip
        print(f"{area}: {len(own)} figures", file=sys.stderr)
    columns = ["area", "item", "year", "value", "rate", "source", "row", "reported_by"]
    table[columns].to_csv(EXAMPLES / "origins.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(__doc__)
    write(figures(Path(sys.argv[1])))
