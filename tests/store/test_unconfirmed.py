import pytest

from tertulia.core.errors import NotSignedIn
from tertulia.core.ids import MessageId, SessionId, TeamId
from tertulia.core.signin_model import Opening
from tertulia.core.unconfirmed import HungUp
from tertulia.store.unconfirmed import SqlUnconfirmed
from tests.store.world import InStore, World

CLUB, OFFICE = TeamId(70), TeamId(80)


async def session(world: World) -> tuple[SessionId, SqlUnconfirmed]:
    anna = await world.person("anna")
    opening = Opening(anna.account_id, "tada", "phone", "web", ())
    opened = await world.sessions.open(opening, world.now)
    return opened.id, SqlUnconfirmed(world.engine)


def test_a_session_stands_where_it_hung_up_in_each_team_by_itself(in_store: InStore) -> None:
    async def story(world: World) -> None:
        mine, store = await session(world)
        assert await store.begin(mine, CLUB) is None
        changed = ((MessageId(7), 1_795_383_000_137),)
        stood = HungUp(store.position, (MessageId(5), MessageId(9)), changed)
        await store.end(mine, CLUB, stood)
        assert await store.begin(mine, CLUB) == stood
        assert await store.begin(mine, CLUB) == stood
        assert await store.begin(mine, OFFICE) is None

    in_store(story)


def test_who_is_here_for_the_first_time_stands_at_the_newest(in_store: InStore) -> None:
    async def story(world: World) -> None:
        mine, store = await session(world)
        before = store.position
        await store.begin(mine, CLUB)
        found = await store.begin(mine, CLUB)
        assert found is not None
        assert found.unconfirmed == ()
        assert found.position >= before

    in_store(story)


def test_nothing_is_kept_of_a_session_that_has_ended(in_store: InStore) -> None:
    async def story(world: World) -> None:
        mine, store = await session(world)
        await store.begin(mine, CLUB)
        (anna,) = await world.accounts.search("anna", 1, changed_after=None, leave_out=())
        await world.sessions.end([mine], anna.id)
        await store.end(mine, CLUB, HungUp(7, ()))
        for _ in range(2):
            with pytest.raises(NotSignedIn):
                await store.begin(mine, CLUB)

    in_store(story)
