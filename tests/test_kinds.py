"""Each kind of rule: a case that passes, one that fails, and one that cannot be decided."""

import tomllib
from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from pandas import DataFrame

from crimestats.errors import CallError, DefinitionError
from crimestats.frames import CELLS
from crimestats.questionnaire import Questionnaire, Rule
from crimestats.questionnaire.kinds import KINDS, Background, Round, check_parameters
from crimestats.questionnaire.kinds.series import usual
from crimestats.questionnaire.schema import fill, judge_round

ITEMS = """
total      1.1 first 1 victims  _T
male       1.2 first 0 victims  M
female     1.3 first 0 victims  F
unknown    1.4 first 0 victims  _U
suspected  2.1 second 0 victims _T
prosecuted 2.2 second 0 victims _T
convicted  2.3 second 0 victims _T
rate       2.4 second 0 victims _T
held       3.1 third 0 held _T 3
held_m     3.2 third 0 held M 3
held_f     3.3 third 0 held F 3
rape       3.4 third 0 held _T 3.4 03011
share      3.5 third 0 held _T 3.5 0101 per_cent
rank1      4.1 fourth 0 held _T 4 0101 number country
rank2      4.2 fourth 0 held _T 4 0101 number country
rank3      4.3 fourth 0 held M 4 0101 number country
town       4.4 fourth 0 held _T 4.4 0101 number city
"""
"""Item, number, module, required, measure and sex; where they are not the usual ones table, ICCS, unit and entry."""
USUAL = (None, "0101", "number", "")
METADATA = """module,question,type,choices,required
first,source,text,,1
first,unit,choice,victim|offence,1
first,break_year,year,,0
second,stock_date,date,,0
second,coverage,choice,whole|part,0
second,provisional,choice,yes|no,0
"""
RECORD = """
id = "invented"
edition = "1"
years = [2018, 2022]
scheme = "iccs-1.0"
module = [{ id = "first", number = "1", sheet = "First" }, { id = "second", number = "2", sheet = "Second" },
  { id = "third", number = "3", sheet = "Third" }, { id = "fourth", number = "4", sheet = "Fourth" }]
"""
POPULATION = DataFrame(
    {"area": ["SMP", "MEX"], "year": 2020, "sex": "_T", "age": "_T", "population": 1_000_000.0}
)
MISSING = {"": "blank", "..": "not_available", "-": "ambiguous"}


@pytest.fixture(scope="module")
def invented(tmp_path_factory) -> Questionnaire:
    """An invented questionnaire."""
    rows = [line.split() for line in ITEMS.split("\n") if line]
    items = []
    for item, number, module, required, measure, sex, *more in rows:
        table, iccs, unit, entry = (*more, *USUAL[len(more) :])
        keys = f"{item},{number},project,{module},{table or number},,{required},{iccs},{measure},{unit}"
        items.append(f"{keys},recorded,CJS,{sex},{entry}")
    head = "item,number,numbering,module,table,parent,required,iccs,measure,unit,stage,source,sex,entry"
    labels = [f"item.{row[0]},{row[0].title()}" for row in rows]
    files = {
        "questionnaire.toml": RECORD,
        "items.csv": "\n".join([head, *items]),
        "metadata.csv": METADATA,
        "labels.en.csv": "\n".join(["key,text", "prompt.template,(please specify)", *labels]),
        "rules.toml": "",
    }
    folder = tmp_path_factory.mktemp("invented")
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return Questionnaire.load(folder)


@pytest.fixture(scope="module")
def invent(invented: Questionnaire):
    """The invented questionnaire with one rule."""

    def make(text: str) -> Questionnaire:
        record = tomllib.loads(text)
        kind, items = record.pop("kind"), tuple(record.pop("items", ()))
        rule = Rule("T-1", kind, "query", items, record, "message", "why", "rules.toml, line 1")
        check_parameters(rule)
        return replace(invented, rules=(rule,))

    return make


def cells(table: str) -> DataFrame:
    """Cells from lines `item year raw` or `item year value =raw`, a file name and an area before them if they are not the usual ones.

    A figure of an item stands in its row, 5 for the first; of a year in its column, E for 2018.
    """
    order = [line.split()[0] for line in ITEMS.split("\n") if line]
    rows = []
    for line in table.strip().split("\n"):
        words = line.split()
        file = words.pop(0) if words[0].endswith(".xlsx") else "a.xlsx"
        area = words.pop(0) if words[0].isupper() or words[0] == "_U" else "SMP"
        item, year, raw = words[0], words[1], " ".join(words[2:])
        row = {"return_id": file, "area": area, "item": item, "year": None if year == "_" else int(year)}
        if item.startswith(("_", "H.")):
            row |= {"sheet": "_Z", "cell": "_Z"}
        elif item.startswith("M."):
            row |= {"sheet": "Metadata", "cell": f"D{len(item)}"}
        elif item.startswith("L."):
            row |= {"sheet": "First", "cell": f"C{order.index(item[2:]) + 5}"}
        else:
            column = "EFGHI"[int(year) - 2018] if int(year) in range(2018, 2023) else "Z"
            row |= {"sheet": "First", "cell": f"{column}{order.index(item) + 5 if item in order else 99}"}
        value, _, written = raw.partition(" =")
        rows.append(row | figure(value, item in order) | ({"raw": written} if written else {}))
    return CELLS.cast(DataFrame(rows).assign(note=""))


def figure(raw: str, is_figure: bool = True) -> dict[str, object]:
    """Value, bounds and status of a raw text, as reading gives them."""
    none = {"raw": raw, "value": np.nan, "lower": np.nan, "upper": np.nan}
    if raw in MISSING and (is_figure or raw == ""):
        return none | {"status": MISSING[raw]}
    if not is_figure:
        return none | {"status": "text"}
    try:
        number = float(raw)
    except ValueError:
        pass
    else:
        return {"raw": raw, "value": number, "lower": number, "upper": number, "status": "exact"}
    if raw.startswith("<"):
        return none | {"lower": 0.0, "upper": float(raw[1:]) - 1, "status": "bounded"}
    return none | {"status": "unreadable"}


def verdicts(definition: Questionnaire, frame: DataFrame, **beside: DataFrame) -> list[tuple[str, str, str]]:
    """Rule, cell and verdict of everything that does not pass the questionnaire's own rule."""
    wide, judgements, failing = judge_round(frame, Background(definition, **beside))
    judgement = judgements["T-1"]
    assert set(judgement.failing) == set(failing.get("T-1", [])), "pandera fails where the kind does"
    place = wide.frame["cell"].astype(str).to_numpy()[judgement.place]
    said = np.where(judgement.verdict == 1, "fail", "undecided")
    return sorted(("T-1", cell, str(verdict)) for cell, verdict in zip(place, said, strict=True))


