"""One function per request, and the table of them all."""

from tertulia.dialects.tada.handlers import (
    chats,
    contacts,
    devices,
    features,
    groups,
    hook_messages,
    icons,
    integrations,
    invitations,
    me,
    messages,
    ping,
    sections,
    signin,
    stubs,
    tasks,
    teams,
    uploads,
)
from tertulia.dialects.tada.routes import Operation

OPERATIONS: tuple[Operation, ...] = (
    *ping.OPERATIONS,
    *signin.OPERATIONS,
    *me.OPERATIONS,
    *devices.OPERATIONS,
    *features.OPERATIONS,
    *stubs.OPERATIONS,
    *teams.OPERATIONS,
    *contacts.OPERATIONS,
    *invitations.OPERATIONS,
    *icons.OPERATIONS,
    *sections.OPERATIONS,
    *groups.OPERATIONS,
    *chats.OPERATIONS,
    *messages.OPERATIONS,
    *tasks.OPERATIONS,
    *uploads.OPERATIONS,
    *integrations.OPERATIONS,
    *hook_messages.OPERATIONS,
)
"""Everything this API does over HTTP."""
