"""Serve Flask's hello world with the blog's server and settings, for comparison."""

from __future__ import annotations

from flask import Flask

from blog.server.asgi import Shell
from blog.server.main import bind, config, serve
from blog.settings import load

if __name__ == "__main__":
    app = Flask("hello")
    app.config["SETTINGS"] = load()
    app.add_url_rule("/", view_func=lambda: "Hello, World!", endpoint="hello")
    serve(config(app.config["SETTINGS"], Shell(app)), bind(app.config["SETTINGS"]))