ZEROS = 'kind = "zero_block"'
AGAIN = 'kind = "repeated_table"'
COPIED = 'kind = "same_figure"'
SWAPPED = 'kind = "swapped"'
SCALE = 'kind = "scale"'
STEADY = 'kind = "steady_break"\nquestion = "break_year"'
PRESENT = 'kind = "present"\nitems = ["total"]\nwhere = ["male", "female"]'
PART = 'kind = "answer"\nquestion = "coverage"\npattern = "whole"'
DRAFT = 'kind = "provisional"\nquestion = "provisional"\npatterns = ["prov"]'
PARTS = 'kind = "parts"\nitems = ["total"]\nparts = ["male", "female", "unknown"]'
OPEN = PARTS + "\nexhaustive = false"
MOST = 'kind = "at_most"\nitems = ["male", "female"]\nlargest = "total"'
TIMES = 'kind = "at_most"\nitems = ["suspected"]\nlargest = "total"\ntimes = 3'
ORDER = 'kind = "order"\nitems = ["suspected", "prosecuted", "convicted"]'
CHANGE = """
kind = "change"
items = ["total", "male"]
base = 20
limits = { default = [0.5, 2], male = [0.1, 10] }
break_question = "break_year"
"""
REPEAT = 'kind = "repeat"\nitems = ["total"]\nsize = 100'
TENFOLD = 'kind = "repeat"\nitems = ["total"]\nsize = 50\nfactors = [10, 0.1]'
RATE = 'kind = "consistent"\nitems = ["total"]\nmaximum = 200'
AGREE = 'kind = "consistent"\nitems = ["total", "rate"]\ntolerance = 0.05'
FACT = 'kind = "fact"\nfacts = ["_cell.*"]\nbesides = ["_cell.comment"]'
ONCE = 'kind = "fact"\nfacts = ["_cell.name_lost"]\nonce = "return"'
PROMPT = 'kind = "prompt"\nprompts = ["prompt.template"]\npatterns = ["<insert.*>"]'
YEARS = 'kind = "year_range"\nfirst = 1990\nlast = 2022'
WITHIN = 'kind = "within"\nminimum = 2'
DATE = 'kind = "answer"\nquestion = "stock_date"\npattern = "31 dec.*"'
APART = 'kind = "named_apart"'
SPLIT = "L.rank1 _ Spain\n rank1 2020 30\n b.xlsx L.rank1 _ France\n b.xlsx rank1 2020 40"
"""Two files of a unit that name different countries in a row."""
OWN = 'kind = "own_country"\ncitizenships = ["_T"]'
NONE: list[tuple[str, str, str]] = []


