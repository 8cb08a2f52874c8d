"""What speaks for a category and what against: examples, terms of the index, the scope note."""

import pandas as pd
from pandas import DataFrame

from crimestats.classification import Classification
from crimestats.coding.coder import Coder
from crimestats.coding.cues import Cues
from crimestats.coding.texts import folded, sound, words

LEAST = 0.15
"""Cosine below which a text says nothing for or against a category."""

EVIDENCE = ("code", "title", "probability", "kind", "text", "source", "likeness")


def explain(text: str, coder: Coder, language: str | None = None, k: int = 5, examples: int = 3) -> DataFrame:
    """The evidence for the k likeliest categories of a text.

    Args:
        text: Description of an offence.
        coder: The model.
        language: Of the text.
        k: Categories.
        examples: Nearest coded texts of each.

    Returns:
        A row for each piece of evidence, categories best first: code, title,
        probability (before calibration), kind (`example`, `excluded`: a text
        that the category excludes, `note`: its scope note), text, source and
        likeness (cosine, 0 to 1; nan for notes).
    """
    iccs = Classification.load("iccs")
    whole = folded(pd.Series([sound(text)], dtype="str"))
    bare = Cues.load().find(whole, language)["bare"].astype("str")
    reading = coder.read(bare, full=[words(whole.iloc[0])])
    known = coder.examples
    cosines = (coder.vectors @ reading.compared.T).toarray().ravel()
    cosines[(known["full"] == words(whole.iloc[0])).to_numpy()] = 1.0
    rows = []
    for column in (-reading.likely[0]).argsort(kind="stable")[:k]:
        code = coder.categories[column]
        head = (code, iccs[code].title, float(reading.likely[0, column]))
        for kind, owner in (("example", "code"), ("excluded", "against")):
            own = known[(known[owner] == code).to_numpy() & (cosines > LEAST)]
            near = own.assign(likeness=cosines[own.index]).nlargest(examples, "likeness", keep="first")
            for each in near.itertuples():
                rows.append((*head, kind, each.text, f"{each.source} {each.place}".strip(), each.likeness))
        rows.append((*head, "note", iccs.note(code), "", float("nan")))
    return DataFrame(rows, columns=list(EVIDENCE))
