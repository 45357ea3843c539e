"""A store of an earlier version learns how many notices its chats have, and who has not read them."""

from pathlib import Path

from tertulia.store import migrate
from tests.store.older import store_before

STEP = 18

LEFT = '{"kind": "member_left"}'


def test_notices_of_an_older_store_are_counted(tmp_path: Path) -> None:
    with store_before(STEP, tmp_path) as old:
        for account in (1, 2, 3):
            old.execute(
                "INSERT INTO accounts (id, login, email, phone, first_name, last_name, search_text,"
                " created_at, updated_at, seen_at) VALUES (?, '', '', '', '', '', '', 0, 0, 0)",
                (account,),
            )
        for chat in (11, 12):
            old.execute(
                "INSERT INTO chats (id, kind, name, description, search_text, owner_id, created_at,"
                " updated_at, last_seq, last_at) VALUES (?, 'group', '', '', '', 1, 0, 9, 5, 5)",
                (chat,),
            )
        # The second has read the first two; the third nothing, and has hidden a notice.
        for account, read in ((1, 0), (2, 2), (3, 0)):
            old.execute(
                "INSERT INTO members (chat_id, account_id, role, joined_at, read_seq, read_at)"
                " VALUES (11, ?, 'member', 0, ?, ?)",
                (account, read, read),
            )
        for seq, notice, deleted_at in ((1, LEFT, 0), (2, None, 0), (3, LEFT, 0), (4, None, 9)):
            old.execute(
                "INSERT INTO messages (id, chat_id, seq, author_id, text, extra, forward_of, sent_at,"
                " notice, deleted_at) VALUES (?, 11, ?, 1, '', '', '', ?, ?, ?)",
                (20 + seq, seq, seq, notice, deleted_at or None),
            )
        old.execute("INSERT INTO hidden VALUES (3, 23)")
        migrate.upgrade_sqlite(old)
        notices = old.execute("SELECT id, notices FROM chats ORDER BY id").fetchall()
        noted = old.execute("SELECT account_id, noted FROM members ORDER BY account_id").fetchall()
    assert notices == [(11, 2), (12, 0)]
    # Their own, read and hidden ones.
    assert noted == [(1, 2), (2, 1), (3, 1)]