@pytest.mark.parametrize(
    ("rule", "table", "expected"),
    [
        # sums
        (PARTS, "total 2020 10\n male 2020 6\n female 2020 3\n unknown 2020 1", NONE),
        (PARTS, "total 2020 10\n male 2020 6\n female 2020 3\n unknown 2020 0", [("T-1", "G5", "fail")]),
        (PARTS, "total 2020 10\n male 2020 6\n female 2020 3\n unknown 2020 2", [("T-1", "G5", "fail")]),
        (PARTS, "total 2020 10\n male 2020 6\n female 2020 3", [("T-1", "G5", "undecided")]),
        (PARTS, "total 2020 10\n male 2020 8\n female 2020 3", [("T-1", "G5", "fail")]),
        (PARTS, "total 2020 10\n male 2020 6\n female 2020 <5\n unknown 2020 0",
         [("T-1", "G5", "undecided")]),
        (PARTS, "total 2020 11\n male 2020 6\n female 2020 <5\n unknown 2020 0", [("T-1", "G5", "fail")]),
        (PARTS, "total 2020 <5\n male 2020 6\n female 2020 0\n unknown 2020 0", [("T-1", "G5", "fail")]),
        (PARTS, "total 2020\n male 2020 6\n female 2020 0\n unknown 2020 0", NONE),
        (PARTS, "total 2020 10\n male 2020 ..\n female 2020\n unknown 2020 -", NONE),
        (PARTS, "total 2020 -1", NONE),
        (OPEN, "total 2020 10\n male 2020 6\n female 2020 3\n unknown 2020 0", NONE),
        (OPEN, "total 2020 10\n male 2020 8\n female 2020 3", [("T-1", "G5", "fail")]),
        (OPEN, "total 2020 10\n male 2020 8\n female 2020 2", [("T-1", "G5", "undecided")]),
        (MOST, "total 2020 10\n male 2020 10\n female 2020 0", NONE),
        (MOST, "total 2020 10\n male 2020 11\n female 2020 12",
         [("T-1", "G6", "fail"), ("T-1", "G7", "fail")]),
        (MOST, "total 2020 2\n male 2020 <5", [("T-1", "G6", "undecided")]),
        (MOST, "male 2020 5", NONE),
        (TIMES, "total 2020 10\n suspected 2020 30", NONE),
        (TIMES, "total 2020 10\n suspected 2020 31", [("T-1", "G9", "fail")]),
        (TIMES, "total 2020 <5\n suspected 2020 12", [("T-1", "G9", "undecided")]),
        (ORDER, "suspected 2020 9\n prosecuted 2020 8\n convicted 2020 8", NONE),
        (ORDER, "suspected 2020 9\n prosecuted 2020 8\n convicted 2020 9", [("T-1", "G11", "fail")]),
        (ORDER, "suspected 2020 9\n prosecuted 2020\n convicted 2020 10", [("T-1", "G11", "fail")]),
        (ORDER, "suspected 2020 9\n prosecuted 2020 <5\n convicted 2020 3", [("T-1", "G11", "undecided")]),
        # years
        (CHANGE, "total 2019 100\n total 2020 190", NONE),
        (CHANGE, "total 2019 100\n total 2020 210", [("T-1", "G5", "fail")]),
        (CHANGE, "total 2019 100\n total 2020 0", [("T-1", "G5", "fail")]),
        (CHANGE, "male 2019 100\n male 2020 210", NONE),
        (CHANGE, "total 2019 5\n total 2020 19", [("T-1", "G5", "undecided")]),
        (CHANGE, "total 2019 <5\n total 2020 100", [("T-1", "G5", "undecided")]),
        (CHANGE, "total 2018 100\n total 2020 900", NONE),
        (CHANGE, "total 2018 100\n total 2019\n total 2020 900", NONE),
        (CHANGE, "total 2019 100\n total 2020 900\n M.first.break_year _ since 2020", NONE),
        (CHANGE, "total 2019 100\n total 2020 900\n M.first.break_year _ 2019", [("T-1", "G5", "fail")]),
        (CHANGE, "total 2019 100\n b.xlsx MEX total 2020 900", NONE),
        (REPEAT, "total 2019 100\n total 2020 101", NONE),
        (REPEAT, "total 2019 100\n total 2020 100", [("T-1", "G5", "fail")]),
        (REPEAT, "total 2019 99\n total 2020 99", NONE),
        (REPEAT, "total 2018 500\n total 2020 500", NONE),
        (TENFOLD, "total 2019 6\n total 2020 60", [("T-1", "G5", "fail")]),
        (TENFOLD, "total 2019 60\n total 2020 6", [("T-1", "G5", "fail")]),
        (TENFOLD, "total 2019 6\n total 2020 61", NONE),
        # cells
        ('kind = "number"', "total 2020 4 12\n male 2020 12", [("T-1", "G5", "fail")]),
        ('kind = "number"', "total 2020 -\n male 2020 ..", [("T-1", "G5", "undecided")]),
        ('kind = "whole"', "total 2020 4.5\n male 2020 4", [("T-1", "G5", "fail")]),
        (WITHIN, "total 2020 -3\n male 2020 3", [("T-1", "G5", "fail")]),
        (WITHIN, "total 2020 <3\n male 2020 <2", [("T-1", "G5", "undecided"), ("T-1", "G6", "fail")]),
        (WITHIN + '\nitems = ["male"]', "total 2020 -3\n male 2020 -3", [("T-1", "G6", "fail")]),
        ('kind = "required"', "total 2020 3\n male 2020", NONE),
        ('kind = "required"', "total 2020\n total 2021 ..", [("T-1", "G5", "fail")]),
        ('kind = "required"', "total 2020 -", [("T-1", "G5", "undecided")]),
        ('kind = "required"', "total 2020\n b.xlsx total 2020 5", NONE),
        ('kind = "required"\nitems = ["male"]', "total 2020\n male 2020", [("T-1", "G6", "fail")]),
        (YEARS, "total 2020 3\n total 1990 4", NONE),
        (YEARS, "total 1013 3", [("T-1", "Z5", "fail")]),
        (YEARS, "H.years _ 2019:2021\n total 2020 3\n total 2022 4", [("T-1", "I5", "fail")]),
        ('kind = "cell_id"', "total 2020 G6\n male 2020 12", NONE),
        ('kind = "cell_id"', "total 2020 $G$5\n male 2020 F.male.2020",
         [("T-1", "G5", "fail"), ("T-1", "G6", "fail")]),
        ('kind = "cell_id"', "total 2020 112020\n male 2020 112020", [("T-1", "G5", "fail")]),
        (PROMPT, "M.first.source _ the police", NONE),
        (PROMPT, "M.first.source _ police (Please specify)", [("T-1", "D14", "fail")]),
        ('kind = "prompt"\nprompts = ["prompt.none"]', "M.first.source _ police (Please specify)", NONE),
        (PROMPT, "total 2020 a number <insert it>", [("T-1", "G5", "fail")]),
        ('kind = "codes"\ncolumn = "item"', "total 2020 3\n M.first.source _ x\n H.area _ SMP", NONE),
        ('kind = "codes"\ncolumn = "item"', "totl 2020 3", [("T-1", "G99", "fail")]),
        ('kind = "codes"\ncolumn = "area"', "GBR_S total 2020 3", NONE),
        ('kind = "codes"\ncolumn = "area"', "MEXX total 2020 3\n MEXX male 2020 3", [("T-1", "G5", "fail")]),
        ('kind = "codes"\ncolumn = "area"', "_U H.agency _ x\n _U total 2020 3", [("T-1", "_Z", "fail")]),
        (FACT, "_cell.comment _ x\n _fault.empty _ x", NONE),
        (FACT, "_cell.merged _ x", [("T-1", "_Z", "fail")]),
        (ONCE, "_cell.name_lost _ x\n _cell.name_lost _ y\n b.xlsx _cell.name_lost _ z",
         [("T-1", "_Z", "fail")] * 2),
        # header and metadata
        ('kind = "header"\nname = "agency"', "H.agency _ police\n total 2020 3", NONE),
        ('kind = "header"\nname = "agency"', "H.agency _\n b.xlsx H.area _ SMP", [("T-1", "_Z", "fail")] * 2),
        ('kind = "header"\nname = "agency"', "_fault.encrypted _ x", NONE),
        ('kind = "answered"', "M.first.source _ police", NONE),
        ('kind = "answered"', "M.first.source _\n b.xlsx M.first.source _ police", NONE),
        ('kind = "answered"', "M.first.source _\n b.xlsx M.first.source _", [("T-1", "D14", "fail")]),
        ('kind = "answered"\nquestions = ["unit"]', "M.first.source _", NONE),
        ('kind = "choices"', "M.first.unit _ Offence\n M.first.break_year _ 2015 and 2018", NONE),
        ('kind = "choices"', "M.first.unit _ offences\n M.first.break_year _ none",
         [("T-1", "D12", "fail"), ("T-1", "D18", "fail")]),
        (DATE, "M.second.stock_date _ 31 December\n M.first.source _ x", NONE),
        (DATE, "M.second.stock_date _ 1 September", [("T-1", "D19", "fail")]),
        ('kind = "choices"', "M.first.unit _ Plaignant\n H.language _ fr", [("T-1", "D12", "fail")]),
        (PART, "M.second.coverage _ Whole\n M.second.stock_date _ x", NONE),
        (PART, "M.second.coverage _ Part", [("T-1", "D17", "fail")]),
        (PART, "M.second.coverage _ nearly", NONE),
        (DRAFT, "total 2020 3\n M.second.provisional _ No", NONE),
        (DRAFT, "total 2020 3 =3 (provisional)\n male 2020 3 =3 provisional\n suspected 2020 4",
         [("T-1", "G5", "fail")]),
        (DRAFT, "suspected 2020 3 =3 prov.\n M.second.provisional _ Yes\n male 2020 3 =3 prov.",
         [("T-1", "D20", "fail"), ("T-1", "G6", "fail")]),
        (DRAFT, "total 2020 provisional", NONE),
        ('kind = "part_of"', "GBR_S H.area _ GBR_S\n GBR_S total 2020 3\n b.xlsx MEX total 2020 3",
         [("T-1", "_Z", "fail")]),
        # whole tables
        (ZEROS, "held 2019 90\n held_m 2019 80\n held_f 2019 10\n held 2020 0\n held_m 2020 0\n held_f 2020 0",
         [("T-1", "G13", "fail")]),
        (ZEROS, "held 2019 9\n held_m 2019 8\n held_f 2019 1\n held 2020 0\n held_m 2020 0\n held_f 2020 0", NONE),
        (ZEROS, "held 2019 90\n held_m 2019 80\n held_f 2019 10\n held 2020 0\n held_m 2020 0\n held_f 2020 1", NONE),
        (ZEROS, "held 2019 90\n held_m 2019 80\n held 2020 0\n held_m 2020 0\n held_f 2020 ..", NONE),
        (ZEROS, "held 2019\n held_m 2019\n held_f 2019\n held 2020 0\n held_m 2020 0\n held_f 2020 0",
         [("T-1", "G13", "fail")]),
        (ZEROS, "held 2019 ..\n held_m 2019 ..\n held_f 2019\n held 2020 0\n held_m 2020 0\n held_f 2020 0", NONE),
        (ZEROS, "rape 2020\n share 2020\n held 2020 0\n held_m 2020 0\n held_f 2020 0", [("T-1", "G13", "fail")]),
        (ZEROS, "rape 2020\n share 2020 3\n held 2020 0\n held_m 2020 0\n held_f 2020 0", NONE),
        (ZEROS, "rape 2020\n share 2020\n held 2020 0\n held_m 2020 <5\n held_f 2020 0",
         [("T-1", "G13", "undecided")]),
        (AGAIN, "held 2018 190\n held_m 2018 180\n held_f 2018 10\n held 2020 190\n held_m 2020 180\n held_f 2020 10",
         [("T-1", "G13", "fail")]),
        (AGAIN, "held 2018 90\n held_m 2018 80\n held_f 2018 10\n held 2020 90\n held_m 2020 80\n held_f 2020 10", NONE),
        (AGAIN, "held 2019 190\n held_m 2019 180\n held_f 2019 10\n held 2020 190\n held_m 2020 179\n held_f 2020 11",
         NONE),
        (AGAIN, "held 2019 190\n held_m 2019 180\n held_f 2019 10\n held 2020 190\n held_m 2020 180", NONE),
        (AGAIN, "held 2019 190\n held_m 2019 180\n held_f 2019 10\n rank1 2019 1\n held 2020 190\n held_m 2020 180\n "
         "held_f 2020 10", [("T-1", "G13", "fail")]),
        (AGAIN + "\nleast = 1", "held 2019 190\n held_m 2019 180\n held_f 2019 <5\n held 2020 190\n held_m 2020 180\n "
         "held_f 2020 <5", [("T-1", "G13", "undecided")]),
        (AGAIN + '\nbesides = ["held"]', "held 2019 190\n held_m 2019 180\n held_f 2019 10\n held 2020 190\n "
         "held_m 2020 180\n held_f 2020 10", NONE),
        (COPIED, "total 2019 2100\n total 2020 2200\n rape 2019 2100\n rape 2020 2200",
         [("T-1", "F16", "fail"), ("T-1", "G16", "fail")]),
        (COPIED, "total 2019 2100\n total 2020 2200\n rape 2019 2100\n rape 2020 2201", [("T-1", "F16", "undecided")]),
        (COPIED, "total 2020 210000\n rape 2020 210000", [("T-1", "G16", "fail")]),
        (COPIED, "total 2020 210000\n male 2020 210000", NONE),
        (COPIED, "total 2020 900\n rape 2020 900\n b.xlsx MEX total 2020 5000", NONE),
        (SWAPPED, "held_m 2018 90\n held_f 2018 30\n held_m 2019 95\n held_f 2019 32\n held_m 2020 31\n held_f 2020 93",
         [("T-1", "G14", "fail")]),
        (SWAPPED, "held_m 2018 31\n held_f 2018 91\n held_m 2019 95\n held_f 2019 32\n held_m 2020 93\n held_f 2020 31",
         [("T-1", "E14", "fail")]),
        (SWAPPED, "held_m 2019 90\n held_f 2019 30\n held_m 2020 31\n held_f 2020 93",
         [("T-1", "F14", "undecided"), ("T-1", "G14", "undecided")]),
        (SWAPPED, "held_m 2018 90\n held_f 2018 50\n held_m 2019 95\n held_f 2019 52\n held_m 2020 51\n held_f 2020 93",
         NONE),
        (SWAPPED, "held_m 2018 90\n held_f 2018 30\n held_m 2019 95\n held_f 2019 32\n held_m 2020 31\n held_f 2020 300",
         NONE),
        (SWAPPED, "held_m 2018 9\n held_f 2018 3\n held_m 2019 9\n held_f 2019 3\n held_m 2020 3\n held_f 2020 9", NONE),
        # rows that the sender names
        ('kind = "country"', "L.rank1 _ Mexico\n L.rank2 _ España\n L.rank3 _\n L.town _ Nowhere\n rank1 2020 4", NONE),
        ('kind = "country"', "L.rank1 _ 3 maliens\n L.rank2 _ 0", [("T-1", "C18", "fail"), ("T-1", "C19", "fail")]),
        ('kind = "named_twice"', "L.rank1 _ Mexico\n L.rank2 _ Mali\n L.rank3 _ Mexico\n b.xlsx L.rank1 _ Mexico", NONE),
        ('kind = "named_twice"', "L.rank1 _ Mexico\n L.rank2 _ México", [("T-1", "C19", "fail")]),
        ('kind = "named_twice"', "L.rank1 _ Atlantis\n b.xlsx L.rank2 _ atlantis\n c.xlsx MEX L.rank2 _ Atlantis",
         [("T-1", "C19", "fail")]),
        (APART, "L.rank1 _ Mexico\n rank1 2020 4\n b.xlsx L.rank1 _ México\n b.xlsx rank1 2020 4", NONE),
        (APART, "L.rank1 _ Mexico\n rank1 2020 4\n b.xlsx L.rank1 _ Mali\n b.xlsx rank1 2020", NONE),
        (APART, "L.rank1 _ Mexico\n rank1 2020 4\n b.xlsx MEX L.rank1 _ Mali\n b.xlsx MEX rank1 2020 4", NONE),
        (APART, SPLIT, [("T-1", "C18", "fail")]),
        ('kind = "unique"', SPLIT, NONE),
        ('kind = "agree"', SPLIT.replace("40", "30"), NONE),
        (CHANGE.replace('"total", "male"', '"rank1"').replace("male", "rank1"),
         SPLIT + "\n rank1 2021 3000", NONE),
        ('kind = "repeat"\nitems = ["rank1"]\nsize = 20', SPLIT + "\n rank1 2021 40", NONE),
        ('kind = "parts"\nitems = ["held"]\nparts = ["rank1", "rank2"]', SPLIT + "\n held 2020 1\n rank2 2020 1",
         [("T-1", "G13", "undecided")]),
        (OWN, "L.rank1 _ Mexico\n MEX L.rank2 _ Samplonia\n GBR L.rank2 _ Atlantis\n L.town _ Samplonia", NONE),
        (OWN, "L.rank1 _ SAMPLONIA", [("T-1", "C18", "fail")]),
        (OWN, "GBR_S L.rank1 _ United Kingdom", [("T-1", "C18", "fail")]),
        (OWN.replace("_T", "FOR"), "L.rank1 _ SAMPLONIA", NONE),
        ('kind = "unnamed"', "L.rank1 _ Mexico\n rank1 2020 4\n rank2 2020\n total 2020 4", NONE),
        ('kind = "unnamed"', "L.rank1 _\n rank1 2019 0\n rank1 2020 4\n rank2 2020 0",
         [("T-1", "G18", "fail"), ("T-1", "G19", "undecided")]),
        # figures in thousands, and declared breaks
        (SCALE, "total 2019 412\n total 2020 405000\n total 2021 420", [("T-1", "G5", "fail")]),
        (SCALE, "total 2018 412\n total 2019 405\n total 2020 420000", [("T-1", "G5", "fail")]),
        (SCALE, "total 2019 52000\n total 2020 54\n total 2021 51000", [("T-1", "G5", "fail")]),
        (SCALE, "total 2019 412\n total 2020 405000", [("T-1", "F5", "undecided"), ("T-1", "G5", "undecided")]),
        (SCALE, "total 2019 412\n total 2020 40500\n total 2021 420", NONE),
        (SCALE, "total 2019 412\n total 2020 405000\n total 2021 9000", NONE),
        (SCALE, "share 2019 412\n share 2020 405000\n share 2021 420", NONE),
        (STEADY, "M.first.break_year _ 2020\n total 2019 100\n total 2020 130", NONE),
        (STEADY, "M.first.break_year _ 2020\n total 2019 100\n total 2020 120", [("T-1", "D18", "fail")]),
        (STEADY, "M.first.break_year _ 2020\n total 2019 100\n total 2020 120\n male 2019 50\n male 2020 90", NONE),
        (STEADY, "M.first.break_year _ 2020\n total 2019 10\n total 2020 10", [("T-1", "D18", "undecided")]),
        (STEADY, "M.first.break_year _ none\n total 2019 100\n total 2020 100", [("T-1", "D18", "undecided")]),
        # sums
        (PRESENT, "total 2020 5\n male 2020 0\n female 2020 5", NONE),
        (PRESENT, "total 2020\n male 2020 3", [("T-1", "G5", "fail")]),
        (PRESENT, "total 2020 -\n male 2020 3", [("T-1", "G5", "undecided")]),
        (PRESENT, "total 2020\n male 2020 0", NONE),
        # whole numbers are asked of counts only
        ('kind = "whole"', "share 2020 4.5\n held 2020 4.5", [("T-1", "G13", "fail")]),
        # other sources
        ('kind = "unique"', "total 2020 3\n b.xlsx total 2020 3\n c.xlsx MEX total 2020 4", NONE),
        ('kind = "unique"', "total 2020 3\n b.xlsx total 2020 4", [("T-1", "G5", "fail")]),
        ('kind = "unique"', "total 2020 3\n b.xlsx total 2020 <5", [("T-1", "G5", "undecided")]),
        ('kind = "unique"', "total 2020 3\n b.xlsx total 2020", NONE),
        ('kind = "unique"', "_U total 2020 3\n b.xlsx _U total 2020 4", NONE),
        ('kind = "agree"', "total 2020 3\n male 2020 1\n b.xlsx total 2020 3\n b.xlsx male 2020 1",
         [("T-1", "G5", "fail")]),
        ('kind = "agree"', "total 2020 3\n b.xlsx total 2020 4\n b.xlsx male 2020 1", NONE),
        (RATE, "total 2020 2000", NONE),
        (RATE, "total 2020 2001", [("T-1", "G5", "fail")]),
        (RATE, "total 2021 2001", [("T-1", "H5", "undecided")]),
        (AGREE, "total 2020 100\n rate 2020 10.4", NONE),
        (AGREE, "total 2020 100\n rate 2020 11", [("T-1", "G5", "fail")]),
        (AGREE, "total 2020 <5\n rate 2020 0.2", [("T-1", "G5", "undecided")]),
        (AGREE, "total 2020 100", NONE),
    ],
)  # fmt: skip
def test_a_kind_judges(invent, rule, table, expected):
    assert verdicts(invent(rule), cells(table), population=POPULATION) == expected


