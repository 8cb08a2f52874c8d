"""How good a return is: six components, each a share whose numerator and denominator are shown.

The components follow the concerns of the road map to improve the quality and
availability of crime statistics (E/CN.3/2013/11); weights, points and the checks
that belong to each stand in `questionnaires/quality.toml`.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats import files
from crimestats.frames import CELLS, UNKNOWN
from crimestats.questionnaire import Questionnaire
from crimestats.questionnaire.languages import choice
from crimestats.returns import returns
from crimestats.validation import Report

COMPONENTS = ("completeness", "consistency", "timeliness", "metadata", "comparability", "stability")
OVERALL = "overall"
COLUMNS = ("area", "questionnaire", "component", "score", "part", "whole", "weight", "explanation")


def assess(cells: DataFrame, report: Report) -> DataFrame:
    """Assess the returns of one questionnaire, reporting unit by reporting unit.

    Args:
        cells: What `read` returned (`frames.CELLS`).
        report: What `validate` said of them.

    Returns:
        A row for each reporting unit and component, and one for `overall`: area,
        questionnaire, component, score (0 to 100, null where it cannot be judged), part and
        whole (what was counted, of how many), weight, and an explanation in words.

    >>> import crimestats as cs
    >>> from crimestats.files import shipped
    >>> definition = cs.Questionnaire.load("un-cts-2024")
    >>> cells = cs.read(shipped("questionnaires", "examples", "returns", "FJI.xlsx"), definition)
    >>> table = assess(cells, cs.validate(cells, definition))
    >>> list(table["component"]) == [*COMPONENTS, OVERALL]
    True
    """
    CELLS.check(cells)
    definition, settings = report.definition, _settings()
    figures = _figures(cells, definition)
    units = sorted(set(cells["area"].astype(str)) - {UNKNOWN})
    counted = {
        "completeness": _completeness(cells, figures, definition),
        "consistency": _consistency(figures, report, settings),
        "timeliness": _timeliness(cells, figures, definition, settings),
        "metadata": _metadata(cells),
        "comparability": _comparability(cells, figures, definition, settings),
        "stability": _stability(figures, report, settings),
    }
    rows = [_row(name, counted[name], area, settings) for area in units for name in COMPONENTS]
    table = DataFrame(rows, columns=["area", "component", "score", "part", "whole", "weight", "explanation"])
    overall = _overall(table)
    joined = pd.concat([table, overall], ignore_index=True).assign(questionnaire=definition.id)
    order = joined["component"].map({name: n for n, name in enumerate((*COMPONENTS, OVERALL))})
    return joined.assign(order=order).sort_values(["area", "order"], ignore_index=True)[list(COLUMNS)]


def by_module(cells: DataFrame, definition: Questionnaire) -> DataFrame:
    """Figures given of those asked for, by reporting unit and module: area, module, part, whole.

    Args:
        cells: What `read` returned.
        definition: The questionnaire.
    """
    figures, asked = _figures(cells, definition), _asked(cells, definition)
    modules = definition.data.set_index("item")["module"]
    rows = []
    for area, (items, years) in asked.items():
        own = figures[figures["area"] == area]
        for module, group in modules.loc[items].groupby(modules.loc[items], sort=False):
            here = own[own["item"].isin(group.index)]
            spared = int((here["status"] == "not_applicable").sum())
            rows.append((area, module, int(here["is_given"].sum()), len(group) * len(years) - spared))
    return DataFrame(rows, columns=["area", "module", "part", "whole"])


def _settings() -> Mapping[str, Any]:
    return files.read_toml(files.shipped("questionnaires", "quality.toml"))


def _row(name: str, counted: Mapping[str, tuple[float, float, str]], area: str, settings: Any) -> list[Any]:
    part, whole, said = counted.get(area, (0.0, 0.0, "There is nothing to judge it by."))
    score = 100 * part / whole if whole else np.nan
    return [area, name, score, part, whole, settings[name]["weight"], said]


def _overall(table: DataFrame) -> DataFrame:
    """The weighted mean of the components that can be judged."""
    judged = table.dropna(subset="score")
    weighted = (judged["score"] * judged["weight"]).groupby(judged["area"]).sum()
    weights = judged["weight"].groupby(judged["area"]).sum()
    areas = list(dict.fromkeys(table["area"]))
    score, weight = (weighted / weights).reindex(areas), weights.reindex(areas).fillna(0)
    left_out = table[table["score"].isna()].groupby("area")["component"].agg(", ".join).reindex(areas)
    said = ["Weighted mean of the components" + (f"; without {gone}." if isinstance(gone, str) else ".")
            for gone in left_out]  # fmt: skip
    return DataFrame({
        "area": areas, "component": OVERALL, "score": score.to_numpy(),
        "part": (score * weight).to_numpy() / 100, "whole": weight.to_numpy(),
        "weight": weight.to_numpy(), "explanation": said,
    })  # fmt: skip


def _figures(cells: DataFrame, definition: Questionnaire) -> DataFrame:
    """The cells of figures, each once a unit, item and year: the row that says most."""
    is_figure = cells["item"].isin(definition.data["item"]) & cells["year"].notna()
    own = cells.loc[is_figure, ["area", "item", "year", "return_id", "sheet", "cell", "status", "lower"]]
    own = own.astype(dict.fromkeys(("area", "item", "return_id", "sheet", "cell", "status"), "str"))
    own["is_given"] = own["lower"].notna()
    merit = np.select([own["is_given"], own["status"] != "blank"], [0, 1], 2)
    return (
        own.assign(merit=merit).sort_values("merit", kind="stable").drop_duplicates(["area", "item", "year"])
    )


def _asked(cells: DataFrame, definition: Questionnaire) -> dict[str, tuple[list[str], set[int]]]:
    """Items and years that the workbooks of each unit ask for; of a unit that sent none to be read, all."""
    of_round = returns(cells).astype({"return_id": "str", "area": "str", "status": "str"})
    read = of_round.loc[of_round["status"] == "read", ["return_id", "area"]]
    header = cells[cells["item"].isin(["H.years", "H.part"])].astype({"area": "str", "item": "str"})
    header = header[header["return_id"].isin(read["return_id"])]
    number = read.groupby("area").size().to_dict()
    asked: dict[str, tuple[list[str], set[int]]] = {}
    for area in sorted(cells["area"].astype("str").unique()):
        said = header[header["area"] == area]
        spans = said.loc[said["item"] == "H.years", "raw"]
        years = {year for text in spans for year in _span(text)} or set(definition.years)
        parts = said.loc[said["item"] == "H.part", "raw"].str.split()
        whole = not len(parts) or number[area] > len(parts)
        agencies = {code for codes in parts for code in codes}
        data = definition.data if whole else definition.data[definition.data["agency"].isin(agencies)]
        asked[area] = (list(data["item"]), years)
    return asked


def _span(text: str) -> list[int]:
    years = [int(year) for year in re.findall(r"\d{4}", text)]
    return list(range(years[0], years[1] + 1)) if len(years) == 2 and ":" in text else years


def _completeness(
    cells: DataFrame, figures: DataFrame, definition: Questionnaire
) -> dict[str, tuple[float, float, str]]:
    required = set(definition.data.loc[definition.data["required"] == "1", "item"])
    said: dict[str, tuple[float, float, str]] = {}
    for area, (items, years) in _asked(cells, definition).items():
        own = figures[(figures["area"] == area) & figures["year"].isin(years)]
        shares, texts = [], []
        for asked, what in ((required & set(items), "figures asked of everybody"), (set(items), "figures")):
            here = own[own["item"].isin(asked)]
            whole = len(asked) * len(years) - int((here["status"] == "not_applicable").sum())
            part = int(here["is_given"].sum())
            if whole > 0:
                shares.append(part / whole)
                texts.append(f"{part} of {whole} {what}")
        if shares:
            said[area] = (float(np.mean(shares)), 1.0, "Given: " + ", ".join(texts) + ".")
    return said


def _rules(report: Report, settings: Mapping[str, Any], component: str) -> set[str]:
    checks = set(settings[component]["checks"])
    return {rule.id for rule in report.definition.rules if rule.parameters.get("check") in checks}


def _asked_about(figures: DataFrame, report: Report, rules: set[str]) -> "Series[bool]":
    """Whether an error or a query of some rules stands at the cell of a figure."""
    found = report.data[report.data["rule"].isin(rules) & report.data["severity"].isin(["error", "query"])]
    places = pd.MultiIndex.from_frame(found[["return_id", "sheet", "cell"]].astype("str"))
    own = pd.MultiIndex.from_frame(figures[["return_id", "sheet", "cell"]])
    return Series(own.isin(places), index=figures.index)


def _consistency(
    figures: DataFrame, report: Report, settings: Mapping[str, Any]
) -> dict[str, tuple[float, float, str]]:
    filled = figures[figures["status"] != "blank"]
    doubted = _asked_about(filled, report, _rules(report, settings, "consistency"))
    return _shares(filled["area"], ~doubted, "{part} of {whole} figures have no open error or query.")


def _stability(
    figures: DataFrame, report: Report, settings: Mapping[str, Any]
) -> dict[str, tuple[float, float, str]]:
    given = figures[figures["is_given"]].sort_values(["area", "item", "year"])
    follows = given.groupby(["area", "item"])["year"].diff() == 1
    pairs = given[follows.fillna(False)]
    doubted = _asked_about(pairs, report, _rules(report, settings, "stability"))
    return _shares(
        pairs["area"], ~doubted, "{part} of {whole} changes from year to year are not asked about."
    )


def _timeliness(
    cells: DataFrame, figures: DataFrame, definition: Questionnaire, settings: Mapping[str, Any]
) -> dict[str, tuple[float, float, str]]:
    """How far the last figures lie back, of what everybody is asked for; of all where a part asks no such."""
    required = set(definition.data.loc[definition.data["required"] == "1", "item"])
    given = figures[figures["is_given"]]
    lost = settings["timeliness"]["points_lost_a_year"] / 100
    said = {}
    for area, (items, years) in _asked(cells, definition).items():
        wanted = required & set(items) or set(items)
        own = given.loc[(given["area"] == area) & given["item"].isin(wanted), "year"]
        if own.empty:
            what = " that everybody is asked for" if required & set(items) else ""
            said[area] = (0.0, 1.0, f"No figure{what}.")
            continue
        last = int(own.max())
        lag = max(max(years) - last, 0)
        text = f"The last figures are of {last}; the workbook asks up to {max(years)}."
        said[area] = (max(1 - lost * lag, 0.0), 1.0, text)
    return said


def _answers(cells: DataFrame) -> DataFrame:
    """Metadata answers, each question of a module once a unit: the first that is given."""
    rows = cells[cells["item"].astype("str").str.startswith("M.")].astype({"area": "str", "item": "str"})
    split = rows["item"].str.split(".", expand=True).reindex(columns=range(3))
    said = DataFrame({
        "area": rows["area"], "module": split[1], "question": split[2], "raw": rows["raw"].str.strip(),
    })  # fmt: skip
    said = said.astype("str")  # of no rows the columns would be numbers
    order = said.assign(blank=said["raw"] == "").sort_values("blank", kind="stable")
    return order.drop_duplicates(["area", "module", "question"])


def _metadata(cells: DataFrame) -> dict[str, tuple[float, float, str]]:
    said = _answers(cells)
    text = "{part} of {whole} questions are answered that were or had to be."
    return _shares(said["area"], said["raw"] != "", text)


def _comparability(
    cells: DataFrame, figures: DataFrame, definition: Questionnaire, settings: Mapping[str, Any]
) -> dict[str, tuple[float, float, str]]:
    """Points of the answers to what modules with figures are asked; none where there is no answer."""
    points = settings["points"]
    asked = definition.metadata.loc[definition.metadata["question"].isin(points), ["module", "question"]]
    given = figures.loc[figures["is_given"], ["area", "item"]]
    filled = given.assign(module=given["item"].map(definition.data.set_index("item")["module"]))
    wanted = filled[["area", "module"]].drop_duplicates().merge(asked, on="module")
    said = wanted.merge(_answers(cells), on=["area", "module", "question"], how="left").fillna({"raw": ""})
    said["points"] = [
        float(points[question].get(choice(raw).casefold(), 0.0))
        for question, raw in zip(said["question"], said["raw"], strict=True)
    ]
    said["shown"] = (
        said["module"] + "." + said["question"] + " “" + said["raw"].replace("", "no answer") + "”"
    )
    found = {}
    for area, own in said.groupby("area"):
        listed = ", ".join(own.loc[own["points"] < 1, "shown"])
        text = f"{own['points'].sum():g} of {len(own)} points"
        text += f"; less than one for {listed}." if listed else "."
        found[str(area)] = (float(own["points"].sum()), float(len(own)), text)
    return found


def _shares(area: Series, holds: Any, text: str) -> dict[str, tuple[float, float, str]]:
    counted = DataFrame({"area": area.to_numpy(), "holds": np.asarray(holds, dtype=bool)})
    table = counted.groupby("area")["holds"].agg(["sum", "size"])
    return {
        str(name): (float(part), float(whole), text.format(part=part, whole=whole))
        for name, part, whole in zip(table.index, table["sum"], table["size"], strict=True)
    }
