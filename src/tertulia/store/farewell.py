"""The end of an account, which touches more than its own row."""

from tertulia.core.model import Actor, ChatKind
from tertulia.store.directory import need_alive
from tertulia.store.membership import leave
from tertulia.store.sessions import end_sessions
from tertulia.store.work import Work, rows, run

MY_GROUPS = """
SELECT c.id FROM members m JOIN chats c ON c.id = m.chat_id
WHERE m.account_id = ? AND m.left_at IS NULL AND c.kind = ?
"""

DELETE = """
UPDATE accounts SET login_key = NULL, password_hash = NULL, email = '', email_key = NULL, phone = '',
    phone_key = NULL, first_name = '', last_name = '', search_text = '', picture = NULL,
    updated_at = ?, deleted_at = ?
WHERE id = ?
"""


def remove_account(actor: Actor, now: int) -> Work[None]:
    """The account leaves its groups and is gone: its name, its blocks, its sessions.

    What it wrote stays, and so do its direct chats for the other side.

    Raises:
        NotFound: it was gone already.
    """
    account = yield from need_alive(actor.account_id)
    # First of all, so that none of its connections hears of the rest.
    yield from end_sessions(account.id, keep=None)
    for (chat_id,) in (yield from rows(MY_GROUPS, account.id, ChatKind.GROUP.value)):
        yield from leave(actor, chat_id, now, quietly=True)
    yield from run(DELETE, now, now, account.id)
    yield from run(
        "DELETE FROM blocks WHERE account_id = ? OR blocked_id = ?", account.id, account.id
    )
