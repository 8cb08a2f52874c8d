"""A correspondence table made of two, through a third scheme."""

import pandas as pd
from pandas import DataFrame, Series

from crimestats.classification.correspondence import Correspondence
from crimestats.classification.rows import COLUMNS, FIRST, LAST, RELATIONS, SHARES, YEARS, spans
from crimestats.classification.rows import shares as shares_of
from crimestats.classification.rows import years as years_of
from crimestats.errors import CallError
from crimestats.frames import NOT_APPLICABLE, TOTAL, UNKNOWN

_VIA = ("via", "target")
_SPAN = ["code", "start", "end"]
_OPPOSITE = {("narrower", "broader"), ("broader", "narrower")}
_DOUBT = " (doubtful: one step goes up, the other down)"


def pivot(first: DataFrame, second: Correspondence) -> DataFrame:
    """A candidate table to the ICCS, made through a third scheme.

    Each row is only as good as both tables: relations are composed (`equal`
    changes nothing; where one step goes up and the other down, the result is
    `broader` and the note says that it is doubtful), shares are multiplied,
    and a code with several targets that are not said to be parts becomes parts
    without shares, of bounds 0 and 1. What the third scheme does not have, or
    has no category for, has none. A person decides what stays.

    Args:
        first: From the national scheme to the third: code, title, and via (or
            target), its code there; relation, shares, valid_from, valid_to
            and tags if wanted. All texts.
        second: From the third scheme to the ICCS.

    Returns:
        The rows as in `Correspondence.data`, status `candidate`; they pass
        `check` without errors. Years in which the rows of a code differ are
        rows of their own.

    Raises:
        CallError: A column is missing, or a cell cannot be read.

    >>> first = DataFrame({"code": ["A1"], "title": ["Murder"], "via": ["0110"]})
    >>> pivot(first, Correspondence.load("us-ucr"))[["iccs", "relation", "status"]].to_numpy().tolist()
    [['0101', 'broader', 'candidate']]
    """
    holds = _held(_steps(first, second), second)
    table = _merged(_composed(_paths(holds, second), second.scheme))
    is_one = table.groupby(_SPAN)["iccs"].transform("size") == 1
    relation = table["relation"].mask(table["relation"] == "part", "narrower").where(is_one, "part")
    table = table.assign(relation=relation.mask(is_one & (table["iccs"] == ""), ""))
    table[SHARES] = table[SHARES].clip(0, 1).mask(is_one, 1.0)
    ends = {
        name: table[end].where(table[end].between(FIRST, LAST))
        for name, end in zip(YEARS, _SPAN[1:], strict=True)
    }
    table = table.assign(**ends, status="candidate", first_opinion="").astype(dict.fromkeys(YEARS, "Int16"))
    table["place"] = table.groupby("code")["place"].transform("min")
    return table.sort_values(["place", "start"], kind="stable", ignore_index=True)[list(COLUMNS)]


def _steps(first: DataFrame, second: Correspondence) -> DataFrame:
    """The first table with its types: the code of the third scheme as the second table writes it."""
    via = next((name for name in _VIA if name in first), None)
    missing = [name for name in ("code", "title") if name not in first] + ([] if via else ["via"])
    if missing or via is None:
        fault = f"lacks the column {', '.join(missing)}."
        raise CallError("first", fault, "Give code, title and via (the code of the third scheme).")
    table = first.assign(**{name: "" for name in ("relation", *SHARES, *YEARS, "tags") if name not in first})
    table = DataFrame({str(name): table[name].fillna("").astype("str").str.strip() for name in table})
    _refuse_cells(table)
    relation = table["relation"].mask(table["relation"] == "", "narrower")
    share = shares_of(table["share"])
    steps = table[["code", "title", "tags"]].assign(
        relation=relation, share=share, via=second.normalise(table[via]), written=table[via],
        share_lower=shares_of(table["share_lower"]).fillna(share).fillna(0.0),
        share_upper=shares_of(table["share_upper"]).fillna(share).fillna(1.0),
        valid_from=years_of(table["valid_from"]), valid_to=years_of(table["valid_to"]),
    )  # fmt: skip
    return steps.join(spans(steps)).assign(place=range(len(steps)))


def _refuse_cells(table: DataFrame) -> None:
    blank = table["code"].isin(["", TOTAL, NOT_APPLICABLE, UNKNOWN])
    wrong = {"code": blank, "relation": ~table["relation"].isin(["", *RELATIONS])}
    wrong |= {name: (table[name] != "") & years_of(table[name]).isna() for name in YEARS}
    wrong |= {name: (table[name] != "") & ~shares_of(table[name]).between(0, 1) for name in SHARES}
    for name, is_wrong in wrong.items():
        if is_wrong.any():
            row = int(is_wrong.to_numpy().argmax())
            fault = (
                f"holds {table[name].iloc[row]!r} in the column {name} (row {row + 1}), which cannot be read."
            )
            raise CallError("first", fault, "Correct it: the columns are those of a correspondence table.")


