"""The end of an account, which touches more than its own row."""

from tertulia.core.model import Actor, ChatKind
from tertulia.store import callbacks
from tertulia.store.devices import forget_devices
from tertulia.store.directory import need_alive
from tertulia.store.files import DROP_PICTURE
from tertulia.store.home_team import met_by
from tertulia.store.leaving import leave
from tertulia.store.sessions import end_sessions
from tertulia.store.team_places import account_removed
from tertulia.store.ui_settings import forget_settings
from tertulia.store.work import Work, rows, run

MY_GROUPS = """
SELECT c.id FROM members m JOIN chats c ON c.id = m.chat_id
WHERE m.account_id = ? AND m.left_at IS NULL AND c.kind <> ?
"""

DELETE = """
UPDATE accounts SET login_key = NULL, password_hash = NULL, email = '', email_key = NULL, phone = '',
    phone_key = NULL, phone_digits = NULL, phone_proven = 0, email_proven = 0, awaited_phone = NULL,
    first_name = '', last_name = '', patronymic = '', search_text = '', picture = NULL, updated_at = ?,
    deleted_at = ?
WHERE id = ?
"""

FORGET_BLOCKS = (
    "DELETE FROM blocks WHERE account_id = ?",
    "DELETE FROM blocks WHERE blocked_id = ?",
)

FORGET_CONTACTS = "DELETE FROM contacts WHERE owner_id = ?"

FORGET_SUBSCRIPTIONS = "DELETE FROM subscriptions WHERE account_id = ?"

FORGET_CODES = "DELETE FROM codes WHERE account_id = ?"


def remove_account(actor: Actor, now: int) -> Work[None]:
    """The account leaves its groups and channels and is gone: its name, its blocks, its contacts, its sessions.

    What it wrote stays, and so do its direct chats for the other side.

    Raises:
        NotFound: it was gone already.
    """
    account = yield from need_alive(actor.account_id)
    met = yield from met_by(account.id)
    # First of all, so that none of its connections hears of the rest.
    yield from end_sessions(account.id, keep=None)
    for (chat_id,) in (yield from rows(MY_GROUPS, account.id, ChatKind.DIRECT.value)):
        yield from leave(actor, chat_id, now, quietly=True)
    yield from run(DELETE, now, now, account.id)
    yield from account_removed(actor, met, now)
    for statement in FORGET_BLOCKS:
        yield from run(statement, account.id)
    yield from run(DROP_PICTURE, account.id)
    yield from run(FORGET_CONTACTS, account.id)
    yield from run(FORGET_CODES, account.id)
    yield from run(FORGET_SUBSCRIPTIONS, account.id)
    yield from callbacks.drop(account.id)
    yield from forget_devices(account.id)
    yield from forget_settings(account.id)
