"""Texts in figures' cells: what is read, what is a bound, what is no figure, and what nobody can tell."""

from math import inf, isnan, nan

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crimestats import files
from crimestats.questionnaire import codelist
from crimestats.returns.figures import read_text

MISSING = files.read_csv(files.shipped("questionnaires", "missing.csv")).to_dict("records")
TRAILING = files.read_csv(files.shipped("questionnaires", "trailing.csv")).to_dict("records")
STATUSES = set(codelist("status")["code"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("412", 412), (" 412 ", 412), ("0", 0), ("007", 7), ("-5", -5), ("−5", -5),
        ("1,234", 1234), ("1.234", 1234), ("1 234", 1234), ("1'234", 1234), ("1’234", 1234),
        ("1\u00a0234", 1234), ("1\u202f234", 1234), ("1\u2009234", 1234), ("12 345 678", 12345678),
        ("1,234,567", 1234567), ("1.234.567", 1234567), ("12,34,567", 1234567), ("1٬234", 1234),
        ("１２３４", 1234), ("１，２３４", 1234), ("١٢٣٤", 1234), ("١٬٢٣٤", 1234),
        ("۱۲۳۴", 1234), ("१२३४", 1234),
        ("412.0", 412), ("412,00", 412), ("1,234.56", 1234.56), ("1.234,56", 1234.56), ("1 234,5", 1234.5),
        ("\u200f412\u200e", 412), ("412\n", 412),
        ("412*", 412), ("412 *", 412), ("412†", 412), ("412¹", 412), ("412 (1)", 412), ("412 (a)", 412),
        ("412 (provisional)", 412), ("412 (Provisional)", 412), ("412 [p]", 412), ("412 p", 412),
        ("1 234 (provisoire)", 1234), ("412 （暂定）", 412), ("412 provisional", 412),
    ],
)  # fmt: skip
def test_a_figure_is_read(text, value):
    reading = read_text(text)
    assert (reading.status, reading.value, reading.lower, reading.upper) == ("exact", value, value, value)


@pytest.mark.parametrize(
    ("text", "lower", "upper"),
    [
        ("<5", 0, 4), ("< 5", 0, 4), ("＜５", 0, 4), ("<=5", 0, 5), ("≤5", 0, 5), ("≤ 5", 0, 5),
        ("=<5", 0, 5), ("⩽5", 0, 5),
        (">100", 101, inf), ("> 100", 101, inf), (">=100", 100, inf), ("≥100", 100, inf),
        ("<1,000", 0, 999), ("<1", 0, 0), ("5-9", 5, 9), ("5 – 9", 5, 9), ("5—9", 5, 9),
        ("1 000-2 000", 1000, 2000),
        ("<5*", 0, 4), ("<5 (1)", 0, 4), ("<٥", 0, 4),
    ],
)  # fmt: skip
def test_a_bound_is_read(text, lower, upper):
    reading = read_text(text)
    assert (reading.status, reading.lower, reading.upper) == ("bounded", lower, upper)
    assert isnan(reading.value)


@pytest.mark.parametrize(
    "text",
    [
        "1,23", "12.5", "0.123", "12,5", "1,2345", "12 34", "1,234 567", "1,234.567", "1 234,567",
        "1,234,56", "0,123,456",
        "412 1)", "4 1 2", "412 (400 in 2020)", "412 (in thousands)", "412 (k)", "412 (+3)", "(412)",
        "412 (412)", "412k",
        "412 thousand", "about 400", "~400", "ca. 400", "+5", "100+", "5 to 9", "9-5", "5-5", "5-", "--5",
        "1-2-3", "<0", "<-5", "<", "><5",
        "< five", "12%", "12 %", "1e3", "0x10", "1_000", "nan", "inf", "Infinity", "TRUE", "2022-12-31",
        "12:00", "=1+1", "@SUM(A1)", "+1+1", "-1-1",
        "#REF!", "#N/A", "E27", "(please specify)", "四百", "IV", "½", "①", "²", "1²3", "9" * 400, "1," * 50,
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_not_guessed(text):
    reading = read_text(text)
    assert reading.status == "unreadable"
    assert all(isnan(limit) for limit in (reading.value, reading.lower, reading.upper))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.5", 12.5),
        ("1,23", 1.23),
        ("1,234.567", 1234.567),
        ("1,234", nan),
        ("0.123", 0.123),
        ("1,234,567", 1234567),
    ],
)
def test_in_a_cell_with_decimals_one_group_is_not_told_from_a_fraction(text, value):
    reading = read_text(text, is_whole=False)
    assert reading.value == pytest.approx(value, nan_ok=True)
    assert (reading.status == "unreadable") == isnan(value)


def test_a_bound_of_a_measured_value_stays_where_it_is():
    assert read_text("<5", is_whole=False).upper == 5
    assert read_text("<5.5").upper != 5
    assert read_text("<1,234.5").upper == 1234


@pytest.mark.parametrize("row", MISSING, ids=lambda row: row["text"])
def test_every_mark_of_the_list_has_its_status(row):
    assert row["status"] in STATUSES
    for text in (row["text"], row["text"].upper(), f" {row['text']}\u00a0"):
        reading = read_text(text)
        assert (reading.status, isnan(reading.value)) == (row["status"], True)


@pytest.mark.parametrize("row", TRAILING, ids=lambda row: row["text"])
def test_every_known_note_leaves_the_figure(row):
    assert read_text(f"412 ({row['text']})").value == 412
    assert read_text(f"<5 {row['text']}").upper == 4


def test_only_blanks_are_blank():
    assert {read_text(text).status for text in ("", " ", "\u00a0", "\u200b", "\n\t")} == {"blank"}


GROUPS = [",", ".", " ", "\u00a0", "\u202f", "'", "’", "٬"]


@given(st.integers(0, 10**12), st.sampled_from(GROUPS))
def test_a_count_survives_every_way_of_grouping(number, sign):
    assert read_text(f"{number:,}".replace(",", sign)).value == number
    assert (
        read_text(str(number).translate({48 + digit: 0x660 + digit for digit in range(10)})).value == number
    )


@given(st.integers(1, 10**9))
def test_bounds_are_written_again_as_they_were_read(number):
    reading = read_text(f"<{number}")
    assert (reading.lower, reading.upper) == (0, number - 1)


@given(st.text(max_size=120))
@example("9" * 120)
@example("1" * 70 + " (p")
def test_no_text_breaks_the_reading(text):
    reading = read_text(text)
    assert reading.status in STATUSES
    assert (reading.status == "exact") == (not isnan(reading.value))
    if reading.status in ("exact", "bounded"):
        assert reading.lower <= reading.upper
    else:
        assert isnan(reading.lower)
        assert isnan(reading.upper)
