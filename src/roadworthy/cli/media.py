"""`roadworthy media`: distances of sets of pictures, from the features that an encoder made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

_FEW = 30
"""Pictures below which no mean is resampled."""


def command(
    features: Annotated[Path, typer.Argument(metavar="FEATURES", help="A .npy file.")],
    *,
    reference: Annotated[
        Path | None, typer.Option(help="Features of the pictures that they should be like.")
    ] = None,
    texts: Annotated[
        Path | None, typer.Option(help="Features of each picture's text, row by row.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Say how far pictures are from a reference (FID, KID) or from their texts (CLIP score).

    Roadworthy asks no model for pictures: an encoder of your own turns them into a table of
    numbers, saved with numpy.save, a row a picture. Each figure comes with n and a 95 % interval.
    FID is too large on few pictures; the interval is that of FID less this bias. KID has none.
    """
    from roadworthy.domain import UsageError
    from roadworthy.evaluation import read_features

    from .terminal import emit, table

    if reference is None and texts is None:
        raise UsageError("nothing to compare with", fix="--reference FILE, --texts FILE, or both")
    own = read_features(features)
    found: dict[str, Any] = {"features": _about(own)}
    try:
        if reference is not None:
            other = read_features(reference)
            found["reference"] = _about(other)
            found |= _distances(own.rows, other.rows)
        if texts is not None:
            words = read_features(texts)
            found["texts"] = _about(words)
            found["clip_score"] = _clip_score(own.rows, words.rows)
    except ValueError as error:
        raise UsageError(str(error), fix="a .npy file of finite numbers, a row a picture") from None
    if json:
        emit(found)
        return
    names = [name for name in ("fid", "kid", "clip_score") if name in found]
    table(["", "value", "95 % interval", "n"], [_row(name, found[name]) for name in names])


def _about(file: Any) -> dict[str, str]:
    return {"file": file.path, "digest": file.digest}


def _distances(own: Any, other: Any) -> dict[str, Any]:
    from roadworthy.statistics import frechet, kernel_distance

    return {
        name: {
            "value": found.value,
            "corrected": found.corrected,
            "low": found.interval.low,
            "high": found.interval.high,
            "n": found.n,
            "reference": found.reference,
            "columns": found.columns,
        }
        for name, found in (("fid", frechet(own, other)), ("kid", kernel_distance(own, other)))
    }


def _clip_score(own: Any, words: Any) -> dict[str, Any]:
    import math

    from roadworthy.statistics import bca_mean, cosines, share_interval

    values = cosines(own, words)
    total, n = math.fsum(values), len(values)
    resampled = n >= _FEW and min(values) < max(values)
    bounds = bca_mean(values) if resampled else share_interval(total, n)
    return {"value": total / n, "low": bounds.low, "high": bounds.high, "n": n}


def _row(name: str, found: dict[str, Any]) -> list[str]:
    value = f"{found['value']:.4g}"
    if name == "fid":
        value += f" ({found['corrected']:.4g} less its bias)"
    n = f"{found['n']:,}" + (f" and {found['reference']:,}" if "reference" in found else "")
    return [name, value, f"{found['low']:.4g} to {found['high']:.4g}", n]
