"""The server's own bots: two accounts that everybody finds in every team, made at the first start."""

from tertulia.core.ids import AccountId
from tertulia.core.team_model import NOTEBOT, NOTES_NAME, SYSTEM_NAME, SYSTEMBOT, HouseBots
from tertulia.store.bots import add_bot
from tertulia.store.engine import Engine
from tertulia.store.work import Work, rows, run

KNOWN = "SELECT b.kind, b.account_id FROM house_bots b WHERE b.kind IN (?, ?)"

KEEP = """
INSERT INTO house_bots (kind, account_id) VALUES (?, ?)
"""

NAMES = {NOTEBOT: NOTES_NAME, SYSTEMBOT: SYSTEM_NAME}


async def house_bots(engine: Engine, now: int) -> HouseBots:
    """Their accounts, made now if this store has never been used before."""
    known: dict[str, AccountId] = dict(await engine.read(rows(KNOWN, *NAMES)))
    if len(known) < len(NAMES):
        known = await engine.write(made(now))
    return HouseBots(known[NOTEBOT], known[SYSTEMBOT])


def made(now: int) -> Work[dict[str, AccountId]]:
    """Those that are missing are there; another process may have made them."""
    known: dict[str, AccountId] = dict((yield from rows(KNOWN, *NAMES)))
    for kind, name in NAMES.items():
        if kind not in known:
            bot = yield from add_bot(kind, name, now)
            yield from run(KEEP, kind, bot.id)
            known[kind] = bot.id
    return known
