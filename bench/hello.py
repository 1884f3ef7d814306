"""Serve Flask's hello world with the blog's server and settings, for comparison."""

from __future__ import annotations

from flask import Flask

from blog.server.asgi import ASGIApp
from blog.server.main import bind_port, serve, uvicorn_config
from blog.settings import load

if __name__ == "__main__":
    app = Flask("hello")
    app.config["SETTINGS"] = load()
    app.add_url_rule("/", view_func=lambda: "Hello, World!", endpoint="hello")
    serve(uvicorn_config(app.config["SETTINGS"], ASGIApp(app)), bind_port(app.config["SETTINGS"]))
