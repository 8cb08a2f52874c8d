"""The office's page of a round: who returned, how complete, what was found, what is still open.

One page for the round, and beside it, in a folder of the page's name, one page
for each reporting unit and questionnaire; every row leads to the page it is about.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pandas import DataFrame

from crimestats import areas
from crimestats.errors import FileError
from crimestats.frames import UNKNOWN
from crimestats.questionnaire.definition import SEVERITIES
from crimestats.report import findings as details
from crimestats.report import names, page

if TYPE_CHECKING:
    from crimestats.questionnaire import Questionnaire

STATES = ("open", "no_reply", "explained", "accepted", "corrected")
ASKED = ("error", "query")


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one questionnaire brought in a round.

    Attributes:
        definition: The questionnaire.
        findings: What the rules found, with their state (`frames.FINDINGS`).
        returns: The files (`frames.RETURNS`).
        completeness: Figures given of those asked, by area and module (`quality.by_module`).
        quality: The assessment (`quality.assess`).
        settled: Findings of earlier submissions that were corrected since, with the same columns.
    """

    definition: "Questionnaire"
    findings: DataFrame = field(repr=False)
    returns: DataFrame = field(repr=False)
    completeness: DataFrame = field(repr=False)
    quality: DataFrame = field(repr=False)
    settled: DataFrame | None = field(default=None, repr=False)


def render_round(parts: Sequence[Part], path: str | Path) -> list[Path]:
    """Write the page of a round and the page of each reporting unit.

    Returns:
        The paths, that of the round first.

    Raises:
        FileError: A path cannot be written.
    """
    path = Path(path)
    folder = path.with_name(f"{path.stem}-pages")
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        remedy = "Give a file in a folder that is there and may be written."
        raise FileError(str(folder), f"cannot be made ({error.strerror}).", remedy) from error
    written = [page.write(round_page(parts, folder.name), path)]
    for part in parts:
        for area in _areas(part):
            html = _unit_page(part, area, path.name)
            written.append(page.write(html, folder / _file(area, part.definition.id)))
    return written


def round_page(parts: Sequence[Part], folder: str) -> str:
    """The page of a round as HTML.

    Args:
        parts: What each questionnaire brought.
        folder: Where the pages of the reporting units lie, beside it.
    """
    import crimestats

    units = [unit for part in parts for unit in _units(part, folder)]
    units.sort(key=lambda unit: (unit["name"], unit["questionnaire"]))
    return page.fill(
        "round",
        title="Round of returns",
        instruments=[(part.definition.id, part.definition.label("title")) for part in parts],
        units=units,
        tiles=_tiles(parts, units),
        regions=_regions(parts),
        modules=[_modules(part, folder) for part in parts],
        rules=[rule for part in parts for rule in _rules(part)],
        states=[(state, names.code_labels("state")[state]) for state in STATES],
        version=crimestats.__version__,
    )


def quality_page(table: DataFrame) -> str:
    """The assessment of every return as HTML: each component with what it rests on.

    Args:
        table: What `quality.assess` returned, of one or several questionnaires.
    """
    import crimestats
    from crimestats import files, quality

    settings = files.read_toml(files.shipped("questionnaires", "quality.toml"))
    components = [{"id": name, **settings[name]} for name in quality.COMPONENTS]
    rows = []
    for (instrument, area), own in table.groupby(["questionnaire", "area"], sort=True):
        scores = {row["component"]: row for row in own.to_dict("records")}
        rows.append({
            "questionnaire": instrument, "area": area, "name": _name(str(area)),
            "anchor": names.anchor(f"{area}-{instrument}"),
            "scores": [_scored(scores[name]) for name in (*quality.COMPONENTS, quality.OVERALL)],
        })  # fmt: skip
    return page.fill(
        "quality", title="Quality of the returns", components=components, rows=rows,
        version=crimestats.__version__,
    )  # fmt: skip


def _scored(row: Any) -> dict[str, Any]:
    score = row["score"]
    is_known = score == score
    return {
        "component": row["component"], "score": f"{score:.0f}" if is_known else "–",
        "share": f"{score:.1f}" if is_known else "0", "weight": f"{row['weight']:g}",
        "part": f"{row['part']:.4g}", "whole": f"{row['whole']:.4g}", "says": row["explanation"],
    }  # fmt: skip


def _name(area: str) -> str:
    return names.UNNAMED if area == UNKNOWN else names.area_names().get(area, area)


def _file(area: str, questionnaire: str) -> str:
    return f"{names.file_stem(area)}-{names.anchor(questionnaire)}.html"


def _areas(part: Part) -> list[str]:
    return sorted({*part.returns["area"].astype(str), *part.findings["area"].astype(str)})


def _unit_page(part: Part, area: str, back: str) -> str:
    own = part.quality[part.quality["area"] == area]
    return details.findings_page(
        part.findings[part.findings["area"].astype(str) == area],
        part.returns[part.returns["area"].astype(str) == area],
        part.definition,
        back=f"../{back}",
        scores=[_scored(row) for row in own.to_dict("records")],
        title=f"{_name(area)}: what was found",
    )


