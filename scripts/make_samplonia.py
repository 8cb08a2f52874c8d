"""Make the returns of Samplonia, an invented country, with one fault of every kind that the rules know.

    python scripts/make_samplonia.py

Written are the workbooks under `questionnaires/examples/samplonia/`, an earlier
return under `samplonia-last-round/`, the population of the country, and
`samplonia-planted.csv`, which says what was planted where. No figure is of a real country.
"""

import shutil
import zipfile
from pathlib import Path

import invented
import openpyxl
import pandas as pd
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from crimestats.questionnaire import Questionnaire, build

OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # how a workbook with a password begins
EXAMPLES = Path(__file__).resolve().parents[1] / "questionnaires" / "examples"
FOLDER, LAST = EXAMPLES / "samplonia", EXAMPLES / "samplonia-last-round"
DEFINITION = Questionnaire.load("un-cts-2024")
YEARS = tuple(range(2019, 2024))
ANSWERS = {"source": "National Police of Samplonia", "recording": "output", "counting_unit": "offence",
           "principal_offence": "yes", "attempts": "no", "definition_met": "yes", "coverage": "whole"}  # fmt: skip
PRISON_ANSWERS = {"source": "Prison Service of Samplonia", "counting_unit": "person", "stock_date": "31-12",
                  "principal_offence": "yes", "coverage": "whole"}  # fmt: skip

CELLS = [  # kind, rule, item, year, what is written instead
    ("number", "ALL-030", "kidnapping_offences", 2021, "see annex"),
    ("within", "ALL-031", "fraud_cyber_offences", 2020, "-12"),
    ("whole", "ALL-032", "species_offences", 2022, "90.5"),
    ("required", "ALL-033", "theft_offences", 2019, ""),
    ("cell_id", "ALL-034", "waste_offences", 2023, "F.waste_offences.2023"),
    ("prompt", "ALL-035", "pollution_offences", 2019, "(please specify)"),
    ("parts", "CTS24-114", "serious_assault_victims", 2023, "9999"),
    ("at_most", "CTS24-213", "vehicle_theft_offences", 2021, "99999"),
    ("change", "CTS24-302", "burglary_offences", 2023, "2100"),
    ("repeat", "CTS24-305", "robbery_offences", 2022, "=2021"),
    ("consistent", "CTS24-401", "homicide_victims", 2020, "9412"),
    ("revised", "ALL-070", "fraud_offences", 2020, "19400"),
    ("withdrawn", "ALL-071", "migrant_smuggling_offences", 2019, ""),
    ("number", "ALL-030", "depletion_offences", 2021, "-"),
]  # fmt: skip
METADATA = [  # kind, rule, question, answer
    ("answered", "ALL-051", "homicide.recording", ""),
    ("choices", "ALL-052", "violent.counting_unit", "offense"),
    ("answer", "CTS24-502", "prisons.stock_date", "01-09"),
    ("answer", "CTS24-503", "other.break_year", "2022"),
]


def table(values: dict[tuple[str, int], object]) -> pd.DataFrame:
    """Figures as `build` takes them."""
    rows = [("SMP", str(year), item, str(value)) for (item, year), value in values.items()]
    return pd.DataFrame(rows, columns=["area", "year", "item", "value"])


def answers() -> dict[str, str]:
    """Metadata answers without a fault."""
    given = {
        f"{module}.{name}": text
        for module in ("homicide", "violent", "other")
        for name, text in ANSWERS.items()
    }
    return given | {f"prisons.{name}": text for name, text in PRISON_ANSWERS.items()}


def write(
    path: Path,
    values: dict[tuple[str, int], object],
    metadata: dict[str, str],
    agency: str,
    area: str = "SMP",
) -> Path:
    return build(
        DEFINITION,
        path,
        area=area,
        agency=agency,
        years=YEARS,
        figures=table(values).assign(area=area),
        metadata=metadata,
    )


def plant_in_workbook(path: Path) -> list[tuple[str, str, str, str]]:
    """Faults that only a spreadsheet program makes; gives kind, rule, fact and cell of each."""
    book = openpyxl.load_workbook(path)
    sheet = book["Prisons"]
    place = {
        name: book.defined_names[name].attr_text.split("!")[1].replace("$", "") for name in book.defined_names
    }
    error, formula = place["F.facilities.2020"], place["F.deaths_natural.2021"]
    sheet[error], sheet[formula] = "#REF!", "=1+1"
    sheet[error].data_type = "e"
    commented = place["F.supervised.2022"]
    sheet[commented].comment = Comment("from the annual report", "Prison Service")
    merged = place["F.capacity_m.2019"], place["F.capacity_m.2020"]
    sheet.merge_cells(f"{merged[0]}:{merged[1]}")
    lost = place["F.entered.2023"]
    del book.defined_names["F.entered.2023"]
    row = sheet.max_row + 2
    sheet.cell(row, 2, "Escapes")
    sheet.cell(row, 5, 17)
    book.defined_names["F.escapes.2019"] = DefinedName("F.escapes.2019", attr_text=f"'Prisons'!$E${row}")
    for item in ("homicide_offences", "homicide_attempted_offences"):  # the whole column of table 1.1
        misdated = book.defined_names.pop(f"F.{item}.2019").attr_text
        book.defined_names[f"F.{item}.1013"] = DefinedName(f"F.{item}.1013", attr_text=misdated)
    book["Homicide"]["E4"] = 1013
    book["Violent"].sheet_state = "hidden"
    book.save(path)
    return [("fact", "ALL-025", "Prisons", error), ("fact", "ALL-024", "Prisons", formula),
            ("fact", "ALL-026", "Prisons", commented), ("fact", "ALL-021", "Prisons", merged[1]),
            ("fact", "ALL-023", "Prisons", lost), ("fact", "ALL-020", "Prisons", f"E{row}"),
            ("fact", "ALL-022", "Violent", "E5"),
            ("year_range", "CTS24-501", "Homicide", misdated.split("!")[1].replace("$", ""))]  # fmt: skip


