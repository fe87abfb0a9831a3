"""MiniLM's network in whole numbers: its weights as published, its sums in a byte a number.

The published file holds weights in a byte and turns them into floats at every look; here they stay
as they are, and what flows between them is put into a byte too, which is what makes a look short
(dynamic quantisation; Zafrir et al. 2019, https://arxiv.org/abs/1910.06188). Seven bits of each
weight count: no sum of two products then passes 16 bits, so that a processor without instructions
for it (VNNI) counts the same. Enters: the published file. Leaves: tables of tokens, and an ONNX
graph from their rows to a text's mean. Never here: a file that was not held against its digest.
Needs onnx and numpy, imported where they are used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

LAYERS = 6
HEADS = 12
WIDTH = 384
_EPSILON = 1e-12
_MOST = 63
"""The largest weight, in seven bits."""

_FUSED = "com.microsoft"
_OPSETS = {"": 17, _FUSED: 1}
_MATRIX = re.compile(r"(val_\d+)_q")


class Parts(Struct, frozen=True):
    """What the published file is taken apart into."""

    tokens: Any
    """A row a token, in a byte a number."""
    token_scales: Any
    places: Any
    """A row a place in the text."""
    graph: bytes


def parts_of(published: bytes) -> Parts:
    """The file's parts. Raises ImportError without onnx."""
    import numpy as np
    import onnx

    stored = onnx.load_model_from_string(published).graph.initializer
    held = {each.name: onnx.numpy_helper.to_array(each) for each in stored}
    embedded = "inner.embeddings."
    places = f"{embedded}position_embeddings.weight"
    return Parts(
        tokens=held[f"{embedded}word_embeddings.weight_q"],
        token_scales=held[f"{embedded}word_embeddings.weight_scale"].astype("f4"),
        places=(
            held[f"{places}_q"] * held[f"{places}_scale"].astype("f4")
            + held[f"{embedded}token_type_embeddings.weight"][:1]
        ).astype(np.float32),
        graph=_Graph(held).built(),
    )


class _Graph:
    """Nodes and weights while they are put together."""

    def __init__(self, held: Mapping[str, Any]) -> None:
        self._held = held
        self._matrices = [found[1] for name in held if (found := _MATRIX.fullmatch(name))]
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def built(self) -> bytes:
        """The whole: rows of tokens go in, one row leaves."""
        from onnx import TensorProto, helper

        at = self._node("LayerNormalization", ["rows", *self._norm("inner.embeddings.")], "begin",
                        epsilon=_EPSILON)  # fmt: skip
        for layer in range(LAYERS):
            at = self._layer(layer, at)
        self._node("ReduceMean", [at], "mean", axes=[1], keepdims=0)
        rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, [1, "tokens", WIDTH])
        mean = helper.make_tensor_value_info("mean", TensorProto.FLOAT, [1, WIDTH])
        graph = helper.make_graph(self._nodes, "minilm", [rows], [mean], self._weights)
        opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS.items()]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        return bytes(model.SerializeToString())

    def _layer(self, layer: int, begin: str) -> str:
        own = f"inner.encoder.layer.{layer}."
        asked = self._matrices[6 * layer : 6 * layer + 3]
        out, wide, back = self._matrices[6 * layer + 3 : 6 * layer + 6]
        byte = f"{layer}.byte"
        self._node("DynamicQuantizeLinear", [begin], byte, f"{byte}.scale", f"{byte}.zero")
        table, scale, zero = self._matrix(asked)
        bias = self._weight(
            f"{asked[0]}.bias",
            [n for name in ("query", "key", "value")
             for n in self._held[f"{own}attention.self.{name}.bias"]],
        )  # fmt: skip
        looked = self._node(
            "QAttention",
            [byte, table, bias, f"{byte}.scale", scale, "", f"{byte}.zero", zero],
            f"{layer}.looked", domain=_FUSED, num_heads=HEADS,
        )  # fmt: skip
        said = self._times(looked, out, f"{own}attention.output.dense.bias")
        between = self._added(said, begin, f"{own}attention.output.")
        bent = self._node(
            "BiasGelu",
            [self._times(between, wide), self._own(f"{own}intermediate.dense.bias")],
            f"{layer}.bent", domain=_FUSED,
        )  # fmt: skip
        return self._added(self._times(bent, back, f"{own}output.dense.bias"), between,
                           f"{own}output.")  # fmt: skip

    def _times(self, at: str, matrix: str, bias: str = "") -> str:
        inputs = [at, *self._matrix([matrix]), *([self._own(bias)] if bias else [])]
        return self._node("DynamicQuantizeMatMul", inputs, f"{matrix}.out", domain=_FUSED)

    def _added(self, at: str, before: str, own: str) -> str:
        return self._node("SkipLayerNormalization", [at, before, *self._norm(own)], f"{own}sum",
                          domain=_FUSED, epsilon=_EPSILON)  # fmt: skip

    def _norm(self, own: str) -> tuple[str, str]:
        return self._own(f"{own}LayerNorm.weight"), self._own(f"{own}LayerNorm.bias")

    def _matrix(self, names: Sequence[str]) -> tuple[str, str, str]:
        """Matrices side by side in seven bits: numbers, a scale a column, zeros."""
        import numpy as np

        whole = np.concatenate([self._held[f"{name}_q"] for name in names], axis=1)
        scales = np.concatenate([self._held[f"{name}_scale"][0] for name in names])
        fewer = np.rint(whole.astype("f4") / 127 * _MOST).astype("i1")
        return (
            self._weight(f"{names[0]}.whole", fewer, kind="i1"),
            self._weight(f"{names[0]}.scale", scales * (127 / _MOST)),
            self._weight(f"{names[0]}.zero", np.zeros(len(scales)), kind="i1"),
        )

    def _own(self, name: str) -> str:
        return self._weight(name, self._held[name])

    def _weight(self, name: str, values: Any, *, kind: str = "f4") -> str:
        import numpy as np
        from onnx import numpy_helper

        table = np.ascontiguousarray(values, dtype=kind)
        self._weights.append(numpy_helper.from_array(table, name))
        return name

    def _node(self, what: str, inputs: Sequence[str], *out: str, **settings: Any) -> str:
        from onnx import helper

        self._nodes.append(helper.make_node(what, inputs, out, **settings))
        return out[0]