def test_an_answer_is_asked_for_in_the_language_of_the_return(invent, monkeypatch):
    from crimestats.questionnaire import languages

    known = {"Victim": "Victime", "Offence": "Infraction"}
    monkeypatch.setattr(languages, "translations", lambda code: known if code == "fr" else {})
    frame = cells("H.language _ fr\n M.first.unit _ Victimes\n b.xlsx M.first.unit _ offences")
    _, judgements, _ = judge_round(frame, Background(invent('kind = "choices"')))
    assert judgements["T-1"].fields["expected"] == ["Victime, Infraction", "Victim, Offence"]
    assert "Victime" in judgements["T-1"].fields["near"][0]


SOURCES = DataFrame({
    "source": ["who_mortality", "glotip", "glotip"], "area": ["SMP", "SMP", "MEX"], "year": 2020,
    "item": ["total", "suspected", "total"], "value": [100.0, 60.0, 7.0],
})  # fmt: skip


@pytest.mark.parametrize(
    ("more", "table", "expected"),
    [
        ("", "total 2020 150\n suspected 2020 60", NONE),
        ("", "total 2020 201\n suspected 2020 29", [("T-1", "G5", "fail"), ("T-1", "G9", "fail")]),
        ('sources = ["who_mortality"]', "total 2020 201\n suspected 2020 29", [("T-1", "G5", "fail")]),
        ('besides = ["who_mortality"]', "total 2020 201\n suspected 2020 29", [("T-1", "G9", "fail")]),
        ('items = ["suspected"]', "total 2020 201\n suspected 2020 29", [("T-1", "G9", "fail")]),
        ("base = 300", "total 2020 201", NONE),
        ("", "suspected 2020 <40", [("T-1", "G9", "undecided")]),
        ("", "total 2021 201\n male 2020 7\n total 2020 ..", NONE),
    ],
)
def test_a_kind_compares_with_other_sources(invent, more, table, expected):
    definition = invent(f'kind = "compared"\nlimits = {{ default = [0.5, 2] }}\n{more}')
    assert verdicts(definition, cells(table), sources=SOURCES) == expected
    assert verdicts(definition, cells(table)) == NONE


