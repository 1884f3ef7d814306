"""Test that JSON in a script ends neither the script nor a line."""

from __future__ import annotations

import json

from blog.html.script_json import script_json

HOSTILE = '</script><!--<script>]]>"&amp;\\u2028\u2028\u2029\u202e'


def test_escapes_are_json() -> None:
    text = script_json({"<": HOSTILE, "\x01": "\0"})
    assert json.loads(text) == {"<": HOSTILE, "\x01": "\0"}
    assert not set(text) & set("<>&\u2028\u2029\x01\0")