def _units(part: Part, folder: str) -> list[dict[str, Any]]:
    """A row for each reporting unit: files, completeness, findings, states."""
    found = part.findings.astype({"area": "str", "severity": "str", "state": "str"})
    units = []
    for area in _areas(part):
        own, files = found[found["area"] == area], part.returns[part.returns["area"].astype(str) == area]
        asked = own[own["severity"].isin(ASKED)]
        settled = 0 if part.settled is None else int((part.settled["area"].astype(str) == area).sum())
        counts = {state: int((asked["state"] == state).sum()) for state in STATES}
        units.append({
            "area": area, "name": _name(area), "questionnaire": part.definition.id,
            "link": f"{folder}/{_file(area, part.definition.id)}", "files": len(files),
            "read": int((files["status"] == "read").sum()),
            "agencies": ", ".join(sorted({text for text in files["agency"] if text})),
            "languages": ", ".join(sorted({str(code) for code in files["language"]} - {UNKNOWN})),
            "share": _share(part, area),
            "counts": {severity: int((own["severity"] == severity).sum()) for severity in SEVERITIES},
            "states": {**counts, "corrected": counts["corrected"] + settled},
            "open": counts["open"] + counts["no_reply"],
        })  # fmt: skip
    return units


def _share(part: Part, area: str) -> str:
    pairs = [pair for (unit, _), pair in _given(part.completeness).items() if unit == area]
    some, all_ = (sum(pair[at] for pair in pairs) for at in (0, 1))
    return f"{100 * some / all_:.0f} %" if all_ else "–"


def _tiles(parts: Sequence[Part], units: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    returned = {unit["area"] for unit in units if unit["read"]} - {UNKNOWN}
    statuses = [status for part in parts for status in part.returns["status"].astype(str)]
    n_open, n_settled = (
        sum(unit["open"] for unit in units),
        sum(unit["states"][state] for unit in units for state in ("explained", "accepted", "corrected")),
    )
    severities = {name: sum(unit["counts"][name] for unit in units) for name in SEVERITIES}
    refused = statuses.count("refused")
    return [
        ("files", f"{len(returned):,}", "reporting units", f"returned; {len(statuses):,} files"),
        ("error", f"{refused:,}", "files refused", "could not be read, or answer another questionnaire"),
        ("error", f"{severities['error']:,}", "errors", "cannot be true or cannot be read"),
        ("query", f"{severities['query']:,}", "queries", "go to the focal point"),
        ("note", f"{severities['note']:,}", "notes", "want an explanation"),
        ("undecided", f"{n_open:,}", "open questions", f"{n_settled:,} settled"),
    ]


def _regions(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Response by region: countries and territories that returned, of those that there are."""
    returned = {
        str(area)
        for part in parts
        for area in part.returns.loc[part.returns["status"].astype(str) == "read", "area"]
    }
    wholes = areas.parts().set_index("part")["whole"].to_dict()
    counted = {wholes.get(area, area) for area in returned}
    table = areas.groupings("m49")
    rows = []
    for level in ("region", "subregion"):
        for (code, name), own in table[table["level"] == level].groupby(["code", "name"], sort=True):
            here = sorted(counted & set(own["area"]))
            rows.append({
                "level": level, "code": code, "name": name, "returned": len(here), "of": len(own),
                "who": ", ".join(_name(area) for area in here),
            })  # fmt: skip
    return rows


def _given(table: DataFrame) -> dict[tuple[str, str], tuple[float, float]]:
    """Figures given and asked for, by area and module."""
    numbers = zip(table["part"].tolist(), table["whole"].tolist(), strict=True)
    return dict(zip(zip(table["area"], table["module"], strict=True), numbers, strict=True))


def _modules(part: Part, folder: str) -> dict[str, Any]:
    """Completeness by module: reporting units down, modules across."""
    modules = [str(module["id"]) for module in part.definition.modules]
    given, rows = _given(part.completeness), []
    for area in sorted(set(part.completeness["area"]), key=_name):
        pairs = [given.get((area, module), (0.0, 0.0)) for module in modules]
        cells = [
            {"share": f"{100 * some / all_:.0f}" if all_ else "", "says": f"{some:g} of {all_:g}"}
            for some, all_ in pairs
        ]
        link = f"{folder}/{_file(area, part.definition.id)}"
        rows.append({"name": _name(area), "link": link, "cells": cells})
    labels = [part.definition.label(f"module.{module}") for module in modules]
    return {"id": part.definition.id, "modules": labels, "rows": rows}


def _rules(part: Part) -> list[dict[str, Any]]:
    """Rules that found something, the worst and the most frequent first."""
    found = part.findings.astype({"rule": "str", "severity": "str", "area": "str"})
    reasons = {rule.id: rule for rule in part.definition.rules}
    rows = []
    for rule, own in found.groupby("rule"):
        counts = own["severity"].value_counts()
        known = reasons.get(str(rule))
        rows.append({
            "rule": rule, "questionnaire": part.definition.id,
            "check": known.parameters.get("check", "") if known else "", "why": known.why if known else "",
            "counts": {severity: int(counts.get(severity, 0)) for severity in SEVERITIES},
            "units": own["area"].nunique(),
        })  # fmt: skip
    return sorted(rows, key=lambda row: [-row["counts"][severity] for severity in SEVERITIES])
