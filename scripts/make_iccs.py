"""Write classification/iccs/1.0 from the ICCS lists as tables.

    python scripts/make_iccs.py FOLDER

FOLDER holds the files named in `source.toml`: the categories read from the
English document, their titles by language, the inclusions, exclusions and
alphabetical index in English and Spanish, and the disaggregating variables.
Codes, titles, structure, terms and values are carried over, the definitions
are not. The column `note` of categories.csv is this project's own and is kept
as it stands in the table. Misprints that the lists leave standing are repaired
by the rows of `iccs_repairs.csv` beside this script, and what is printed is
kept beside the repair.
"""

import hashlib
import re
import sys
import tomllib
from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "classification" / "iccs" / "1.0"
CATEGORIES = "iccs.csv"
TITLES = "iccs_titles_multilingual.csv"
INDEX = "iccs_index.csv"
INDEX_ES = "iccs_index_es.csv"
VARIABLES = "iccs_variables.csv"
INDEX_COLUMNS = [
    "code", "kind", "term", "language", "target", "printed_code", "printed_target", "page", "note",
]  # fmt: skip
VARIABLE_COLUMNS = [
    "group", "variable", "name", "name_es", "alternatives", "value", "parent", "title", "title_es",
    "printed", "printed_es", "note",
]  # fmt: skip
PRINTED = {
    "code": "printed_code",
    "target": "printed_target",
    "title": "printed",
    "title_es": "printed_es",
}
"""Where what is printed is kept, by the column that is repaired."""


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


def index(folder: Path) -> pd.DataFrame:
    english = index_english(read(folder / INDEX))
    spanish = index_spanish(read(folder / INDEX_ES), english)
    table = pd.concat([english, spanish], ignore_index=True)
    rows = table["code"] + " " + table["kind"]
    whole = (table["code"] + " *").where(table["kind"] != "index", "")
    rows = pd.concat([rows, rows + " " + table["target"], whole], axis=1)
    return repaired(table, rows, "index")[INDEX_COLUMNS]


def index_english(source: pd.DataFrame) -> pd.DataFrame:
    target = source["target"].where(source["target_corrected"] == "", source["target_corrected"])
    return source.assign(
        kind=kinds(source),
        term=spaced(source["term"]),
        language="en",
        printed_code=source["printed_code"].mask(source["printed_code"] == source["code"], ""),
        target=target,
        printed_target=source["target"].mask(source["target"] == target, ""),
    )


def index_spanish(source: pd.DataFrame, english: pd.DataFrame) -> pd.DataFrame:
    """The Spanish list; its rows with a target stand in the order of the English ones, and take their repairs."""
    table = source.assign(kind=kinds(source), term=spaced(source["term_es"]), language="es", page="")
    printed = table["target"].where(~table["kind"].str.startswith("see-also"), table["term"].map(codes_in))
    table = numbered(table.assign(printed=printed))
    keys = ["code", "kind", "number"]
    pairs = numbered(english)[[*keys, "target", "printed_target", "note"]]
    table = table.drop(columns="target").merge(pairs, how="left", on=keys, validate="1:1").fillna("")
    as_english = table["printed_target"].where(table["printed_target"] != "", table["target"])
    is_other = (table["printed"] != as_english) & (table["printed"] != table["target"])
    is_other &= ~table["note"].str.startswith("code printed only on the last")
    if is_other.any():
        print(table.loc[is_other, ["code", "term", "printed", "target"]], file=sys.stderr)
        sys.exit("the Spanish rows above do not stand where the English ones do")
    return table.assign(
        printed_code="", printed_target=table["printed"].mask(table["printed"] == table["target"], "")
    )


def kinds(source: pd.DataFrame) -> pd.Series:
    """See-also rows say what they are about: `see-also-inclusion`, `see-also-exclusion`."""
    return source["kind"].mask(source["kind"] == "see-also", "see-also-" + source["side"])


def numbered(table: pd.DataFrame) -> pd.DataFrame:
    """Each row with its place among those of its category and kind; inclusions have no target to pair."""
    number = table.groupby(["code", "kind"]).cumcount().astype(str)
    return table.assign(
        number=number.mask(table["kind"].isin(["inclusion", "index"]), table["term"] + number)
    )


def codes_in(term: str) -> str:
    return "-".join(re.findall(r"\d+", term))


def spaced(texts: pd.Series) -> pd.Series:
    return texts.str.split().str.join(" ")


def variables(folder: Path) -> pd.DataFrame:
    source = read(folder / VARIABLES)
    is_format = (source["variable"] == "DaT") & (source["value_en"] != "")
    value = source["value_code"].mask(is_format, source["value_en"].str.split().str[0].str.lower())
    sections = read(HERE / "iccs_isic_es.csv").set_index("value")["title_es"]
    is_sector = (source["variable"] == "ES") & (value != "")
    title_es = source["value_es"].mask(is_sector, value.map(sections))
    note = source["note"].mask(is_sector, "title of the section of ISIC Rev. 4; the ICCS names the letters")
    note = note.mask(is_format, "no code is printed; date and time are this project's")
    table = pd.DataFrame({
        "group": source["group"], "variable": source["variable"],
        "name": source["name_en"], "name_es": source["name_es"], "alternatives": "",
        "value": value, "parent": source["value_parent"],
        "title": source["value_en"].str.removesuffix(" (sic)"),
        "title_es": title_es.str.removesuffix(" (sic)"),
        "printed": "", "printed_es": "", "note": note,
    })  # fmt: skip
    rows = (table["group"] + " " + table["variable"] + " " + table["value"]).str.strip()
    return repaired(table, rows.to_frame(), "variables")[VARIABLE_COLUMNS]


def repaired(table: pd.DataFrame, rows: pd.DataFrame, name: str) -> pd.DataFrame:
    table = table.copy()
    repairs = read(HERE / "iccs_repairs.csv")
    for repair in repairs[repairs["table"] == name].itertuples():
        chosen = rows.eq(repair.row).any(axis=1)
        known = ["", repair.printed, repair.repaired]
        if not chosen.any() or not table.loc[chosen, repair.column].isin(known).all():
            sys.exit(f"iccs_repairs.csv: {repair.row} does not fit {name}")
        table.loc[chosen, repair.column] = repair.repaired
        if repair.column in PRINTED:
            table.loc[chosen, PRINTED[repair.column]] = repair.printed
        if repair.note:
            table.loc[chosen, "note"] = joined(table.loc[chosen, "note"], repair.note)
    return table


def joined(notes: pd.Series, further: str) -> pd.Series:
    return (notes + "; " + further).where(notes != "", further)


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
    write(index(folder), "index.csv")
    write(variables(folder), "variables.csv")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
