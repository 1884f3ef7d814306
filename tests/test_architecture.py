"""Check the layout of docs/architecture.md on the sources. Each rule turns red on planted violations."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
INFRASTRUCTURE = {"web", "live", "html", "spam", "mail"}
FEATURES = ["site", "editors", "media", "posts", "comments", "feeds", "discovery", "search", "importing", "ops"]
TOP = {"server", "dev", "cli"}
# inside comments: a module may import those of its own level's package and of lower levels
LEVELS = {
    "refusals": 0,
    "status_reasons": 0,
    "models": 0,
    "thread": 1,
    "followers": 2,
    "screening": 3,
    "changes": 4,
    "identity": 5,
    "submission_keys": 5,
    "posting": 6,
    "reactions": 6,
    "moderation": 6,
    "privacy": 7,
    "live_events": 8,
    "forms": 8,
    "error_handlers": 8,
}
VIEWS = {"routes", "desk", "commands"}
REPEATED = {"models", "forms", "routes", "desk", "commands", "retention"}
BANNED = {
    "standing",
    "told",
    "said",
    "kept",
    "shown",
    "heard",
    "remembered",
    "untell",
    "whence",
    "together",
    "own",
    "was",
}
VAGUE = {"utils", "util", "helpers", "helper", "common", "core", "services", "service", "managers", "misc"}
# who may start threads and tasks
CONCURRENT = {
    "blog.server.jobs": "the table of everything that runs beside requests",
    "blog.server.parent_watch": "a process of the server ends with its parent, also before its jobs start",
    "blog.server.request_queue": "the threads that answer requests",
    "blog.server.health": "a request waits for the check with a timeout",
    "blog.server.accept_queue": "a task for each new connection",
    "blog.live.hub": "a task for each stream that is behind, and threads that read for them",
    "blog.media.library": "requests process one picture at a time",
    "blog.importing.load.cleaning": "a process of an import, without the server, ends with its parent",
}
STARTERS = {"ThreadPoolExecutor", "create_task", "ensure_future", "run_coroutine_threadsafe", "start_new_thread"}
MAX_MODULES = 16
MAX_MODULE_LINES = 250
MAX_FUNCTION_LINES = 40
MAX_VIEW_LINES = 8

Modules = dict[str, str]


def sources() -> Modules:
    found = {}
    for path in [ROOT / "app.py", *(ROOT / "blog").rglob("*.py")]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "versions" not in parts:
            found[".".join(parts).removesuffix(".__init__")] = path.read_text()
    return found


@cache
def nodes(source: str) -> tuple[ast.AST, ...]:
    """Parse a source once, since each planted violation checks the whole program."""
    return tuple(ast.walk(ast.parse(source)))


def imports(source: str, modules: Modules) -> set[str]:
    """The modules of this program that a source imports, anywhere in it."""
    found = set()
    for node in nodes(source):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names & modules.keys() or {node.module}
            found |= {node.module} if names - modules.keys() else set()
    return {module for module in found if module.split(".")[0] in {"blog", "app"}}


def part_of(module: str) -> str:
    """The package or module directly under `blog`."""
    return [*module.split("."), ""][1]


def is_view(module: str) -> bool:
    """`routes`, `desk`, `commands`, or one such as `author_routes`."""
    return part_of(module) in FEATURES and module.rsplit(".", 1)[-1].rpartition("_")[2] in VIEWS


def wrong_imports(modules: Modules) -> list[str]:
    return [
        f"{module} -> {target}: {rule}"
        for module, source in modules.items()
        if module not in {"blog", "app"} and part_of(module) != "migrations"
        for target in sorted(imports(source, modules))
        for rule in broken_rules(module, target)
    ]


def broken_rules(module: str, target: str) -> Iterator[str]:
    here, there = part_of(module), part_of(target)
    if target in {"blog", "app"} and here != "server":
        yield "nobody imports the package root"
    if there in TOP and here not in TOP:
        yield "only the program itself imports server, dev and cli"
    if is_view(target) and here not in {"server", "cli"}:
        yield "nobody imports a view"
    if here in FEATURES and there in FEATURES and here != there:
        if FEATURES.index(there) > FEATURES.index(here) and not is_view(module):
            yield "features import lower features"
    elif here not in FEATURES and here not in TOP and there in FEATURES:
        yield "infrastructure knows no feature"
    elif here not in {*FEATURES, *TOP, *INFRASTRUCTURE} and there in INFRASTRUCTURE:
        yield "what all packages share imports none of them"
    if here == there and here in FEATURES:
        yield from broken_inside(module, target)


def broken_inside(module: str, target: str) -> Iterator[str]:
    if module.endswith(".models") and not target.startswith(module):
        yield "models are lowest in their feature"
    if target.endswith(".forms") and not is_view(module) and not module.endswith(".live_events"):
        yield "only views use forms"
    if part_of(module) != "comments" or is_view(module):
        return
    here, there = module.split(".")[2], [*target.split("."), ""][2]
    if here not in LEVELS or there not in LEVELS:
        yield f"give {here} and {there} a level"
    elif (here != there and LEVELS[there] >= LEVELS[here] and LEVELS[here] > 0) or LEVELS[there] > LEVELS[here]:
        yield "comments import lower levels"


def wrong_libraries(modules: Modules) -> list[str]:
    wrong = []
    for module, source in modules.items():
        libraries = set(libraries_of(source))
        if ".models" in module and any(name.startswith("flask") for name in libraries):
            wrong.append(f"{module}: models never import Flask")
        if "bleach" in libraries and module != "blog.html.sanitize":
            wrong.append(f"{module}: only blog.html.sanitize imports bleach")
        if module != "blog.settings" and reads_environment(source):
            wrong.append(f"{module}: only blog.settings reads the environment")
    return wrong


def libraries_of(source: str) -> Iterator[str]:
    for node in nodes(source):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


def reads_environment(source: str) -> bool:
    return "environ" in source and any(
        isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        for node in nodes(source)
    )


def wrong_threads(modules: Modules) -> list[str]:
    """Threads and tasks outside of CONCURRENT, and entries of it without any."""
    starting = {module for module, source in modules.items() if starts_threads(source)}
    wrong = [f"{module}: list what runs beside requests in server/jobs.py" for module in starting - CONCURRENT.keys()]
    return wrong + [f"{module}: starts no thread any more" for module in CONCURRENT.keys() - starting]


def starts_threads(source: str) -> bool:
    for node in nodes(source):
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if called in {"threading.Thread", "threading.Timer"} or called.rpartition(".")[2] in STARTERS:
            return True
        of_threading = isinstance(node, ast.ImportFrom) and node.module == "threading"
        if of_threading and {"Thread", "Timer"} & {alias.name for alias in node.names}:
            return True
    return False


def cycles(modules: Modules) -> list[str]:
    """Imports in a circle, those in functions and for types only included; `create_app` may import everything."""
    graph = {module: imports(source, modules) - {module} for module, source in modules.items()}
    for root in ("blog", "app"):
        graph[root] = set()
    # a package stands for what it gathers from its own modules
    for module in modules:
        parent = module.rpartition(".")[0]
        graph[module] -= {parent} if module in graph.get(parent, set()) else set()
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def wrong_names(modules: Modules) -> list[str]:
    wrong = [
        f"{module}: {name} is no name for a stranger"
        for module, source in modules.items()
        for name in sorted(defined_names(source) & BANNED)
    ]
    last = {module: module.rsplit(".", 1)[-1] for module in modules}
    counts = Counter(name for module, name in last.items() if not is_package(module, modules))
    for module, name in last.items():
        if counts[name] > 1 and name not in REPEATED and not is_package(module, modules):
            wrong.append(f"{module}: this name is taken by another module")
        if name in VAGUE:
            wrong.append(f"{module}: a name that says nothing")
    return wrong


def is_package(module: str, modules: Modules) -> bool:
    return any(other.startswith(f"{module}.") for other in modules)


def defined_names(source: str) -> set[str]:
    """All names that a source gives, in lower case and without leading underscores."""
    found = set()
    for node in nodes(source):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name)
    return {name.strip("_").lower() for name in found}


def oversized(modules: Modules) -> list[str]:
    wrong = []
    for module, source in modules.items():
        if len([line for line in source.splitlines() if line.strip()]) > MAX_MODULE_LINES:
            wrong.append(f"{module}: more than {MAX_MODULE_LINES} lines")
        for node in nodes(source):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if (node.end_lineno or 0) - node.lineno > MAX_FUNCTION_LINES:
                    wrong.append(f"{module}.{node.name}: more than {MAX_FUNCTION_LINES} lines")
                if is_view(module) and is_route(node) and body_lines(node) > MAX_VIEW_LINES:
                    wrong.append(f"{module}.{node.name}: a view of more than {MAX_VIEW_LINES} lines")
    packages = Counter(module.rpartition(".")[0] for module in modules if not is_package(module, modules))
    wrong += [
        f"{package}: more than {MAX_MODULES} modules" for package, count in packages.items() if count > MAX_MODULES
    ]
    return wrong


def is_route(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("blueprint" in ast.unparse(decorator) for decorator in node.decorator_list)


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function without its signature and docstring."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


RULES = [wrong_imports, wrong_libraries, wrong_threads, cycles, wrong_names, oversized]


@pytest.mark.parametrize("rule", RULES)
def test_the_sources_follow_the_rules(rule) -> None:
    assert rule(sources()) == []


VIEW = "@blueprint.get('/')\ndef f():\n" + "    x = 1\n" * 9
PLANTED = [
    (wrong_imports, "blog.live.hub", "from blog.posts.models import Post"),
    (wrong_imports, "blog.db", "from blog.web import htmx"),
    (wrong_imports, "blog.posts.models", "from blog.comments.models import Comment"),
    (wrong_imports, "blog.posts.publishing", "import blog.comments.posting.submit"),
    (wrong_imports, "blog.posts.publishing", "def f():\n    from blog.comments.models import Comment"),
    (wrong_imports, "blog.posts.models", "from blog.posts.lists import list_posts"),
    (wrong_imports, "blog.comments.posting.submit", "from blog.comments.forms import CommentForm"),
    (wrong_imports, "blog.comments.posting.submit", "from blog.posts.routes import blueprint"),
    (wrong_imports, "blog.comments.posting.submit", "from blog.comments.posting import author_routes"),
    (wrong_imports, "blog.comments.posting.submit", "from blog.comments.moderation import bans"),
    (wrong_imports, "blog.comments.changes", "from blog.comments.identity import Visitor"),
    (wrong_imports, "blog.comments.screening.rules", "from blog.comments import changes"),
    (wrong_imports, "blog.comments.thread.counts", "from blog.comments.followers import subscriptions"),
    (wrong_imports, "blog.comments.models.comment", "from blog.comments.changes import changing_threads"),
    (wrong_imports, "blog.comments.something", "from blog.comments.models import Comment"),
    (wrong_imports, "blog.site.models", "from blog import create_app"),
    (wrong_imports, "blog.posts.lists", "from blog.server.asgi import ASGIApp"),
    (wrong_imports, "blog.importing.load.run", "from blog.dev.fill import fill"),
    (wrong_libraries, "blog.posts.models", "from flask import g"),
    (wrong_libraries, "blog.comments.models.ban", "from flask import g"),
    (wrong_libraries, "blog.html.dom", "import bleach"),
    (wrong_libraries, "blog.db", "import os\nos.environ['X']"),
    (wrong_threads, "blog.mail.sending", "import threading\nthreading.Thread(target=print).start()"),
    (wrong_threads, "blog.mail.sending", "from threading import Thread\nThread(target=print).start()"),
    (wrong_threads, "blog.importing.job", "def f():\n    threading.Timer(1, print).start()"),
    (wrong_threads, "blog.live.change_listener", "async def f():\n    asyncio.create_task(g())"),
    (wrong_threads, "blog.web.fragment_cache", "pool = concurrent.futures.ThreadPoolExecutor(1)"),
    (cycles, "blog.settings", "import blog.web.security_headers"),
    (cycles, "blog.settings", "def f():\n    from blog.web import security_headers"),
    (cycles, "blog.settings", "if TYPE_CHECKING:\n    from blog.web import security_headers"),
    (cycles, "blog.comments.models.comment", "from blog.comments.models.ban import Ban\nimport blog.comments.changes"),
    (wrong_names, "blog.settings", "standing = 1"),
    (wrong_names, "blog.settings", "def _told(): ..."),
    (wrong_names, "blog.settings", "class Kept: ..."),
    (wrong_names, "blog.settings", "def f(shown): ..."),
    (wrong_names, "blog.settings", "import os as own"),
    (wrong_names, "blog.utils", ""),
    (wrong_names, "blog.posts.settings", ""),
    (oversized, "blog.settings", "x = 1\n" * 251),
    (oversized, "blog.settings", "def f():\n" + "    x = 1\n" * 41),
    (oversized, "blog.comments.posting.author_routes", VIEW),
    (oversized, "blog.posts.routes", VIEW),
]


@pytest.mark.parametrize(("rule", "module", "lines"), PLANTED)
def test_a_planted_violation_is_found(rule, module, lines) -> None:
    modules = sources()
    before = rule(modules)
    modules[module] = modules.get(module, "") + "\n" + lines
    assert len(rule(modules)) > len(before)


def test_a_package_that_grows_too_large_is_found() -> None:
    modules = sources() | {f"blog.posts.more{number}": "" for number in range(MAX_MODULES)}
    assert f"blog.posts: more than {MAX_MODULES} modules" in oversized(modules)


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
