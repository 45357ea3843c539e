"""Whom somebody knows: partners of direct chats, team mates, and who stands in the address book."""

from bisect import bisect_left, bisect_right

from tertulia.core.archive import Acquaintances, Part
from tertulia.core.contacts import MOST_CONTACTS
from tertulia.core.ids import AccountId, SessionId
from tertulia.core.model import Actor, Page
from tertulia.store.contacts import list_contacts
from tertulia.store.directory import accounts_by_id
from tertulia.store.work import Work, rows

PARTNERS = """
SELECT a.id
FROM members b
JOIN chats c ON c.id = b.chat_id AND c.kind = 'direct'
JOIN accounts a ON a.id = CASE WHEN c.owner_id = b.account_id THEN c.other_id ELSE c.owner_id END
WHERE b.account_id = ? AND b.left_at IS NULL AND a.deleted_at IS NULL
"""

TEAM_MATES = """
SELECT DISTINCT a.id
FROM team_members t
JOIN teams g ON g.id = t.team_id AND g.archived_at IS NULL
JOIN team_members o ON o.team_id = t.team_id AND o.archived_at IS NULL
    AND o.needs_confirmation = 0
JOIN accounts a ON a.id = o.account_id
WHERE t.account_id = ? AND t.archived_at IS NULL AND t.needs_confirmation = 0 AND a.deleted_at IS NULL
"""


def acquaintances(reader: AccountId, part: Part) -> Work[Acquaintances]:
    """People by number, each once, without the reader."""
    known = {each[0] for each in (yield from rows(PARTNERS, reader))}
    known |= {each[0] for each in (yield from rows(TEAM_MATES, reader))}
    book = yield from list_contacts(Actor(reader, SessionId(0)), Page(MOST_CONTACTS))
    known |= {
        address.account_id
        for contact in book
        for address in (*contact.emails, *contact.phones)
        if address.account_id is not None
    }
    ids = sorted(known - {reader})
    if part.place is None:
        start, stop = 0, part.limit
    elif part.back:
        stop = bisect_left(ids, part.place)
        start = max(stop - part.limit, 0)
    else:
        start = bisect_right(ids, part.place)
        stop = start + part.limit
    accounts = yield from accounts_by_id(ids[start:stop])
    items = [accounts[each] for each in ids[start:stop] if each in accounts]
    return Acquaintances(items, len(ids), has_before=start > 0, has_after=stop < len(ids))
