"""A team with its chats, for stories of the store."""

from collections.abc import Callable, Sequence

from tertulia.core.chat_lists import ChatEntry, ChatFilter
from tertulia.core.groups import GroupSettings, NewTeamGroup
from tertulia.core.histories import MessageFilter, Target
from tertulia.core.ids import ChatId, TeamId
from tertulia.core.message_model import Draft, Message, MessageRef
from tertulia.core.model import Actor, Role, Versions
from tertulia.core.team_model import TeamStatus
from tertulia.core.whole import WholeMessage
from tertulia.store.chat_lists import SqlChatLists
from tertulia.store.groups import SqlGroups
from tertulia.store.histories import SqlHistories
from tertulia.store.house_bots import house_bots
from tertulia.store.tasks import SqlTasks
from tests.store.team_world import TeamWorld
from tests.store.world import World


def to(other: Actor) -> Target:
    """The direct chat with that person."""
    return Target(partner_id=other.account_id)


def at(chat_id: ChatId) -> Target:
    """That group or task."""
    return Target(chat_id=chat_id)


def ref(message: Message) -> MessageRef:
    """What it is called."""
    return MessageRef(message.id, message.uid)


def texts(found: Sequence[WholeMessage]) -> list[str]:
    """Their words, in order."""
    return [each.message.text for each in found]


def noted(seen: list[Versions]) -> Callable[[Versions], bool]:
    """Whatever is asked about is wanted, and noted."""

    def is_new(versions: Versions) -> bool:
        seen.append(versions)
        return True

    return is_new


class ChatWorld:
    """What a story has to do with when it plays in a team."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.club = TeamWorld(world)
        self.groups = SqlGroups(world.engine)
        self.histories = SqlHistories(world.engine)
        self.lists = SqlChatLists(world.engine)
        self.tasks = SqlTasks(world.engine)
        self.team = TeamId(0)

    async def found(self, owner: Actor, *others: Actor) -> TeamId:
        """A team of these, which the world is about from now on."""
        await house_bots(self.world.engine, self.world.now)
        self.team = await self.club.found(owner)
        for each in others:
            await self.club.joins(owner, self.team, each)
        return self.team

    async def rank(self, owner: Actor, who: Actor, status: TeamStatus) -> None:
        """He has that status in the team."""
        await self.club.ranks(owner, self.team, who, status)

    async def group(
        self,
        owner: Actor,
        *others: Actor,
        name: str = "tea",
        settings: GroupSettings | None = None,
    ) -> ChatId:
        """A group of the team."""
        new = NewTeamGroup(name, settings=settings or GroupSettings())
        members = [(each.account_id, Role.MEMBER) for each in others]
        made = await self.groups.create(owner, self.team, new, members, self.world.now)
        return made.id

    async def say(self, who: Actor, chat_id: ChatId, text: str, **more: object) -> Message:
        """A message, a second after the last."""
        self.world.now += 1_000
        draft = Draft(chat_id, text, **more)  # type: ignore[arg-type]  # the fields of Draft
        return (await self.world.messages.append(who, draft, self.world.now)).message

    async def page(self, who: Actor, target: Target, **wish: object) -> list[WholeMessage]:
        """What somebody finds in a chat."""
        asked = MessageFilter(**wish)  # type: ignore[arg-type]  # the fields of MessageFilter
        return await self.histories.page(who, self.team, target, asked)

    async def search(self, who: Actor, **wish: object) -> tuple[list[str], int]:
        """What somebody finds in all his chats: the words, and how many there are."""
        asked = MessageFilter(**wish)  # type: ignore[arg-type]  # the fields of MessageFilter
        found, count = await self.histories.search(who, self.team, asked)
        return texts(found), count

    async def listed(self, who: Actor, **wish: object) -> list[ChatEntry]:
        """The chats somebody has."""
        asked = ChatFilter(**wish)  # type: ignore[arg-type]  # the fields of ChatFilter
        return (await self.lists.listed(who, self.team, asked))[0]
