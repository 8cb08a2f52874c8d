"""Rows of a return that are no figures: header, metadata, notes, and what is odd."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from os.path import basename

from python_calamine import CalamineWorkbook, SheetVisibleEnum

from crimestats.frames import UNKNOWN
from crimestats.returns import package as structure
from crimestats.returns.form import Form
from crimestats.returns.guard import Limits
from crimestats.returns.layout import Layout, Plan
from crimestats.returns.names import Names, Spot
from crimestats.returns.package import Oddity, Package, Place, cell_label
from crimestats.returns.sheaf import Sheaf, Sheets, as_text, text_at

_ALWAYS = ("questionnaire", "area")  # header cells that are asked about when blank
_SPAN = 200  # reference years that a workbook may name


def head(sheaf: Sheaf, header: Mapping[str, Spot | None], sheets: Sheets) -> None:
    """Header cells, and with them area and reference years."""
    texts = {name: text_at(sheets, spot) for name, spot in header.items()}
    for name, text in texts.items():
        if text.strip() or name in _ALWAYS:
            sheaf.add(f"H.{name}", text, header[name])
    sheaf.area = texts["area"].strip() or UNKNOWN
    sheaf.years = reference_years(texts["years"])
    sheaf.original = f"{texts['original']} {texts['earlier']}"


def reference_years(text: str) -> tuple[int, ...]:
    """Years of a header cell: `2013:2022`, or single years; none where it says something else.

    >>> reference_years("2013:2016")
    (2013, 2014, 2015, 2016)
    >>> reference_years("2013 2018")
    (2013, 2018)
    """
    years = [int(year) for year in re.findall(r"(?<!\d)\d{4}(?!\d)", text)]
    if len(years) == 2 and ":" in text:
        first, last = years
        return tuple(range(first, min(last, first + _SPAN) + 1))
    return tuple(sorted(set(years)))


def is_other(form: Form, sheaf: Sheaf, layout: Layout) -> bool:
    """Whether this is the workbook of another questionnaire; the fault is then on record."""
    stated = sheaf.stated()
    if stated == form.questionnaire.casefold() or (not stated and layout.modules):
        return False
    found = (
        f"The header says '{stated}'" if stated else "No header and no table of the questionnaire was found"
    )
    sheaf.original = ""
    sheaf.add("_fault.other_questionnaire", f"{found}; {form.questionnaire} was expected.")
    return True


def notes(sheaf: Sheaf, form: Form) -> None:
    """Notes of rows that have no figure, which no figure's row would carry."""
    for grid in sheaf.grids:
        for (place, item), note in zip(grid.plan.notes.items(), grid.notes, strict=True):
            if note.strip():
                figures = (grid.plan.items == item).nonzero()[0].tolist()
                if all(grid.values[figure] == "" for figure in figures):
                    sheaf.add(f"N.{form.items[item]}", note, (grid.plan.sheet, *place))


def answers(
    sheaf: Sheaf, form: Form, layout: Layout, cells: Mapping[str, Spot | None], sheets: Sheets
) -> None:
    """Metadata answers, and required questions without one in modules that have figures."""
    filled = {module for grid in sheaf.grids for module in grid.filled_modules()}
    texts = {key: text_at(sheets, spot) for key, spot in cells.items()}
    for key, text in texts.items():
        if text.strip() or (form.questions[key] and key.partition(".")[0] in filled):
            sheaf.add(f"M.{key}", text, cells[key])
    further = (note for grid in sheaf.grids for note in grid.notes)
    unplaced = (text_at(sheets, watch.spot) for watch in layout.watches)
    if not filled and not any(map(str.strip, chain(texts.values(), further, unplaced))):
        sheaf.is_blank = True
        sheaf.add("_fault.empty", "No figure and no answer is filled in.")


