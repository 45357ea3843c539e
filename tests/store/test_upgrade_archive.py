"""A store from before this had hidden and edited messages already."""

from contextlib import closing
from pathlib import Path

import apsw
import uvloop

from tertulia.core.archive import Extras, Part, Sieve
from tertulia.core.ids import AccountId
from tertulia.store import migrate
from tertulia.store.archive import SqlArchive
from tests.store.world import World, in_file, tell

NEEDED = {1, 2, 3, 4, 5, 6, 7, 8}
"""The steps of the first version."""

OLD = (
    """
    INSERT INTO accounts (id, login, login_key, email, phone, first_name, last_name, search_text,
        created_at, updated_at, seen_at)
    VALUES (1, 'anna', 'anna', '', '', '', '', '', 0, 0, 0), (2, 'b', 'b', '', '', '', '', '', 0, 0, 0)
    """,
    """
    INSERT INTO chats (id, kind, name, description, search_text, owner_id, created_at, updated_at,
        last_seq, last_at)
    VALUES (3, 'group', 'tea', '', '', 1, 0, 9, 6, 9)
    """,
    "INSERT INTO members (chat_id, account_id, role, joined_at) VALUES (3, 1, 'owner', 0)",
    "INSERT INTO members (chat_id, account_id, role, joined_at) VALUES (3, 2, 'member', 0)",
    """
    INSERT INTO messages (id, chat_id, seq, author_id, text, extra, forward_of, sent_at, edited_at,
        deleted_at, notice)
    VALUES (11, 3, 1, 1, 'one', '', '', 1, NULL, NULL, NULL),
        (12, 3, 2, 1, 'two', '', '', 2, 8, NULL, NULL),
        (13, 3, 3, 1, '', '', '', 3, 7, 9, NULL),
        (14, 3, 4, 1, 'four', '', '', 4, NULL, NULL, NULL),
        (15, 3, 5, 1, 'left', '', '', 5, NULL, NULL, '{"kind": "member_left"}'),
        (16, 3, 6, 1, 'six', '', '', 6, NULL, NULL, NULL)
    """,
    "INSERT INTO hidden VALUES (2, 11), (2, 13), (2, 15)",
)


def test_what_was_hidden_and_edited_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(migrate.VERSION_TABLE)
        for number, text in migrate.steps():
            for statement in migrate.statements(text) if number in NEEDED else ():
                connection.execute(statement)
        connection.execute("INSERT INTO schema_steps VALUES (?)", (max(NEEDED),))
        for statement in OLD:
            connection.execute(statement)

    async def story(world: World) -> None:
        archive = SqlArchive(world.engine)
        for reader, texts in ((1, ["six", "four", "two", "one"]), (2, ["six", "four", "two"])):
            shelf = await archive.page(AccountId(reader), 3, Sieve(), Part(10), Extras(edits=True))
            assert [each.text for each in shelf.items] == texts
            assert shelf.total == len(texts)
            edited = [each for each in shelf.items if each.edits]
            assert [(each.id, each.edits[0].at) for each in edited] == [(12, 8)]

    uvloop.run(tell(story, in_file(path)))
