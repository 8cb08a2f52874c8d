"""Write a questionnaire as a workbook, empty or pre-filled.

Every input cell carries a defined name, so that rows may be moved, sheets
split and labels translated without losing it: `F.<item>.<year>` for a figure,
`N.<item>` for the note of a row, `M.<module>.<question>` for a metadata answer
`L.<item>` for the country or city that the sender names, and `H.<field>` for the
header on the first sheet.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from pandas import DataFrame, Series

from crimestats import areas, files
from crimestats.errors import CallError
from crimestats.questionnaire.definition import Questionnaire
from crimestats.questionnaire.loading import codelist
from crimestats.questionnaire.sheets import FIRST_YEAR, HEADER, Contents, draw

__all__ = ["FIRST_YEAR", "HEADER", "build"]

_AMBIGUOUS = r"\d{1,3}(\.\d{3})+"  # thousands in one country, decimals in another


def build(
    definition: Questionnaire,
    path: str | Path,
    *,
    area: str = "",
    agency: str = "",
    years: Iterable[int] | None = None,
    figures: DataFrame | None = None,
    before: DataFrame | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write the workbook that a reporting unit fills in.

    Args:
        definition: The questionnaire, loaded in the language of the workbook.
        path: Where to write, ending in `.xlsx`.
        area: Code of the reporting unit (e.g. `MEX`, `GBR_S`); empty for a blank form.
        agency: Codes of the agencies that are asked, blanks between (`police`,
            `courts prosecution`): the workbook then holds their part only. Any
            other text is the name of the agency that fills in the whole.
        years: Reference years, one column each; the definition's own where not given.
        figures: To pre-fill: columns year, item, value (a number as text, `<5`,
            or empty) and, where there is more than one reporting unit, area;
            `note`, if there, goes to the row's column of notes. The country or
            city of a row that asks for one stands in a column `label`.
        before: Figures reported before, with the same columns or as `observe`
            returns them: they stand in grey. Years that the workbook does not ask
            for and items of other agencies are passed over.
        metadata: Answers to pre-fill, by `<module>.<question>`.

    Returns:
        The path written.

    Raises:
        CallError: An agency, area, year, item or metadata question is unknown; candidates are named.
        FileError: The path cannot be written.
    """
    part = _part(definition, agency)
    asked = definition if not part else _only(definition, part)
    columns = tuple(sorted(definition.years if years is None else set(years)))
    values, notes, entries = _prefill(asked, area, columns, figures)
    earlier, _, named = _prefill(asked, area, columns, _known_before(asked, area, columns, before))
    header = {
        "questionnaire": definition.id,
        "area": area,
        "agency": ", ".join(definition.text(_agencies()[code]) for code in part) or agency,
        "part": " ".join(part),
        "contact": "",
        "language": definition.language,
        "years": _span(columns),
    }
    contents = Contents(
        header=header, area_name=_area_name(area), years=columns, values=earlier | values,
        before=frozenset(earlier.keys() - values.keys()), notes=notes, entries=named | entries,
        answers=_answers(definition, metadata or {}),
    )  # fmt: skip
    with files.replacing(path) as place:
        draw(place, asked, contents)
    return Path(path)


def _agencies() -> dict[str, str]:
    table = codelist("agency")
    return dict(zip(table["code"], table["label"], strict=True))


def _part(definition: Questionnaire, agency: str) -> tuple[str, ...]:
    """The agencies named, if it is these and not somebody's name."""
    words = tuple(agency.replace(",", " ").split())
    known = [code for code in definition.agencies if code]
    if words and all(word in known for word in words):
        return words
    for word in words if len(words) == 1 and agency.islower() else ():
        if near := difflib.get_close_matches(word.casefold(), known, n=3, cutoff=0.75):
            raise CallError(
                f"agency `{word}`", "is not asked by the questionnaire.", f"Did you mean {', '.join(near)}?"
            )
    return ()


def _only(definition: Questionnaire, part: tuple[str, ...]) -> Questionnaire:
    """The questionnaire with the items and metadata questions of some agencies."""
    data = definition.data[definition.data["agency"].isin(part)].reset_index(drop=True)
    filled = set(definition.data["module"])
    asked = {
        module["id"] for module in definition.modules
        if module["id"] not in filled and module.get("agency", "") in part
    }  # fmt: skip
    metadata = definition.metadata[definition.metadata["module"].isin({*data["module"], *asked})]
    return replace(definition, data=data, metadata=metadata.reset_index(drop=True))