def places(sheaf: Sheaf, layout: Layout, sheets: Sheets) -> None:
    """What could not be placed, and filled cells that double a figure.

    Where nothing says which of two different cells is the figure, neither is read.
    """
    for fact in layout.facts:
        sheaf.add(fact.item, fact.text, fact.spot)
    for watch in layout.watches:
        if (text := text_at(sheets, watch.spot)).strip():
            sheaf.add(f"_cell.{watch.kind}", text, watch.spot, watch.detail)
    grids = {grid.plan.sheet: grid for grid in sheaf.grids}
    for twin in layout.twins:
        text, first = text_at(sheets, twin.spot), text_at(sheets, twin.first)
        if text.strip() and text != first:
            sheet, *place = twin.first
            detail = f"'{sheet}'!{cell_label((place[0], place[1]))} is the same figure and holds '{first}'."
            sheaf.add("_cell.unplaced", text, twin.spot, detail)
            if twin.is_open:
                grids[sheet].spoiled.append(grids[sheet].plan.places[place[0], place[1]])


def entries(sheaf: Sheaf, form: Form, layout: Layout, sheets: Sheets) -> None:
    """Countries and cities that the sender names; of rows without figures only what is no prompt."""
    filled = {
        item
        for grid in sheaf.grids
        for item, value in zip(grid.plan.items.tolist(), grid.values, strict=True)
        if value != "" and item in form.entries
    }
    for item, spot in layout.entries.items():
        text = text_at(sheets, spot)
        is_prompt = text.strip() in form.entries.get(item, ())
        if item in filled or (text.strip() and not is_prompt):
            sheaf.add(f"L.{form.items[item]}", text, spot)


def shares(sheaf: Sheaf, package: Package) -> None:
    """Figures shown as per cent: what is seen is not what is held, so that neither is believed."""
    for grid in sheaf.grids:
        for place, text in structure.shown_as_share(package, grid.plan.sheet):
            at = grid.plan.places.get(place)
            if at is not None and isinstance(grid.values[at], float):
                grid.spoiled.append(at)
                sheaf.add("_cell.shown_as_share", text, (grid.plan.sheet, *place))


def replies(sheaf: Sheaf, found: Names, sheets: Sheets) -> None:
    """What was answered to the questions that an earlier reading had put; blank where nothing was."""
    for finding, spot in found.questions.items():
        if spot[0] in sheets:
            sheaf.add(f"A.{finding}", text_at(sheets, spot), spot)


def supersede(sheaves: Sequence[Sheaf], form: Form) -> None:
    """Let the figures of a file lapse that another one answers, one by one.

    A figure, an answer or a note lapses where the later file has one in its place. What the later
    file leaves out or empties stands: a blank withdraws no figure. An answer says itself what it
    answers, and may be wrong: one that is empty, or of another area, or is answered by the very
    file that it answers, replaces nothing.
    """
    own = {sheaf.sha256: sheaf for sheaf in sheaves if sheaf.sha256}
    answers: dict[str, list[Sheaf]] = {}
    for sheaf in sheaves:
        for digest in dict.fromkeys(sheaf.original.split()):
            if digest in own and digest != sheaf.sha256 and not sheaf.is_blank:
                answers.setdefault(digest, []).append(sheaf)
    later = {digest: found for digest, found in answers.items() if not _is_in_a_circle(digest, answers)}
    for sheaf in sheaves:
        found = [last for last in later.get(sheaf.sha256, ()) if _is_of_its_area(sheaf, last)]
        if found:
            _give_way(sheaf, found, form)


def _is_of_its_area(sheaf: Sheaf, last: Sheaf) -> bool:
    if sheaf.area in (last.area, UNKNOWN):
        return True
    detail = f"It says that it answers {basename(sheaf.path)} of {sheaf.area}; both count."
    last.add("_cell.other_area", last.area, _spot_of(last, "H.original"), detail)
    return False


