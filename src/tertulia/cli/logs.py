"""The log: one line a fact on standard error, JSON for machines, text for a person at a terminal.

Whoever has something to say does it with fields: `logger.info("listening", extra={"fields":
{"port": 8000}})`. Nobody logs a message's text, a password, a code or a token.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from typing_extensions import override

from tertulia.settings import LogFormat, LogLevel


def set_up(level: LogLevel, form: LogFormat, stream: TextIO = sys.stderr) -> None:
    """Send everything that is logged in this process to *stream*."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLine() if _wants_json(form, stream) else TextLine())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    # The server says itself when it starts and stops, and counts requests instead of listing them.
    quiet = logging.DEBUG if level is LogLevel.DEBUG else logging.WARNING
    for name in ("asyncio", "uvicorn", "picows"):
        logging.getLogger(name).setLevel(quiet)
    logging.getLogger("uvicorn.access").disabled = True


class JsonLine(logging.Formatter):
    """`{"at": "2026-01-01T10:20:00.123Z", "level": "info", "logger": …, "message": …, fields …}`."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON. A field does not hide a key of ours."""
        line: dict[str, object] = {
            "at": _time_of(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in _fields(self, record).items():
            line.setdefault(name, value)
        return json.dumps(line, ensure_ascii=False, default=str)


class TextLine(logging.Formatter):
    """`2026-01-01T10:20:00.123Z INFO    tertulia.web: listening port=8000`, tracebacks below."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, and its traceback as it is."""
        fields = _fields(self, record)
        traceback = fields.pop("traceback", None)
        words = "".join(f" {name}={_quoted(value)}" for name, value in fields.items())
        head = f"{_time_of(record)} {record.levelname:<7} {record.name}:"
        line = f"{head} {' '.join(record.getMessage().splitlines())}{words}"
        return f"{line}\n{traceback}" if traceback else line


def _wants_json(form: LogFormat, stream: TextIO) -> bool:
    return form is LogFormat.JSON or (form is LogFormat.AUTO and not stream.isatty())


def _time_of(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(formatter: logging.Formatter, record: logging.LogRecord) -> dict[str, object]:
    """What the record carries beside its message; a traceback is one field."""
    fields: dict[str, object] = dict(getattr(record, "fields", {}))
    if record.exc_info:
        fields["traceback"] = formatter.formatException(record.exc_info)
    return fields


def _quoted(value: object) -> str:
    """The value as one word, in quotes where it would not be one."""
    text = str(value)
    plain = text and text.isprintable() and not set(text) & set(' "=')
    return text if plain else json.dumps(text)
