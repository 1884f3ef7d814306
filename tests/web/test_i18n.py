from __future__ import annotations

from flask import Flask, render_template, render_template_string
from jinja2 import DictLoader
from markupsafe import Markup


def render(template: str, **values: object) -> str:
    return render_template_string(template, **values)


def test_translation_escapes_values_unless_markup(app: Flask) -> None:
    template = "{{ _('by <b>%(name)s</b>', name=name) }}"
    assert render(template, name=Markup("<i>Ed</i>")) == "by <b><i>Ed</i></b>"
    assert render(template, name="<i>Ed</i>") == "by <b>&lt;i&gt;Ed&lt;/i&gt;</b>"


def test_plural_translation_takes_count_and_values(app: Flask) -> None:
    template = "{{ ngettext('%(num)d bird of %(name)s', '%(num)d birds of %(name)s', count, name='<A>') }}"
    assert [render(template, count=count) for count in (1, 2)] == ["1 bird of &lt;A&gt;", "2 birds of &lt;A&gt;"]
    assert render("{{ _('100%% sure') }}") == "100% sure"


def test_text_template_escapes_nothing(app: Flask) -> None:
    app.jinja_env.loader = DictLoader({"letter.txt": "{{ _('Mail of %(name)s', name=name) }}"})
    assert render_template("letter.txt", name="Tom & <Jerry>") == "Mail of Tom & <Jerry>"
