"""Make the returns of Samplonia, an invented country, with one fault of every kind that the rules know.

    python scripts/make_samplonia.py

Written are the workbooks under `questionnaires/examples/samplonia/` (UN-CTS) and
`samplonia-trafficking/`, earlier returns under `samplonia-last-round/` and
`samplonia-trafficking-last-round/`, the population of the country, figures of other sources, and `samplonia-planted.csv`, which says what was
planted where. No figure is of a real country.
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
TRAFFICKING = EXAMPLES / "samplonia-trafficking"
TRAFFICKING_LAST = EXAMPLES / "samplonia-trafficking-last-round"
DEFINITION, GLOTIP = Questionnaire.load("un-cts-2024"), Questionnaire.load("glotip-2024")
YEARS = tuple(range(2019, 2024))
ANSWERS = {"recording": "output", "counting_unit": "offence", "attempts": "no", "provisional": "no",
           "stock_date": "31-12", "fieldwork_year": "2023"}  # fmt: skip
CITIES = {
    "homicide_victims_largest_city": "Samplonia City", "homicide_victims_city_2": "Port Sample",
    "homicide_victims_city_3": "Upper Means", "homicide_victims_city_4": "Saint Quantile",
    "homicide_victims_city_5": "New Median",
}  # fmt: skip
CITIES_PLANTED = CITIES | {"homicide_victims_city_3": "PORT  SAMPLE", "homicide_victims_city_5": ""}

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
    ("order", "CTS24-801", "prosecuted", 2023, "150000"),
    ("same_figure", "ALL-062", "vehicle_theft_offences", 2019, "=robbery_offences.2019"),
    ("same_figure", "ALL-062", "vehicle_theft_offences", 2020, "=robbery_offences.2020"),
    ("zero_block", "ALL-037", "prosecutors", 2021, "0"),
    ("repeated_table", "ALL-063", "judges", 2022, "=2021"),
    ("swapped", "ALL-064", "supervised_m", 2021, "=supervised_f.2021"),
    ("scale", "ALL-065", "police_personnel", 2021, "14216007"),
]  # fmt: skip
BESIDE = [  # what belongs to a fault planted above
    ("prosecutors_m", 2021, "0"), ("prosecutors_f", 2021, "0"),
    ("judges_m", 2022, "=2021"), ("judges_f", 2022, "=2021"),
    ("supervised_f", 2021, "=supervised_m.2021"),
]  # fmt: skip
SOURCES = [  # rule, source, item, year and what it has
    ("ALL-080", "who_mortality", "homicide_victims", 2022, 100), ("ALL-081", "prison brief", "held", 2021, 60000),
]  # fmt: skip
METADATA = [  # kind, rule, question, answer
    ("answered", "ALL-051", "homicide.recording", ""),
    ("choices", "ALL-052", "violent.counting_unit", "offense"),
    ("answer", "CTS24-502", "prisons.stock_date", "01-09"),
    ("answer", "CTS24-503", "other.break_year", "2022"),
    ("steady_break", "ALL-057", "homicide.break_year", "2022"),
    ("changed_answer", "ALL-056", "other.recording", "input"),
    ("provisional", "ALL-054", "prisons.provisional", "yes"),
]


def table(values: dict[tuple[str, int], object]) -> pd.DataFrame:
    """Figures as `build` takes them."""
    rows = [("SMP", str(year), item, str(value)) for (item, year), value in values.items()]
    return pd.DataFrame(rows, columns=["area", "year", "item", "value"])


def answers(definition: Questionnaire) -> dict[str, str]:
    """Metadata answers without a fault."""
    given = {}
    for row in definition.metadata.to_dict("records"):
        if not row["question"].startswith("break_"):
            allowed = row["choices"].split("|")
            usual = ANSWERS.get(row["question"], allowed[0] or "Office of Samplonia")
            named = f"{row['module']}.{row['question']}"
            given[named] = usual if usual in allowed or not row["choices"] else allowed[0]
    return given


def write(
    path: Path,
    values: dict[tuple[str, int], object],
    metadata: dict[str, str],
    agency: str,
    area: str = "SMP",
    definition: Questionnaire = DEFINITION,
) -> Path:
    return build(
        definition,
        path,
        area=area,
        agency=agency,
        years=YEARS,
        figures=table(values).assign(area=area),
        metadata=metadata,
    )


def name_rows(path: Path, names: dict[str, str]) -> None:
    """Write the countries or cities of rows."""
    book = openpyxl.load_workbook(path)
    for item, name in names.items():
        sheet, cell = book.defined_names[f"L.{item}"].attr_text.replace("$", "").split("!")
        book[sheet.strip("'")][cell] = name or None
    book.save(path)
    steady(path)


def plant_trafficking() -> list[tuple[str, str, str, str]]:
    """Returns on trafficking, with the countries of their rows; gives kind, rule, place and year."""
    ministry = {"victims_row2": (7, "Mexico"), "victims_row3": (8, "3 Samplonians"), "convicted_row2": (3, "Samplonia"),
                "convicted_row3": (4, "Mali"), "repatriated_row2": (6, "Ghana")}  # fmt: skip
    write_rows(TRAFFICKING / "SMP.xlsx", ministry, answers(GLOTIP), "Ministry of Justice")
    write_rows(TRAFFICKING / "SMP_courts.xlsx", {"convicted_row3": (4, "Chad")}, {}, "Courts of Samplonia")
    write_rows(TRAFFICKING_LAST / "SMP.xlsx", {"repatriated_row2": (5, "Brazil")}, answers(GLOTIP), "Ministry of Justice")  # fmt: skip
    return [("country", "ALL-045", "L.victims_row3", ""), ("own_country", "ALL-049", "L.convicted_row2", ""),
            ("named_apart", "ALL-048", "L.convicted_row3", ""),
            ("name_withdrawn", "ALL-072", "repatriated_row2", "2022")]  # fmt: skip


def write_rows(path: Path, rows: dict[str, tuple[int, str]], metadata: dict[str, str], agency: str) -> None:
    """A return on trafficking with one figure and a country in each of some rows."""
    values: dict[tuple[str, int], object] = {(item, 2022): figure for item, (figure, _) in rows.items()}
    write(path, values, metadata, agency, definition=GLOTIP)
    name_rows(path, {item: name for item, (_, name) in rows.items()})


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
    for folder in (FOLDER, LAST, TRAFFICKING, TRAFFICKING_LAST):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    clean = dict(invented.figures(DEFINITION, YEARS))
    write(LAST / "SMP.xlsx", clean, answers(DEFINITION), "National Police of Samplonia")
    name_rows(LAST / "SMP.xlsx", CITIES)
    values = plant_figures(clean)
    metadata = answers(DEFINITION) | {question: text for _, _, question, text in METADATA}
    write(FOLDER / "SMP.xlsx", values, metadata, "National Police of Samplonia")
    facts = plant_in_workbook(FOLDER / "SMP.xlsx")
    name_rows(FOLDER / "SMP.xlsx", CITIES_PLANTED)
    write(FOLDER / "SMP_prosecution.xlsx",
          {("homicide_victims", 2021): 999, ("homicide_victims", 2022): values["homicide_victims", 2022]}, {}, "")  # fmt: skip
    write(FOLDER / "SMQ.xlsx", {("held", 2023): 77}, {}, "Nobody", area="")
    write(FOLDER / "part.xlsx", {}, {}, "Nobody", area="IRQ_KRI")
    _unknown_area(FOLDER / "SMQ.xlsx")
    files = plant_files()
    steady(FOLDER / "SMQ.xlsx")
    steady(FOLDER / "survey.xlsx")
    planted = [(kind, rule, item, str(year)) for kind, rule, item, year, _ in CELLS]
    planted += [(kind, rule, f"M.{question}", "") for kind, rule, question, _ in METADATA]
    planted += [(kind, rule, f"{sheet}!{cell}", "") for kind, rule, sheet, cell in facts] + files
    planted += [("compared", rule, item, str(year)) for rule, _, item, year, _ in SOURCES]
    planted += [("unique", "ALL-060", "homicide_victims", "2021"), ("agree", "ALL-061", "SMP_prosecution.xlsx", ""),
                ("header", "ALL-050", "SMP_prosecution.xlsx", ""), ("codes", "ALL-040", "SMQ.xlsx", ""),
                ("part_of", "ALL-055", "part.xlsx", ""), ("named_twice", "ALL-046", "L.homicide_victims_city_3", ""),
                ("unnamed", "ALL-047", "homicide_victims_city_5", "2019")]  # fmt: skip
    planted += plant_trafficking()
    tabulate("planted", planted, ["kind", "rule", "where", "year"])
    persons = [
        ("SMP", year, "_T", "_T", 4_200_000 + 40_000 * step, "invented") for step, year in enumerate(YEARS)
    ]
    tabulate("population", persons, ["area", "year", "sex", "age", "population", "source"])
    others = [(source, "SMP", year, item, value) for _, source, item, year, value in SOURCES]
    tabulate("sources", others, ["source", "area", "year", "item", "value"])


def plant_figures(clean: dict[tuple[str, int], float]) -> dict[tuple[str, int], object]:
    """The figures with those that are planted; `=2021` is the item's own of that year, `=item.year` another's."""
    values: dict[tuple[str, int], object] = dict(clean)
    for item, year, text in [(item, year, text) for _, _, item, year, text in CELLS] + BESIDE:
        other, _, of_year = text[1:].rpartition(".")
        values[item, year] = clean[other or item, int(of_year)] if text.startswith("=") else text
    return values


def tabulate(name: str, rows: list[tuple[object, ...]], columns: list[str]) -> None:
    path = EXAMPLES / f"samplonia-{name}.csv"
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False, lineterminator="\n")


def _unknown_area(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    book["Start"]["B5"] = "SMQ"
    book.save(path)


if __name__ == "__main__":
    main()