def _held(steps: DataFrame, second: Correspondence) -> DataFrame:
    """The steps in each stretch of years (start, end) in which neither table changes for the code."""
    rows = second.data[["code"]].join(spans(second.data)).rename(columns={"code": "via"})
    both = steps[["code", "via"]].merge(rows, on="via")
    turns = pd.concat([
        each[["code", end]].set_axis(["code", "start"], axis="columns").assign(start=each[end] + after)
        for each in (steps, both) for end, after in (("first", 0), ("last", 1))
    ]).drop_duplicates().sort_values(["code", "start"])  # fmt: skip
    turns = turns.assign(end=turns.groupby("code")["start"].shift(-1) - 1).dropna().astype({"end": "int64"})
    held = steps.merge(turns, on="code")
    held = held[(held["first"] <= held["start"]) & (held["end"] <= held["last"])].reset_index(drop=True)
    is_divided = (held["relation"] == "part") | (held.groupby(_SPAN)["place"].transform("size") > 1)
    is_unsaid = is_divided & (held["relation"] != "part")
    whole = {name: held[name].where(is_divided, 1.0) for name in SHARES}
    unsaid = {"share_lower": 0.0, "share": float("nan"), "share_upper": 1.0}
    open_shares = {name: whole[name].mask(is_unsaid, number) for name, number in unsaid.items()}
    return held.assign(**open_shares, relation=held["relation"].mask(is_divided, "part"))


def _paths(held: DataFrame, second: Correspondence) -> DataFrame:
    """Every way from a national code to the ICCS; one without a category where there is none."""
    data = second.data
    rows = data[["code", "title", "iccs", "relation", *SHARES, "tags"]].join(spans(data))
    rows = (
        rows.rename(columns={"code": "via"})
        .add_suffix("_via")
        .rename(columns={"via_via": "via", "iccs_via": "iccs"})
    )
    paths = held.merge(rows, on="via")
    paths = paths[(paths["first_via"] <= paths["start"]) & (paths["end"] <= paths["last_via"])]
    reached = pd.MultiIndex.from_frame(paths[["place", "start"]])
    lost = held[~pd.MultiIndex.from_frame(held[["place", "start"]]).isin(reached)]
    ends = {f"{name}_via": 1.0 for name in SHARES} | {
        "iccs": "",
        "title_via": "",
        "relation_via": "",
        "tags_via": "",
    }
    joined = pd.concat([paths.assign(is_lost=False), lost.assign(**ends, is_lost=True)])
    return joined.drop(columns=["first_via", "last_via"]).reset_index(drop=True)


def _composed(paths: DataFrame, scheme: str) -> DataFrame:
    """The two steps of each way as one: relation, shares, tags and note."""
    pairs = list(zip(paths["relation"], paths["relation_via"], strict=True))
    relation = Series([_relation(*pair) for pair in pairs], index=paths.index, dtype="str")
    told = (paths["written"] + " " + paths["title_via"]).str.strip()
    note = (f"through {scheme}: " + told).mask(paths["is_lost"], f"{scheme} has no row for " + told)
    is_doubtful = Series([pair in _OPPOSITE for pair in pairs], index=paths.index, dtype=bool)
    shares = {name: paths[name] * paths[f"{name}_via"] for name in SHARES}
    tags = (paths["tags"] + " " + paths["tags_via"]).map(lambda each: " ".join(dict.fromkeys(each.split())))
    return paths.assign(**shares, relation=relation, note=note.mask(is_doubtful, note + _DOUBT), tags=tags)


def _relation(first: str, second: str) -> str:
    """Of two steps one after the other.

    >>> _relation("equal", "narrower"), _relation("narrower", "narrower"), _relation("narrower", "broader")
    ('narrower', 'narrower', 'broader')
    """
    if "part" in (first, second):
        return "part"
    if "equal" in (first, second) or not second:
        return first if second == "equal" else second
    return first if first == second else "broader"


def _merged(paths: DataFrame) -> DataFrame:
    """Ways of a code to the same category as one row: shares added, tags that all have, all notes."""
    groups = paths.groupby([*_SPAN, "iccs"], sort=False)
    first = groups[["place", "title", "relation"]].first()
    shares = groups[SHARES].sum(skipna=False)
    tags = groups["tags"].agg(_common)
    note = groups["note"].agg(lambda each: "; ".join(dict.fromkeys(each)))
    n_ways = groups.size()
    relation = first["relation"].mask(n_ways > 1, "part")
    return first.assign(relation=relation, tags=tags, note=note).join(shares).reset_index()


def _common(tags: "Series[str]") -> str:
    sets = [set(each.split()) for each in tags]
    return " ".join(sorted(set.intersection(*sets)))
