"""Write the figures on trafficking in persons in notebooks/data from a published workbook.

    python scripts/make_trafficking.py WORKBOOK

WORKBOOK is the release that `trafficking.toml` beside the table names. Of it the countries and years named
there are kept, each row with the number of its row in the workbook, so that it can be found again: detected
victims with every breakdown, persons suspected, prosecuted and convicted. A figure is a text, since `<5` is one.
"""

import sys
import tomllib
from pathlib import Path

import pandas as pd

TARGET = Path(__file__).resolve().parents[1] / "notebooks" / "data"
COLUMNS = {
    "Iso3_code": "Iso3_code", "Year": "Year", "Indicator": "Indicator", "Dimension": "Dimension", "Category": "Category",
    "Sex": "Sex", "Age": "Age", "Unit of measurement": "Unit of measurement",
    "txtVALUE": "txtVALUE", "row": "Row in the release",
}  # fmt: skip
"""Ours: the portal's labels in an order of our own, without names of countries and regions; thousands unmarked."""


def main(workbook: Path) -> None:
    chosen = tomllib.loads((TARGET / "trafficking.toml").read_text(encoding="utf-8"))
    sheet = pd.read_excel(workbook, header=None, dtype=str, keep_default_na=False, engine="calamine")
    heading = int(sheet.index[sheet[0] == "Iso3_code"][0])
    rows = sheet.iloc[heading + 1 :].set_axis(sheet.iloc[heading].tolist(), axis=1)
    rows = rows.assign(row=rows.index + 1, Year=rows["Year"].str.removesuffix(".0"))
    rows["txtVALUE"] = rows["txtVALUE"].str.removesuffix(".0").str.replace(",", "")
    kept = rows["Iso3_code"].isin(chosen["areas"]) & rows["Year"].astype(int).between(*chosen["years"])
    table = rows.loc[kept, list(COLUMNS)].rename(columns=COLUMNS)
    table.to_csv(TARGET / "trafficking.csv", index=False, lineterminator="\n")
    print(f"trafficking.csv: {len(table)} rows")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
