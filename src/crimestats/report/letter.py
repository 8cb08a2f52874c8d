"""The letter to a reporting unit: the questions about its return, by agency and by table."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pandas import DataFrame, Series

from crimestats import frames
from crimestats.errors import FileError
from crimestats.questionnaire import Questionnaire
from crimestats.questionnaire.definition import SEVERITIES
from crimestats.questionnaire.languages import LANGUAGES, RIGHT_TO_LEFT, translate
from crimestats.report import names, page
from crimestats.validation.messages import spoken

COORDINATION = "coordination"
"""Who is asked about files as a whole, and about what belongs to no agency."""

_TEXTS = [name for name, kind in frames.FINDINGS.columns.items() if kind != "place_year"]
_ASKED_AS = {"error": "Cannot be right", "query": "Please check", "note": "Please explain"}
_RANGES = ("expected", "previous", "fitting")  # columns whose ranges are put into words
_LAST = 10**6  # after all items of a questionnaire
_LONGEST_NAME = 100  # characters of a return's name that its letter is called by
_OF_ITEM = r"^[LN]\."  # what the sender named, or noted, in the row of an item


def letters(
    findings: DataFrame,
    definition: Questionnaire,
    returns: DataFrame,
    folder: str | Path,
    *,
    language: str | None = None,
    on: date | None = None,
    deadline: date | None = None,
    office: str = "",
) -> list[Path]:
    """Write a letter to each reporting unit that has something to answer.

    A file that does not say whose it is has a letter of its own, so that nobody reads the figures
    of another.

    Args:
        findings: What to ask (`frames.FINDINGS`), as `store.to_ask` chose it; of one questionnaire.
        definition: The questionnaire, loaded in English.
        returns: The files of the round (`frames.RETURNS`); they say the language of each letter.
        folder: Where the letters go; one that is not there is made.
        language: Of all letters, instead of that of the returns.
        on: The day of the letter; none is shown where not given.
        deadline: The day until which a reply is asked for.
        office: Who writes, at the foot of the letter.

    Returns:
        The paths, in the order of the reporting units.

    Raises:
        FileError: A letter cannot be written, or there is no such language.
    """
    _make(Path(folder))
    rows = _with_whose(findings, returns)
    written: dict[str, Path] = {}
    for (area, file), own in rows.groupby(["area", "alone"], sort=True):
        parts = (names.file_stem(str(area)), definition.id, _short(str(file)))
        name = _free(names.anchor("_".join(part for part in parts if part)), written)
        html = letter_page(own, definition, language or _language(own), on, deadline, office)
        written[name] = page.write(html, Path(folder, f"{name}.html"))
    return list(written.values())


def letter_page(
    findings: DataFrame,
    definition: Questionnaire,
    language: str = "en",
    on: date | None = None,
    deadline: date | None = None,
    office: str = "",
) -> str:
    """The letter to one reporting unit as HTML; the arguments are those of `letters`."""
    asked = definition if language == definition.language else definition.in_language(language)
    rows = _rows(findings, asked, language)
    return page.fill(
        "letter",
        t=lambda text: translate(text, language),
        language=language,
        direction="rtl" if language in RIGHT_TO_LEFT else "ltr",
        questionnaire=asked.label("title"),
        area=translate(str(names.named(rows["area"]).iloc[0]), language),
        on=on,
        deadline=deadline,
        office=office,
        files=sorted(set(rows["return_id"])),
        asked_as=_ASKED_AS,
        agencies=_agencies(rows, language),
        counts={severity: int((rows["severity"] == severity).sum()) for severity in SEVERITIES},
    )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(
            str(folder), f"cannot be made ({error.strerror}).", "Choose another folder."
        ) from error


def _with_whose(findings: DataFrame, returns: DataFrame) -> DataFrame:
    """The findings with the language of their file and, where nobody knows whose it is, the file itself."""
    files = returns[["return_id", "language"]].astype("str").drop_duplicates("return_id")
    rows = findings.astype(dict.fromkeys(_TEXTS, "str")).merge(files, on="return_id", how="left")
    is_unknown = rows["area"] == frames.UNKNOWN
    return rows.assign(alone=rows["return_id"].where(is_unknown, ""), language=rows["language"].fillna(""))


def _language(rows: DataFrame) -> str:
    """The language that most questions are put in; English where the files name none that is there."""
    stated = rows.loc[rows["language"].isin(LANGUAGES), "language"]
    return str(stated.mode().iloc[0]) if len(stated) else "en"


def _short(file: str) -> str:
    return file if len(file) < _LONGEST_NAME else names.file_stem(file)


def _free(name: str, taken: Mapping[str, Path]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def _rows(findings: DataFrame, asked: Questionnaire, language: str) -> DataFrame:
    """The questions with agency, table and labels, in the order of the questionnaire."""
    rows = findings.astype(dict.fromkeys(_TEXTS, "str"))
    item = rows["item"].str.replace(_OF_ITEM, "", regex=True)
    data = asked.data.reset_index(drop=True).assign(order=lambda table: table.index)
    known = data.set_index("item")[["agency", "module", "table", "label", "number", "order"]]
    rows = rows.assign(known=item).join(known, on="known")
    of_sheet, of_answer = _sheet_agencies(asked), _answer_labels(asked)
    own_agency = rows["agency"].fillna(rows["item"].map(of_answer["agency"])).astype("str")
    is_whole = rows["sheet"] == frames.NOT_APPLICABLE
    texts = {name: rows[name].astype("str").fillna("") for name in ("table", "label", "number")}
    said = rows["question"].where(rows["question"] != "", rows["message"])
    rank = rows["severity"].map({name: rank for rank, name in enumerate(SEVERITIES)})
    rows = rows.assign(
        agency=own_agency.fillna(rows["sheet"].map(of_sheet)).fillna(COORDINATION),
        heading=_headings(rows, asked, language, is_whole),
        number=texts["number"],
        label=texts["label"].where(rows["label"].notna(), rows["item"].map(of_answer["label"]).fillna("")),
        place=(rows["sheet"] + "!" + rows["cell"]).where(rows["cell"] != frames.NOT_APPLICABLE, rows["sheet"])
        .mask(is_whole, ""),
        when=[str(year) if year > 0 else "" for year in rows["year"].fillna(0)],
        order=rows["order"].fillna(_LAST).mask(is_whole, -1),
        rank=rank,
        **{name: [spoken(text, asked.text) for text in rows[name]] for name in _RANGES},
        asks=said.str[:1].str.upper() + said.str[1:],
        is_reminder=rows.get("is_reminder", False),
    )  # fmt: skip
    return rows.sort_values(["order", "sheet", "year", "rank", "finding_id"], ignore_index=True)


def _sheet_agencies(asked: Questionnaire) -> dict[str, str]:
    """For each sheet the agency that is asked for all of it; sheets of several agencies are left out."""
    several = asked.data.groupby("module")["agency"].agg(["first", "nunique"])
    one = several.loc[several["nunique"] == 1, "first"]
    return {module["sheet"]: str(one[module["id"]]) for module in asked.modules if module["id"] in one.index}


def _answer_labels(asked: Questionnaire) -> DataFrame:
    """The metadata questions by item: their label, and the agency of their module."""
    of_module = {module["sheet"]: module["id"] for module in asked.modules}
    agency = {of_module[sheet]: agency for sheet, agency in _sheet_agencies(asked).items()}
    table = asked.metadata[["module", "question"]].drop_duplicates()
    return table.assign(
        item="M." + table["module"] + "." + table["question"],
        label=("metadata." + table["question"]).map(asked.label),
        agency=table["module"].map(agency),
    ).set_index("item")


def _headings(rows: DataFrame, asked: Questionnaire, language: str, is_whole: "Series[bool]") -> list[str]:
    """What a group of questions stands under: a table, the metadata of a module, a sheet, or the file."""
    tables = {table: _table(asked, table) for table in rows["table"].dropna().unique()}
    heading = rows["table"].map(tables).astype("str")
    module = rows["item"].str.extract(r"^M\.([^.]+)\.")[0]
    labels = {name: asked.label(f"module.{name}") for name in module.dropna().unique()}
    metadata = translate("Metadata", language) + ": " + module.map(labels).astype("str")
    other = rows["sheet"].mask(is_whole, translate("Whole file", language))
    return list(heading.fillna(metadata).fillna(other))


def _table(asked: Questionnaire, table: str) -> str:
    key = f"table.{table}"
    return f"{table}  {asked.label(key)}" if asked.label(key) != key else table


def _agencies(rows: DataFrame, language: str) -> list[dict[str, Any]]:
    """The agencies in the order of their first question, each with its questions by heading."""
    labels = names.code_labels("agency")
    return [
        {
            "name": translate(labels.get(str(agency), str(agency)), language),
            "anchor": names.anchor(str(agency)),
            "counts": {severity: int((own["severity"] == severity).sum()) for severity in SEVERITIES},
            "reminders": int(own["is_reminder"].sum()),
            "tables": [
                {"heading": heading, "is_whole": questions["place"].eq("").all(),
                 "has_previous": questions["previous"].ne("").any(),
                 "questions": questions.to_dict("records")}
                for heading, questions in own.groupby("heading", sort=False)
            ],
        }
        for agency, own in rows.groupby("agency", sort=False)
    ]  # fmt: skip
