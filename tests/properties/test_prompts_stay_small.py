"""No template makes more than a prompt holds, however it is spelt, and none that is small suffers.

Watched with tracemalloc: a template that is refused only after it had the memory fails here.
"""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment

from roadworthy.domain import ManifestError, Prompt, PromptHeader, UsageError
from roadworthy.prompting import PromptTemplate

MOST_BYTES = 150_000_000
"""Sixteen million characters of one section, at up to four bytes each, and what lies around."""

EXAMPLES = ({"input": "one", "output": "a"}, {"input": "two", "output": "b"})

TOO_LARGE = {
    "times": '{{ "a" * 10**9 }}',
    "times-of-a-value": "{{ input * 10**9 }}",
    "times-from-the-left": '{{ 10**9 * "a" }}',
    "times-of-a-list": "{{ ([input] * 10**9)|length }}",
    "times-that-nobody-sees": '{% set x = "a" * 10**9 %}fine',
    "power": "{{ 7 ** (10**9) }}",
    "power-of-power": "{{ (7 ** (7 ** (7 ** 7))) % 10 }}",
    "center": "{{ input|center(10**9) }}",
    "center-by-name": "{{ input|center(width=10**9) }}",
    "center-of-a-number": "{{ 7|center(10**9) }}",
    "center-in-map": "{{ [input]|map('center', 10**9)|join }}",
    "method-center": "{{ input.center(10**9) }}",
    "method-ljust": "{{ input.ljust(10**9) }}",
    "method-zfill": "{{ input['zfill'](10**9) }}",
    "method-by-attr": "{{ (input|attr('rjust'))(10**9) }}",
    "method-tabs": r'{{ "\t".expandtabs(10**9) }}',
    "method-replace": "{{ ('x' * 9000).replace('x', 'y' * 9000) }}",
    "method-join": "{{ ('x' * 9000).join(range(90000)|map('string')) }}",
    "method-translate": "{{ input.translate({120: 'y' * 1000000}) }}",
    "method-bytes": "{{ (1).to_bytes(10**9, 'big') }}",
    "indent": r'{{ "a\nb\nc"|indent(10**9) }}',
    "indent-of-text": r'{{ "a\nb\nc"|indent("x" * 9000000, true) }}',
    "wordwrap": "{{ ('x' * 9000)|wordwrap(1, wrapstring='y' * 9000) }}",
    "printf": '{{ "%0999999999d"|format(7) }}',
    "printf-precision": '{{ "%.999999999f" % 7 }}',
    "printf-star": '{{ "%*d" % (10**9, 7) }}',
    "printf-names": '{{ ("%(a)s" * 9000) % {"a": "x" * 9000} }}',
    "format": '{{ "{:>999999999}".format(input) }}',
    "format-nested": '{{ "{:>{}}".format(input, 10**9) }}',
    "format-nested-item": '{{ "{0:>{1[w]}}".format(input, {"w": 10**9}) }}',
    "format-map": '{{ "{a:>999999999}".format_map({"a": input}) }}',
    "format-other-digits": '{{ "{:>٩٩٩٩٩٩٩٩٩}".format(input) }}',
    "format-repeated": '{{ ("{0}" * 9000).format("x" * 9000) }}',
    "join": "{{ range(90000)|join('x' * 9000) }}",
    "join-of-one": "{{ (['x' * 9000] * 90000)|join }}",
    "join-attribute": "{{ ([{'a': 'x' * 9000}] * 90000)|join(attribute='a') }}",
    "replace": "{{ ('x' * 9000)|replace('x', 'y' * 9000) }}",
    "replace-nothing": "{{ ('x' * 9000)|replace('', 'y' * 9000) }}",
    "replace-by-name": "{{ ('x' * 9000)|replace(new='y' * 9000, old='x') }}",
    "batch": "{{ [1]|batch(10**9, 'x')|list|length }}",
    "slice": "{{ [1]|slice(10**9)|list|length }}",
    "tojson": "{{ [[[1]]]|tojson(indent=10**9) }}",
    "list-as-text": "{{ [['x' * 9000] * 9000] }}",
    "list-as-text-filter": "{{ (['x' * 9000] * 9000)|upper }}",
    "list-in-lists": "{% set a = ['x' * 1000] %}{% set b = [a] * 1000 %}{{ [b] * 1000 }}",
    "views-as-text": "{{ {'a': ['x' * 9000] * 9000}.values() }}",
    "doubling": "{% set n = namespace(x='a') %}{% for i in range(40) %}{% set n.x = n.x ~ n.x %}"
    "{% endfor %}{{ n.x|length }}",
    "doubling-by-plus": "{% set n = namespace(x='a') %}{% for i in range(40) %}"
    "{% set n.x = n.x + n.x %}{% endfor %}{{ n.x|length }}",
    "doubling-blocks": "{% set n = namespace(x='a') %}{% for i in range(40) %}"
    "{% set y %}{{ n.x }}{{ n.x }}{% endset %}{% set n.x = y %}{% endfor %}{{ n.x|length }}",
    "doubling-macros": "{% macro m(x) %}{{ x }}{{ x }}{% endmacro %}" + "{{ m("
    + "m(" * 39 + "'a'" + ")" * 39 + ")|length }}",
    "hoarding": "{% set n = namespace(x=[]) %}{% for i in range(90000) %}"
    "{% for j in range(90000) %}{% set n.x = [n.x, i] %}{% endfor %}{% endfor %}",
    "hoarding-text": "{% set y %}{% for i in range(90000) %}{% for j in range(90000) %}"
    "nothing varies here{% endfor %}{% endfor %}{% endset %}",
    "filter-block": "{% filter center(10**9) %}x{% endfilter %}",
    "lipsum": "{{ lipsum(n=10**6) }}",
    "in-an-autoescaped-part": "{% autoescape true %}{{ input|center(10**9) }}{% endautoescape %}",
}  # fmt: skip