ANSWERED = DataFrame({
    "area": "SMP", "module": ["first", "first", "second"], "question": ["unit", "source", "stock_date"],
    "raw": ["victim", "Police  of SMP", ""],
})  # fmt: skip


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("M.first.unit _ Victim\n M.first.source _ police of SMP", NONE),
        ("M.first.unit _ Offence\n M.first.source _ Statistical Office",
         [("T-1", "D12", "fail"), ("T-1", "D14", "fail")]),
        ("M.first.unit _\n M.second.stock_date _ 31-12", [("T-1", "D12", "undecided"), ("T-1", "D19", "undecided")]),
        ("MEX M.first.unit _ Offence\n M.first.break_year _ 2020", NONE),
    ],
)  # fmt: skip
def test_a_kind_compares_with_the_answers_of_the_last_round(invent, table, expected):
    definition = invent('kind = "changed_answer"\nbesides = ["break_year"]')
    assert verdicts(definition, cells(table), previous_metadata=ANSWERED) == expected
    as_cells = ANSWERED.assign(item="M." + ANSWERED["module"] + "." + ANSWERED["question"])[
        ["area", "item", "raw"]
    ]
    assert verdicts(definition, cells(table), previous_metadata=as_cells) == expected
    assert verdicts(definition, cells(table)) == NONE


