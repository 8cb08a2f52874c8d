"""What becomes of decisions: rows of the user's own correspondence table, and examples to learn from."""

from pathlib import Path

import pandas as pd
from pandas import DataFrame

from crimestats import files
from crimestats.classification.rows import COLUMNS, NEEDED
from crimestats.coding.decisions import settled
from crimestats.coding.review import tidy
from crimestats.errors import CallError

_SUGGESTED = "suggested at "
LEFT_OUT = ("code", "text", "why")
_MARK = "decided by "
"""Begins the note of each row that comes from decisions; other rows of a table are somebody's own."""


def to_table(decisions: DataFrame, scheme: str | None = None) -> DataFrame:
    """Rows of a correspondence table from what is settled.

    The national code is the code or, without one, the text. A code whose
    texts went to several categories is divided over them, with shares
    unknown. What is open, and a code of which one text has a category and
    another none, is not in it: see `left_out`.

    Args:
        decisions: A record (`decisions.read_decisions`).
        scheme: Only texts of this one; needed where there are several.

    Returns:
        The columns of a correspondence table, all text; status `user`, and
        who decided when, and why, in note.

    Raises:
        CallError: There are several schemes, and none or another one is named.
    """
    return _rows(_sorted(decisions, scheme))


def left_out(decisions: DataFrame, scheme: str | None = None) -> DataFrame:
    """Texts that were decided and are not in `to_table`: code, text, why.

    Raises:
        CallError: As `to_table`.
    """
    texts = _sorted(decisions, scheme)
    texts = texts[texts["fault"] != ""].rename(columns={"fault": "why", "why": "reasons"})
    return texts[list(LEFT_OUT)].reset_index(drop=True)


def candidates(
    suggestions: DataFrame, column: str = "description", code_column: str | None = None
) -> DataFrame:
    """Rows of a correspondence table from codes that were suggested and nobody looked at.

    A national code whose texts were not all given the same category is not in it.

    Args:
        suggestions: What `suggest` wrote: code, probability, tags and the columns named.
        column: Of the texts.
        code_column: Of the national codes; without it the text is the code.

    Returns:
        The columns of a correspondence table, all text; status `candidate`.
    """
    national = suggestions[code_column or column].map(tidy)
    rows = suggestions.assign(national=national, title=suggestions[column].map(tidy))
    is_one = (rows.groupby("national")["code"].transform("nunique") == 1) & (rows["code"] != "")
    rows = rows[is_one & (rows["national"] != "")].drop_duplicates("national")
    note = _SUGGESTED + rows["probability"].astype(float).map("{:.2f}".format) + ", not reviewed"
    table = DataFrame({
        "code": rows["national"], "title": rows["title"], "iccs": rows["code"], "relation": "narrower",
        "status": "candidate", "tags": rows["tags"], "note": note,
    })  # fmt: skip
    return table.reindex(columns=list(COLUMNS), fill_value="").astype("str").reset_index(drop=True)


def write_table(
    decisions: DataFrame, path: Path | str, scheme: str | None = None, suggested: DataFrame | None = None
) -> DataFrame:
    """Write what is settled into the user's own correspondence table, which is begun if it is not there.

    Rows that stand in it and did not come from decisions stay as they are,
    also where a decision says otherwise; rows that did are brought up to date.

    Args:
        decisions: A record (`decisions.read_decisions`).
        path: The table.
        scheme: Only texts of this one; needed where there are several.
        suggested: From `candidates`: what stands in place of a decision where there is none.

    Returns:
        What was decided and not written: code, text, why.

    Raises:
        CallError: As `to_table`.
        FileError: The file cannot be read or written.
        DefinitionError: What stands there is no correspondence table.
    """
    texts = _sorted(decisions, scheme)
    made = _rows(texts)
    missing = left_out(decisions, scheme)
    table = (
        files.read_csv(path, NEEDED) if Path(path).exists() else DataFrame(columns=list(COLUMNS), dtype="str")
    )
    notes = table["note"] if "note" in table else pd.Series("", index=table.index, dtype="str")
    ever = decisions["national_code"].mask(decisions["national_code"] == "", decisions["text"])
    is_ours = notes.str.startswith(_MARK) & table["code"].isin([*texts["code"], *ever])  # withdrawn ones too
    if suggested is not None:
        is_ours |= notes.str.startswith(_SUGGESTED)
        made = pd.concat([made, suggested[~suggested["code"].isin(texts["code"])]], ignore_index=True)
    kept = table[~is_ours]
    is_taken = made["code"].isin(kept["code"])
    differ = _differing(made[is_taken], kept)
    written = pd.concat([kept, made[~is_taken]], ignore_index=True).fillna("")
    names = [*COLUMNS, *(name for name in written if name not in COLUMNS)]
    with files.replacing(path) as place:
        written[names].to_csv(place, index=False, lineterminator="\n")
    return pd.concat([missing, differ], ignore_index=True)


