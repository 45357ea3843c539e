"""Which tasks of a team somebody wants to see."""

from tertulia.core.ids import ChatId, TeamId
from tertulia.core.model import Actor, Versions
from tertulia.core.tasks import TaskFilter, TaskOrder
from tertulia.core.team_model import HOME_TEAM, TeamStatus
from tertulia.core.text import containing, fold
from tertulia.store.message_filters import ONE_OF, Conditions
from tertulia.store.my_chats import CHANGED_AT
from tertulia.store.team_records import need_member
from tertulia.store.work import Work, array, rows

ALL = 1_000_000_000
"""Tasks; nobody has so many."""

# With the parts of `Versions`.
TASKS = f"""
SELECT c.id, {CHANGED_AT}, COALESCE(g.version, 0), k.version, 0, COALESCE(s.version, 0),
    COALESCE(me.marked_at, 0)
FROM tasks k
JOIN chats c ON c.id = k.chat_id AND c.archived_at IS NULL
LEFT JOIN group_settings g ON g.chat_id = c.id
LEFT JOIN members me ON me.chat_id = c.id AND me.account_id = ?
LEFT JOIN member_settings s ON s.chat_id = c.id AND s.account_id = me.account_id
WHERE k.team_id = ?{{conditions}}
ORDER BY {{order}} LIMIT ? OFFSET ?
"""

IN_IT = (
    "EXISTS (SELECT 1 FROM members x WHERE x.chat_id = c.id"
    f" AND {ONE_OF.format(column='x.account_id')}{{but}})"
)


UNDUE = "CASE WHEN k.deadline IS NULL THEN 1 ELSE 0 END"

ORDERS = {
    TaskOrder.NEWEST: "c.id DESC",
    TaskOrder.OLDEST: "c.id",
    TaskOrder.BUSIEST: "COALESCE(c.tail_id, c.id) DESC, c.id DESC",
    TaskOrder.QUIETEST: "COALESCE(c.tail_id, c.id), c.id",
    TaskOrder.DUE_FIRST: f"{UNDUE}, k.deadline, c.id",
    TaskOrder.DUE_LAST: f"{UNDUE}, k.deadline DESC, c.id DESC",
}

# As it was spelled first; the tags of a team are few.
TAGGED = (
    "EXISTS (SELECT 1 FROM task_tags t JOIN tags g ON g.team_id = k.team_id"
    " AND g.name = t.tag WHERE t.chat_id = k.chat_id"
    " AND g.name_key IN (SELECT each.value ->> 0 FROM json_each(?) AS each))"
)

UNTAGGED = "NOT EXISTS (SELECT 1 FROM task_tags t WHERE t.chat_id = k.chat_id)"


def wanted_tasks(actor: Actor, team_id: TeamId, wish: TaskFilter) -> Work[list[ChatId]]:
    """Those he may see, newest first unless the wish says otherwise."""
    membership = yield from need_member(team_id, actor.account_id)
    if team_id == HOME_TEAM:
        return []
    found = Conditions()
    if wish.public and membership.me.status is not TeamStatus.GUEST:
        found.add("k.is_public = 1")
    else:
        found.add("me.account_id IS NOT NULL")
        if wish.public is not None:
            found.add("k.is_public = ?", int(wish.public))
    _about_people(found, wish)
    _about_the_task(found, wish)
    sql = TASKS.format(conditions=found.sql, order=ORDERS[wish.order])
    who = actor.account_id, team_id, *found.params
    if wish.is_new is None:
        return [ChatId(each[0]) for each in (yield from rows(sql, *who, wish.limit, wish.offset))]
    new = [
        ChatId(each[0])
        for each in (yield from rows(sql, *who, ALL, 0))
        if wish.is_new(Versions(*each))
    ]
    return new[wish.offset : wish.offset + wish.limit]


def _about_people(found: Conditions, wish: TaskFilter) -> None:
    if wish.assignees is not None:
        found.add(ONE_OF.format(column="k.assignee_id"), array(wish.assignees))
    if wish.owners is not None:
        found.add(ONE_OF.format(column="c.owner_id"), array(wish.owners))
    if wish.members is not None:
        found.add(IN_IT.format(but=""), array(wish.members))
    if wish.observers is not None:
        but = " AND x.account_id <> c.owner_id AND x.account_id <> COALESCE(k.assignee_id, 0)"
        found.add(IN_IT.format(but=but), array(wish.observers))


def _about_the_task(found: Conditions, wish: TaskFilter) -> None:
    listed = "k.status {}IN (SELECT each.value ->> 0 FROM json_each(?) AS each)"
    if wish.statuses:
        found.add(listed.format(""), array([[each] for each in wish.statuses]))
    if wish.without_statuses:
        found.add(listed.format("NOT "), array([[each] for each in wish.without_statuses]))
    if wish.nums is not None:
        found.add(ONE_OF.format(column="k.num"), array(wish.nums))
    tags = array([[fold(each)] for each in wish.tags])
    if wish.tags and wish.untagged:
        found.add(f"({TAGGED} OR {UNTAGGED})", tags)
    elif wish.tags:
        found.add(TAGGED, tags)
    elif wish.untagged:
        found.add(UNTAGGED)
    if wish.sections is not None:
        homeless = " OR k.section_id IS NULL" if wish.homeless else ""
        of_sections = ONE_OF.format(column="k.section_id")
        found.add(f"({of_sections}{homeless})", array(wish.sections))
    if wish.text:
        found.add(r"c.search_text LIKE ? ESCAPE '\'", containing(wish.text))
    spans = {"k.deadline": wish.deadline, "c.created_at": wish.created, "k.done_at": wish.done}
    for column, (first, last) in spans.items():
        if first is not None:
            found.add(f"{column} >= ?", first)
        if last is not None:
            found.add(f"{column} <= ?", last)
