"""Questionnaires in the languages of the United Nations: every text is there, and reading depends on none."""

import re
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from crimestats import files
from crimestats.errors import FileError
from crimestats.questionnaire import Questionnaire, build
from crimestats.questionnaire.languages import LANGUAGES, choice, is_translated, translate, translations
from crimestats.returns import read
from crimestats.validation import validate

sys.path.append(str(Path(__file__).resolve().parents[1] / "scripts"))
import untranslated

OTHERS = LANGUAGES[1:]
IDS = sorted(path.parent.name for path in files.shipped("questionnaires").glob("*/questionnaire.toml"))
FIGURES = pd.DataFrame(
    [
        ("2021", "homicide_victims", "412"),
        ("2022", "homicide_victims", "<5"),
        ("2021", "homicide_victims_m", "500"),
    ],
    columns=["year", "item", "value"],
)


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language):
    assert [text for text in untranslated.texts() if not is_translated(text, language)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_fields_of_its_text(language):
    def fields(text: str) -> set[str]:
        return set(re.findall(r"\{\w*\}", text))

    known = translations(language)
    assert {english: text for english, text in known.items() if fields(english) != fields(text)} == {}


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_is_of_its_language(language):
    letters = {"ru": "[а-яё]", "ar": "[\u0600-\u06ff]", "zh": "[\u4e00-\u9fff]"}.get(language, "[a-z]")
    long = [text for text in translations(language).values() if len(text) > 12]
    without = [text for text in long if not re.search(letters, text, re.IGNORECASE)]
    assert len(without) <= len(long) / 100


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("name", IDS)
def test_every_questionnaire_loads_in_every_language(name, language):
    english, other = Questionnaire.load(name), Questionnaire.load(name, language)
    assert list(other.data["item"]) == list(english.data["item"])
    assert (other.data["label"] != "").all()
    assert (other.data["label"] != english.data["label"]).mean() > 0.9
    assert english.in_language(language).labels == dict(other.labels)


@pytest.mark.parametrize("language", LANGUAGES)
def test_reading_does_not_depend_on_the_language(tmp_path, language):
    english = Questionnaire.load("un-cts-2024")
    path = build(Questionnaire.load("un-cts-2024", language), tmp_path / "PRT.xlsx", area="PRT",
                 years=[2021, 2022], figures=FIGURES, metadata={"homicide.attempts": "no"})  # fmt: skip
    book = openpyxl.load_workbook(path)
    assert all(
        bool(sheet.sheet_view.rightToLeft) == (language == "ar")
        for sheet in book.worksheets
        if sheet.title != "Lists"
    )
    for name in list(book.defined_names):
        del book.defined_names[name]
    book.save(tmp_path / "nameless.xlsx")
    for file in ("PRT.xlsx", "nameless.xlsx"):
        cells = read(tmp_path / file, english).set_index("item")
        given = cells[cells.index.isin(FIGURES["item"]) & (cells["raw"] != "")]
        assert sorted(zip(given["year"], given["raw"], strict=True)) == [
            (2021, "412"),
            (2021, "500"),
            (2022, "<5"),
        ]
        assert cells.loc["H.language", "raw"] == language
        assert choice(cells.loc["M.homicide.attempts", "raw"]) == "no"


@pytest.mark.parametrize("language", OTHERS)
def test_a_question_is_put_in_the_language_of_the_return(tmp_path, language):
    english = Questionnaire.load("un-cts-2024")
    build(Questionnaire.load("un-cts-2024", language), tmp_path / "PRT.xlsx", area="PRT", years=[2021, 2022],
          figures=FIGURES)  # fmt: skip
    report = validate(read(tmp_path, english), english)
    found = report.data.query("item == 'homicide_victims_m' and severity == 'error'").iloc[0]
    start = translate(english.rule(found["rule"]).message, language).partition("{")[0]
    assert start.casefold() in found["question"].casefold()
    assert "500" in found["question"]
    assert found["question"] not in found["message"]


def test_a_language_that_is_not_there():
    with pytest.raises(FileError, match="Languages: en, fr, es, ru, ar, zh"):
        translations("tlh")


def test_parts_of_a_label_are_translated_where_the_whole_is_not(monkeypatch):
    known = {"Males": "Hommes", "0-9 years": "0-9 ans"}
    monkeypatch.setattr("crimestats.questionnaire.languages.translations", lambda language: known)
    assert translate("Males: 0-9 years", "fr") == "Hommes : 0-9 ans"
    assert translate("Males: 99 years", "fr") == "Males: 99 years"
