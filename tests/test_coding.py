"""The coder: what it learns from, what it sees, its tree, its probabilities, its file, and what it suggests."""

import io
import json
import pickle
import zipfile
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from crimestats import frames
from crimestats.classification import Classification, Correspondence, schemes
from crimestats.coding import Coder, explain, load, save, storage, suggest, train, training
from crimestats.coding import examples as room
from crimestats.coding.calibration import PROMISES, Calibration
from crimestats.coding.card import card, table
from crimestats.coding.coder import LEVELS, Tree
from crimestats.coding.examples import COLUMNS, INDEX, OWN_WEIGHT, PHRASES, counts, examples
from crimestats.coding.features import Features
from crimestats.coding.texts import plain
from crimestats.errors import CallError, DefinitionError, FileError

ICCS = Classification.load("iccs")
LISTS = examples()
SECTIONS, LANGUAGES = ["01", "04", "05", "08"], ["en", "es"]


def sample(leave_out=(), own=()) -> pd.DataFrame:
    """Homicide, robbery, theft and public order, English and Spanish: all lists, every third phrase."""
    rows = examples(leave_out, own) if own or leave_out else LISTS
    code = rows["code"].where(rows["code"] != "", rows["against"])
    rows = rows[code.str[:2].isin(SECTIONS) & rows["language"].isin(LANGUAGES)]
    is_extra = (rows["source"] == PHRASES) & ~rows["code"].str.startswith("010")
    return rows[~is_extra | (is_extra.cumsum() % 3 == 0)].reset_index(drop=True)


