"""The arrows and rules of the house, checked on the sources; each rule is shown to turn red on a planted violation."""

from __future__ import annotations

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ["site", "editors", "media", "posts", "comments", "feeds", "search", "importing"]
DOORS = {"routes", "desk", "commands"}
TOP = {"blog", "blog.cli", "app"}
VAGUE = {"utils", "util", "helpers", "helper", "common", "core", "services", "service", "managers", "misc"}


def sources() -> dict[str, str]:
    found = {}
    for path in [ROOT / "app.py", *(ROOT / "blog").rglob("*.py")]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "versions" not in parts:
            found[".".join(parts).removesuffix(".__init__")] = path.read_text()
    return found


def imports(source: str, known: set[str]) -> list[tuple[str, str]]:
    """Each import of this program's own modules: (module, name taken from it or "")."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.append((inner, "") if inner in known else (node.module, alias.name))
    return [(module, name) for module, name in found if module.split(".")[0] in {"blog", "app"}]


def room_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else None


def is_top(module: str) -> bool:
    return module in TOP or module.startswith(("blog.server.", "blog.ops.", "blog.dev."))


def is_door(module: str) -> bool:
    """`routes`, or a further door of the same kind, such as `own_routes`."""
    return room_of(module) is not None and module.rsplit(".", 1)[-1].rpartition("_")[2] in DOORS


def wrong_arrows(modules: dict[str, str]) -> list[str]:
    wrong = []
    for module, source in modules.items():
        if is_top(module) or module.startswith("blog.migrations"):
            continue
        for target, name in imports(source, set(modules)):
            wrong += [f"{module} -> {target} {name}: {rule}" for rule in broken_rules(module, target, name)]
    return wrong


def broken_rules(module: str, target: str, name: str) -> list[str]:
    here, there = room_of(module), room_of(target)
    rules = []
    if target == "blog" and name:
        rules.append("nobody imports from the package root")
    if (is_top(target) and target != "blog") or is_door(target):
        rules.append("nobody imports a door")
    if here is None and there is not None:
        rules.append("a tool knows no room")
    if here and there and ROOMS.index(there) > ROOMS.index(here) and not is_door(module):
        rules.append("rooms look downwards")
    if here == there and here and module.endswith("models") and not target.endswith("models"):
        rules.append("models stand lowest in their room")
    if here == there and here and target.endswith(".forms") and not is_door(module):
        rules.append("only doors use forms")
    return rules


def wrong_libraries(modules: dict[str, str]) -> list[str]:
    wrong = []
    for module, source in modules.items():
        taken = {
            name.split(".")[0]
            for node in ast.walk(ast.parse(source))
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        if module.endswith("models") and any(name.startswith("flask") for name in taken):
            wrong.append(f"{module}: models never import flask")
        if "bleach" in taken and not module.startswith("blog.html"):
            wrong.append(f"{module}: only blog.html imports bleach")
        if "environ" in source and module != "blog.settings" and reads_environment(source):
            wrong.append(f"{module}: only blog.settings reads the environment")
        if module.rsplit(".", 1)[-1] in VAGUE:
            wrong.append(f"{module}: a name that says nothing")
    return wrong


def reads_environment(source: str) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        for node in ast.walk(ast.parse(source))
    )


def cycles(modules: dict[str, str]) -> list[str]:
    graph = {}
    for module, source in modules.items():
        tree = ast.parse(source)
        tree.body = [node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.If)]
        graph[module] = {target for target, _ in imports(ast.unparse(tree), set(modules)) if target in modules} - {
            module
        }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def oversized(modules: dict[str, str]) -> list[str]:
    wrong = []
    for module, source in modules.items():
        if len([line for line in source.splitlines() if line.strip()]) > 250:
            wrong.append(f"{module}: a module has at most 250 lines")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                ceiling = 12 if is_door(module) and is_route(node) else 40
                if lines_of(node) > ceiling:
                    wrong.append(f"{module}.{node.name}: at most {ceiling} lines")
    return wrong


def is_route(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("blueprint" in ast.unparse(decorator) for decorator in node.decorator_list)


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno


RULES = [wrong_arrows, wrong_libraries, cycles, oversized]


@pytest.mark.parametrize("rule", RULES)
def test_the_house_keeps_its_rules(rule) -> None:
    assert rule(sources()) == []


PLANTED = [
    (wrong_arrows, "blog.live", "from blog.posts.models import Post"),
    (wrong_arrows, "blog.posts.models", "from blog.comments.models import Comment"),
    (wrong_arrows, "blog.posts.publishing", "import blog.comments.posting.submit"),
    (wrong_arrows, "blog.comments.posting.submit", "from blog.comments.forms import CommentForm"),
    (wrong_arrows, "blog.comments.posting.submit", "from blog.posts.routes import blueprint"),
    (wrong_arrows, "blog.comments.posting.submit", "from blog.comments.posting.author_routes import blueprint"),
    (wrong_arrows, "blog.comments.models", "from blog.comments.posting.submit import recount"),
    (wrong_arrows, "blog.site.models", "from blog import create_app"),
    (wrong_arrows, "blog.posts.lists", "from blog.server.asgi import Shell"),
    (wrong_libraries, "blog.posts.models", "from flask import g"),
    (wrong_libraries, "blog.comments.posting.submit", "import bleach"),
    (wrong_libraries, "blog.db", "import os\nos.environ['X']"),
    (wrong_libraries, "blog.utils", ""),
    (cycles, "blog.settings", "import blog.web.security_headers"),
    (oversized, "blog.settings", "x = 1\n" * 251),
    (oversized, "blog.settings", "def f():\n" + "    x = 1\n" * 41),
    (oversized, "blog.comments.posting.author_routes", "@blueprint.get('/')\ndef f():\n" + "    x = 1\n" * 13),
    (oversized, "blog.posts.routes", "@blueprint.get('/')\ndef f():\n" + "    x = 1\n" * 13),
]


@pytest.mark.parametrize(("rule", "module", "line"), PLANTED)
def test_a_planted_violation_turns_the_check_red(rule, module, line) -> None:
    modules = sources()
    before = rule(modules)
    modules[module] = modules.get(module, "") + "\n" + line
    assert len(rule(modules)) > len(before)


def test_a_fragment_never_extends_and_a_list_of_swaps_holds_no_markup_of_its_own() -> None:
    for path in (ROOT / "templates").rglob("_*.html"):
        assert "{% extends" not in path.read_text(), path
    for path in (ROOT / "templates").rglob("*.htmx.html"):
        tags = {tag.split()[0] for tag in path.read_text().replace("</", "<").split("<")[1:]}
        assert {tag.split(">")[0] for tag in tags} <= {"hx-partial"}, path


def test_no_page_carries_script_or_style_of_its_own() -> None:
    for path in set((ROOT / "templates").rglob("*.html")) - {ROOT / "templates/mail/_layout.html"}:
        text = path.read_text()
        assert "<style" not in text, path
        assert " style=" not in text, path
        assert not re.search(r"\son[a-z]+=", text), path
        assert "<script>" not in text, path
        assert "hx-on" not in text, path