def _known_before(
    definition: Questionnaire, area: str, years: tuple[int, ...], before: DataFrame | None
) -> DataFrame | None:
    """Earlier figures that the workbook has a cell for, as texts."""
    if before is None:
        return None
    lacking = [name for name in ("year", "item", "value") if name not in before]
    if lacking:
        raise CallError("before", f"has no column {lacking[0]}.", "Hand over the observations of last round.")
    asked = before["item"].isin(definition.data["item"]) & before["year"].astype(int).isin(years)
    if "area" in before:
        asked &= before["area"].astype(str) == area
    own = before[asked]
    if "lower" not in own:
        return own
    texts = [_as_reported(*bounds) for bounds in zip(own["value"], own["lower"], own["upper"], strict=True)]
    kept = own.assign(value=texts, area=area)[["area", "year", "item", "value"]]
    return kept[kept["value"] != ""].astype({"item": "str"}).drop_duplicates(["year", "item"])


def _as_reported(value: float, lower: float, upper: float) -> str:
    """A figure as it was written: `412`, `<5`, `3-7`; nothing where there is none."""
    if value == value:
        return f"{value:.0f}" if float(value).is_integer() else repr(float(value))
    if lower != lower:
        return ""
    if upper == float("inf"):
        return f">={lower:.0f}"
    return f"<{upper + 1:.0f}" if lower == 0 else f"{lower:.0f}-{upper:.0f}"


def _prefill(
    definition: Questionnaire, area: str, years: tuple[int, ...], figures: DataFrame | None
) -> tuple[dict[tuple[str, int], str], dict[str, str], dict[str, str]]:
    """Figures by item and year, notes by item, and the countries and cities named by item."""
    if figures is None or (figures.empty and "area" in figures):
        return {}, {}, {}
    lacking = [name for name in ("year", "item", "value") if name not in figures]
    if lacking:
        raise CallError(
            "figures",
            f"has no column {lacking[0]}.",
            "Columns: area, year, item, value and, if wanted, note.",
        )
    own = figures[figures["area"] == area] if "area" in figures else figures
    if len(figures) and not len(own):
        raise CallError(
            "figures, column area",
            f"has no row of `{area}`." if area else "names areas, and the workbook none.",
            f"Name one of {', '.join(sorted(set(figures['area']))[:8])}.",
        )
    texts = own.assign(
        year=own["year"].astype(str).str.strip(), value=own["value"].fillna("").astype(str).str.strip()
    )
    _known(texts["item"], definition.data["item"], "item")
    _known(texts["year"], [str(year) for year in years], "year")
    twice = texts[texts.duplicated(["item", "year"])]
    if len(twice):
        row = twice.iloc[0]
        raise CallError(
            f"figures, {row['item']} {row['year']}",
            "stands twice.",
            "Give one figure for an item and a year.",
        )
    doubtful = texts[texts["value"].str.fullmatch(_AMBIGUOUS)]
    if len(doubtful):
        row = doubtful.iloc[0]
        fault = f"`{row['value']}` may be a thousand times as much."
        raise CallError(
            f"figures, {row['item']} {row['year']}",
            fault,
            "Write it without a point, or without the noughts.",
        )
    keys = zip(texts["item"], texts["year"].astype(int), strict=True)
    values = dict(zip(keys, texts["value"], strict=True))
    return values, _beside(texts, "note"), _beside(texts, "label")


def _beside(texts: DataFrame, column: str) -> dict[str, str]:
    """What a column says of each item, each different text once."""
    if column not in texts:
        return {}
    said = texts[texts[column].fillna("") != ""].drop_duplicates(["item", column])
    return {str(item): "; ".join(group) for item, group in said.groupby("item")[column]}


def _answers(definition: Questionnaire, metadata: Mapping[str, str]) -> Mapping[str, str]:
    _known(
        metadata, definition.metadata["module"] + "." + definition.metadata["question"], "metadata question"
    )
    return metadata


def _known(given: Iterable[str], known: Iterable[str], what: str) -> None:
    names = list(known)
    unknown = sorted(set(given) - set(names))
    if unknown:
        near = difflib.get_close_matches(unknown[0], names, n=3) or names[:3] + names[-1:]
        raise CallError(
            f"{what} `{unknown[0]}`", "is not in the questionnaire.", f"Did you mean {', '.join(near)}?"
        )


def _area_name(area: str) -> str:
    if not area:
        return ""
    names = areas.areas().set_index("area")["name"]
    if area not in names.index:
        found = areas.match(Series([area])).iloc[0]
        spelt = ", ".join(difflib.get_close_matches(area.upper(), list(names.index), n=3))
        near = (
            found["area"]
            if found["area"] in names.index
            else found["candidates"] or spelt or "a three-letter code"
        )
        raise CallError(f"area `{area}`", "is not a reporting unit.", f"Did you mean {near}?")
    return str(names[area])


def _span(years: tuple[int, ...]) -> str:
    whole = tuple(range(years[0], years[-1] + 1)) == years
    return f"{years[0]}:{years[-1]}" if whole else " ".join(str(year) for year in years)
