"""Jinja2's sandbox, with one thing more that a template cannot do: make more than a prompt holds.

Enters: a template's source, and values. Leaves: text, or OverflowError before anything larger than
`MOST_CHARACTERS` was made. Jinja2 bounds `range` alone; `"a" * 10**9`, a width of a billion, or a
text joined to itself forty times would have the memory before anybody could count what comes out.

How: the tree is changed before it is compiled, so that whatever makes a value (an operator, a
filter, a call, a literal, a piece of the text) passes one of the functions here and pays first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.filters import FILTERS
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedFormatter
from jinja2.visitor import NodeTransformer

from .template_costs import (
    PREDICTED,
    Purse,
    of_joining,
    of_json,
    of_padding,
    of_power,
    of_printf,
    of_product,
    of_sum,
    size,
    text_size,
    widths,
)

_PURSE = "what this rendering may still make"
"""A name that no template can write."""

_CONCAT, _MADE = " concat", " made"
"""Filters of ours; no template can write their names either."""

_OPERATORS: dict[str, Callable[[Any, Any], int]] = {
    "*": of_product, "**": of_power, "+": of_sum, "%": of_printf,
}  # fmt: skip

_NOTHING_NEW = frozenset((
    "abs", "attr", "count", "d", "default", "first", "float", "int", "last", "length", "max", "min",
    "random", "round",
))  # fmt: skip
"""Filters that give what was there, or a number."""

_OF_ITEMS = frozenset((
    "dictsort", "groupby", "items", "list", "map", "reject", "rejectattr", "reverse", "select",
    "selectattr", "sort", "sum", "unique",
))  # fmt: skip
"""Filters that only look at the items one by one; a text's are its characters."""

_TO_PLACES = frozenset(("batch", "slice"))
_SPELLING_OUT = frozenset((
    "e", "escape", "forceescape", "pprint", "urlencode", "urlize", "xmlattr",
))  # fmt: skip
_LONGEST_SPELLING = 12
"""`%F0%9F%98%80`, `&#34;`, a link: so many characters for one."""

_SPLITTING = frozenset(("split", "rsplit", "splitlines", "partition", "rpartition"))
_A_PIECE = 4
"""Times its characters, a text in pieces takes in memory at most, about."""

_REFUSED = frozenset(("encode", "translate", "to_bytes"))
"""Methods that no prompt needs and whose result nobody could bound by looking."""


