"""Who may import whom: read from the source of every module, imports inside functions included."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "ipynemo"

# What each part may import of ipynemo besides itself. A part that is missing here fails the test.
CORE = {"errors", "settings", "formats", "draft", "captions", "edits", "frames", "events", "intents"}
CORE |= {"interrupt", "loop"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "settings": {"errors"},
    "formats": {"errors"},
    "events": {"errors"},
    "intents": {"errors"},
    "draft": {"errors"},
    "captions": {"errors", "draft"},
    "edits": {"errors", "draft", "captions"},
    "frames": {"errors", "draft"},
    "interrupt": set(),
    "loop": {"errors", "interrupt", "settings"},
    "client": CORE,
    "concepts": {"errors"},
    "backend": CORE | {"concepts", "__version__"},
    "widgets": CORE | {"client", "concepts", "__version__"},
    "cli": CORE | {"client", "__version__"},
    "__init__": CORE | {"client"},
    "__main__": {"cli"},
}

# Each exception is one import in one function, so that what it reaches is loaded only when it is asked for.
LAZY_EXCEPTIONS = {
    ("client/endpoint.py", "ready", "backend.local"),  # AsyncNemo starts the embedded backend
    ("draft/values.py", "to_frame", "frames"),  # pandas
    ("draft/values.py", "from_frame", "frames"),
    ("concepts/evidence.py", "evidence_frame", "frames"),  # pandas
    ("cli/app.py", "serve", "backend.serve"),  # the command `ipynemo serve`
    ("__init__.py", None, "widgets"),  # for type checkers; that nothing is loaded is tested below
    ("__init__.py", None, "concepts"),
    ("__init__.py", None, "concepts.evidence"),
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def imports_of(path: Path) -> list[tuple[str, str | None, bool]]:
    """Return what a module imports of ipynemo: the name behind `ipynemo.`, in which function, only for types or not."""
    found: list[tuple[str, str | None, bool]] = []

    def named(node: ast.Import | ast.ImportFrom) -> list[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if node.level:
            package = ["ipynemo", *path.relative_to(PACKAGE).parent.parts]
            base = package[: len(package) - node.level + 1]
            module = ".".join([*base, node.module] if node.module else base)
        else:
            module = node.module or ""
        return [f"{module}.{alias.name}" for alias in node.names] if module == "ipynemo" else [module]

    def visit(node: ast.AST, function: str | None, for_types: bool) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            ours = [name for name in named(node) if name == "ipynemo" or name.startswith("ipynemo.")]
            found.extend((name.removeprefix("ipynemo").removeprefix("."), function, for_types) for name in ours)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = node.name
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in node.body:
                visit(child, function, True)
            for child in node.orelse:
                visit(child, function, for_types)
            return
        for child in ast.iter_child_nodes(node):
            visit(child, function, for_types)

    visit(ast.parse(path.read_text("utf-8")), None, False)
    return found


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_what_its_part_may(path: Path) -> None:
    part, file = part_of(path), path.relative_to(PACKAGE).as_posix()
    forbidden = [
        name
        for name, function, _ in imports_of(path)
        if name.split(".")[0] not in {*MAY_IMPORT[part], part} and (file, function, name) not in LAZY_EXCEPTIONS
    ]
    assert forbidden == [], f"{part} may import {sorted(MAY_IMPORT[part])}"


def test_every_named_exception_is_still_used() -> None:
    used = {
        (path.relative_to(PACKAGE).as_posix(), function, name)
        for path in MODULES
        for name, function, _ in imports_of(path)
    }
    assert used >= LAZY_EXCEPTIONS


def test_only_frames_imports_pandas_at_run_time() -> None:
    def imports_pandas(path: Path) -> bool:
        tree = ast.parse(path.read_text("utf-8"))
        only_for_types = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for inner in ast.walk(node)
        }
        return any(
            "pandas" in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module])
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in only_for_types
        )

    assert [path.name for path in MODULES if imports_pandas(path)] == ["frames.py"]


def loaded_after(statement: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has loaded after a statement."""
    code = f"import json, sys; {statement}; print(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return set(json.loads(done.stdout))


HEAVY = {
    *("fastapi", "starlette", "uvicorn", "sqlalchemy", "alembic", "av", "cv2", "PIL"),
    *("numpy", "pandas", "ipywidgets", "anywidget", "IPython", "nest_asyncio2", "typer"),
}


def test_importing_ipynemo_loads_neither_server_renderer_nor_pandas() -> None:
    assert loaded_after("import ipynemo") & HEAVY == set()


def test_importing_ipynemo_starts_no_thread_and_patches_no_loop() -> None:
    code = (
        "import asyncio, threading; before = asyncio.run, asyncio.BaseEventLoop.run_until_complete; import ipynemo; "
        "print(threading.active_count(), (asyncio.run, asyncio.BaseEventLoop.run_until_complete) == before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "1 True\n"
