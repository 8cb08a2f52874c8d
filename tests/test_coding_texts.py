"""Offence texts in one spelling; the words in them that become ICCS variables; texts that are no single offence."""

import re
import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crimestats.classification import Classification
from crimestats.classification.words import fold
from crimestats.coding import cues as room
from crimestats.coding.cues import COLUMNS, Cues
from crimestats.coding.texts import folded, parts, plain, words
from crimestats.errors import DefinitionError
from crimestats.files import read_csv, shipped

ICCS = Classification.load("iccs")
CUES = Cues.load()
TABLE = shipped("classification", "iccs", "1.0", "cues.csv")
LANGUAGES = ("ar", "de", "en", "es", "fr", "pt", "ru", "zh")


def cue(text: str, language: str | None = None) -> tuple[str, str, bool]:
    """Tags, remaining words, and whether it is a sum."""
    found = CUES.find(folded(pd.Series([text])), language).iloc[0]
    return found["tags"], words(found["bare"]), bool(found["is_aggregate"])


# --- texts -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  VIOLACIÓN   (Art. 170)", "violacion art"),
        ("§ 223 StGB, Körperverletzung", "stgb korperverletzung"),
        ("Entführung / Straße", "entfuhrung strasse"),
        ("Кража (ст. 158 УК РФ)", "кража ст ук рф"),
        ("سَرِقَة", "سرقه"),
        ("ＲＯＢＯ　１２", "robo"),
        ("盗窃罪", "盗窃罪"),
        ("120.1-b", "b"),
        ("13A", ""),
        ("12.5 %", ""),
        ("", ""),
    ],
)
def test_plain(text, expected):
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "violacion - explotacion sexual (agente tutor)",
            ("violacion", "explotacion sexual", "agente tutor"),
        ),
        ("theft: from shop", ("theft", "from shop", "")),
        ("robo", ("", "robo", "")),
        ("co-offending", ("", "co offending", "")),
        ("property / theft / from a vehicle", ("property theft", "from a vehicle", "")),
        ("(attempted)", ("", "attempted", "")),
        ("theft [large] (night", ("", "theft", "large night")),
        ("sec 12 - theft", ("sec", "theft", "")),
        ("", ("", "", "")),
    ],
)
def test_parts(text, expected):
    assert parts(text) == expected


def test_what_is_no_text_is_empty():
    given = pd.Series(["Robo", None, 12, 1.5, float("nan"), ["x"], pd.NA], dtype=object)
    assert folded(given).tolist() == ["robo", "", "", "", "", "", ""]


# --- cues --------------------------------------------------------------------

TAGGED = [
    ("en", "Attempted robbery", "At=1", "robbery"), ("en", "Att. burglary", "At=1", "burglary"),
    ("en", "Theft from shop (attempted)", "At=1", "theft from shop"),
    ("en", "Conspiracy to commit robbery", "CP", "robbery"), ("en", "Aiding and abetting theft", "AA", "theft"),
    ("en", "Inciting to murder", "In", "murder"), ("en", "Threat to commit robbery", "Th", "threat to commit robbery"),
    ("en", "Online fraud", "Cy", "fraud"), ("en", "Gang-related assault", "SiC", "assault"),
    ("en", "Robbery with a firearm", "We", "robbery"), ("en", "Armed robbery", "We", "robbery"),
    ("en", "Attempted armed robbery", "At=1 We", "robbery"),
    ("es", "Tentativa de robo", "At=1", "robo"), ("es", "Hurto en grado de tentativa", "At=1", "hurto"),
    ("es", "Complicidad en robo", "AA", "robo"), ("es", "Estafa por internet", "Cy", "estafa"),
    ("es", "Robo a mano armada", "We", "robo"),
    ("fr", "Tentative de vol", "At=1", "vol"), ("fr", "Complicité de vol", "AA", "vol"),
    ("fr", "Escroquerie sur internet", "Cy", "escroquerie"), ("fr", "Vol en bande organisée", "SiC", "vol"),
    ("fr", "Vol à main armée", "We", "vol"),
    ("pt", "Tentativa de furto", "At=1", "furto"), ("pt", "Furto tentado", "At=1", "furto"),
    ("pt", "Estelionato pela internet", "Cy", "estelionato"), ("pt", "Roubo com arma de fogo", "We", "roubo"),
    ("de", "Versuchter Diebstahl", "At=1", "diebstahl"), ("de", "Versuch des Raubes", "At=1", "raubes"),
    ("de", "Verabredung zum Raub", "CP", "raub"), ("de", "Beihilfe zum Betrug", "AA", "betrug"),
    ("de", "Anstiftung zum Diebstahl", "In", "diebstahl"), ("de", "Betrug im Internet", "Cy", "betrug"),
    ("de", "Bandendiebstahl", "SiC", "diebstahl"), ("de", "Raub unter Verwendung von Schusswaffen", "We", "raub"),
    ("ru", "Покушение на кражу", "At=1", "кражу"), ("ru", "Содействие в совершении кражи", "AA", "кражи"),
    ("ru", "Подстрекательство к краже", "In", "краже"), ("ru", "Онлайн-мошенничество", "Cy", "мошенничество"),
    ("ru", "Кража группой лиц по предварительному сговору", "SiC", "кража"),
    ("ru", "Вооружённый разбой", "We", "разбои"),
    ("ar", "محاولة سرقة", "At=1", "سرقه"), ("ar", "الاتفاق الجنائي على القتل", "CP", "القتل"),
    ("ar", "المساعدة على السرقة", "AA", "السرقه"), ("ar", "التحريض على القتل", "In", "القتل"),
    ("ar", "الاحتيال عبر الإنترنت", "Cy", "الاحتيال"), ("ar", "السرقة المسلحة", "We", "السرقه"),
    ("ar", "الجرائم الإلكترونية", "Cy", "الجرايم الالكترونيه"),
    ("zh", "盗窃未遂", "At=1", "盗窃"), ("zh", "串谋诈骗", "CP", "诈骗"), ("zh", "教唆杀人", "In", "杀人"),
    ("zh", "网络诈骗", "Cy", "诈骗"), ("zh", "团伙盗窃", "SiC", "盗窃"), ("zh", "持刀抢劫", "We", "抢劫"),
]  # fmt: skip
"""Language, text, its tags, and the words that remain."""

