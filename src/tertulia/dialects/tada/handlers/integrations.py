"""A team's integrations: list, make, change, remove (Tada document, Интеграции)."""

from tertulia.core.hooks import Hook, HookChange, HookKind, NewHook
from tertulia.core.ids import ChatId, HookId, TeamId
from tertulia.core.team_rights import need_manager
from tertulia.dialects.tada import errors, ids, times
from tertulia.dialects.tada.desk import TadaDesk, View
from tertulia.dialects.tada.fields import Fields
from tertulia.dialects.tada.hook_help import help_text
from tertulia.dialects.tada.ids import Kind
from tertulia.dialects.tada.limits import MAX_INTEGRATION_COMMENT, MAX_URL
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Operation
from tertulia.dialects.tada.wire.integrations import (
    Form,
    FormField,
    Integration,
    IntegrationKind,
    IntegrationKindV4,
    Integrations,
    Template,
)

MESSAGE_PATH = "/api/message"

TITLES = {
    HookKind.SENTRY: "Sentry",
    HookKind.BITBUCKET: "Bitbucket",
    HookKind.RAW: "API/Webhook",
}
"""In the order in which they are offered."""

NEW = "Новая интеграция"
KEY_LABEL = "Ключ API"
WEBHOOK_LABEL = "Webhook URL"

MAX_JID = 64
"""Characters; anything longer is none."""


async def integrations(call: Call) -> Integrations:
    """`GET …/integrations`: those there are, and the kinds there may be."""
    team_id = _team(call)
    found = await call.core.hooks.listed(call.actor, team_id)
    shown = [integration(call.desk, hook) for hook in found]
    return Integrations(shown, [_kind(each, call.view) for each in TITLES])


async def add_integration(call: Call) -> Integration:
    """`POST …/integrations`."""
    team_id = await _need_manager(call)
    form = await call.fields()
    kind = form.need_choice("kind", TITLES)
    group = _group(form)
    if group is None:
        form.note("group", errors.REQUIRED)
    comment = form.text("comment", most=MAX_INTEGRATION_COMMENT)
    enabled = form.flag("enabled")
    webhook_url = _webhook_url(form)
    form.check()
    assert group is not None, "it was noted above"
    new = NewHook(
        HookKind(kind),
        group,
        comment=comment or "",
        is_enabled=enabled is not False,
        webhook_url=webhook_url or "",
    )
    return integration(call.desk, await call.core.hooks.add(call.actor, team_id, new))


async def read_integration(call: Call) -> Integration:
    """`GET …/integrations/{uid}`."""
    hook = await call.core.hooks.need(call.actor, _team(call), _hook(call))
    return integration(call.desk, hook)


async def change_integration(call: Call) -> Integration:
    """`PUT …/integrations/{uid}`: what is given changes, the key stays."""
    team_id, hook_id = _team(call), _hook(call)
    await call.core.hooks.need(call.actor, team_id, hook_id)
    form = await call.fields()
    change = HookChange(
        chat_id=_group(form),
        comment=form.text("comment", most=MAX_INTEGRATION_COMMENT),
        is_enabled=form.flag("enabled"),
        webhook_url=_webhook_url(form),
    )
    form.check()
    hook = await call.core.hooks.change(call.actor, team_id, hook_id, change)
    return integration(call.desk, hook)


async def remove_integration(call: Call) -> None:
    """`DELETE …/integrations/{uid}`."""
    await call.core.hooks.remove(call.actor, _team(call), _hook(call))


ALL = "/teams/{team}/integrations"
ONE = ALL + "/{integration}"

OPERATIONS = (
    Operation("GET", ALL, integrations),
    Operation("POST", ALL, add_integration),
    Operation("GET", ONE, read_integration),
    Operation("PUT", ONE, change_integration),
    Operation("DELETE", ONE, remove_integration),
)


def integration(desk: TadaDesk, hook: Hook) -> Integration:
    """As its owner sees it, its key included."""
    return Integration(
        comment=hook.comment,
        created=times.date_time(hook.created_at),
        enabled=hook.is_enabled,
        form=Form(
            FormField(KEY_LABEL, readonly=True, value=hook.key),
            FormField(WEBHOOK_LABEL, readonly=False, value=hook.webhook_url),
        ),
        group=ids.to_jid(Kind.GROUP, hook.chat_id),
        help=help_text(desk.public_url + MESSAGE_PATH, hook.key),
        kind=hook.kind.value,
        uid=ids.to_uuid(Kind.INTEGRATION, hook.id),
    )


def _kind(kind: HookKind, view: View) -> IntegrationKind:
    form = {}
    if kind is HookKind.RAW:
        form["webhook_url"] = FormField(WEBHOOK_LABEL, readonly=False, value="")
    template = Template(NEW, True, form, kind.value)  # noqa: FBT003 - as the document lists them
    shape = IntegrationKind if view is View.V3 else IntegrationKindV4
    return shape(kind.value, template, TITLES[kind])


def _team(call: Call) -> TeamId:
    return TeamId(ids.need(Kind.TEAM, call.path["team"]))


def _hook(call: Call) -> HookId:
    # What is no uuid of ours names no integration, in a team that must be looked at first.
    return HookId(ids.from_uuid(Kind.INTEGRATION, call.path["integration"]) or 0)


async def _need_manager(call: Call) -> TeamId:
    """Team, then rights, before a look at the body."""
    team_id = _team(call)
    membership = await call.core.teams.need(call.actor, team_id)
    need_manager(membership.me)
    return team_id


def _group(form: Fields) -> ChatId | None:
    jid = form.text("group", most=MAX_JID)
    if not jid:
        return None
    found = ids.read_jid(jid)
    if found is None or found.kind is not Kind.GROUP:
        form.note("group", errors.no_choice(jid))
        return None
    return ChatId(found.number)


def _webhook_url(form: Fields) -> str | None:
    """In the body itself, or where the form that was sent out has it."""
    url = form.text("webhook_url", most=MAX_URL)
    if url is not None or form.given("webhook_url"):
        return url
    filled_in = form.object("form")
    field = filled_in.object("webhook_url") if filled_in is not None else None
    return field.text("value", most=MAX_URL) if field is not None else None
