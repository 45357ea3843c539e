"""A store of an earlier version learns where the newest message of each chat stands, and how many are gone."""

from pathlib import Path

from tertulia.store import migrate
from tests.store.older import store_before

STEP = 12


def test_chats_of_an_older_store_know_their_newest_message(tmp_path: Path) -> None:
    with store_before(STEP, tmp_path) as old:
        for chat in (1, 2):
            old.execute(
                "INSERT INTO chats (id, kind, name, description, search_text, owner_id, created_at,"
                " updated_at, last_seq, last_at) VALUES (?, 'group', '', '', '', 1, 0, 9, 4, 4)",
                (chat,),
            )
        for seq, deleted_at in ((1, None), (2, 5), (3, None), (4, 6)):
            old.execute(
                "INSERT INTO messages (id, chat_id, seq, author_id, text, extra, forward_of, sent_at,"
                " deleted_at) VALUES (?, 1, ?, 1, '', '', '', ?, ?)",
                (10 + seq, seq, seq, deleted_at),
            )
        migrate.upgrade_sqlite(old)
        found = old.execute("SELECT id, tail_id, tail_uid, gone FROM chats ORDER BY id").fetchall()
    assert found == [(1, 13, None, 2), (2, None, None, 0)]
