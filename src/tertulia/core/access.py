"""Who may do what: the rules, as plain questions. Asked inside the transaction of the change."""

from collections.abc import Iterable

from tertulia.core.model import ChatKind, Member, Role


def may_moderate(role: Role) -> bool:
    """Change a group, its members and their messages: owner and admins."""
    return role in {Role.OWNER, Role.ADMIN}


def may_change(kind: ChatKind, role: Role) -> bool:
    """Change a chat's card: either of the two in a direct chat, else owner and admins.

    A task's follows the task (`core.tasks`).
    """
    return kind is ChatKind.DIRECT or (kind is not ChatKind.TASK and may_moderate(role))


def may_delete_others(kind: ChatKind, role: Role) -> bool:
    """Delete what others wrote: nobody in a direct chat, else owner and admins."""
    return kind is not ChatKind.DIRECT and may_moderate(role)


def successor(members: Iterable[Member]) -> Member | None:
    """Who owns a group after its owner: the oldest admin, else the oldest member; None: nobody."""
    return min(
        members,
        key=lambda each: (each.role is not Role.ADMIN, each.joined_at, each.account_id),
        default=None,
    )
