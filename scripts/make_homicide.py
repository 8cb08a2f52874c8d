"""Write notebooks/data/homicide_1990_2017.csv from the published files.

    python scripts/make_homicide.py FOLDER

FOLDER holds homicide_reported_1990_2017.csv and homicide_country_estimates_1990_2017.csv, as named in
`homicide_1990_2017.toml` beside the table. One row an area and year: victims reported (empty where nothing was),
UNODC's estimate of them, and the population that its rates rest on. The Channel Islands are left out, which are two
reporting units here, and so are the parts of the United Kingdom and of Iraq, whose wholes are there.
"""

import sys
from pathlib import Path

import pandas as pd

from crimestats import areas

TARGET = Path(__file__).resolve().parents[1] / "notebooks" / "data" / "homicide_1990_2017.csv"
YEARS = [str(year) for year in range(1990, 2018)]
TOTAL = "Homicide Total Count"


def main(folder: Path) -> None:
    given = pd.read_csv(folder / "homicide_reported_1990_2017.csv", dtype=str, keep_default_na=False)
    totals = given[given["Indicator"] == TOTAL].melt("Country", YEARS, "year", "reported")
    estimates = pd.read_csv(
        folder / "homicide_country_estimates_1990_2017.csv", dtype=str, keep_default_na=False
    )
    columns = {"UNODC_Name": "Country", "Year": "year", "Estimate": "estimate", "Pop": "population"}
    estimates = estimates[list(columns)].rename(columns=columns)
    for table in (totals, estimates):
        table["area"] = areas.match(table["Country"])["area"]
    rows = estimates.merge(totals[["area", "year", "reported"]], on=["area", "year"], how="left")
    rows = rows[rows["area"] != "_U"].fillna({"reported": ""})
    rounded = pd.to_numeric(rows["estimate"]).round(2)
    rows["estimate"] = rounded.map("{:.12g}".format).where(rounded.notna(), "")
    rows["population"] = pd.to_numeric(rows["population"]).map("{:.0f}".format)
    rows = rows[["area", "year", "reported", "estimate", "population"]].sort_values(["area", "year"])
    rows.to_csv(TARGET, index=False, lineterminator="\n")
    print(
        f"{len(rows)} rows, {(rows['reported'] != '').sum()} reported, {(rows['estimate'] != '').sum()} estimated"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
