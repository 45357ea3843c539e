"""Bots: accounts that stand for a program, and that nobody signs in to.

They exist so that whatever a program writes has an author in every API. A bot has no password and no
login that a sign-in would find; no search finds it.
"""

from tertulia.core.ids import AccountId, in_base_36
from tertulia.core.model import Account
from tertulia.store.work import Work, draw, run

INSERT_BOT = """
INSERT INTO accounts (id, login, login_key, password_hash, email, email_key, phone, phone_key,
    phone_digits, first_name, last_name, search_text, created_at, updated_at, seen_at, bot)
VALUES (?, ?, NULL, NULL, '', NULL, '', NULL, NULL, ?, '', '', ?, ?, ?, ?)
"""

RENAME_BOT = "UPDATE accounts SET first_name = ?, updated_at = ? WHERE id = ? AND bot <> ''"


def add_bot(kind: str, name: str, now: int) -> Work[Account]:
    """A new bot. `kind` is the core's word for what it is (`"apibot"`)."""
    number = AccountId((yield from draw(now)))
    bot = Account(
        id=number,
        login="bot-" + in_base_36(number),
        created_at=now,
        updated_at=now,
        seen_at=now,
        first_name=name,
        bot=kind,
    )
    yield from run(INSERT_BOT, number, bot.login, name, now, now, now, kind)
    return bot


def rename_bot(bot_id: AccountId, name: str, now: int) -> Work[None]:
    """It is called otherwise from now on, also above what it wrote before."""
    yield from run(RENAME_BOT, name, now, bot_id)
