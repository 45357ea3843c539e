"""Teams, their contacts, sections, invitations (Tada document, Команды, Приглашения в команду)."""

from msgspec import UNSET, Raw, Struct, UnsetType

from tertulia.dialects.tada.wire.icons import Icons

Flag = bool | UnsetType
"""True, or left out."""


class ContactV3(Struct):
    """Somebody else in a team. `changeable_fields` and `sections` are lists of texts."""

    changeable_fields: Raw
    contact_email: str
    contact_phone: str
    display_name: str
    icons: Icons
    jid: str
    last_activity: str | None
    role: str
    sections: list[str]
    status: str
    can_add_to_group: Flag = UNSET
    can_call: Flag = UNSET
    can_create_task: Flag = UNSET
    can_delete: Flag = UNSET
    can_send_message: Flag = UNSET
    is_archive: Flag = UNSET


class ContactV4(ContactV3, kw_only=True):
    """With versions and names. `gentime`: nanoseconds since 1970 of the last change."""

    gentime: int
    short_name: str
    botname: str | UnsetType = UNSET
    family_name: str | UnsetType = UNSET
    given_name: str | UnsetType = UNSET
    patronymic: str | UnsetType = UNSET


class MyselfV3(ContactV3, kw_only=True):
    """One's own entry in a team, with how one wants one's clients to be."""

    alt_send: bool
    contact_mshort_view: bool
    contact_short_view: bool
    contact_show_archived: bool
    debug_show_activity: bool
    default_lang: str | None
    family_name: str
    given_name: str
    group_mshort_view: bool
    group_notifications_enabled: bool
    group_short_view: bool
    task_mshort_view: bool
    task_notifications_enabled: bool
    task_short_view: bool
    unread_first: bool


class MyselfV4(MyselfV3, kw_only=True):
    """With later preferences, and what one may do in the team. Times of the day are `HH:MM:SS`."""

    always_send_pushes: bool
    asterisk_mention: bool
    cant_send_message_reason: str
    gentime: int
    munread_first: bool
    quiet_time_finish: str | None
    quiet_time_start: str | None
    short_name: str
    timezone: str
    can_add_to_team: Flag = UNSET
    can_create_group: Flag = UNSET
    can_create_team: Flag = UNSET
    can_join_public_groups: Flag = UNSET
    can_join_public_tasks: Flag = UNSET
    can_manage_integrations: Flag = UNSET
    can_manage_sections: Flag = UNSET
    can_manage_tags: Flag = UNSET
    mood: str | UnsetType = UNSET
    patronymic: str | UnsetType = UNSET


Contact = ContactV3 | ContactV4 | MyselfV3 | MyselfV4


class UnreadV3(Struct):
    """What is unread in the chats of one type."""

    chats: int
    messages: int


class UnreadV4(UnreadV3):
    """`notice_messages`: those that mention the reader."""

    notice_messages: int = 0


class TeamUnreadV3(Struct):
    """The same by the types of chats."""

    direct: UnreadV3
    group: UnreadV3
    task: UnreadV3


class TeamUnreadV4(TeamUnreadV3):
    """With types of chats that there are none of here."""

    meeting: UnreadV3
    thread: UnreadV3


TeamUnread = TeamUnreadV3 | TeamUnreadV4


class TeamV3(Struct):
    """A team as one of its members sees it. Sizes in bytes, ages in seconds."""

    default_task_deadline: str
    icons: Icons
    last_active: bool
    max_message_update_age: int
    me: Contact
    name: str
    need_confirmation: bool
    uid: str
    unread: TeamUnread
    bad_profile: Flag = UNSET
    can_add_to_team: Flag = UNSET
    can_manage_integrations: Flag = UNSET
    can_manage_sections: Flag = UNSET
    changeable_statuses: list[str] | UnsetType = UNSET
    contacts: list[Contact] | UnsetType = UNSET
    is_archive: Flag = UNSET
    uploads_size: int | UnsetType = UNSET
    uploads_size_limit: int | UnsetType = UNSET


class TeamV4(TeamV3, kw_only=True):
    """With its version, and what clients of today ask for."""

    account_status: str
    gentime: int
    user_fields: list[str]
    display_family_name_first: Flag = UNSET
    notebot: Contact | UnsetType = UNSET
    use_patronymic: Flag = UNSET
    pinned: Flag = UNSET


Team = TeamV3 | TeamV4


class DeletedTeam(Struct):
    """A team that is over for the reader."""

    uid: str
    is_archive: bool
    gentime: int


class MonthOfUsage(Struct):
    """What was uploaded in one month. `month`: 1 to 12."""

    month: int
    uploads_size: int
    year: int


class Usage(Struct):
    """What the uploads of a team take, in bytes; 24 months, the present one last."""

    by_months: list[MonthOfUsage]
    uploads_size: int
    uploads_size_limit: int


class Invitation(Struct):
    """A way into a team. `qr`: the address of a picture with it."""

    created: str
    qr: str
    token: str
    uid: str


class Section(Struct):
    """A heading in the list of contacts."""

    uid: str
    sort_ordering: int
    name: str
    gentime: int
    description: str | UnsetType = UNSET
    is_archive: Flag = UNSET


class Tag(Struct):
    """A word that tasks are marked with."""

    uid: str
    name: str


class Contacts(Struct):
    """Several contacts that were added at once."""

    contacts: list[Contact]
