"""Pages that are longer than `stacks.FEW` are read in another order, and hold the same."""

import pytest

from tertulia.core.archive import Archive, Part, Shelf, Sieve
from tertulia.core.ids import MessageId
from tertulia.core.message_model import Draft, Message
from tertulia.core.model import Actor, ChatChange
from tertulia.store.archive import SqlArchive
from tertulia.store.stacks import FEW
from tests.store.world import LIMIT, InStore, World

COUNT = 3 * FEW


class Walk:
    """A chat with gaps in it, and what its two members are to find there, newest first."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._archive = Archive(SqlArchive(world.engine))

    async def prepare(self) -> None:
        world = self._world
        self.anna, self.boris, clara = await world.people("anna", "boris", "clara")
        self.group = await world.group(self.anna, self.boris)
        sent: list[Message] = []
        for place in range(COUNT):
            world.now += 1_000
            draft = Draft(self.group.id, str(place))
            sent.append((await world.messages.append(self.anna, draft, world.now)).message)
            if place % 40 == 20:
                # A notice in between.
                change = ChatChange(add=(clara.account_id,))
                if place > COUNT // 2:
                    change = ChatChange(remove=(clara.account_id,))
                await world.chats.change(self.anna, self.group.id, change, LIMIT, world.now)
        # Single ones, and a stretch that is longer than what is left of a page.
        gone = [*sent[::7], *sent[FEW : FEW + 25]]
        await world.delete(self.anna, *gone)
        hidden = sent[3::11]
        await world.hide(self.boris, *hidden)
        shown = [each for each in reversed(sent) if each not in gone]
        self.expected = {
            self.anna: [each.id for each in shown],
            self.boris: [each.id for each in shown if each not in hidden],
        }

    async def page(self, reader: Actor, part: Part, sieve: Sieve) -> Shelf:
        return await self._archive.page(reader, self.group.id, sieve, part)

    async def whole(self, reader: Actor, limit: int, sieve: Sieve) -> list[MessageId]:
        """All pages on the way down; on the way back they hold the same."""
        page = await self.page(reader, Part(limit), sieve)
        assert not page.has_newer
        found = [each.id for each in page.items]
        while page.has_older:
            page = await self.page(reader, Part(limit, page.items[-1].sent_at), sieve)
            assert page.has_newer
            assert len(page.items) == limit or not page.has_older
            found += [each.id for each in page.items]
        assert page.total == len(found)
        back = [each.id for each in page.items]
        while page.has_newer:
            part = Part(limit, page.items[0].sent_at, back=True)
            page = await self.page(reader, part, sieve)
            back = [each.id for each in page.items] + back
        assert back == found
        return found


@pytest.mark.parametrize("limit", [FEW + 1, FEW + 30, COUNT - 1, 500])
def test_nothing_is_left_out_and_nothing_repeats(in_store: InStore, limit: int) -> None:
    async def story(world: World) -> None:
        walk = Walk(world)
        await walk.prepare()
        for reader, expected in walk.expected.items():
            assert await walk.whole(reader, limit, Sieve()) == expected

    in_store(story)


def test_the_bounds_of_a_sieve_hold(in_store: InStore) -> None:
    async def story(world: World) -> None:
        walk = Walk(world)
        await walk.prepare()
        expected = walk.expected[walk.boris]
        whole = await walk.page(walk.boris, Part(500), Sieve())
        dates = {each.id: each.sent_at for each in whole.items}
        first, last = expected[9], expected[-9]
        sieve = Sieve(since=dates[last], until=dates[first])
        assert await walk.whole(walk.boris, FEW + 1, sieve) == expected[9:-8]

    in_store(story)