def a_prompt(body: str, format: str = "chat") -> Prompt:
    header = PromptHeader(id="p", format=format)  # type: ignore[arg-type]
    return Prompt(path="prompts/p.md", header=header, body=body, examples=EXAMPLES)


@pytest.mark.parametrize("body", TOO_LARGE.values(), ids=TOO_LARGE)
def test_no_template_makes_more_than_a_prompt_holds(body: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises((UsageError, ManifestError)):
            PromptTemplate(a_prompt(body)).render({"input": "x"})
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()


@given(
    st.sampled_from(["*", "|center", "|indent", ".ljust", "%", "format", "join", "replace"]),
    st.integers(min_value=25_000_000, max_value=10**15),
)
def test_every_size_above_it_is_refused(how: str, count: int) -> None:
    body = {
        "*": f"{{{{ input * {count} }}}}",
        "|center": f"{{{{ input|center({count}) }}}}",
        "|indent": f"{{{{ input|indent({count}, true) }}}}",
        ".ljust": f"{{{{ input.ljust({count}) }}}}",
        "%": f"{{{{ '%{count}s' % input }}}}",
        "format": f"{{{{ '{{:>{count}}}'.format(input) }}}}",
        "join": f"{{{{ ([input] * {count // 8})|join }}}}",
        "replace": f"{{{{ input|replace('x', input * {count}) }}}}",
    }[how]
    with pytest.raises(UsageError, match="grew beyond"):
        PromptTemplate(a_prompt(body)).render({"input": "x"})


ORDINARY = (
    "{{ input }}",
    "a {{ input|trim|upper }} b {{ input|replace('a', 'bb')|truncate(20) }}",
    "{% for e in examples %}{{ loop.index }}/{{ examples|length }} {{ e.input }}->{{ e.output }}\n"
    "{% endfor %}{{ input|indent(4, true) }}",
    "{% macro shot(e) %}[{{ e.input ~ ':' ~ e.output }}]{% endmacro %}"
    "{% for e in examples if e.input != input %}{{ shot(e) }}{% else %}none{% endfor %}",
    "{{ examples|map(attribute='input')|join(', ') }} {{ ', '.join(['a', input]) }}",
    "{{ '%s has %d' % (input, input|length) }} {{ '{:>8}|{!r}'.format(input, input) }}",
    "{{ examples|tojson(indent=2) }} {{ examples }} {{ {'a': (1, 2.5, none, true)} }}",
    "{% set x %}{{ input }}!{% endset %}{{ x * 3 }}{{ [1] + [2] }}{{ 2 ** 10 + 7 % 4 - 1 }}",
    "{{ examples|groupby('output')|list }}{{ examples|selectattr('output', 'eq', 'a')|list }}",
    "{{ input|wordwrap(10) }}{{ input.split()|first|default('-') }}{{ range(5)|sum }}",
    "{% for row in range(7)|batch(3, '-') %}{{ row|join(' ') }};{% endfor %}{{ input|e }}",
    "{% filter upper %}q {{ input }}{% endfilter %}{{ input.strip().title().count('a') }}",
    "{% for x in [[1, [2]], 3] recursive %}{{ loop(x) if x is iterable else x }} {% endfor %}",
    "{% autoescape true %}<b>{{ input }}</b>{% endautoescape %}{% raw %}{{ x }}{% endraw %}",
    "{% set a, b = input, 'z' %}{{ b ~ a }}{{ a if a in ['a', 'b'] else cycler('u').next() }}",
)  # fmt: skip


@given(st.sampled_from(ORDINARY), st.text(max_size=200))
def test_an_ordinary_template_says_what_it_says_without_bounds(body: str, value: str) -> None:
    template = PromptTemplate(a_prompt(body))
    ((_, text),) = template.render({"input": value})
    plain = ImmutableSandboxedEnvironment().from_string(body)
    examples = [template.as_data(one) for one in EXAMPLES]
    assert text == plain.render(input=template.as_data(value), examples=examples)


def test_a_long_prompt_with_many_examples_is_still_filled() -> None:
    shots = tuple({"input": "word " * 400, "output": "a"} for _ in range(500))
    body = (
        "{% for e in examples %}{{ loop.index }} of {{ examples|length }}: {{ e.input|trim }}"
        " -> {{ e.output }}\n{% endfor %}{{ input|trim|replace('x', 'yy') }}"
    )
    prompt = Prompt(path="p.md", header=PromptHeader(id="p"), body=body, examples=shots)
    ((_, text),) = PromptTemplate(prompt).render({"input": "x" * 500_000})
    assert len(text) > 2_000_000
