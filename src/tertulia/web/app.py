"""One HTTP application: every dialect's routes, health and metrics, and the last word on errors."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

NO_ROUTE = "Route not found"
MISTAKE_OF_OURS = "Internal server error."


def web_app(routes: Sequence[BaseRoute]) -> Starlette:
    """The application. What no route answers is said in plain text, and tells nothing of the inside."""
    return Starlette(
        routes=list(routes),
        exception_handlers={HTTPException: _refuse, Exception: _fail},
    )


async def _refuse(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, HTTPException), "registered for it"
    sentence = NO_ROUTE if error.status_code == 404 else error.detail
    return PlainTextResponse(sentence, error.status_code, headers=error.headers)


async def _fail(request: Request, error: Exception) -> Response:
    # Starlette raises it on to uvicorn, which logs it once with its traceback.
    del request, error
    return PlainTextResponse(MISTAKE_OF_OURS, 500)