@pytest.fixture(scope="module")
def coder() -> Coder:
    """A small model, trained as the large one is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "examples", sample)
        return train()


@pytest.fixture(scope="module")
def model(coder, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "small.skops"
    save(coder, path)
    return path


@pytest.fixture
def few_phrases(monkeypatch):
    """Examples are gathered quickly: of the index and the phrases, some."""
    for name in ("_of_index", "_of_phrases"):
        gathered = getattr(room, name)().iloc[:50]
        monkeypatch.setattr(room, name, lambda rows=gathered: rows)


def codes(coder: Coder, *texts: object, **more: object) -> list[str]:
    return suggest(texts, coder=coder, **more)["code"].tolist()


# --- examples ----------------------------------------------------------------


def test_examples_are_texts_with_a_category():
    assert tuple(LISTS.columns) == COLUMNS
    assert set(LISTS["source"]) == {INDEX, PHRASES, *schemes()["scheme"]}
    assert set(LISTS["code"]) <= {"", *ICCS.codes}
    assert set(LISTS["against"]) <= {"", *ICCS.codes}
    assert (LISTS["code"].str.len().where(LISTS["code"] != "", 4) >= 4).all()
    assert ((LISTS["code"] != "") | (LISTS["against"] != "")).all()
    assert (LISTS["full"] != "").all()
    assert not LISTS.duplicated(["full", "words", "code", "against", "country"]).any()
    assert set(LISTS.loc[LISTS["against"] != "", "source"]) == {INDEX}


def test_every_category_below_the_sections_has_examples():
    assert {each for each in ICCS.codes if len(each) > 2} == set(LISTS["code"]) - {""}


def test_what_has_several_categories_or_none_teaches_nothing():
    table = Correspondence.load("us-nibrs").data
    taught = LISTS[LISTS["source"] == "us-nibrs"]
    assert set(taught["place"]) <= set(table["code"])
    assert not set(taught["place"]) & set(table.loc[table["iccs"].isin(["", "_T"]), "code"])


@pytest.mark.parametrize(
    ("left", "gone"),
    [
        (["us-nibrs"], {"us-nibrs"}), (["FBI NIBRS"], {"us-nibrs"}), (["us_nibrs"], {"us-nibrs"}),
        (["de_pks"], {"de-pks"}), (["uk_home_office_codes_iccs"], {"gb-eaw-home-office"}),
        (["US"], {"us-nibrs", "us-ncic", "us-ucr", "us-il-iucr", "cjars-uccs"}),
        (["us"], {"us-nibrs", "us-ncic", "us-ucr", "us-il-iucr", "cjars-uccs"}),
        (["US-IL"], {"us-il-iucr"}), (["phrases", "index"], {"phrases", "index"}), (["GB"], {"gb-eaw-home-office"}), (["DE", "crim_off_cat"], {"de-pks", "de-stgb", "eurostat-crim-off-cat"}),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("few_phrases")
def test_left_out_by_scheme_name_or_country(left, gone):
    assert set(LISTS["source"]) - set(examples(left)["source"]) == gone


@pytest.mark.usefixtures("few_phrases")
def test_a_wrong_name_is_told_with_those_near():
    with pytest.raises(CallError, match=r"leave_out: 'us-nibr' is no scheme.*us-nibrs"):
        examples(["us-nibr"])
    for name in ("Atlantis", "UK", "PE"):
        with pytest.raises(CallError, match=f"'{name}' is no scheme and no country"):
            examples([name])


def test_with_no_list_left_nothing_is_learnt():
    with pytest.raises(CallError, match="leaves no examples to learn from"):
        train(list(schemes()["scheme"]))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("B2,Bike theft,05O2", "own.csv, line 3, column iccs"),
        ("B2,Bike theft,502", "own.csv, line 3, column iccs"),
        ("B2,Bike theft,0599", "own.csv, line 3, column iccs"),
    ],
)
@pytest.mark.usefixtures("few_phrases")
def test_an_unknown_code_in_a_users_table_names_its_row(tmp_path, row, told):
    path = tmp_path / "own.csv"
    path.write_text(f"code,title,iccs\nB1,Bike taken,0502\n{row}\n", encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        examples(own=[path])
    assert told in str(caught.value)


@pytest.mark.usefixtures("few_phrases")
def test_a_users_table_comes_first_and_weighs_more(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("code,title,iccs\nB1,Zweiradklau,05022\nB2,Theft,0502\nB3,no act,\n", encoding="utf-8")
    found = examples(own=[path])
    mine = found[found["source"] == "own"]
    assert mine[["text", "words", "code", "country", "place"]].to_numpy().tolist() == [
        ["Zweiradklau", "zweiradklau", "05022", "INT", "B1"], ["Theft", "theft", "0502", "INT", "B2"],
        ["no act", "no act", "", "INT", "B3"],
    ]  # fmt: skip
    assert set(mine["weight"]) == {OWN_WEIGHT}
    assert mine.index.tolist() == [0, 1, 2]


def test_counts_are_of_all_examples():
    assert counts(LISTS).sum() == len(LISTS)


# --- features ----------------------------------------------------------------

TEXTS = LISTS["words"].iloc[::150].reset_index(drop=True)
FRESH = LISTS["words"].iloc[75::1500].tolist()


def of_sklearn(analyzer: str, **more: object) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer=analyzer, lowercase=False, min_df=2, sublinear_tf=True, dtype=np.float32, **more
    ).fit(TEXTS)


@pytest.mark.parametrize(
    ("part", "theirs"),
    [
        ("runs", of_sklearn("char_wb", ngram_range=(3, 5))),
        ("words", of_sklearn("word", ngram_range=(1, 2), token_pattern=r"\S+")),
    ],
)
def test_features_are_those_of_scikit_learn(part, theirs):
    features = Features.of(TEXTS)
    names = getattr(features, part)
    assert sorted(names) == sorted(theirs.get_feature_names_out())
    fresh = pd.Series(
        ["theft of unknown bicycle robberies", "a bank of theft", "", "zzz", "theft theft of a bank"]
    )
    seen, _ = features.weigh(features.counts([fresh])[0])
    start = 0 if part == "runs" else len(features.runs)
    ours = seen[:, start : start + len(names)].toarray()
    order = [theirs.vocabulary_[name] for name in names]
    np.testing.assert_allclose(ours, theirs.transform(fresh).toarray()[:, order], atol=1e-6)


def test_parts_are_counted_together_as_alone():
    features = Features.of(TEXTS)
    both = features.counts([TEXTS, TEXTS[::-1]])
    for counted, texts in zip(both, (TEXTS, TEXTS[::-1]), strict=True):
        assert (counted != features.counts([texts])[0]).nnz == 0
    pair = next(name for name in features.words if " " in name)
    first, second = (pd.Series([word]) for word in pair.split())
    split, whole = features.counts([first, second]), features.counts([pd.Series([pair])])[0]
    assert (whole - split[0] - split[1]).nonzero()[1].tolist() == [
        len(features.runs) + features.words.index(pair)
    ]


def test_no_texts_have_no_features():
    features = Features.of(TEXTS)
    counted = features.counts([pd.Series(["", "é!"]), pd.Series([], dtype="str")])
    assert [part.shape[0] for part in counted] == [2, 0]
    assert sum(part.nnz for part in counted) == 0


# --- tree --------------------------------------------------------------------

ENDS = ("0101", "0102", "0501", "05011", "050121", "050122", "0502", "05021", "0701")


def test_a_parent_is_as_likely_as_itself_and_all_below():
    tree = Tree.of(ENDS)
    likely = np.random.default_rng(0).dirichlet(np.ones(len(ENDS)), size=50).astype(np.float32)
    sums = [likely @ within for within in tree.within]
    np.testing.assert_allclose(sums[0].sum(axis=1), 1, rtol=1e-5)
    for level in (1, 2, 3):
        below = np.zeros_like(sums[level - 1])
        np.add.at(below.T, tree.parents[level], sums[level].T)
        own = np.stack(
            [likely[:, ENDS.index(code)] if code in ENDS else np.zeros(50) for code in tree.codes[level - 1]],
            axis=1,
        )
        np.testing.assert_allclose(sums[level - 1], below + own, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({"0101": 1.0}, ["01", "0101", "", ""]),
        ({"0502": 1.0}, ["05", "0502", "05021", ""]),  # below an end the way goes on, with probability 0
        ({"050121": 0.3, "050122": 0.3, "0701": 0.4}, ["05", "0501", "05012", "050121"]),
        ({"0101": 0.4, "0501": 0.2, "0502": 0.3, "05011": 0.1}, ["05", "0501", "05011", ""]),
    ],
)
def test_the_way_down_goes_by_the_sums(shares, expected):
    tree = Tree.of(ENDS)
    likely = np.array([[shares.get(code, 0.0) for code in ENDS]], dtype=np.float32)
    places, found = tree.best(likely)
    way = [codes[place[0]] if place[0] >= 0 else "" for codes, place in zip(tree.codes, places, strict=True)]
    assert way == expected
    assert [bool(each) for each in way] == [place[0] >= 0 for place in places]
    assert all(np.diff([value[0] for value in found]) <= 1e-6)


def test_likelihoods_of_the_model_add_up(coder):
    words = coder.examples["words"].iloc[::50].reset_index(drop=True)
    likely = coder.read(words).likely
    np.testing.assert_allclose(likely.sum(axis=1), 1, rtol=1e-4)
    assert (likely >= 0).all()
    assert (likely @ coder.tree.within[0]).sum(axis=1) == pytest.approx(1, rel=1e-4)
    blank = coder.read(pd.Series(["", "qqqq"], dtype="str"))
    assert np.isfinite(blank.likely).all()
    assert blank.nearest.tolist() == [0, 0]
    assert not blank.is_exact.any()


def test_the_very_text_wins(coder):
    rows = coder.examples[coder.examples["code"] != ""]
    is_one = rows.groupby("full")["code"].transform("nunique") == 1
    rows = rows[is_one].iloc[::7]
    found = coder.read(rows["words"].reset_index(drop=True), full=rows["full"].tolist())
    best = np.array(coder.categories)[found.likely.argmax(axis=1)]
    assert found.is_exact.all()
    assert (best == rows["code"].to_numpy()).all()
    assert found.likely.max(axis=1).min() >= 0.9
    at = [coder.categories.index(code) for code in rows["code"]]
    written = coder.written(found, rows["full"].tolist(), np.array(at))
    assert (coder.examples["words"].to_numpy()[written] == rows["words"].to_numpy()).all()


def test_an_example_that_is_not_used_is_not_known(coder):
    place = coder.examples.index[coder.examples["source"] == "us-nibrs"][0]
    same = (coder.examples["words"] == coder.examples["words"][place]).to_numpy()
    found = coder.read(coder.examples["words"].iloc[[place]], ~same)
    assert found.is_exact.tolist() == [False]
    assert found.nearest[0] < 0.999


def test_what_a_category_excludes_counts_against_it(coder):
    known = coder.examples
    rows = known.index[
        (known["against"] != "") & (known["code"] == "") & known["against"].isin(coder.categories)
    ]
    column = [coder.categories.index(code) for code in known["against"][rows]]
    texts = known["words"][rows].reset_index(drop=True)
    is_used = (known["against"] == "").to_numpy()
    aware = coder.read(texts).likely[np.arange(len(rows)), column]
    unaware = coder.read(texts, is_used).likely[np.arange(len(rows)), column]
    was_near = unaware > 0.05
    assert was_near.sum() >= 10
    assert (aware < unaware)[was_near].mean() > 0.9
    assert (aware <= unaware * 1.01)[was_near].all()


def test_the_nearest_example_is_of_the_category_asked_for(coder):
    found = coder.read(pd.Series(["armed robbery of a bank", "theft of bicycle", "qqqq"]))
    column = np.array([coder.categories.index(code) for code in ("0401", "0502", "0502")])
    nearest = coder.nearest(found, column)
    assert nearest[2] == -1
    assert coder.examples["code"].iloc[nearest[:2]].tolist() == ["0401", "0502"]


# --- calibration -------------------------------------------------------------


def made(n: int, seed: int = 1) -> tuple[np.ndarray, ...]:
    """Scores too sure of themselves, and whether they are right: with the root of the odds."""
    random = np.random.default_rng(seed)
    first = random.uniform(0.05, 0.999, n)
    found = np.minimum.accumulate(np.stack([first, first**1.2, first**1.5, first**2], axis=1), axis=1)
    true = 1 / (1 + np.sqrt((1 - found) / found))
    right = (random.uniform(size=(n, 1)) < true).astype(np.float32)
    nearest = random.uniform(0, 1, n).astype(np.float32)
    country = random.choice(np.array(["AA", "BB", "CC"], dtype=object), n)
    return found.astype(np.float32), nearest, np.zeros(n, dtype=bool), right, country


def test_probabilities_fitted_are_right():
    calibration = Calibration.fit(*made(20_000))
    found, nearest, is_exact, right, _ = made(20_000, seed=2)
    likely = calibration.probabilities(found, nearest, is_exact)
    for level in range(4):
        for lower in np.arange(0.3, 0.9, 0.1):
            here = (likely[:, level] >= lower) & (likely[:, level] < lower + 0.1)
            assert likely[here, level].mean() == pytest.approx(right[here, level].mean(), abs=0.05)
    assert calibration.coefficients[:, 1] == pytest.approx(0.5, abs=0.06)  # the root of the odds


def test_no_category_is_likelier_than_the_one_above():
    random = np.random.default_rng(0)
    calibration = Calibration(random.normal(0, 2, (4, 4)).astype(np.float32), np.empty((0, 0), np.float32))
    found = random.uniform(0, 1, (500, 4)).astype(np.float32)
    found[::3, 2:] = 0
    likely = calibration.probabilities(found, random.uniform(0, 1, 500), random.uniform(size=500) < 0.5)
    assert (np.diff(likely, axis=1) <= 0).all()
    assert (likely[::3, 2:] == 0).all()
    assert ((likely >= 0) & (likely <= 1)).all()


def test_thresholds_keep_what_they_promise():
    found, nearest, is_exact, right, country = made(6000)
    right[:3000, 3] = np.nan
    calibration = Calibration.fit(found, nearest, is_exact, right, country)
    likely = calibration.probabilities(found, nearest, is_exact)
    assert (calibration.thresholds[:, 0] > 1).all()  # never a section only
    kept = 0
    for promise in PROMISES:
        asked = calibration.asked(promise)
        for level in (1, 2, 3):
            accepted = (likely[:, level] >= asked[level]) & np.isfinite(right[:, level])
            kept += accepted.any()
            assert not accepted.any() or right[accepted, level].mean() >= promise - 1e-6
    assert kept > len(PROMISES)
    assert (np.diff(calibration.thresholds, axis=0) >= 0).all()


def test_one_country_that_falls_short_is_enough_to_refuse():
    n = 2000
    country = np.where(np.arange(n) % 10 == 0, "BB", "AA").astype(object)
    found = np.full((n, 4), 0.9, dtype=np.float32)
    right = np.repeat(np.where(country == "BB", np.arange(n) % 20 == 0, 1)[:, None], 4, axis=1).astype(
        np.float32
    )
    calibration = Calibration.fit(found, np.zeros(n, np.float32), np.zeros(n, bool), right, country)
    assert (calibration.asked(0.9) > 1).all()
    assert (calibration.asked(0.5)[1:] <= 1).all()


@pytest.mark.parametrize(
    ("precision", "promise"),
    [(0.5, 0.5), (0.55, 0.6), (0.95, 0.95), (0.951, 0.97), (0.925, 0.925), (0.99, 0.99)],
)
def test_a_precision_between_takes_the_next_above(precision, promise):
    thresholds = np.arange(len(PROMISES), dtype=np.float32)[:, None] * np.ones((1, 4), np.float32)
    asked = Calibration(np.zeros((4, 4), np.float32), thresholds).asked(precision)
    assert asked.tolist() == [PROMISES.index(promise)] * 4


@pytest.mark.parametrize(("right", "share"), [(1.0, 51 / 52), (0.0, 1 / 52), (np.nan, 0.5)])
def test_where_all_are_right_or_none_their_share_is_the_probability(right, share):
    found = np.full((50, 4), 0.7, dtype=np.float32)
    country = np.full(50, "AA", dtype=object)
    nearest, is_exact = np.ones(50, np.float32), np.zeros(50, bool)
    calibration = Calibration.fit(found, nearest, is_exact, np.full((50, 4), right, np.float32), country)
    assert calibration.probabilities(found, nearest, is_exact) == pytest.approx(share, abs=1e-3)


@pytest.mark.parametrize(
    ("code", "truth", "expected"),
    [
        ("0501", "05011", 1),
        ("05011", "05011", 1),
        ("05011", "0501", 0),
        ("0502", "0501", 0),
        ("", "0501", None),
    ],
)
def test_right_is_what_contains_the_truth(code, truth, expected):
    found = training.rightness(np.array([[code]], dtype=object), np.array([truth], dtype=object))
    assert (None if np.isnan(found[0, 0]) else found[0, 0]) == expected


# --- training and storage ----------------------------------------------------


def test_a_second_training_gives_the_same_bytes(monkeypatch, tmp_path):
    monkeypatch.setattr(
        training,
        "examples",
        lambda *_: sample()[lambda rows: rows["code"].str[:2] == "04"].reset_index(drop=True),
    )
    one, two = train(), train()
    assert one.categories == two.categories
    for name in ("weights", "intercepts"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
    assert one.vectors.data.tobytes() == two.vectors.data.tobytes()
    for name in ("coefficients", "thresholds"):
        assert getattr(one.calibration, name).tobytes() == getattr(two.calibration, name).tobytes()
    content = []
    for number, each in enumerate((one, two)):
        save(each, tmp_path / f"{number}.skops")
        with zipfile.ZipFile(tmp_path / f"{number}.skops") as archive:
            content.append({archive.read(name) for name in archive.namelist() if name.endswith(".npy")})
    assert content[0] == content[1]


def test_what_the_model_tells_of_itself(coder):
    assert coder.about["left_out"] == []
    assert table(coder)["texts"].sum() == len(coder.examples)
    assert set(table(coder)["language"]) == set(LANGUAGES)
    text = card(coder)
    assert "left out of training: nothing" in text
    assert text.count("\n| 0.") == len(PROMISES)
    assert "`us-nibrs`" in text
    assert "US, DE" in card(replace(coder, about={**coder.about, "left_out": ["US", "DE"]}))


SOME = [
    "murder of a child", "robo con violencia", "theft from shop, attempted", "all offences", "", "burglary of dwelling",
    "hurto de vehículo", "unlawful assembly", "contrabando de mercancías", "homicidio por imprudencia", "rbo de banco",
]  # fmt: skip


def test_a_model_read_back_suggests_the_same(coder, model):
    again = load(model)
    assert again.path == str(model)
    assert again.about == coder.about
    assert again.categories == coder.categories
    pd.testing.assert_frame_equal(again.examples, coder.examples, check_dtype=False)
    before, after = suggest(SOME, coder=coder), suggest(SOME, coder=again)
    text = ["text", "code", "code_l1", "code_l2", "tags", "basis"]
    pd.testing.assert_frame_equal(before[text], after[text])
    np.testing.assert_allclose(before["probability"], after["probability"], atol=0.02)
    assert model.stat().st_size < 5e6


def test_a_model_written_again_is_the_same(model, tmp_path):
    save(load(model), tmp_path / "again.skops")
    one, two = suggest(SOME, coder=load(model)), suggest(SOME, coder=load(tmp_path / "again.skops"))
    pd.testing.assert_frame_equal(one, two)


def other(model, tmp_path, change) -> object:
    """The model with its content changed."""
    content = skops.io.load(model, trusted=[])
    change(content)
    skops.io.dump(content, tmp_path / "other.skops")
    return tmp_path / "other.skops"


def archive(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"no model", b"PK\x03\x04" + b"\x00" * 50, bytes(range(256)) * 20, pickle.dumps({"about": "{}"}),
        archive("schema.json", b"{}"), archive("schema.json", b"["), archive("other.txt", b"x"),
    ],
    ids=["empty", "text", "head", "garbage", "pickle", "no schema", "bad schema", "zip"],
)  # fmt: skip
def test_what_is_no_model_is_refused_by_name(tmp_path, content):
    path = tmp_path / "mine.skops"
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"mine\.skops: is damaged, or is no model.*crimestats coding train"):
        load(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_model_is_refused(model, tmp_path, share):
    content = model.read_bytes()
    (tmp_path / "cut.skops").write_bytes(content[: int(len(content) * share)])
    with pytest.raises(FileError, match=r"cut\.skops: is damaged"):
        load(tmp_path / "cut.skops")


def test_a_model_with_wrong_bytes_is_refused(model, tmp_path):
    content = bytearray(model.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20] = bytes(20)
    (tmp_path / "spoilt.skops").write_bytes(content)
    with pytest.raises(FileError, match=r"spoilt\.skops: is damaged"):
        load(tmp_path / "spoilt.skops")


class Harmful:
    """What runs when a pickle of it is read."""

    def __reduce__(self) -> tuple:
        return (pytest.fail, ("a model file ran code",))


def test_nothing_runs_when_a_file_is_read(tmp_path):
    (tmp_path / "harm.skops").write_bytes(pickle.dumps(Harmful()))
    with pytest.raises(FileError):
        load(tmp_path / "harm.skops")
    skops.io.dump(
        {"about": "{}", "vectors": TfidfVectorizer(preprocessor=pytest.fail)}, tmp_path / "harm.skops"
    )
    with pytest.raises(FileError, match="is damaged, or is no model"):
        load(tmp_path / "harm.skops")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda content: content.update(about=json.dumps({"format": "crimestats-coder-0"})), "of the form 'crimestats-coder-0'"),
        (lambda content: content.update(about=json.dumps({})), "of the form None"),
        (lambda content: content.update(about="[1, 2]"), "is damaged, or is no model"),
        (lambda content: content.update(about="x"), "is damaged, or is no model"),
        (lambda content: content.pop("about"), "is damaged, or is no model"),
        (lambda content: content.pop("weights"), "lacks a part of the model"),
        (lambda content: content.update(weights="x"), "lacks a part of the model"),
        (lambda content: content.update(categories=3), "lacks a part of the model"),
        (lambda content: content.update(weight=content["weight"][1:]), "lacks a part of the model"),
        (lambda content: content.update(example_text=np.array([255], np.uint8)), "lacks a part of the model"),
    ],
)  # fmt: skip
def test_a_model_of_another_version_is_refused(model, tmp_path, change, told):
    with pytest.raises(FileError) as caught:
        load(other(model, tmp_path, change))
    assert str(caught.value).startswith(str(tmp_path / "other.skops"))
    assert told in str(caught.value)


def test_no_file_no_model(tmp_path, coder):
    with pytest.raises(FileError, match=r"is not there\. Train a model: crimestats coding train"):
        load(tmp_path / "none.skops")
    with pytest.raises(FileError, match="is not there"):
        load(tmp_path)
    with pytest.raises(FileError, match="cannot be written"):
        save(coder, tmp_path / "no" / "m.skops")


def test_texts_with_the_mark_between_texts(model, tmp_path, coder):
    odd = replace(coder, examples=coder.examples.assign(text="a" + storage._MARK + "b"))
    save(odd, tmp_path / "odd.skops")
    assert set(load(tmp_path / "odd.skops").examples["text"]) == {"a b"}


def test_the_default_model_is_trained_once_and_kept(monkeypatch, tmp_path):
    monkeypatch.setenv(storage.CACHE, str(tmp_path / "cache"))
    monkeypatch.setattr(
        training,
        "examples",
        lambda *_: sample()[lambda rows: rows["code"].str[:2] == "04"].reset_index(drop=True),
    )
    said: list[str] = []
    first = storage.default(said.append)
    assert said[0].startswith("First use")
    monkeypatch.setattr(training, "train", pytest.fail)
    again = storage.default()
    assert first.path == again.path
    pd.testing.assert_frame_equal(suggest(SOME, coder=first), suggest(SOME, coder=again))
    assert first.path.startswith(str(tmp_path / "cache"))


# --- suggest -----------------------------------------------------------------

LONG = "robbery with violence " * 500
HOSTILE = [
    "", "  ", None, 12, 1.5, float("nan"), ["x"], pd.NA, "12", "§ 223", "...", "(", "\x00\x01", "😀", "\u202erobo", LONG, "x" * 10_000,
    "1" * 10_000, "( " * 5000, "burglary домов 盗窃 السرقة", "rbo de vehíclo", "thfet form shpo", "robo\nhurto\t\x1e", "=1+1", "a", "é" * 300,
]  # fmt: skip


def test_a_suggestion_for_whatever_is_given(coder):
    found = suggest(HOSTILE, coder=coder)
    frames.SUGGESTIONS.check(found)
    assert list(found.columns) == list(frames.SUGGESTIONS.columns)
    assert len(found) == len(HOSTILE)
    is_empty = [not plain(text) if isinstance(text, str) else True for text in HOSTILE]
    assert (found["basis"] == "empty").tolist() == is_empty
    assert set(found.loc[is_empty, "code"]) == set(found.loc[is_empty, "top5"]) == {""}
    assert set(found.loc[is_empty, "reason"]) == {"refused: no words to code"}
    assert (found.loc[is_empty, ["probability", "p_l1", "p_l4"]] == 0).all(axis=None)
    assert found["text"].tolist()[15] == LONG


@given(st.lists(st.one_of(st.text(max_size=40), st.none(), st.integers(), st.floats()), max_size=4))
@settings(max_examples=40, deadline=None)
def test_never_an_error(coder, texts):
    frames.SUGGESTIONS.check(suggest(texts, coder=coder))


def test_what_a_suggestion_holds(coder):
    found = suggest(SOME, coder=coder)
    for row in found[~found["basis"].isin(["empty", "aggregate"])].to_dict("records"):
        way = [row[f"code_l{level}"] for level in LEVELS]
        likely = [row[f"p_l{level}"] for level in LEVELS]
        assert row["code"] in ["", *way[1:]]
        assert all(below[: len(above)] == above for above, below in pairwise(way) if below)
        assert all(np.diff(likely) <= 1e-6)
        assert row["probability"] == (likely[way.index(row["code"])] if row["code"] else likely[1])
        top, shares = row["top5"].split(), [float(each) for each in row["p_top5"].split()]
        assert len(top) == len(set(top)) == len(shares) == 5
        assert sum(shares) <= 1.005
        assert row["reason"]


def test_misspelt_texts_are_understood(coder):
    found = suggest(["robbary with viollence", "hurto en tiendaa", "homocide culpable"], coder=coder)
    assert found["code_l1"].tolist() == ["04", "05", "01"]


def test_a_text_that_stands_in_a_table_has_its_code(coder):
    found = suggest(["ROBBERY!", "Attempted Murder", "  attempted   murder "], coder=coder)
    assert found["code"].tolist() == ["0401", "0102", "0102"]
    assert set(found["basis"]) <= {"exact", "index"}
    assert found["reason"].str.startswith("the very text: ").all()


def test_what_a_table_has_with_its_cue_is_not_what_it_has_without(coder):
    found = suggest(["murder", "accessory after the fact to murder"], coder=coder)
    assert found["code"].tolist() == ["0101", "08061"]


def test_texts_of_lists_come_back_with_their_codes(coder):
    rows = coder.examples[coder.examples["code"] != ""]
    is_one = rows.groupby("words")["code"].transform("nunique") == 1
    rows = rows[is_one & (rows["words"].map(plain) == rows["text"].map(plain))].iloc[::5]
    found = suggest(rows["text"], coder=coder)
    is_sum = (found["basis"] == "aggregate").to_numpy()
    assert is_sum.sum() <= 2
    assert (found["code"].to_numpy() == rows["code"].to_numpy())[~is_sum].all()
    is_index = rows["source"].isin([INDEX, PHRASES]).to_numpy()
    assert set(found["basis"][~is_index & ~is_sum]) == {"exact"}


def test_sums_are_refused(coder):
    found = suggest(["all offences", "Straftaten insgesamt", "otros delitos"], coder=coder)
    assert found["code"].tolist() == ["", "", ""]
    assert set(found["basis"]) == {"aggregate"}
    assert set(found["reason"]) == {"refused: a sum of offences, no single one"}
    assert (found[["code_l1", "top5"]] == "").all(axis=None)


def test_an_attempted_homicide_is_a_category_of_its_own(coder):
    texts = ["attempt of homicide", "attempted murder", "homicidio en grado de tentativa", "murder (attempt)"]
    found = suggest(texts, coder=coder)
    assert found["code_l2"].tolist() == ["0102"] * 4
    assert not found["tags"].str.contains("At=1").any()
    assert codes(coder, *texts, precision=0.5) == ["0102"] * 4


def test_other_attempts_are_tags(coder):
    found = suggest(["attempted robbery", "robbery", "tentativa de robo con violencia"], coder=coder)
    assert found["tags"].tolist() == ["At=1", "", "At=1"]
    assert found["code_l2"].tolist() == ["0401"] * 3


def with_thresholds(coder: Coder, *levels: float) -> Coder:
    thresholds = np.tile(np.array([1.01, *levels], dtype=np.float32), (len(PROMISES), 1))
    return replace(coder, calibration=replace(coder.calibration, thresholds=thresholds))


TEXT = "theft of a bicycle of a neighbour"


@pytest.mark.parametrize(
    ("asked", "level", "reason"),
    [
        ((0, 0, 0), None, "nearest: "),
        ((0, 0, 1.01), 3, "backed off: "),
        ((0, 1.01, 1.01), 2, "backed off: "),
        ((1.01, 1.01, 1.01), 0, "refused: "),
        ((0, 1.01, 0), None, "nearest: "),
    ],
)
def test_the_code_is_as_deep_as_the_evidence(coder, asked, level, reason):
    row = suggest([TEXT], coder=with_thresholds(coder, *asked)).iloc[0]
    way = [row[f"code_l{each}"] for each in LEVELS if row[f"code_l{each}"]]
    assert len(way) == 4
    assert row["basis"] == "model"
    assert row["code"] == ("" if level == 0 else way[(level or len(way)) - 1])
    assert row["reason"].startswith(reason)
    if level is not None:
        assert f"{way[max(level, 1)]} has {row[f'p_l{max(level, 1) + 1}']:.2f}" in row["reason"]
        assert "any that was seen to be enough" in row["reason"]
    if level == 0:
        assert row["probability"] == row["p_l2"]


def test_a_higher_precision_gives_no_more_codes(coder):
    texts = sample()["text"].iloc[::40].map(lambda text: f"{text} xyz")
    depth = [
        suggest(texts, coder=coder, precision=precision)["code"].str.len()
        for precision in (0.5, 0.8, 0.95, 0.99)
    ]
    assert all((above >= below).all() for above, below in pairwise(depth))
    assert (depth[0] > depth[-1]).any()


@pytest.mark.parametrize("precision", [0.49, 0.995, 1, 0, -1, float("nan")])
def test_a_precision_out_of_range(coder, precision):
    with pytest.raises(CallError, match=r"precision: is .* Give 0\.5 to 0\.99"):
        suggest(["robo"], coder=coder, precision=precision)


@pytest.mark.parametrize("k", [0, -1])
def test_k_out_of_range(coder, k):
    with pytest.raises(CallError, match=r"k: is .* Give 1 or more"):
        suggest(["robo"], k=k, coder=coder)


@pytest.mark.parametrize(("k", "n"), [(1, 1), (3, 3), (10_000, None)])
def test_k_candidates(coder, k, n):
    found = suggest(["robo de banco con arma"], k=k, coder=coder)
    assert len(found["top5"][0].split()) == len(found["p_top5"][0].split()) == (n or len(coder.categories))


def test_equal_texts_have_equal_rows_and_the_order_stays(coder):
    texts = [*SOME, *SOME[::-1], *SOME]
    found = suggest(texts, coder=coder)
    assert found["text"].tolist() == texts
    n = len(SOME)
    first = found.iloc[:n].reset_index(drop=True)
    pd.testing.assert_frame_equal(found.iloc[2 * n :].reset_index(drop=True), first)
    pd.testing.assert_frame_equal(found.iloc[n : 2 * n][::-1].reset_index(drop=True), first)
    assert found.index.tolist() == list(range(3 * n))


def test_a_text_alone_is_coded_as_among_others(coder):
    together = suggest(SOME, coder=coder)
    alone = pd.concat([suggest([text], coder=coder) for text in SOME], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone, rtol=1e-4)


def test_what_texts_may_come_in(coder):
    series = pd.Series(["robbery", "burglary"], index=[7, 7], name="x")
    given = [series, series.to_numpy(), tuple(series), (text for text in series), series.astype("category")]
    assert [suggest(each, coder=coder)["code_l1"].tolist() for each in given] == [["04", "05"]] * 5


@pytest.mark.parametrize("texts", [[], pd.Series([], dtype="str")])
def test_nothing_in_nothing_out(coder, texts):
    found = suggest(texts, coder=coder)
    assert len(found) == 0
    frames.SUGGESTIONS.check(found)


def test_many_texts_on_all_processors_are_coded_alike(coder, model, monkeypatch):
    from crimestats.coding import suggesting

    kept = load(model)
    alone = suggest(SOME, coder=kept)
    monkeypatch.setattr(suggesting, "MANY", 5)
    monkeypatch.setattr(suggesting, "AT_ONCE", 3)
    asked = []
    inside = suggesting._in_parallel
    monkeypatch.setattr(suggesting, "_in_parallel", lambda *given: asked.append(given) or inside(*given))
    monkeypatch.setattr(
        suggesting, "Parallel", lambda n_jobs: lambda jobs: [job(*given) for job, given, _ in jobs]
    )
    pd.testing.assert_frame_equal(suggest(SOME, coder=kept), alone, rtol=1e-4)
    assert len(asked) == 1


# --- explain -----------------------------------------------------------------


def test_the_evidence_for_a_text(coder):
    found = explain("armed robbery of a bank", coder, "en", k=3, examples=2)
    assert list(found.columns) == ["code", "title", "probability", "kind", "text", "source", "likeness"]
    best = list(dict.fromkeys(found["code"]))
    assert len(best) == 3
    assert best[0].startswith("0401")
    assert set(found["kind"]) <= {"example", "excluded", "note"}
    assert (found.groupby("code")["kind"].apply(lambda kinds: (kinds == "note").sum()) == 1).all()
    assert (found[found["kind"] == "example"].groupby("code").size() <= 2).all()
    own = found[found["kind"] == "example"]
    assert [ICCS[code].title for code in own["code"]] == own["title"].tolist()
    assert own["likeness"].between(0.15, 1.0001).all()
    assert found.loc[found["kind"] == "note", "likeness"].isna().all()


@pytest.mark.parametrize("text", ["", "12", LONG, "qqqq", "盗窃"])
def test_whatever_is_asked_is_explained(coder, text):
    found = explain(text, coder)
    assert (found.groupby("code", sort=False)["kind"].last() == "note").all()


# --- all that is shipped -----------------------------------------------------


@pytest.mark.exhaustive
def test_lists_whose_country_was_left_out():
    """One full training, and the lists of two countries that it knows nothing of."""
    coder = train(["US", "DE"])
    assert not {"US", "DE"} & set(coder.examples["country"].str.split("-").str[0])
    for scheme, floor in (("us-nibrs", 0.85), ("de-pks", 0.85)):
        rows = LISTS[(LISTS["source"] == scheme) & (LISTS["code"] != "")].drop_duplicates(["words", "code"])
        truth = rows["code"].to_numpy(object)
        right = training.rightness(training.read(coder, rows["text"])[0], truth)
        assert np.nanmean(right[:, 0]) >= floor, scheme
        found = suggest(rows["text"], coder=coder)["code"].to_numpy(object)
        given = found != ""
        kept = [true.startswith(code) for code, true in zip(found[given], truth[given], strict=True)]
        assert given.mean() > 0.3, scheme
        assert np.mean(kept) >= 0.92, scheme
