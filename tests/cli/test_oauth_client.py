"""`tertulia oauth-client`, with a server that runs and without."""

import json
from pathlib import Path

import pytest

from tertulia.cli import main
from tests.stories.process import serving

BACK = "https://reader.example/back"


def said(capsys: pytest.CaptureFixture[str], data: Path, *words: str) -> str:
    assert main(["oauth-client", *words, "--data", str(data)]) == 0
    return capsys.readouterr().out


def test_an_application_is_made_listed_and_deleted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ("create", "--name", "Почта", "--redirect-uri", BACK, "--redirect-uri", "a.b:/c")
    made = json.loads(said(capsys, tmp_path, *words, "--scope", "user_email messages_read"))
    assert list(made) == ["client_id", "client_secret"]
    (line,) = said(capsys, tmp_path, "list").splitlines()
    listed = json.loads(line)
    assert listed.pop("created_at") > 0
    assert listed == {
        "client_id": made["client_id"],
        "name": "Почта",
        "redirect_uris": [BACK, "a.b:/c"],
        "scope": "user_email messages_read",
    }
    assert made["client_secret"] not in line
    assert said(capsys, tmp_path, "delete", made["client_id"]) == ""
    assert said(capsys, tmp_path, "list") == ""


@pytest.mark.slow
def test_the_server_may_be_running(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with serving(tmp_path):
        made = json.loads(said(capsys, tmp_path, "create", "--name", "x", "--redirect-uri", BACK))
        assert made["client_id"] in said(capsys, tmp_path, "list")
        said(capsys, tmp_path, "delete", made["client_id"])
        assert said(capsys, tmp_path, "list") == ""


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        (["create", "--name", "x"], "needs --name and --redirect-uri"),
        (["create", "--name", "x", "--redirect-uri", "http://x.example/"], "redirect uri must be"),
        (["create", "--name", "x", "--redirect-uri", BACK, "--scope", "photos"], "scope must be"),
        (["create", "x", "--name", "x", "--redirect-uri", BACK], "takes a client id"),
        (["list", "--name", "x"], "takes no --name"),
        (["delete"], "takes a client id"),
        (["change"], "invalid choice"),
    ],
)
def test_what_makes_no_sense_is_refused(
    words: list[str], heard: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["oauth-client", *words, "--data", str(tmp_path)]) == 2
    assert heard in capsys.readouterr().err


def test_an_unknown_application_cannot_be_deleted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said(capsys, tmp_path, "create", "--name", "x", "--redirect-uri", BACK)
    assert main(["oauth-client", "delete", "nope", "--data", str(tmp_path)]) == 2
    assert "no such application" in capsys.readouterr().err