def examples(decisions: DataFrame) -> DataFrame:
    """What is settled, as examples to learn from.

    Returns:
        text, language, code (empty: no category), tags, weight (1) and source
        (the scheme, or `decisions`).
    """
    texts = settled(decisions)
    texts = texts[texts["status"] != "open"].reset_index(drop=True)
    source = texts["scheme"].mask(texts["scheme"] == "", "decisions")
    texts = texts.assign(code=texts["decided"], weight=1.0, source=source)
    return texts[["text", "language", "code", "tags", "weight", "source"]]


def _sorted(decisions: DataFrame, scheme: str | None) -> DataFrame:
    """Texts with their code, and the fault that keeps one out of a table (empty: none)."""
    texts = settled(decisions)
    there = sorted(set(texts["scheme"]))
    named = ", ".join(name or "(none)" for name in there)
    if scheme is None and len(there) > 1:
        raise CallError("scheme", f"is not given, and the decisions are on {named}.", "Name one of them.")
    if scheme is not None and there and scheme not in there:
        raise CallError("scheme", f"{scheme!r} has no decisions.", f"There are those on {named}.")
    texts = texts[texts["scheme"] == (there[0] if scheme is None and there else scheme)]
    texts = texts.assign(code=texts["national_code"].mask(texts["national_code"] == "", texts["text"]))
    is_open = texts["status"] == "open"
    done = texts["decided"].where(~is_open)
    has_none = done.eq("").groupby(texts["code"]).transform("any")
    has_some = (done.notna() & done.ne("")).groupby(texts["code"]).transform("any")
    has_open = is_open.groupby(texts["code"]).transform("any")
    fault = pd.Series("", index=texts.index, dtype="str")
    fault = fault.mask(has_none & has_some, "one text of the code has a category and another has none")
    fault = fault.mask(has_open, "another text of the code is open")
    return texts.assign(fault=fault.mask(is_open, "coders differ: " + texts["who"]))


def _rows(texts: DataFrame) -> DataFrame:
    """A row for each code and category."""
    sound = texts[texts["fault"] == ""]
    groups = sound.groupby(["code", "decided"], sort=False, as_index=False)
    rows = groups.agg(title=("text", "first"), n=("text", "size"), who=("who", _joined),
                      why=("why", _joined), tags=("tags", _same), mixed=("tags", "nunique"))  # fmt: skip
    rows = rows.astype(dict.fromkeys(("code", "decided", "title", "who", "why", "tags"), "str"))
    note = _MARK + rows["who"]
    note = note.mask(rows["why"] != "", note + ": " + rows["why"])
    note = note.mask(rows["n"] > 1, note + " (" + rows["n"].astype("str") + " texts)")
    note = note.mask(rows["mixed"] > 1, note + "; the texts differ in tags, none is written")
    is_part = rows["code"].duplicated(keep=False)
    relation = pd.Series("narrower", index=rows.index, dtype="str").mask(is_part, "part")
    relation = relation.mask(rows["decided"] == "", "")
    rows = rows.assign(iccs=rows["decided"], relation=relation, status="user", note=note)
    lacking = [name for name in COLUMNS if name not in rows]
    rows = rows.assign(**dict.fromkeys(lacking, "")).sort_values(["code", "iccs"], ignore_index=True)
    return rows[list(COLUMNS)].astype("str")


def _differing(made: DataFrame, kept: DataFrame) -> DataFrame:
    """Decided codes that stand in the table by another hand, and go elsewhere there."""
    there = kept.groupby("code")["iccs"].agg(lambda codes: " ".join(sorted(set(codes))))
    here = made.groupby("code").agg(
        text=("title", "first"), iccs=("iccs", lambda each: " ".join(sorted(each)))
    )
    both = here.join(there.rename("there"), how="inner").reset_index()
    both = both[both["iccs"] != both["there"]]
    told = "decided " + both["iccs"].replace("", "no category") + ", but the table has a row of its own to "
    return both.assign(why=told + both["there"].replace("", "no category"))[list(LEFT_OUT)]


def _joined(texts: "pd.Series[str]") -> str:
    return "; ".join(dict.fromkeys(filter(None, texts)))


def _same(texts: "pd.Series[str]") -> str:
    different = set(texts)
    return different.pop() if len(different) == 1 else ""
