import pyarrow as pa
import pytest

from crimestats import frames
from crimestats.errors import CallError


@pytest.mark.parametrize("frame", frames.FRAMES.values(), ids=lambda frame: frame.name)
def test_every_frame_fits_its_own_declaration(frame):
    empty = frame.empty()
    assert frame.check(empty) is empty
    assert frame.arrow().names == list(frame.columns)
    assert pa.Table.from_pandas(empty, schema=frame.arrow(), preserve_index=False).num_rows == 0


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda cells: cells.drop(columns="raw"), "lacks the column raw"),
        (lambda cells: cells.assign(value="412"), "value"),
        (lambda cells: cells.reindex([0]), "area"),
    ],
)
def test_a_frame_that_does_not_fit_is_a_bad_call(change, fault):
    with pytest.raises(CallError, match=fault):
        frames.CELLS.check(change(frames.CELLS.empty()))


def test_keys_are_dictionary_columns_in_parquet():
    assert pa.types.is_dictionary(frames.TRENDS.arrow().field("iccs").type)
    assert not frames.TRENDS.arrow().field("iccs").nullable
    assert frames.TRENDS.arrow().field("value").nullable