BARE = [
    ("en", "Attempted murder"), ("en", "Attempting to elude police"), ("en", "Criminal conspiracy"),
    ("en", "Conspiracy to commit an offence"), ("en", "Aiding suicide"), ("en", "Incitement to hatred"),
    ("en", "Threats to kill"), ("en", "Possession of a firearm"), ("en", "Felon with a gun"),
    ("es", "Tentativa de homicidio"), ("es", "Tenencia de armas"), ("es", "Instigación al suicidio"),
    ("es", "Asociación ilícita"), ("fr", "Tentative d'homicide"), ("fr", "Port d'arme prohibé"),
    ("fr", "Association de malfaiteurs"), ("pt", "Tentativa de homicídio"), ("pt", "Instigação ao suicídio"),
    ("pt", "Porte ilegal de arma de fogo"), ("de", "Versuchter Mord"),
    ("de", "Unerlaubter Besitz von Schusswaffen"), ("ru", "Покушение на убийство"),
    ("ru", "Незаконное хранение оружия"), ("ar", "الشروع في القتل"), ("ar", "حيازة سلاح"),
    ("ar", "المشاركة في مسيرة محظورة"), ("ar", "صيد الأسماك بالمتفجرات"),
    ("zh", "故意杀人未遂"), ("zh", "非法持有枪支"), ("zh", "教唆自杀"), ("zh", "帮助自杀"),
]  # fmt: skip
"""What is a category of its own (ICCS 0102, 01041, 02012, 08064, 0901, 09051) or names no way of doing."""


@pytest.mark.parametrize("among_all", [False, True])
@pytest.mark.parametrize(("language", "text", "tags", "bare"), TAGGED)
def test_words_that_say_how_become_tags(language, text, tags, bare, among_all):
    assert cue(text, None if among_all else language) == (tags, bare, False)


@pytest.mark.parametrize("among_all", [False, True])
@pytest.mark.parametrize(("language", "text"), BARE)
def test_what_is_itself_the_offence_stays(language, text, among_all):
    assert cue(text, None if among_all else language) == ("", plain(text), False)


def test_a_text_of_cues_alone_is_refused():
    assert cue("(attempted)") == ("At=1", "", True)


def test_case_and_accents_are_nothing_to_a_cue():
    assert cue("TENTATIVE DE VOL", "fr") == cue("tentative de vol", "fr")
    assert cue("COMPLICITE de vol", "fr")[0] == "AA"


def test_the_language_given_is_the_one_looked_for():
    assert cue("Tentativa de robo", "en")[0] == ""
    assert cue("Tentativa de robo", "xx")[0] == cue("Tentativa de robo", None)[0] == "At=1"


def test_no_text_no_cues():
    found = CUES.find(folded(pd.Series([], dtype="str")))
    assert (list(found), len(found)) == (["tags", "bare", "is_aggregate"], 0)
    assert cue("") == ("", "", False)


SIGNS = sorted({*"".join(text for _, text, *_ in [*TAGGED, *BARE]), *"ÉÑÜß0123456789-/()[]:;,.§ \t\n"})


@given(st.text(SIGNS, max_size=80))
@settings(max_examples=200, deadline=None)
def test_spelling_is_settled_at_once(text):
    once = plain(text)
    assert plain(once) == once == " ".join(once.split())
    assert not any(sign.isdecimal() for sign in once)


# --- sums --------------------------------------------------------------------