def test_exchanged_sexes_are_seen_against_the_last_round(invent):
    before = DataFrame({
        "area": "SMP", "year": 2020, "item": ["held_m", "held_f"], "lower": [90.0, 30.0], "upper": [90.0, 30.0],
    })  # fmt: skip
    table = "held_m 2020 30\n held_f 2020 90"
    assert verdicts(invent(SWAPPED), cells(table), previous=before) == [("T-1", "G14", "fail")]
    assert verdicts(invent(SWAPPED), cells(table)) == NONE


def test_what_rests_on_a_covered_cell_is_left_to_the_covering_rule(invent):
    covering = replace(invent(SCALE + '\ncovers = ["change", "parts"]').rules[0], id="T-2")
    series = "\n".join(f"total {year} {value}" for year, value in ((2018, 400), (2019, 410), (2021, 420)))
    definition = invent(CHANGE)
    definition = replace(definition, rules=(*definition.rules, covering))
    frame = cells(f"{series}\n total 2020 415000\n male 2018 100\n male 2019 1900")
    _, _, failing = judge_round(frame, Background(definition))
    assert [len(failing[name]) for name in ("T-1", "T-2")] == [1, 1], "the change of males is another fault"
    alone = replace(definition, rules=definition.rules[:1])
    assert len(judge_round(frame, Background(alone))[1]["T-1"].failing) == 3


def weighed(rules: dict[str, Rule], frame: DataFrame, definition: Questionnaire) -> list[int]:
    """How many findings each of some rules has when they are judged together."""
    chosen = tuple(replace(rule, id=name) for name, rule in rules.items())
    _, _, failing = judge_round(frame, Background(replace(definition, rules=chosen)))
    return [len(failing.get(name, [])) for name in rules]


def test_a_contradiction_with_other_items_is_not_covered(invent):
    definition = invent(SWAPPED + '\ncovers = ["parts", "change"]')
    parts = invent('kind = "parts"\nitems = ["held"]\nparts = ["held_m", "held_f"]').rules[0]
    years = "\n".join(
        f"held_m {year} 900\n held_f {year} 90\n held {year} 990" for year in (2018, 2019, 2020)
    )
    frame = cells(f"{years}\n held_m 2021 95\n held_f 2021 910\n held 2021 1300")
    swapped = definition.rules[0]
    assert weighed({"T-1": swapped, "T-2": parts}, frame, definition) == [1, 1], "sexes change no sum"
    change = invent(CHANGE.replace('"total", "male"', '"held_m", "held"').replace("male", "held_m")).rules[0]
    change = replace(change, parameters=change.parameters | {"limits": {"default": [0.9, 1.1]}})
    assert weighed({"T-2": change}, frame, definition) == [2]
    assert weighed({"T-1": swapped, "T-2": change}, frame, definition) == [1, 1], "of the pair itself it is"
    grave = replace(change, severity="error")
    assert weighed({"T-1": swapped, "T-2": grave}, frame, definition) == [1, 2], "a query covers no error"
    weak = replace(swapped, severity="note")
    assert weighed({"T-1": weak, "T-2": change}, frame, definition) == [1, 2], "a note covers no query"


def test_a_table_of_noughts_hides_no_figure_of_another_table(invent):
    definition = invent(ZEROS + '\ncovers = ["at_most", "change"]')
    above = invent('kind = "at_most"\nitems = ["convicted"]\nlargest = "total"').rules[0]
    blocks = {2019: (90, 60, 30), 2020: (0, 0, 0)}
    rows = [f"total {year} {t}\n male {year} {m}\n female {year} {f}" for year, (t, m, f) in blocks.items()]
    items = definition.data.copy()
    items.loc[items["item"].isin(["total", "male", "female"]), "table"] = "1"
    definition = replace(definition, data=items)
    frame = cells("\n".join([*rows, "convicted 2020 12"]))
    assert weighed({"T-1": definition.rules[0], "T-2": above}, frame, definition) == [1, 1]


def test_a_rule_covers_kinds_that_there_are(invent):
    with pytest.raises(DefinitionError, match="covers: `chance` is no kind"):
        invent(SCALE + '\ncovers = ["chance"]')


