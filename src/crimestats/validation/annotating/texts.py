"""Text as a workbook's XML can hold it, and as no spreadsheet takes it for a formula."""

import re
import unicodedata

LONGEST = 32_767
"""Characters that a cell may hold (ISO/IEC 29500, part 1; Excel's own limit)."""

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_FORMULA = re.compile(r"[\s\x00-\x1f]*[=+\-@＝＋－＠]")


def encoded(text: str, longest: int = LONGEST) -> str:
    r"""A text for an XML part: characters that XML forbids as `_xHHHH_`, what looks like that escaped.

    >>> encoded("a\x0bb"), encoded("_x000B_")
    ('a_x000B_b', '_x005F_x000B_')
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    cut = plain if len(plain) <= longest else plain[: longest - 1] + "…"
    return _FORBIDDEN.sub(lambda found: f"_x{ord(found[0]):04X}_", _ESCAPED.sub("_x005F_", cut))


def is_like_formula(text: str) -> bool:
    """Whether a program might run the text, once somebody edits the cell or saves it as CSV.

    >>> is_like_formula("=1+1"), is_like_formula(" @x"), is_like_formula("412")
    (True, True, False)
    """
    return _FORMULA.match(text) is not None


def reading_order(text: str) -> str:
    """How a cell of a right-to-left sheet is to be read: `2` from the right, `1` from the left.

    Figures and formulas without a letter of such a script read from the left;
    else `400-412` would be shown as `412-400`.

    >>> reading_order("المجموع 412"), reading_order("400-412"), reading_order("")
    ('2', '1', '2')
    """
    is_of_the_script = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)
    return "2" if is_of_the_script or not text else "1"
