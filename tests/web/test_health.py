import asyncio
import json

from starlette.routing import BaseRoute

from tertulia.core.tally import Tally
from tertulia.web.health import health_routes
from tertulia.web.limits import Limits
from tertulia.web.metrics import metrics_route, watch_loop_lag
from tests.web.serving import in_time, serving, until


async def answer(path: str, routes: list[BaseRoute]) -> tuple[int, bytes]:
    async with serving(Limits(), *routes) as served, await served.visit() as client:
        client.send(f"GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
        head, body = (await client.rest()).split(b"\r\n\r\n", 1)
        return int(head.split()[1]), body


async def fine() -> None:
    """A part that works."""


async def broken() -> None:
    raise ConnectionError("postgresql://user:secret@db/tertulia")


async def stuck() -> None:
    await asyncio.Event().wait()


def test_a_living_process_says_so_whatever_its_parts_do() -> None:
    async def story() -> None:
        routes = list[BaseRoute](health_routes({"store": broken}))
        status, body = await answer("/healthz", routes)
        assert (status, json.loads(body)) == (200, {"status": "ok"})

    in_time(story)


def test_a_server_is_ready_when_every_part_is() -> None:
    async def story() -> None:
        status, body = await answer("/readyz", list(health_routes({"store": fine, "bus": fine})))
        assert status == 200
        assert json.loads(body) == {
            "status": "ok",
            "failing": [],
            "parts": {"store": "ok", "bus": "ok"},
        }

    in_time(story)


def test_a_part_that_fails_or_does_not_answer_is_named_and_its_secrets_are_not() -> None:
    async def story() -> None:
        parts = {"store": broken, "bus": stuck, "files": fine}
        status, body = await answer("/readyz", list(health_routes(parts, deadline_s=0.02)))
        assert status == 503
        assert json.loads(body) == {
            "status": "failing",
            "failing": ["store", "bus"],
            "parts": {"store": "ConnectionError", "bus": "no answer within 0.02 s", "files": "ok"},
        }

    in_time(story)


def test_metrics_tell_what_the_tally_counted() -> None:
    tally = Tally(connections=3, frames_in=7, commits_failed=2, slow_readers_closed=1)
    for seconds in (0.0001, 0.02, 99.0):
        tally.commit_seconds.observe(seconds)

    async def story() -> None:
        status, body = await answer("/metrics", [metrics_route(tally)])
        lines = body.decode().splitlines()
        assert status == 200
        assert "tertulia_connections 3.0" in lines
        assert "tertulia_frames_in_total 7.0" in lines
        assert "tertulia_commits_failed_total 2.0" in lines
        assert "tertulia_slow_readers_closed_total 1.0" in lines
        assert 'tertulia_commit_seconds_bucket{le="0.025"} 2.0' in lines
        assert 'tertulia_commit_seconds_bucket{le="+Inf"} 3.0' in lines
        assert "tertulia_commit_seconds_count 3.0" in lines
        assert any(line.startswith("process_resident_memory_bytes ") for line in lines)

    in_time(story)


def test_a_late_loop_is_noticed() -> None:
    tally = Tally()

    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(watch_loop_lag(tally, 0.001))
            await until(lambda: tally.loop_lag_seconds.total > 2)
            watch.cancel()

    in_time(story)
    assert sum(tally.loop_lag_seconds.counts) == tally.loop_lag_seconds.total