def plant_files() -> list[tuple[str, str, str, str]]:
    """Files that are no returns; gives kind, rule, file and an empty cell."""
    good = (FOLDER / "SMP.xlsx").read_bytes()
    (FOLDER / "letter.xlsx").write_text("Dear colleagues, please find the figures in the annual report.\n")
    (FOLDER / "locked.xlsx").write_bytes(OLE + "EncryptedPackage".encode("utf-16-le").ljust(2000, b"\0"))
    (FOLDER / "nothing.xlsx").write_bytes(b"")
    (FOLDER / "cut.xlsx").write_bytes(good[: len(good) // 2])
    write(FOLDER / "survey.xlsx", {("held", 2019): 3}, {}, "Statistical Office")
    _rename(FOLDER / "survey.xlsx")
    return [("fact", "ALL-001", "letter.xlsx", ""), ("fact", "ALL-002", "locked.xlsx", ""),
            ("fact", "ALL-003", "nothing.xlsx", ""), ("fact", "ALL-004", "cut.xlsx", ""),
            ("fact", "ALL-006", "survey.xlsx", "")]  # fmt: skip


def _rename(path: Path) -> None:
    """The same workbook as that of another questionnaire."""
    book = openpyxl.load_workbook(path)
    book["Start"]["B4"] = "victim-survey-2019"
    book.save(path)


def steady(path: Path) -> None:
    """The same workbook with constant times, so that making it again gives the same bytes."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    properties = parts["docProps/core.xml"].decode()
    for tag in ("created", "modified"):
        head, _, rest = properties.partition(f"<dcterms:{tag}")
        _, _, tail = rest.partition(f"</dcterms:{tag}>")
        properties = head + tail
    parts["docProps/core.xml"] = properties.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


def main() -> None:
    for folder in (FOLDER, LAST):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    values: dict[tuple[str, int], object] = dict(invented.figures(DEFINITION, YEARS))
    write(LAST / "SMP.xlsx", values, answers(), "National Police of Samplonia")
    metadata = answers() | {question: text for _, _, question, text in METADATA}
    for _, _, item, year, text in CELLS:
        values[item, year] = values[item, int(text[1:])] if text.startswith("=") else text
    write(FOLDER / "SMP.xlsx", values, metadata, "National Police of Samplonia")
    facts = plant_in_workbook(FOLDER / "SMP.xlsx")
    steady(FOLDER / "SMP.xlsx")
    write(FOLDER / "SMP_prosecution.xlsx",
          {("homicide_victims", 2021): 999, ("homicide_victims", 2022): values["homicide_victims", 2022]}, {}, "")  # fmt: skip
    write(FOLDER / "SMQ.xlsx", {("held", 2023): 77}, {}, "Nobody", area="")
    _unknown_area(FOLDER / "SMQ.xlsx")
    files = plant_files()
    steady(FOLDER / "SMQ.xlsx")
    steady(FOLDER / "survey.xlsx")
    planted = [(kind, rule, item, str(year)) for kind, rule, item, year, _ in CELLS]
    planted += [(kind, rule, f"M.{question}", "") for kind, rule, question, _ in METADATA]
    planted += [(kind, rule, f"{sheet}!{cell}", "") for kind, rule, sheet, cell in facts] + files
    planted += [("unique", "ALL-060", "homicide_victims", "2021"), ("agree", "ALL-061", "SMP_prosecution.xlsx", ""),
                ("header", "ALL-050", "SMP_prosecution.xlsx", ""), ("codes", "ALL-040", "SMQ.xlsx", "")]  # fmt: skip
    columns = ["kind", "rule", "where", "year"]
    pd.DataFrame(planted, columns=columns).to_csv(
        EXAMPLES / "samplonia-planted.csv", index=False, lineterminator="\n"
    )
    persons = [
        ("SMP", year, "_T", "_T", 4_200_000 + 40_000 * step, "invented") for step, year in enumerate(YEARS)
    ]
    names = ["area", "year", "sex", "age", "population", "source"]
    pd.DataFrame(persons, columns=names).to_csv(
        EXAMPLES / "samplonia-population.csv", index=False, lineterminator="\n"
    )


def _unknown_area(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    book["Start"]["B5"] = "SMQ"
    book.save(path)


if __name__ == "__main__":
    main()
