"""Fits a detector on references, and its threshold on others of them.

    1 the tables     features, a classifier of kinds of inputs (labels, or parts that it finds)
    2 neighbours     of kinds and of meanings: centres of the references, so that a look is short
    3 the scales     of the distances, over references that nothing was fitted on
    4 the threshold  over others again: split conformal (see `roadworthy.statistics.conformal`)

Enters: texts as they are asked, with labels or none. Leaves: tables and numbers. Never here: a text
kept, randomness without a seed, or a threshold on what the detector was fitted on. Needs numpy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

from msgspec import Struct

from roadworthy.domain import Packed

from . import softmax
from .centres import parts
from .detector import PARTS, Distances, direction, mixture
from .features import SOFTENED, Texts
from .projection import Encode, Placed, Projection, VectorOf
from .tables import pack, pack_rows
from .words import words_of

MOST_KINDS = 256
"""Of more labels parts are found instead."""

MOST_PARTS = 150
_PARTS = 1.25

MOST_NEAR = 1536
"""Centres of neighbours: more cost time a text, fewer cost recall."""

MOST_TOPICS = 24
_FEWEST_A_TOPIC = 8


class Fitted(Struct, frozen=True, kw_only=True):
    """What was fitted."""

    tables: dict[str, Packed]
    settings: dict[str, float]
    topics: list[str]
    output_topics: list[str]
    labelled: bool


def fit(
    texts: Sequence[str],
    scaling: Sequence[str],
    *,
    labels: Sequence[str] = (),
    outputs: Sequence[str] = (),
    vector_of: VectorOf | None = None,
    encode: Encode | None = None,
) -> Fitted:
    """A detector of `texts`, its distances scaled over `scaling`.

    `labels`: of each text, or none. `encode`: in place of `vector_of`. Raises ValueError on fewer
    than two texts with words.
    """
    import numpy as np

    words = [words_of(text) for text in texts]
    if sum(map(bool, words)) < 2:
        raise ValueError("fewer than two references have words")
    if encode is not None:
        vector_of, encode = None, cache(encode)
    encoded = None if encode is None else np.array([encode(text) for text in texts], dtype="f4")
    own = Texts(words, vector_of, encoded)
    labelled = 2 <= len(set(labels)) <= MOST_KINDS
    kinds, count = _kinds(own, labels if labelled else ())
    weights, bias = softmax.fit(own.blocks, kinds, count)
    tables = _tables(own, weights, bias)  # 1
    projection = Projection(tables, vector_of, encode)
    placed = [projection.place(text) for text in texts]
    tables |= _near(placed)  # 2
    names, topics = _topics(placed, labels if labelled else ())
    tables["topics"] = pack(topics, "f2")
    output_names: list[str] = []
    if outputs:
        output_names, answers = _topics([projection.place(text) for text in outputs], ())
        tables["output_topics"] = pack(answers, "f2")
    return Fitted(
        tables=tables,
        settings=_scales(Distances(tables, vector_of, encode), scaling),  # 3
        topics=names,
        output_topics=output_names,
        labelled=labelled,
    )


def _kinds(own: Texts, labels: Sequence[str]) -> tuple[Any, int]:
    """A number a text: of its label, and where labels are few of the part of it that it lies in.

    Few labels say little of what their texts are about, and so of what none of them is.
    """
    import numpy as np

    rows = own.meanings.rows if own.meanings is not None else own.folded()
    wanted = max(2, min(MOST_PARTS, round(_PARTS * math.sqrt(len(rows)))))
    found = np.zeros(len(rows), dtype="i8")
    said = np.array(labels) if labels else np.zeros(len(rows), dtype="U1")
    for label in sorted(set(said.tolist())):
        mine = np.flatnonzero(said == label)
        share = max(1, round(wanted * len(mine) / len(rows)))
        found[mine] = found.max() + 1 + parts(rows[mine], share)[1]
    kept, numbered = np.unique(found, return_inverse=True)
    return numbered, max(2, len(kept))


def _tables(own: Texts, weights: Sequence[Any], bias: Any) -> dict[str, Packed]:
    import numpy as np

    rarity = np.array(own.words.rarity, dtype="f4")
    letter_rarity = np.array(own.letters.rarity, dtype="f4")
    softened = np.array([*own.words.rarity, own.words.unknown]) ** SOFTENED
    tables = {
        "bias": pack(bias, "f4"),
        "words": pack(own.words.keys, "u4"),
        "word_rarity": pack(rarity, "f4"),
        "softened": pack(softened, "f4"),
        "spelled_mass": pack(own.letter_mass, "f4"),
        "letters": pack(own.letters.keys, "u4"),
        "letter_rarity": pack(letter_rarity, "f4"),
        **pack_rows("word_weights", weights[0] * rarity[:, None]),
        **pack_rows("spelled_weights", own.of_words.times(weights[2])),
        **pack_rows("letter_weights", weights[2] * letter_rarity[:, None]),
    }
    if own.pairs.keys:
        pair_rarity = np.array(own.pairs.rarity, dtype="f4")
        tables |= {"pairs": pack(own.pairs.keys, "u4"), "pair_rarity": pack(pair_rarity, "f4")}
        tables |= pack_rows("pair_weights", weights[1] * pair_rarity[:, None])
    if own.meanings is not None:
        tables |= {
            "meant": pack(own.meant[None, :], "f4"),
            "turn": pack(weights[3], "f2"),
        }
        if own.vectors.shape[1]:
            tables["vectors"] = pack(own.vectors, "f2")
    return tables


def _near(placed: Sequence[Placed]) -> dict[str, Packed]:
    """Centres of the references' kinds and meanings."""
    import numpy as np

    kinds = np.array([mixture(each) for each in placed], dtype="f4")
    tables = {"near_kinds": pack(parts(kinds, MOST_NEAR)[0], "f2")}
    if len(placed[0].meaning):
        meanings = np.array([each.meaning for each in placed], dtype="f4")
        tables["near_meanings"] = pack(parts(meanings, MOST_NEAR)[0], "f2")
    return tables


def _topics(placed: Sequence[Placed], labels: Sequence[str]) -> tuple[list[str], Any]:
    """Names and centres of parts; a part is named after the label that most of it has."""
    import numpy as np

    rows = np.array([direction(each) for each in placed], dtype="f4")
    wanted = max(1, min(MOST_TOPICS, len(rows) // _FEWEST_A_TOPIC))
    centres, own = parts(rows, wanted)
    names: list[str] = []
    for part in range(len(centres)):
        said = [labels[at] for at in np.flatnonzero(own == part).tolist()] if labels else []
        stem = max(sorted(set(said)), key=said.count) if said else "topic"
        number = 1 + sum(name.rpartition("-")[0] == stem for name in names)
        names.append(f"{stem}-{number}")
    return names, centres


def _scales(distances: Distances, scaling: Sequence[str]) -> dict[str, float]:
    """Mean and spread of each distance."""
    import numpy as np

    rows = np.array([distances.of(distances.projection.place(text)) for text in scaling])
    found: dict[str, float] = {}
    for at, name in enumerate(PARTS):
        found[f"{name}_mean"] = round(float(rows[:, at].mean()), 9)
        found[f"{name}_spread"] = round(float(rows[:, at].std()), 9) or 1.0
    return found