class _Context(Context):
    """A context that carries the purse into contexts made from it."""

    def __init__(self, environment: Any, parent: dict[str, Any], *args: Any, **more: Any) -> None:
        super().__init__(environment, parent, *args, **more)
        self.purse: Purse = self.parent.setdefault(_PURSE, Purse())


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """The environment of every prompt."""

    intercepted_binops = frozenset(_OPERATORS)
    context_class = _Context

    def __init__(self, **options: Any) -> None:
        super().__init__(finalize=_piece, **options)
        self.filters = dict(_FILTERS)
        self.globals.pop("lipsum", None)

    def _generate(self, source: nodes.Template, *args: Any, **options: Any) -> str:
        """Jinja2's hook between parsing and code."""
        return super()._generate(_Paying().visit(source), *args, **options)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """An operator, paid for before it runs."""
        context.purse.pay(_OPERATORS[operator](left, right))
        return super().call_binop(context, operator, left, right)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """A call, paid for before it runs, and once more for what it gave.

        The names are Jinja2's: a template may call something with a keyword `self`.
        """
        method = getattr(__obj, "__wrapped__", __obj)
        own, name = getattr(method, "__self__", None), getattr(method, "__name__", "")
        purse, given = __context.purse, [*args, *kwargs.values()]
        if isinstance(own, str) and name in ("format", "format_map"):
            named = args[0] if name == "format_map" else kwargs
            return _Formatter(__self, purse).vformat(own, args, named)
        purse.pay(_of_method(own, name, given) if isinstance(own, str) else size(given))
        made = super().call(__context, __obj, *args, **kwargs)
        purse.pay(size(made))
        return made

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may have it."""
        if isinstance(obj, bytes) or (isinstance(obj, str | int) and attr in _REFUSED):
            return False
        return super().is_safe_attribute(obj, attr, value)


class _Paying(NodeTransformer):
    """Leads what the sandbox does not intercept through finalize or a filter."""

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:  # noqa: N802
        text = nodes.Const(node.data, lineno=node.lineno)
        return nodes.MarkSafeIfAutoescape(text, lineno=node.lineno)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filtered(nodes.List(node.nodes, lineno=node.lineno), _CONCAT)

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filtered(node, _MADE)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filtered(node, _MADE)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filtered(node, _MADE) if node.ctx == "load" else node

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        step = nodes.Output([nodes.Const("", lineno=node.lineno)], lineno=node.lineno)
        node.body.insert(0, step)
        return node


def _filtered(node: nodes.Expr, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


class _Formatter(SandboxedFormatter):
    """`str.format`, every width looked at where it is known: after it was filled in itself."""

    def __init__(self, environment: BoundedEnvironment, purse: Purse) -> None:
        super().__init__(environment)
        self._purse = purse

    def convert_field(self, value: Any, conversion: Any) -> Any:
        if conversion is not None:
            self._purse.pay(text_size([value]))
        return super().convert_field(value, conversion)

    def format_field(self, value: Any, format_spec: str) -> Any:
        self._purse.pay(text_size(value) + widths(format_spec))
        return super().format_field(value, format_spec)


def _of_method(own: str, name: str, given: list[Any]) -> int:
    """What a method of a text will make."""
    if name == "join":
        return sum(of_joining(list(one), [own]) for one in given)
    if name in PREDICTED:
        return PREDICTED[name](own, given)
    return len(own) * (_A_PIECE if name in _SPLITTING else 1)


def _of_filter(name: str, value: Any, given: list[Any]) -> int:
    """What a filter will make of a value."""
    if name in _NOTHING_NEW:
        return 0
    if name in _OF_ITEMS:
        return size(value) * (_A_PIECE if isinstance(value, str) else 1)
    if name in _TO_PLACES:
        return _A_PIECE * size(value) + of_padding("", given) * 8
    if name == "join":
        return of_joining(value, given)
    if name == "tojson":
        return of_json(value, given)
    if name in PREDICTED:
        return PREDICTED[name](value, given)
    growth = _LONGEST_SPELLING if name in _SPELLING_OUT else 1
    return growth * text_size(value) + sum(map(text_size, given))


def _bounded(name: str, run: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, paid before it runs, and once more for what it gave where that is larger."""
    first = getattr(getattr(run, "jinja_pass_arg", None), "name", "")

    @pass_context
    def bounded(context: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        if name == "join":
            value = _gathered(context.purse, value)
        elif name in PREDICTED and not isinstance(value, str):
            context.purse.pay(text_size(value))
            value = str(value)
        context.purse.pay(_of_filter(name, value, [*args, *kwargs.values()]))
        lead = {
            "context": (context,), "eval_context": (context.eval_ctx,),
            "environment": (context.environment,),
        }.get(first, ())  # fmt: skip
        made = run(*lead, value, *args, **kwargs)
        if name not in _NOTHING_NEW:
            context.purse.pay(size(made))
        return made

    return bounded


def _gathered(purse: Purse, items: Any) -> list[Any]:
    """The items of whatever gives them, each paid for as it comes."""
    found = []
    for item in items:
        purse.pay(0)
        found.append(item)
    return found


@pass_context
def _piece(context: Any, value: Any) -> Any:
    """Every piece of the text before it is made text."""
    context.purse.pay(text_size(value))
    return value


@pass_context
def _concat(context: Any, parts: list[Any]) -> str:
    """What `~` puts together."""
    context.purse.pay(of_joining(parts, []))
    return "".join(map(str, parts))


@pass_context
def _made(context: Any, value: Any) -> Any:
    """A list, tuple or mapping as the template writes it."""
    context.purse.pay(size(value))
    return value


_FILTERS = {
    **{name: _bounded(name, run) for name, run in FILTERS.items()},
    _CONCAT: _concat,
    _MADE: _made,
}
