"""The command `tertulia`, as a person at a terminal meets it."""

from importlib import import_module
from pathlib import Path

import pytest

from tertulia import __version__
from tertulia.cli import COMMANDS, main
from tertulia.settings import SETTINGS


def test_the_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"tertulia {__version__}\n"


@pytest.mark.parametrize("argv", [[], ["--help"], ["-h"], ["help"]])
def test_help_names_every_command(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 0
    heard = capsys.readouterr().out
    assert all(f"  {name} " in heard and text in heard for name, text in COMMANDS.items())


def test_the_help_of_serve_names_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--help"])
    assert ended.value.code == 0
    heard = capsys.readouterr().out
    assert [setting.flag for setting in SETTINGS if f"{setting.flag} " not in heard] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there(name: str) -> None:
    command = import_module(f"tertulia.cli.{name.replace('-', '_')}")
    assert callable(command.add_arguments)
    assert callable(command.run)


@pytest.mark.parametrize(
    ("argv", "heard"),
    [
        (["srve"], "tertulia: unknown command srve; did you mean serve?\n"),
        (["frobnicate"], "tertulia: unknown command frobnicate; see tertulia --help\n"),
        (["--versoin"], "tertulia: unknown option --versoin; did you mean --version?\n"),
        (["serve", "--prot", "1"], "tertulia: unknown argument --prot; did you mean --port?\n"),
        (["serve", "--max"], "tertulia: unknown argument --max; did you mean --max-body?\n"),
        (
            ["serve", "--port=x"],
            "tertulia: flag --port must be a whole number from 0 to 65535, not 'x'\n",
        ),
        (
            ["serve", "--port"],
            "tertulia: argument --port: expected one argument; see tertulia serve --help\n",
        ),
    ],
)
def test_a_mistake_is_answered_with_one_sentence(
    argv: list[str], heard: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 2
    said = capsys.readouterr()
    assert said.err == heard
    assert said.out == ""


@pytest.mark.parametrize(
    ("command", "heard"),
    [
        (["restore", "none.tar"], "none.tar: No such file or directory"),
        (["restore", "."], ".: Is a directory"),
        (["user", "list", "--data", "file"], "there is no store at {}/file/tertulia.db: the first"),
        (["invite", "create", "--data", "file"], "the store {}/file/tertulia.db (File exists"),
        (["invite", "create", "--database-url", "sqlite:///proc/a.db"], "the store /proc/a.db (No such"),
    ],
)  # fmt: skip
def test_what_the_system_refuses_is_said_in_one_sentence(
    command: list[str],
    heard: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    assert main(command) == 2
    said = capsys.readouterr().err
    assert said.startswith("tertulia: " + heard.format(tmp_path))
    assert said.count("\n") == 1


def test_config_show_names_every_setting_its_value_and_its_source(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERTULIA_MAX_BODY", "2048")
    assert main(["config", "show", "--port", "0"]) == 0
    rows = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == ["setting", *(setting.name for setting in SETTINGS)]
    assert ["max_body", "2KiB", "TERTULIA_MAX_BODY"] in rows
    assert ["port", "0", "flag --port"] in rows
    assert ["max_json_depth", "64", "default"] in rows


def test_config_show_masks_secrets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERTULIA_SAMA_ADMIN_KEY", "hush-1")
    monkeypatch.setenv("TERTULIA_DATABASE_URL", "postgresql://me:hush-2@host/chat")
    assert main(["config", "show"]) == 0
    shown = capsys.readouterr().out
    assert "hush" not in shown
    assert "postgresql://me:****@host/chat" in shown
