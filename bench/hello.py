"""Flask's hello world under the blog's own server: the same shell, bridge, threads and process settings."""

from __future__ import annotations

from flask import Flask

from blog.server import bind, config, serve
from blog.settings import load
from blog.shell import Shell

if __name__ == "__main__":
    app = Flask("hello")
    app.config["SETTINGS"] = load()
    app.add_url_rule("/", view_func=lambda: "Hello, World!", endpoint="hello")
    serve(config(app.config["SETTINGS"], Shell(app)), bind(app.config["SETTINGS"]))
