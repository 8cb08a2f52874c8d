"""Write the tables of homicide in notebooks/data from the published files.

    python scripts/make_homicide.py FOLDER

FOLDER holds homicide_reported_1990_2017.csv and homicide_country_estimates_1990_2017.csv, as named in
`homicide.toml` beside the tables: victims reported, UNODC's estimates of them, and the population that its
rates rest on, as `crimestats tabulate` takes them. The parts of the United Kingdom and of Iraq are left out,
whose wholes are there.
"""

import sys
from pathlib import Path

import pandas as pd

from crimestats import areas

TARGET = Path(__file__).resolve().parents[1] / "notebooks" / "data"
YEARS = [str(year) for year in range(1990, 2018)]
TOTAL = "Homicide Total Count"


def write(table: pd.DataFrame, name: str) -> None:
    rows = table[table.iloc[:, -1] != ""].sort_values(["area", "year"])
    rows.to_csv(TARGET / name, index=False, lineterminator="\n")
    print(f"{name}: {len(rows)} rows")


def main(folder: Path) -> None:
    given = pd.read_csv(folder / "homicide_reported_1990_2017.csv", dtype=str, keep_default_na=False)
    reported = given[given["Indicator"] == TOTAL].melt("Country", YEARS, "year", "value")
    columns = {"UNODC_Name": "Country", "Year": "year", "Estimate": "value", "Pop": "population"}
    path = folder / "homicide_country_estimates_1990_2017.csv"
    estimated = pd.read_csv(path, dtype=str, keep_default_na=False)[list(columns)].rename(columns=columns)
    for table in (reported, estimated):
        table["area"] = areas.match(table["Country"])["area"]
        table[["iccs", "sex"]] = "0101", "_T"
    whole = reported["area"].isin(estimated["area"])
    rounded = pd.to_numeric(estimated["value"]).round(2)
    estimated["value"] = rounded.map("{:.12g}".format).where(rounded.notna(), "")
    estimated["population"] = pd.to_numeric(estimated["population"]).map("{:.0f}".format)
    figures = ["area", "year", "iccs", "sex", "value"]
    write(reported.loc[whole, figures], "homicide_reported.csv")
    write(estimated[figures], "homicide_estimated.csv")
    write(estimated[["area", "year", "sex", "population"]], "homicide_population.csv")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
