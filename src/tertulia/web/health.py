"""`/healthz` says that the process lives; `/readyz` says whether it can do its work."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

LOG = logging.getLogger(__name__)
OK = "ok"

# Returns when the part works, raises when it does not.
Check = Callable[[], Awaitable[object]]


def health_routes(parts: Mapping[str, Check], *, deadline_s: float = 2.0) -> list[Route]:
    """The routes that a supervisor and a load balancer ask.

    Args:
        parts: what the server cannot do without, by the name an operator knows it by.
        deadline_s: a part that needs longer to answer does not work.
    """

    async def healthz(_request: Request) -> JSONResponse:
        # It touches nothing: a slow store must not get a living process killed.
        return JSONResponse({"status": OK})

    async def readyz(_request: Request) -> JSONResponse:
        async with asyncio.TaskGroup() as group:
            asked = {
                name: group.create_task(_state(name, check, deadline_s))
                for name, check in parts.items()
            }
        states = {name: task.result() for name, task in asked.items()}
        failing = [name for name, state in states.items() if state != OK]
        return JSONResponse(
            {"status": "failing" if failing else OK, "failing": failing, "parts": states},
            status_code=503 if failing else 200,
        )

    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
    ]


async def _state(name: str, check: Check, deadline_s: float) -> str:
    """`ok`, or what is wrong in a word that gives away no address and no password."""
    try:
        async with asyncio.timeout(deadline_s):
            await check()
    except TimeoutError:
        return f"no answer within {deadline_s:g} s"
    except Exception as error:  # noqa: BLE001 - whatever it is, this part does not work.
        LOG.warning("%s is not ready: %s", name, error)
        return type(error).__name__
    return OK