SUMS = """All offences|Total recorded crime|Other offences|Other offences under law 12|Violent crime|Unknown|N/A|Crime
Offences against other laws|Todos los delitos|Total de delitos|Otros delitos|Delitos en general
Infracciones a leyes especiales|Ensemble des infractions|Total des crimes et délits|Autres infractions
Autres infractions au code pénal|Todos os crimes|Outros crimes|Demais crimes|Straftaten insgesamt
Sonstige Straftaten|Alle Delikte|Gesamtkriminalität|Straftaten gegen strafrechtliche Nebengesetze
Всего преступлений|Иные преступления|Прочие преступления|Преступность|Иные преступления по УК РФ
إجمالي الجرائم|جميع الجرائم|جرائم أخرى|الجرائم|جرائم أخرى بموجب القانون
犯罪总数|其他犯罪|合计|刑事案件|违反其他法律的犯罪"""

SINGLE = """Other theft|All other larceny|Total theft|Drug offences|Sexual offences|Offences against the person
Otros robos|Delitos contra el patrimonio|Autres vols|Outros furtos|Sonstiger Diebstahl|Diebstahl insgesamt
Прочие кражи|سرقات أخرى|其他盗窃"""


@pytest.mark.parametrize("text", re.split(r"[|\n]", SUMS))
def test_a_sum_is_no_offence(text):
    assert cue(text)[2]
    assert cue(f"  {text.upper()}. ")[2]


@pytest.mark.parametrize("text", re.split(r"[|\n]", SINGLE))
def test_a_group_that_names_an_act_is_no_sum(text):
    assert not cue(text)[2]


# --- the shipped table -------------------------------------------------------


def test_every_language_has_cues_and_sums():
    table = read_csv(TABLE, COLUMNS)
    assert set(CUES.tags) == set(LANGUAGES)
    assert {
        name for name, rows in table.groupby("language") if set(rows["kind"]) == {"tag", "aggregate"}
    } == set(LANGUAGES)


def test_tags_are_variables_of_the_classification():
    values = ICCS.variables
    known = {*values["variable"], *(values["variable"] + "=" + values["value"])}
    used = {tag for _, cues in CUES.tags.values() for each in cues for tag in each.tags.split()}
    assert used <= known


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pattern_matches_only_where_one_of_its_hints_stands(language):
    """Else the cue would be overlooked, since patterns are tried only where a hint stands."""
    phrases = ICCS.phrases
    cases = [text for name, text, *_ in [*TAGGED, *BARE] if name == language]
    texts = folded(
        pd.concat([phrases.loc[phrases["language"] == language, "phrase"], pd.Series(cases)])
    ).tolist()
    hint, cues = CUES.tags[language]
    missed = [
        (text, each.pattern.pattern)
        for each in cues
        for text in texts
        if each.pattern.search(text)
        and not (any(one in text for one in each.hints) and re.search(hint, text))
    ]
    assert missed == []


@pytest.mark.exhaustive
def test_a_hint_stands_wherever_its_pattern_matches_in_any_language():
    texts = set(folded(pd.concat([ICCS.phrases["phrase"], ICCS.index["term"], ICCS.data["title"]])))
    missed = [
        (language, text)
        for language, (_, cues) in CUES.tags.items()
        for each in cues
        for text in texts
        if each.pattern.search(text) and not any(one in text for one in each.hints)
    ]
    assert missed == []


def test_patterns_are_in_letters_that_folded_texts_have():
    """A pattern with a letter that folding takes away (Arabic ta marbuta, Cyrillic short i) never matches."""
    spelled = [each.pattern.pattern + "".join(each.hints) for _, cues in CUES.tags.values() for each in cues]
    letters = {sign for text in spelled for sign in text if sign.isalpha() and not sign.isascii()}
    assert {sign for sign in letters if len(fold(sign)) == 1 and fold(sign) != sign} == set()


def test_no_phrase_of_a_category_is_a_sum():
    """What is a phrase for a category names an act; two are nothing but cues, and are found as they stand."""
    found = CUES.find(folded(ICCS.phrases["phrase"]))
    sums = ICCS.phrases.loc[found["is_aggregate"].to_numpy(), "phrase"].tolist()
    assert sums == ["Bandenmitglied", "Accessory after the fact"]


@pytest.mark.parametrize(
    "text",
    ["attempt " * 125, "(" * 1000, "- " * 500, "other " * 11, "offences and " * 6, "aiding, " * 120, "vol " * 250,
     "в составе " * 100, "و" * 1000, "جرائم " * 11, "其他" * 500, "犯罪" * 500, "串" * 1000, "mit " * 250, "a" * 1000],
)  # fmt: skip
def test_no_text_takes_a_pattern_long(text):
    start = time.process_time()
    CUES.find(folded(pd.Series([text])))
    assert time.process_time() - start < 1


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text_is_read(text):
    tags, bare, _ = cue(text)
    assert tags.split() == sorted(set(tags.split()))
    assert bool(bare) == bool(plain(text))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("en,tags,x,x,At=1,", "line 2, column kind: 'tags' is no kind of cue"),
        ("en,tag,(x,x,At=1,", "line 2, column pattern: is no regular expression"),
    ],
)
def test_a_fault_in_the_table_is_named(tmp_path, row, told):
    path = tmp_path / "cues.csv"
    path.write_text(f"language,kind,pattern,hint,tags,note\n{row}\n")
    with pytest.raises(DefinitionError) as caught:
        room._load(path)
    assert told in str(caught.value)
