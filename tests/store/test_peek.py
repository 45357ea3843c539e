"""A secret can be read from a database that a server has open."""

import asyncio

import pytest

from tertulia.core.errors import Unavailable
from tertulia.core.tally import Tally
from tertulia.store.peek import secret_in_postgres
from tertulia.store.postgres import PostgresEngine
from tertulia.store.sessions import SqlSessions
from tests.store.postgres_server import address, new_database
from tests.store.world import tasks_of_engine


@pytest.mark.integration
def test_a_secret_is_found_in_postgres() -> None:
    async def story() -> None:
        url = await new_database()
        with pytest.raises(Unavailable):
            await secret_in_postgres(url, "push")
        async with tasks_of_engine() as spawn:
            engine = PostgresEngine(url, lambda _: None, Tally(), spawn)
            await engine.open()
            assert await secret_in_postgres(url, "push") is None
            await SqlSessions(engine).server_secret("push", "value")
            assert await secret_in_postgres(url, "push") == "value"
            await engine.close()
        with pytest.raises(Unavailable):
            await secret_in_postgres(address("not_there"), "push")

    asyncio.run(story())