BEFORE = DataFrame({
    "area": "SMP", "year": [2020, 2020, 2020, 2021], "item": ["total", "male", "suspected", "total"],
    "lower": [100.0, 0.0, 7.0, 9.0], "upper": [100.0, 4.0, 7.0, 9.0],
})  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "table", "expected"),
    [
        ('kind = "revised"', "total 2020 100\n female 2020 5", NONE),
        ('kind = "revised"', "total 2020 105", [("T-1", "G5", "fail")]),
        ('kind = "revised"', "male 2020 3", [("T-1", "G6", "undecided")]),
        ('kind = "revised"', "male 2020 5", [("T-1", "G6", "fail")]),
        ('kind = "revised"', "MEX total 2020 5", NONE),
        ('kind = "withdrawn"', "total 2020 1\n male 2020 1", NONE),
        ('kind = "withdrawn"', "total 2020 1\n male 2020", [("T-1", "G6", "fail")]),
        ('kind = "withdrawn"', "total 2020 1", [("T-1", "G5", "fail")]),
        ('kind = "withdrawn"', "H.years _ 2020:2021\n total 2020 1\n male 2020 1", [("T-1", "_Z", "fail")]),
    ],
)
def test_a_kind_compares_with_the_last_round(invent, rule, table, expected):
    assert verdicts(invent(rule), cells(table), previous=BEFORE) == expected


def before(*rows: tuple[object, ...], **more: object) -> DataFrame:
    """Last round's figures from item, year, value and the country named in the row."""
    table = DataFrame(rows, columns=["item", "year", "lower", "country"])
    return table.assign(area="SMP", upper=table["lower"], **more)


def test_only_figures_of_the_same_thing_are_compared(invent):
    rule, table = invent('kind = "revised"'), "total 2020 50000"
    last = before(("total", 2020, 12.0, "_T"))
    assert verdicts(rule, cells(table), previous=last) == [("T-1", "G5", "fail")]
    same = {"code": "0101", "scheme": "iccs-1.0", "measure": "victims", "sex": "_T"}
    assert verdicts(rule, cells(table), previous=last.assign(**same)) == [("T-1", "G5", "fail")]
    for name, other in (("code", "0204"), ("scheme", "un-cts-8"), ("measure", "convicted"), ("sex", "F")):
        assert verdicts(rule, cells(table), previous=last.assign(**same | {name: other})) == NONE


def test_another_source_is_of_the_questionnaire_that_it_names(invent):
    rule = invent('kind = "compared"\nlimits = { default = [0.5, 2] }')
    off = [("T-1", "G5", "fail")]
    for own, expected in (("invented", off), ("", off), ("glotip-2024", NONE)):
        sources = SOURCES.assign(questionnaire=own)
        assert verdicts(rule, cells("total 2020 900"), sources=sources) == expected
    assert verdicts(rule, cells("total 2020 900"), sources=SOURCES.assign(sex="F")) == NONE


@pytest.mark.parametrize("figures", [(10.0, 30.0), (30.0, 10.0)])
def test_what_the_last_round_has_twice_counts_as_its_span(invent, figures):
    rule, last = invent('kind = "revised"'), before(*(("total", 2020, figure, "_T") for figure in figures))
    assert verdicts(rule, cells("total 2020 20"), previous=last) == [("T-1", "G5", "undecided")]
    assert verdicts(rule, cells("total 2020 31"), previous=last) == [("T-1", "G5", "fail")]


LAST = before(("rank1", 2020, 10.0, "BRA"), ("rank2", 2020, 11.0, "GHA"))


@pytest.mark.parametrize(
    ("table", "revised", "withdrawn", "gone"),
    [
        ("L.rank1 _ Ghana\n rank1 2020 11\n L.rank2 _ Brazil\n rank2 2020 10", NONE, NONE, []),
        ("L.rank1 _ Ghana\n rank1 2020 11\n L.rank2 _ Brazil\n rank2 2020 9", [("T-1", "G19", "fail")], NONE, []),
        ("L.rank1 _ Ghana\n rank1 2020 11", NONE, NONE, [("Brazil", "rank1", 2020)]),
        ("L.rank1 _ Ghana\n rank1 2020 11\n L.rank2 _ Brazil\n rank2 2020", NONE, [("T-1", "G19", "fail")], []),
        ("L.rank1 _ Ghana\n rank1 2020 11\n rank2 2020 10", NONE, NONE, []),
        ("L.rank1 _ Ghana\n rank1 2020 9\n L.rank2 _ Ghana\n rank2 2020 9", NONE, NONE, [("Brazil", "rank1", 2020)]),
        (SPLIT.replace("Spain", "Ghana"), NONE, NONE, [("Brazil", "rank1", 2020)]),
    ],
)  # fmt: skip
def test_rows_are_compared_by_the_country_named_in_them(invent, table, revised, withdrawn, gone):
    frame = cells(table + "\n rank3 2020 1")
    assert verdicts(invent('kind = "revised"'), frame, previous=LAST) == revised
    assert verdicts(invent('kind = "withdrawn"'), frame, previous=LAST) == withdrawn
    _, judgements, _ = judge_round(frame, Background(invent('kind = "name_withdrawn"'), LAST))
    said = judgements["T-1"]
    assert [*zip(said.fields["value"], said.item, said.year.tolist(), strict=True)] == gone


def test_cities_are_compared_by_name_and_unknown_rows_by_their_place(invent):
    rule = invent('kind = "revised"')
    last = before(("town", 2020, 10.0, "_T"), ("rank1", 2020, 5.0, "_U"), city=["Port Sample", "_T"])
    frame = cells("L.town _ PORT  Sample\n town 2020 11\n rank1 2020 6")
    assert verdicts(rule, frame, previous=last) == [("T-1", "G18", "fail"), ("T-1", "G21", "fail")]
    frame = cells("L.town _ Upper Means\n town 2020 11\n L.rank1 _ Mali\n rank1 2020 6")
    assert verdicts(rule, frame, previous=last) == NONE
    _, judgements, _ = judge_round(frame, Background(invent('kind = "name_withdrawn"'), last))
    assert judgements["T-1"].fields["value"] == ["Port Sample"]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("H.part _ police\n total 2020 1", NONE),
        ("H.part _ police courts\n total 2020 1", [("T-1", "_Z", "fail")]),
        ("H.part _ police\n total 2020 1\n b.xlsx total 2020 1", [("T-1", "_Z", "fail")]),
        ("H.part _ police\n total 2020 1\n b.xlsx total 2021 1\n b.xlsx _fault.superseded _ a", NONE),
        ("total 2020 1", [("T-1", "G5", "fail")]),
    ],
)
def test_an_agency_is_not_asked_for_the_figures_of_another(invent, table, expected):
    definition = invent('kind = "withdrawn"')
    items = definition.data.assign(agency=definition.data["sex"].map({"M": "courts"}).fillna("police"))
    definition = replace(definition, data=items)
    last = before(("total", 2020, 1.0, "_T"), ("male", 2020, 1.0, "_T"))
    assert verdicts(definition, cells(table), previous=last) == expected


