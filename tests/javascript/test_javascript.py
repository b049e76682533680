"""The tests and the types of our JavaScript, started from pytest."""

import shutil
import subprocess

import pytest

from hubevents.core.assets import root

NODE = shutil.which("node")
TSC = root() / "node_modules/typescript/bin/tsc"


def run(*arguments: str) -> None:
    assert NODE
    done = subprocess.run([NODE, *arguments], cwd=root(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_javascript_tests_pass() -> None:
    files = sorted(str(file) for file in (root() / "tests/javascript").glob("*.test.mjs"))
    assert files
    run("--test", *files)


@pytest.mark.skipif(NODE is None or not TSC.exists(), reason="TypeScript is not installed")
def test_javascript_types_are_right() -> None:
    run(str(TSC), "--project", "tsconfig.json")


def test_the_lock_names_no_registry() -> None:
    lock = (root() / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "registry" not in lock
