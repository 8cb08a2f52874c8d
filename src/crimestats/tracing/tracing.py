"""Figures of a release that fit, each with its tree."""

from collections.abc import Mapping
from pathlib import Path

from pandas import DataFrame, Series

from crimestats import areas
from crimestats.classification import Classification
from crimestats.errors import CallError
from crimestats.frames import BREAKDOWNS, NOT_APPLICABLE, SERIES, TOTAL, UNKNOWN
from crimestats.store import Store
from crimestats.store.catalogue import opened
from crimestats.tracing import collecting
from crimestats.tracing.document import Trace
from crimestats.tracing.tables import Tables

MOST = 20
"""Figures that one trace shows; of more, the choice is to be narrowed."""


def trace(
    release: str | Path | Mapping[str, DataFrame],
    *,
    area: str,
    year: int,
    iccs: str,
    sex: str = TOTAL,
    measure: str | None = None,
    method: str | None = None,
    where: Mapping[str, str] | None = None,
    store: Store | str | Path | None = None,
) -> Trace:
    """Say where figures of a release came from.

    Args:
        release: The folder, or its tables by name: trends, lineage and observations, and if wanted
            findings, returns, estimates and classified.
        area: Code of a reporting unit or group, or a spelling of a unit.
        year: Of the figure.
        iccs: Its category, in any form that the classification takes.
        sex: `_T`, `F` or `M`.
        measure: Victims, offences, …; all that there are if None.
        method: Of groups (`reported`, `panel`, `estimated`); all that there are if None.
        where: Further columns of the table and their codes. The breakdowns that are not
            named are total.
        store: Where findings and answers are kept; without it, findings have the state
            that they had when the release was made, and no answers.

    Returns:
        All figures that fit, each with its tree.

    Raises:
        CallError: No figure fits, or more than `MOST` do.
        FileError: The release has not the tables that this needs.

    Example:
        >>> from crimestats.files import shipped
        >>> import crimestats as cs
        >>> definition = cs.Questionnaire.load("un-cts-2024")
        >>> cells = cs.read(shipped("questionnaires", "examples", "returns", "FJI.xlsx"), definition)
        >>> observed = cs.observe(cells, cs.validate(cells, definition))
        >>> classified = cs.classify(observed)
        >>> made = cs.tabulate(classified)
        >>> tables = {"trends": made, "lineage": cs.lineage(classified, made), "observations": observed}
        >>> found = trace(tables, area="FJI", year=2021, iccs="0101", measure="victims")
        >>> found.data["level"].tolist()
        ['figure', 'observation', 'link', 'return', 'cell']
    """
    tables = Tables(release)
    asked = {"sex": sex, "measure": measure, "method": method, **(where or {})}
    roots = _chosen(tables, area, year, iccs, {name: code for name, code in asked.items() if code})
    if store is None:
        return Trace(_branches(tables, roots, None))
    with opened(store) as kept:
        return Trace(_branches(tables, roots, kept))


def _branches(tables: Tables, roots: DataFrame, store: Store | None) -> DataFrame:
    nodes = collecting.described(tables, collecting.expanded(tables, roots))
    nodes = collecting.numbered([nodes, *collecting.origins(tables, nodes)])
    nodes = collecting.numbered([nodes, collecting.cells(nodes)])
    nodes = collecting.numbered([nodes, collecting.findings(tables, nodes, store)])
    nodes = collecting.numbered([nodes, collecting.answers(nodes, store)])
    texts = ["level", "key", "area", "year", "iccs", "status", "text"]
    return nodes[list(collecting.COLUMNS)].astype(dict.fromkeys(texts, "str"))


def _chosen(tables: Tables, area: str, year: int, iccs: str, where: Mapping[str, str]) -> DataFrame:
    unknown = sorted(set(where) - {*SERIES, "grouping", "method"})
    if unknown:
        remedy = f"Columns: {', '.join((*SERIES, 'grouping', 'method'))}."
        raise CallError("where", f"{unknown[0]} is no column to choose by.", remedy)
    code = Classification.load("iccs").normalise(Series([iccs]))[0]
    found = tables.rows("trends", area=[area], year=[year], iccs=[code])
    if found.empty and (known_as := areas.match(Series([area]))["area"][0]) != UNKNOWN:
        area, found = known_as, tables.rows("trends", area=[known_as], year=[year], iccs=[code])
    if found.empty:
        remedy = "See the table for what there is: areas by code, and groups by theirs."
        raise CallError("trace", f"there is no figure of {area}, {year}, {iccs}.", remedy)
    _refuse_codes(found, where, f"{area}, {year}, {code}")
    keys = dict.fromkeys(BREAKDOWNS, TOTAL) | dict(where)
    fits = found
    for column, value in keys.items():
        fits = fits[fits[column].astype("str") == value]
    if fits.empty or len(fits) > MOST:
        shown = fits if len(fits) else found
        fault = f"{len(fits)} figures of {area}, {year}, {code} fit."
        raise CallError("trace", fault, f"Choose among {_choices(shown)}.")
    return fits.reset_index(drop=True)


def _refuse_codes(found: DataFrame, where: Mapping[str, str], what: str) -> None:
    """Name the first choice that no figure has, beside the choices before it, and what there is instead."""
    for name, wanted in where.items():
        codes = found[name].astype("str")
        listed = sorted(codes.unique())
        if wanted in listed:
            found = found[codes == wanted]
            continue
        remedy = f"There is {', '.join(listed[:MOST])}."
        if listed == [NOT_APPLICABLE]:
            remedy = "Leave it out: there is no such choice here."
        raise CallError(name, f"no figure of {what} has {wanted!r}.", remedy)


def _choices(found: DataFrame) -> str:
    """The columns in which figures differ, and their codes."""
    listed = {name: sorted(found[name].astype("str").unique()) for name in (*SERIES, "grouping", "method")}
    texts = [f"{name} ({', '.join(codes[:MOST])})" for name, codes in listed.items() if len(codes) > 1]
    return "; ".join(texts) or "; ".join(f"{name} ({codes[0]})" for name, codes in listed.items()
                                         if codes[0] not in (TOTAL, NOT_APPLICABLE))  # fmt: skip