def test_every_kind_has_a_case():
    text = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in KINDS if f'kind = "{name}"' not in text] == []


def test_a_figure_that_two_returns_give_differently_is_the_span_of_both(invent):
    table = "total 2020 10\n male 2020 6\n female 2020 4\n unknown 2020 0\n b.xlsx male 2020 7"
    assert verdicts(invent(PARTS), cells(table)) == [("T-1", "G5", "undecided")]


def test_returns_of_one_area_are_judged_together(invent):
    table = "total 2020 10\n b.xlsx male 2020 11"
    assert verdicts(invent(MOST), cells(table)) == [("T-1", "G6", "fail")]


def test_a_small_difference_is_marked_near(invent):
    rest = "female 2020 0\n unknown 2020 0\n female 2021 0\n unknown 2021 0"
    frame = cells(f"total 2020 1000\n male 2020 995\n total 2021 1000\n male 2021 980\n {rest}")
    _, judgements, _ = judge_round(frame, Background(invent(PARTS + "\nnote_within = 0.01")))
    assert judgements["T-1"].is_near.tolist() == [True, False]


bounds = st.tuples(st.integers(0, 30), st.integers(0, 8)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@settings(deadline=None)
@given(total=bounds, parts=st.lists(st.one_of(st.none(), bounds), min_size=2, max_size=4))
def test_parts_fail_only_where_the_intervals_cannot_meet(invented, total, parts):
    items = ["total", "male", "female", "unknown", "rate"][: len(parts) + 1]
    known = [pair or (np.nan, np.nan) for pair in (total, *parts)]
    frame = fill(DataFrame({
        "area": "SMP", "year": 2020, "item": items, "value": np.nan, "raw": "", "status": "bounded",
        "lower": [low for low, _ in known], "upper": [high for _, high in known],
    }))  # fmt: skip
    judgement = KINDS["parts"].judge(Round(frame, Background(invented)), items[:1], parts=items[1:])
    least = sum(pair[0] for pair in parts if pair)
    most = np.inf if None in parts else sum(pair[1] for pair in parts)
    can_meet = least <= total[1] and most >= total[0]
    assert len(judgement.failing) == (not can_meet)


@given(
    st.lists(st.tuples(st.floats(1, 1e6), st.floats(1, 1e6)), min_size=5, max_size=40),
    st.floats(0.01, 100),
)
def test_limits_of_change_do_not_depend_on_the_scale(pairs, scale):
    before, after = np.array(pairs).T
    one = usual(before, after, u=0, a=0.05, c=4)
    other = usual(before * scale, after * scale, u=0, a=0.05, c=4)
    np.testing.assert_allclose(one, other, rtol=1e-6)


def test_change_reads_its_limits_from_a_round_that_is_large_enough(invent):
    rng = np.random.default_rng(7)
    frames = []
    for number in range(40):
        figures = (1000 * rng.normal(1, 0.02, 4)).round()
        if number == 17:
            figures[2] = 1400  # within the limits of the rule, far outside those of the round
        for year, value in zip(range(2018, 2022), figures, strict=True):
            frames.append(
                {
                    "return_id": f"{number}.xlsx",
                    "area": f"A{number:02}",
                    "year": year,
                    "item": "total",
                    "value": value,
                }
            )
    frame = DataFrame(frames)
    definition = invent(CHANGE)
    wide, judgements, _ = judge_round(frame, Background(definition))
    found = wide.frame.iloc[judgements["T-1"].failing]
    assert list(zip(found["area"], found["year"], strict=True)) == [("A17", 2020), ("A17", 2021)]
    few = frame[frame["area"].isin(["A16", "A17"])]
    assert not len(judge_round(few, Background(definition))[1]["T-1"].failing)


def test_rows_in_any_order_give_the_same_answers(invent):
    frame = cells(
        "total 2020 10\n male 2020 8\n female 2020 3\n b.xlsx male 2020 9\n total 2021 5\n male 2021 6"
    )
    mixed = frame.iloc[[4, 2, 0, 5, 1, 3]]
    assert verdicts(invent(MOST), mixed) == verdicts(invent(MOST), frame) == [("T-1", "H6", "fail")]


def test_an_empty_round_has_nothing_wrong(invent):
    for rule in (
        PARTS,
        CHANGE,
        REPEAT,
        RATE,
        'kind = "withdrawn"',
        'kind = "agree"',
        'kind = "codes"\ncolumn = "area"',
    ):
        assert verdicts(invent(rule), CELLS.empty(), previous=BEFORE, population=POPULATION) == NONE


def test_a_year_out_of_time_does_not_widen_the_round(invent):
    wide, _, _ = judge_round(cells("total 1013 3\n total 2020 4"), Background(invent(YEARS)))
    assert wide.years.tolist() == [2020]


def test_a_kind_that_breaks_is_no_finding(invent, monkeypatch):
    from crimestats.questionnaire.kinds import registry

    definition = invent('kind = "whole"')
    broken = registry.Kind("whole", lambda *_: 1 / 0, frozenset(), 0, None, {})
    monkeypatch.setitem(registry.KINDS, "whole", broken)
    with pytest.raises(ZeroDivisionError):
        judge_round(cells("total 2020 3"), Background(definition))


def test_a_frame_without_items_is_a_wrong_call(invent):
    with pytest.raises(CallError, match="lacks the column item"):
        judge_round(DataFrame({"area": ["SMP"], "year": [2020], "value": [1]}), Background(invent(PARTS)))


def test_codes_of_breakdowns_are_judged_where_a_frame_has_them(invent):
    frame = DataFrame(
        {"area": "SMP", "year": 2020, "item": ["total", "male"], "value": 1, "sex": ["_T", "Man"]}
    )
    definition = invent('kind = "codes"\ncolumn = "sex"')
    _, judgements, _ = judge_round(frame, Background(definition))
    assert judgements["T-1"].failing.tolist() == [1]
    assert pd.isna(judgements["T-1"].others)
