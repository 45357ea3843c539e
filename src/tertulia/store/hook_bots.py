"""The bots of integrations: authors of what programs post, and contacts of the team, but no members of its groups."""

from tertulia.core.ids import AccountId, SessionId, TeamId
from tertulia.core.model import Actor
from tertulia.store.bots import add_bot, rename_bot
from tertulia.store.team_members import ARCHIVE_MEMBER
from tertulia.store.team_places import account_changed, add_bot_member, tell_members
from tertulia.store.team_records import members_of_accounts
from tertulia.store.work import Work, draw, run

APIBOT = "apibot"


def engage(team_id: TeamId, name: str, now: int) -> Work[AccountId]:
    """A new bot; the team hears of it."""
    bot = yield from add_bot(APIBOT, name, now)
    yield from add_bot_member(team_id, bot.id, now)
    return bot.id


def rename(bot_id: AccountId, name: str, now: int) -> Work[None]:
    """It is called otherwise; the team hears of it."""
    yield from rename_bot(bot_id, name, now)
    yield from account_changed(as_actor(bot_id), now)


def dismiss(team_id: TeamId, bot_id: AccountId, now: int) -> Work[None]:
    """It is archived, as the author of what it wrote; the team hears of it."""
    found = yield from members_of_accounts(team_id, [bot_id])
    if bot_id not in found or found[bot_id].is_archived:
        return
    yield from run(ARCHIVE_MEMBER, (yield from draw(now)), now, found[bot_id].id)
    found = yield from members_of_accounts(team_id, [bot_id])
    yield from tell_members(team_id, [*found.values()], as_actor(bot_id), now)


def as_actor(bot_id: AccountId) -> Actor:
    """The bot as one who acts, signed in nowhere."""
    return Actor(bot_id, SessionId(0))
