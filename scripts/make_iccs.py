"""Write classification/iccs/1.0 from the ICCS lists as tables.

    python scripts/make_iccs.py FOLDER

FOLDER holds the two files named in `source.toml`: the categories read from the
English document, and their titles by language. Codes, titles and structure are
carried over, the definitions are not. The column `note` is this project's own
and is kept as it stands in the table.
"""

import hashlib
import sys
import tomllib
from pathlib import Path

import pandas as pd

TARGET = Path(__file__).resolve().parents[1] / "classification" / "iccs" / "1.0"
CATEGORIES = "iccs.csv"
TITLES = "iccs_titles_multilingual.csv"


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def write(table: pd.DataFrame, name: str) -> None:
    table.to_csv(TARGET / name, index=False, encoding="utf-8", lineterminator="\n")
    print(f"{TARGET / name}: {len(table)} rows")


def kept_notes() -> pd.Series:
    table = TARGET / "categories.csv"
    if not table.exists():
        return pd.Series(dtype=str)
    return read(table).set_index("code")["note"]


def categories(folder: Path) -> pd.DataFrame:
    source = read(folder / CATEGORIES).sort_values("code")
    table = source[["code", "parent", "level"]].assign(
        title=source["title_en"].str.strip(),
        is_residual=source["is_residual"],
        alternatives=source["alt_code"],
    )
    return table.assign(note=kept_notes().reindex(table["code"], fill_value="").to_numpy())


def titles(folder: Path, language: str) -> pd.DataFrame:
    source = read(folder / TITLES)
    chosen = source.loc[source["lang"] == language, ["code", "title"]].sort_values("code")
    return chosen.assign(title=chosen["title"].str.strip())


def warn_of_other_files(folder: Path) -> None:
    recorded = tomllib.loads((TARGET / "source.toml").read_text(encoding="utf-8"))["files"]
    for name, record in recorded.items():
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if found != record["sha256"]:
            print(f"{name} is not the file of source.toml: write its sha256 there, {found}", file=sys.stderr)


def main(folder: Path) -> None:
    warn_of_other_files(folder)
    write(categories(folder), "categories.csv")
    write(titles(folder, "es"), "titles.es.csv")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
