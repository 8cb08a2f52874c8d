"""The classification as sums: which categories together make up which."""

from collections.abc import Iterable

from pandas import DataFrame

from crimestats.classification import Classification
from crimestats.frames import TOTAL

_JOIN = "+"


def sums(classification: Classification, codes: Iterable[str]) -> DataFrame:
    """The sums that the tree allows: a category is all its children together.

    All crimes (`_T`) are compared with the sections, but never made of them: what
    states count in all can be more than the sections that they report, or less
    (where both were published for persons held, the one was 0.02 to 2.44 times
    the other). A code for several categories together (`07032+07033`) stands
    between them and their parent; where it does not fit into the tree, because
    its members have different parents or it overlaps another such code, it is
    still the sum of its members, but makes up nothing.

    Args:
        classification: The tree.
        codes: Codes that figures have; those joined by `+` are looked at.

    Returns:
        A row for each member: `member`, `whole`, `needed` (members of the
        whole), `is_made` (the sum stands for a whole that is not reported) and
        `step` (wholes of a step rest on those of steps before).
    """
    parents = dict(zip(classification.edges["code"], classification.edges["parent"], strict=True))
    parents |= dict.fromkeys(classification.cut(1), TOTAL)
    loose: list[tuple[str, str]] = []
    for code, members in _joined(classification, codes):
        above = {parents[member] for member in members}
        if len(above) == 1:
            parents |= {code: above.pop(), **dict.fromkeys(members, code)}
        else:
            loose += [(member, code) for member in members]
    return _ordered(DataFrame([*parents.items(), *loose], columns=["member", "whole"]))


def families(edges: DataFrame) -> dict[str, int]:
    """Which categories any sum connects, all crimes (`_T`) aside: a number for each that is in one.

    Args:
        edges: `member` and `whole`, as `sums` gives them.
    """
    leader: dict[str, str] = {}

    def lead(code: str) -> str:
        while leader.setdefault(code, code) != code:
            code = leader[code]
        return code

    connected = edges[edges["whole"] != TOTAL]
    for member, whole in zip(connected["member"], connected["whole"], strict=True):
        leader[lead(member)] = lead(whole)
    leaders = sorted({lead(code) for code in list(leader)})
    return {code: leaders.index(lead(code)) for code in leader}


def _joined(classification: Classification, codes: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Codes for several categories and their members, of which none lies in another; the widest first."""
    split = [(code, tuple(code.split(_JOIN))) for code in set(codes) if _JOIN in code]
    known = [(code, members) for code, members in split if _are_apart(classification, members)]
    return sorted(known, key=lambda pair: (-len(pair[1]), pair[0]))


def _are_apart(classification: Classification, members: tuple[str, ...]) -> bool:
    if len(set(members)) < len(members) or not all(member in classification for member in members):
        return False
    return not any(set(members) & set(classification.ancestors(member)) for member in members)


def _ordered(edges: DataFrame) -> DataFrame:
    members = {str(whole): list(group["member"]) for whole, group in edges.groupby("whole")}
    steps: dict[str, int] = {}

    def step(code: str) -> int:
        if code not in steps:
            steps[code] = 1 + max(step(member) for member in members[code]) if code in members else 0
        return steps[code]

    needed = edges.groupby("whole")["member"].transform("size")
    ordered = edges.assign(needed=needed, is_made=edges["whole"] != TOTAL, step=edges["whole"].map(step))
    return ordered.sort_values(["step", "whole", "member"], ignore_index=True)
