"""The console script: our commands only, one line for every refusal, and help that touches nothing."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from hubevents import __main__ as main
from hubevents import __version__
from hubevents.core.errors import NotFound


def run(monkeypatch: pytest.MonkeyPatch, *args: str) -> int:
    monkeypatch.setattr(sys, "argv", ["hubevents", *args])
    with pytest.raises(SystemExit) as ended:
        main.main()
    return int(ended.value.code or 0)


def test_the_commands_are_those_of_the_fixed_surface(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUBEVENTS_COLOUR", "red")  # help must work where a start does not
    result = CliRunner().invoke(main.cli, ["--help"])
    assert result.exit_code == 0
    lines = result.output.split("Commands:")[1].splitlines()
    assert [line.split()[0] for line in lines if line.strip()] == [
        "backup",
        "db",
        "doctor",
        "door",
        "import",
        "init",
        "restore",
        "run",
        "worker",
    ]
    assert list(tmp_path.iterdir()) == []


def test_every_command_explains_itself(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, command in main.cli.commands.items():  # type: ignore[attr-defined]
        result = CliRunner().invoke(main.cli, [name, "--help"])
        assert result.exit_code == 0, name
        assert command.help, name
    assert list(tmp_path.iterdir()) == []


def test_the_version_is_told():
    assert CliRunner().invoke(main.cli, ["--version"]).output == f"hubevents {__version__}\n"


def test_a_bad_setting_is_one_line_and_status_two(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HUBEVENTS_INSTANCE", str(tmp_path))
    monkeypatch.setenv("HUBEVENTS_PROXY_HOPS", "many")
    assert run(monkeypatch, "doctor") == 2
    assert capsys.readouterr() == ("", "hubevents: HUBEVENTS_PROXY_HOPS must be a whole number from 0 to 99.\n")


def test_a_refusal_is_one_line_in_words_and_status_one(monkeypatch, capsys):
    def refuse(**values: object) -> None:
        raise NotFound("page")

    monkeypatch.setattr(main, "cli", refuse)
    assert run(monkeypatch, "doctor") == 1
    assert capsys.readouterr() == ("", "hubevents: This page does not exist. [page]\n")


def test_flasks_environment_sets_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("FLASK_RUN_PORT", "not a number")
    monkeypatch.setenv("HUBEVENTS_RUN_PORT", "not a number")
    result = CliRunner().invoke(main.cli, ["run", "--help"])
    assert result.exit_code == 0
    assert "--app" not in CliRunner().invoke(main.cli, ["--help"]).output
