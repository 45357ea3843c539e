"""The log: one line a fact."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
from typing_extensions import override

from tertulia.cli import logs
from tertulia.settings import LogFormat, LogLevel


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def the_log_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
    logging.captureWarnings(capture=False)


def said(form: LogFormat, stream: io.StringIO, level: LogLevel = LogLevel.INFO) -> str:
    logs.set_up(level, form, stream)
    fields = {"port": 8000, "level": "mine", "why": "two words"}
    logging.getLogger("tertulia.web").info("listening", extra={"fields": fields})
    return stream.getvalue()


def test_a_machine_gets_json_and_no_field_hides_ours() -> None:
    line = json.loads(said(LogFormat.AUTO, io.StringIO()))
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "tertulia.web",
        "message": "listening",
        "port": 8000,
        "why": "two words",
    }


def test_a_person_gets_text() -> None:
    line = said(LogFormat.AUTO, Terminal())
    assert line.endswith(' INFO    tertulia.web: listening port=8000 level=mine why="two words"\n')


@pytest.mark.parametrize(
    ("form", "stream"), [(LogFormat.JSON, Terminal()), (LogFormat.TEXT, io.StringIO())]
)
def test_the_form_can_be_chosen(form: LogFormat, stream: io.StringIO) -> None:
    assert said(form, stream).startswith("{") is (form is LogFormat.JSON)


def test_what_is_less_serious_is_left_out() -> None:
    assert said(LogFormat.JSON, io.StringIO(), LogLevel.WARNING) == ""


@pytest.mark.parametrize("form", [LogFormat.JSON, LogFormat.TEXT])
def test_a_traceback_is_told_and_json_stays_one_line(form: LogFormat) -> None:
    stream = io.StringIO()
    logs.set_up(LogLevel.INFO, form, stream)
    try:
        int("a mistake of ours")
    except ValueError:
        logging.getLogger("tertulia").exception("failed")
    assert "ValueError: invalid literal" in stream.getvalue()
    assert "Traceback" in stream.getvalue()
    assert form is LogFormat.TEXT or stream.getvalue().count("\n") == 1


def test_the_web_server_is_heard_only_when_it_matters() -> None:
    stream = io.StringIO()
    logs.set_up(LogLevel.INFO, LogFormat.TEXT, stream)
    logging.getLogger("uvicorn.error").info("Started server process")
    logging.getLogger("uvicorn.access").error("GET /")
    logging.getLogger("uvicorn.error").warning("limit reached")
    assert stream.getvalue().count("\n") == 1
    assert "uvicorn.error: limit reached" in stream.getvalue()


def test_a_message_of_several_lines_stays_one_line_of_text() -> None:
    stream = io.StringIO()
    logs.set_up(LogLevel.INFO, LogFormat.TEXT, stream)
    logging.getLogger("py.warnings").warning("one\ntwo")
    assert stream.getvalue().endswith("py.warnings: one two\n")


def test_standard_error_is_where_it_goes_unless_told_otherwise() -> None:
    logs.set_up(LogLevel.INFO, LogFormat.JSON)
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    assert handler.stream is sys.stderr
