"""Import and compile everything before test servers are forked.

The process has no threads and no open files of a blog, so forking is safe.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask

import blog.server.main  # noqa: F401
from blog import create_app
from blog.editors import passwords
from blog.server import jobs
from blog.settings import Settings
from tests.speedups import FAST_HASH_METHOD, TEMPLATES, CachedRule

Flask.url_rule_class = CachedRule
Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": TEMPLATES}
passwords.METHOD = FAST_HASH_METHOD
# how soon a server sees mail that the test's process wrote
jobs.MAIL_SECONDS = 0.3
with TemporaryDirectory() as folder:
    app = create_app(Settings(blog_instance=Path(folder)))
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
