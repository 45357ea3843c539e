"""Integrations of a team (Tada document, Интеграции)."""

from msgspec import Struct


class FormField(Struct):
    """One field of an integration's form; clients draw it as it says."""

    label: str
    readonly: bool
    value: str


class Form(Struct):
    """What there is to see and to fill in."""

    api_key: FormField
    webhook_url: FormField


class Integration(Struct):
    """Exactly these eight. `help` is HTML; `group` is a jid, `uid` a uuid."""

    comment: str
    created: str
    enabled: bool
    form: Form
    group: str
    help: str
    kind: str
    uid: str


class Template(Struct):
    """What a new integration of a kind begins with. `form`: its fields to fill in."""

    comment: str
    enabled: bool
    form: dict[str, FormField]
    kind: str


class IntegrationKind(Struct):
    """A kind of integration there may be."""

    kind: str
    template: Template
    title: str


class IntegrationKindV4(IntegrationKind):
    """With what later clients draw beside the title."""

    icon: str = ""
    description: str = ""


class Integrations(Struct):
    """A team's integrations, and the kinds it may have."""

    integrations: list[Integration]
    kinds: list[IntegrationKind]


class Accepted(Struct):
    """What `/api/message` says when it is done; it has no envelope."""

    ok: bool


class Declined(Struct):
    """What it says when it is not; `error` is a sentence for people."""

    ok: bool
    error: str
