"""Models as files, by skops: arrays and text only, nothing that runs when it is read."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame
from scipy import sparse

from crimestats import __version__
from crimestats.coding.calibration import Calibration
from crimestats.coding.coder import Coder
from crimestats.coding.decisions import locked
from crimestats.coding.features import Features
from crimestats.errors import FileError
from crimestats.files import replacing, shipped

FORMAT = "crimestats-coder-2"
"""Changes whenever an older model could be read wrongly."""

CACHE = "CRIMESTATS_CACHE"
"""Environment variable: folder of the model that is trained at the first use."""

_KEPT = ("text", "full", "words", "language", "code", "against", "source", "country", "place")
_STEPS = 127
_MARK = "\x1e"


def save(coder: Coder, path: Path | str) -> None:
    """Write a model.

    Weights are kept in 255 steps a category, vectors in half precision.

    Raises:
        FileError: The folder is not there or cannot be written.
    """
    from zipfile import ZIP_DEFLATED

    import skops.io

    scale = np.abs(coder.weights).max(axis=0) / _STEPS
    scale[scale == 0] = 1
    content: dict[str, Any] = {
        "about": json.dumps({"format": FORMAT, **coder.about}),
        "categories": " ".join(coder.categories),
        "words": _packed(coder.features.words),
        "runs": _packed(coder.features.runs),
        "rarity": coder.features.rarity,
        "weights": np.round(coder.weights / scale).astype(np.int8),
        "scale": scale.astype(np.float32),
        "intercepts": coder.intercepts,
        "coefficients": coder.calibration.coefficients,
        "thresholds": coder.calibration.thresholds,
        "weight": coder.examples["weight"].to_numpy(np.float32),
        "data": coder.vectors.data.astype(np.float16),
        "indices": coder.vectors.indices.astype(np.int32),
        "indptr": coder.vectors.indptr.astype(np.int32),
        "width": int(coder.vectors.shape[1]),
        **{f"example_{name}": _packed(coder.examples[name]) for name in _KEPT},
    }
    with replacing(path) as place:
        try:
            skops.io.dump(content, place, compression=ZIP_DEFLATED, compresslevel=3)
        except TypeError:  # older skops
            skops.io.dump(content, place)


def load(path: Path | str) -> Coder:
    """Read a model.

    Raises:
        FileError: It is not there, is damaged, is no model, or is of another version.
    """
    import skops.io

    if not Path(path).is_file():
        raise FileError(str(path), "is not there.", "Train a model: crimestats coding train --out MODEL.")
    try:
        content = skops.io.load(path, trusted=[])
        about = dict(json.loads(content["about"]))
    except Exception as error:  # whatever a damaged archive makes skops, zipfile or json say
        fault = f"is damaged, or is no model ({type(error).__name__})."
        raise FileError(str(path), fault, "Train it anew: crimestats coding train.") from error
    if about.get("format") != FORMAT:
        fault = f"is a model of the form {about.get('format')!r}; this version reads {FORMAT!r}."
        raise FileError(str(path), fault, "Train it anew: crimestats coding train.")
    try:
        coder = _coder(content, about)
    except (AttributeError, KeyError, ValueError, TypeError, IndexError) as error:
        fault = f"lacks a part of the model ({error})."
        raise FileError(str(path), fault, "Train it anew: crimestats coding train.") from error
    object.__setattr__(coder, "path", str(Path(path).resolve()))
    return coder


def _coder(content: dict[str, Any], about: dict[str, Any]) -> Coder:
    examples = DataFrame({name: _unpacked(content[f"example_{name}"]) for name in _KEPT}, dtype="str")
    examples["weight"] = content["weight"].astype(float)
    vectors = sparse.csr_matrix(
        (content["data"].astype(np.float32), content["indices"], content["indptr"]),
        shape=(len(examples), content["width"]),
    )
    return Coder(
        about={key: value for key, value in about.items() if key != "format"},
        categories=tuple(content["categories"].split()),
        features=Features(
            tuple(_unpacked(content["words"])), tuple(_unpacked(content["runs"])), content["rarity"]
        ),
        weights=content["weights"].astype(np.float32) * content["scale"],
        intercepts=content["intercepts"],
        examples=examples,
        vectors=vectors,
        calibration=Calibration(content["coefficients"], content["thresholds"]),
    )


def default(progress: Callable[[str], None] | None = None) -> Coder:
    """The model of the shipped tables and index, trained at the first use and kept.

    It is kept in the folder that the environment variable CRIMESTATS_CACHE
    names, else in `~/.cache/crimestats`, under a name that changes with the
    data and the version.
    """
    folder = Path(os.environ.get(CACHE) or Path.home() / ".cache" / "crimestats")
    path = folder / f"coder-{_fingerprint()}.skops"
    with suppress(FileError):  # a damaged one is trained anew
        return load(path)
    if progress:
        progress("First use: training the model from the shipped tables and index (one or two minutes)")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / "training.lock"):  # others that come meanwhile wait for this one
            with suppress(FileError):
                return load(path)
            save(_trained(progress), path)
        return load(path)
    except (FileError, OSError):
        return _trained(progress)  # nowhere to keep it: the next use trains again


def _trained(progress: Callable[[str], None] | None) -> Coder:
    from crimestats.coding.training import train

    return train(progress=progress)


def _fingerprint() -> str:
    """Of the data and code that the model comes from."""
    classification = shipped("classification", "iccs").parent
    used = [*classification.glob("iccs/*/*.csv"), *classification.glob("correspondence/*/*")]
    code = sorted(Path(__file__).parent.glob("*.py"))
    digest = sha256(f"{FORMAT} {__version__} {pd.__version__}".encode())
    for path in (*sorted(used), *code):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _packed(texts: Any) -> NDArray[np.uint8]:
    return np.frombuffer(_MARK.join(text.replace(_MARK, " ") for text in texts).encode(), dtype=np.uint8)


def _unpacked(packed: NDArray[np.uint8]) -> list[str]:
    return packed.tobytes().decode().split(_MARK)