def _give_way(sheaf: Sheaf, later: Sequence[Sheaf], form: Form) -> None:
    """Take out of a file what later ones have in its place; of the rest nothing but figures stays."""
    filled = {key for last in later for key, value, _ in _figures(last) if value != ""}
    emptied = {key: (last, spot) for last in later for key, value, spot in _figures(last) if value == ""}
    for grid in sheaf.grids:
        keys = list(zip(grid.plan.items.tolist(), grid.plan.years.tolist(), strict=True))
        for at, key in enumerate(keys):
            if key in filled:
                grid.values[at] = ""
            elif grid.values[at] != "" and key in emptied:
                last, spot = emptied[key]
                detail = f"{basename(sheaf.path)} has “{as_text(grid.values[at])}” there, which stands."
                last.add("_cell.emptied", as_text(grid.values[at]), spot, detail)
    said = {record[0] for last in later for record in last.records if record[3].strip()}
    left = {
        f"L.{form.items[item]}" for grid in sheaf.grids if grid.is_filled for item in grid.plan.items.tolist()
    }
    sheaf.records = [
        record
        for record in sheaf.records
        if (record[0] in left) or (record[0].startswith("M.") and record[3].strip() and record[0] not in said)
    ]
    sheaf.is_superseded = True
    names = ", ".join(basename(last.path) for last in later)
    sheaf.add("_fault.superseded", f"It was answered by {names}, whose figures count instead.")


def _figures(sheaf: Sheaf) -> Iterator[tuple[tuple[int, int], float | str, Spot]]:
    """Item and year, value and place of every figure's cell."""
    for grid in sheaf.grids:
        keys = zip(grid.plan.items.tolist(), grid.plan.years.tolist(), strict=True)
        for key, value, place in zip(keys, grid.values, grid.plan.places, strict=True):
            yield key, value, (grid.plan.sheet, *place)


def _is_in_a_circle(digest: str, answers: Mapping[str, Sequence[Sheaf]]) -> bool:
    """Whether a file is, over others, the answer to itself."""
    seen, waiting = set[str](), [digest]
    while waiting:
        for last in answers.get(waiting.pop(), ()):
            if last.sha256 == digest:
                return True
            if last.sha256 not in seen:
                seen.add(last.sha256)
                waiting.append(last.sha256)
    return False


def _spot_of(sheaf: Sheaf, item: str) -> Spot | None:
    """Where the file says it, as the record has it."""
    found = next((record for record in sheaf.records if record[0] == item), None)
    address = re.fullmatch("([A-Z]+)([0-9]+)", found[2]) if found else None
    return (found[1], *structure.to_place(address[1], address[2])) if found and address else None


def oddities(
    sheaf: Sheaf, layout: Layout, odd: Mapping[str, Sequence[Oddity]], further: Iterable[Spot | None]
) -> None:
    """Comments anywhere; errors and formulas in input cells."""
    if not any(odd.values()):
        return
    inputs = {(plan.sheet, *place) for plan in layout.plans for place in (*plan.places, *plan.notes)}
    inputs |= {spot for spot in further if spot}
    for sheet, found in odd.items():
        for oddity in found:
            spot = (sheet, *oddity.place)
            if oddity.kind == "comment" or spot in inputs:
                sheaf.add(f"_cell.{oddity.kind}", oddity.text, spot)


def sheets(sheaf: Sheaf, book: CalamineWorkbook, package: Package, limits: Limits) -> None:
    """Hidden sheets with figures, and input cells under merged ranges."""
    visible = {sheet.name: sheet.visible for sheet in book.sheets_metadata}
    for grid in sheaf.grids:
        name = grid.plan.sheet
        if visible[name] is not SheetVisibleEnum.Visible and grid.is_filled:
            first = next(place for place, at in grid.plan.places.items() if grid.values[at] != "")
            sheaf.add("_cell.hidden_sheet", "The sheet is hidden and holds figures.", (name, *first))
        for place, text in _covered(grid.plan, structure.merged(package, name, limits)):
            sheaf.add("_cell.merged", text, (name, *place))


def _covered(plan: Plan, ranges: Sequence[tuple[Place, Place]]) -> Iterator[tuple[Place, str]]:
    """Input cells under a merged range, which can hold nothing: the value is that of the first cell."""
    for (top, left), (bottom, right) in ranges:
        if top < plan.height and left < plan.width:
            for row, column in plan.places:
                if top <= row <= bottom and left <= column <= right and (row, column) != (top, left):
                    yield (row, column), f"{cell_label((top, left))}:{cell_label((bottom, right))}"
