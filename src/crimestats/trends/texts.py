"""Columns of texts made all at once, without a Python loop over their rows."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crimestats.trends.figures import Integers, starts_of

_DIGITS = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_LENGTH = 16
_CHUNK = 1 << 18  # so many at a time, so that little memory is needed beside the column


def hexadecimal(numbers: NDArray[np.uint64]) -> Any:
    """Numbers of 64 bits as texts of 16 hexadecimal digits.

    >>> list(hexadecimal(np.array([255, 2**64 - 1], dtype=np.uint64)))
    ['00000000000000ff', 'ffffffffffffffff']
    """
    import pyarrow as pa

    digits = np.empty(len(numbers) * _LENGTH, dtype=np.uint8)
    for first in range(0, len(numbers), _CHUNK):
        octets = numbers[first : first + _CHUNK].astype(">u8").view(np.uint8)
        of_chunk = digits[first * _LENGTH : first * _LENGTH + len(octets) * 2]
        of_chunk[0::2], of_chunk[1::2] = _DIGITS[octets >> 4], _DIGITS[octets & 15]
    offsets = np.arange(0, len(digits) + 1, _LENGTH, dtype=np.int64)
    buffers = pa.py_buffer(offsets), pa.py_buffer(digits)
    return _column(pa.LargeStringArray.from_buffers(len(numbers), *buffers))


def scattered(length: int, places: Integers, texts: Any) -> Any:
    """A column that is empty but at some places.

    Args:
        length: Of the column.
        places: Rising.
        texts: What stands there: a sequence or an Arrow array.

    >>> list(scattered(3, np.array([1]), ["a"]))
    ['', 'a', '']
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    given = (
        pa.array(texts, type=pa.large_string())
        if not isinstance(texts, pa.Array)
        else texts.cast(pa.large_string())
    )
    offsets = np.zeros(length + 1, dtype=np.int64)
    offsets[1:][places] = pc.binary_length(given).to_numpy(zero_copy_only=False)
    np.cumsum(offsets, out=offsets)
    octets = given.buffers()[2] if given.offset == 0 else pa.concat_arrays([given]).buffers()[2]
    data = octets if octets is not None else pa.py_buffer(b"")
    return _column(pa.LargeStringArray.from_buffers(length, pa.py_buffer(offsets), data))


def listed(owner: Integers, code: Integers, texts: "pd.Index[str]") -> tuple[Integers, Any]:
    """The texts of each owner with blanks between.

    Args:
        owner: Of each text, rising.
        code: Place of each text.
        texts: The texts.

    Returns:
        The owners, and their texts as an Arrow array.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    starts = starts_of(owner)
    values = pa.array(texts.to_numpy(object), type=pa.large_string()).take(pa.array(code))
    offsets = np.append(starts, len(owner)).astype(np.int64)
    joined = pc.binary_join(pa.LargeListArray.from_arrays(offsets, values), pa.scalar(" ", pa.large_string()))
    return owner[starts], joined


def united(owner: Integers, place: Integers, ids: "pd.Series[str]") -> "pd.Series[str]":
    """The ids that belong to each owner in one text, each once, sorted, blanks between; indexed by owner.

    Args:
        owner: Of each of the texts.
        place: The place of the text in `ids`.
        ids: Texts of an id, or several with blanks between.

    >>> united(np.array([7, 2, 7]), np.array([0, 1, 2]), pd.Series(["b c", "d", "a b"])).to_dict()
    {2: 'd', 7: 'a b c'}
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    split = pc.split_pattern(pa.array(ids.to_numpy(object), type=pa.large_string()), " ")
    code, single = pd.factorize(split.flatten().to_numpy(zero_copy_only=False), sort=True)
    sizes = pc.list_value_length(split).to_numpy(zero_copy_only=False).astype(np.int64)
    first, counts = (np.cumsum(sizes) - sizes)[place], sizes[place]
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    pairs = np.sort(np.repeat(owner, counts) * len(single) + code[np.repeat(first, counts) + within])
    pairs = pairs[starts_of(pairs)]
    owners, joined = listed(pairs // len(single), pairs % len(single), pd.Index(single, dtype="str"))
    return pd.Series(_column(joined), index=owners)


def _column(array: Any) -> Any:
    return pd.array(array, dtype="str") if len(array) else pd.array([], dtype="str")
