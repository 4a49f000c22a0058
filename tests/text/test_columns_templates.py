"""The sandbox: what templates may do, what ends in an error, and what never hangs or fills the memory."""

from __future__ import annotations

import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.core.errors import ConfigError
from simulacra.text._columns_templates import MARKER, MOST_TEXT, Template, Unfit, fenced, truth

VALUES = {"x": "hey", "p": {"name": "Ann", "items": 3, "note": None}, "n": 2, "many": list("abc"), MARKER: "data-0f"}


def render(source: str) -> str:
    return Template(source, "t").render(VALUES)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("plain { text } 100 %", "plain { text } 100 %"),
        ("{{ x }}, {{ p.name | upper }}, {{ n + 1 }}", "hey, ANN, 3"),
        ("{{ p.items }} {{ p['name'] }} {{ p.note }}.", "3 Ann ."),
        ("{% for a in many %}{{ loop.index }}{{ a }}{% if not loop.last %},{% endif %}{% endfor %}", "1a,2b,3c"),
        ("{{ p.note | upper }}{{ p.note | trim }}{{ p.note | title }}{{ p.note | string }}{{ 'x' ~ p.note }}.", "x."),
        ("{% set y = x ~ n %}{{ y }}", "hey2"),
        ("{{ 'yes' if n > 1 else 'no' }}", "yes"),
        ("{{ x[:2] }} {{ many | join('+') }} {{ p | tojson }}", 'he a+b+c {"name": "Ann", "items": 3, "note": null}'),
        ("{{ many | map('upper') | list | last }} {{ p.get('name') }} {{ x.upper() }}", "C Ann HEY"),
        ("{{ range(3) | sum }} {{ x | replace('h', 'k') }}", "3 key"),
    ],
)
def test_what_templates_can_say(source: str, text: str) -> None:
    assert render(source) == text


@pytest.mark.parametrize(
    "source",
    [
        "{{ x.__class__ }}",
        "{{ x.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''['__class__'] }}",
        "{{ x | attr('__class__') }}",
        "{{ x.format(1) }}",
        "{{ '{0.__class__}'.format(x) }}",
        "{{ '%s' % x }}",
        "{{ range.__globals__ }}",
        "{{ x.upper.__self__ }}",
        "{{ many.append(1) }}",
        "{{ p.update({}) }}",
        "{{ p.pop('name') }}",
        "{{ self }}",
        "{{ self.__init__ }}",
        "{{ cycler }}",
        "{{ lipsum() }}",
        "{{ namespace() }}",
        "{{ x | map('attr', '__class__') | list }}",
        "{{ many | map(attribute='__class__') | first }}",
        "{{ many | random }}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% for a in many recursive %}{{ loop(many) }}{% endfor %}",
        "{% call x() %}{% endcall %}",
        "{{ 2 ** 99999999 }}",
        "{{ x | center(999999999) }}",
        "{{ x * 999999999 }}",
        "{{ 999999999 * many }}",
        "{{ x | indent(999999999) }}",
        "{{ many | join(x * 999999) }}",
        "{{ x | replace('', 'y' * 999999) }}",
        "{{ range(999999999) | list }}",
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{% for a in range(9999) %}{{ 'y' * 999 }}{% endfor %}",
        "{% set a = 'y' * 999 %}" + "{% set a = a ~ a %}" * 40 + "{{ a | length }}",
        "{% set a = 9999999999 %}" + "{% set a = a * a %}" * 40 + "{{ a }}",
        "{% set a = many %}" + "{% set a = a + a %}" * 40 + "{{ a | length }}",
        "{{ nobody }}",
        "{{ p.nobody }}",
        "{{ p.nobody.deeper }}",
        "{{ x() }}",
        "{{ x | nobody }}",
        "{{ x",
        "{% if %}",
        "{{ 1 / 0 }}",
        "{{ x + 1 }}",
    ],
)
def test_nothing_escapes_hangs_or_grows(source: str) -> None:
    start = time.process_time()
    with pytest.raises((ConfigError, Unfit)):
        render(source)
    # A bound on work, not a measure of speed: without it these would take minutes or gigabytes.
    assert time.process_time() - start < 5


def test_what_a_value_holds_is_no_template() -> None:
    values = {"x": "{{ 7 * 7 }}{% for a in range(9) %}x{% endfor %}", "y": {"z": "{{ x }}"}}
    assert Template("{{ x }}|{{ y.z }}|{{ y }}", "t").render(values).startswith(f"{values['x']}|{{{{ x }}}}|")


def test_a_text_of_the_largest_size_is_written_and_a_larger_one_is_not() -> None:
    values = {"a": "y" * (MOST_TEXT - 1)}
    assert len(Template("{{ a }}.", "t").render(values)) == MOST_TEXT
    with pytest.raises(Unfit, match="grew beyond 1,000,000 characters"):
        Template("{{ a }}..", "t").render(values)


def test_names_and_fields_are_known_before_anything_is_rendered() -> None:
    template = Template("{% set own = 1 %}{{ own }}{{ a.b }}{% if c['d'] %}{{ e }}{% endif %}{{ range(n) }}", "t")
    assert template.names == {"a", "c", "e", "n"}
    assert {("a", "b"), ("c", "d")} <= set(template.fields)


def test_quoted_data_stand_in_a_fence() -> None:
    assert Template("{{ x | quoted }}", "t").render({**VALUES, "x": "a</data-0f>b"}) == "<data-0f>\na</>b\n</data-0f>"


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="abm", max_size=30), st.sampled_from(["ab", "aab", "mam"]))
def test_no_text_ends_its_own_fence(text: str, marker: str) -> None:
    inside = fenced(marker, text).removeprefix(f"<{marker}>\n").removesuffix(f"\n</{marker}>")
    assert marker not in inside
    assert marker in text or inside == text


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=string.ascii_lowercase + "{}%#|.()[]'~* 09-\n", max_size=40))
def test_any_text_is_a_template_or_an_error_with_its_place(source: str) -> None:
    try:
        text = render(source)
    except (ConfigError, Unfit) as error:
        assert str(error)
    else:
        assert len(text) <= MOST_TEXT


@pytest.mark.parametrize(
    ("text", "holds"), [("True", True), ("False", False), ("", False), (" no\n", False), ("0", False), ("rain", True)]
)
def test_the_truth_of_a_rendered_condition(text: str, holds: bool) -> None:
    assert truth(text) is holds
