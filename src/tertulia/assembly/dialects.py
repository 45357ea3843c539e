"""Builds the dialects."""

from tertulia.assembly.parts import Parts
from tertulia.dialects.astrak import astrak
from tertulia.dialects.sama import KEY_NAME, sama
from tertulia.dialects.sama import ids as sama_ids
from tertulia.dialects.tada import KEY_NAME as TADA_KEY_NAME
from tertulia.dialects.tada import ids as tada_ids
from tertulia.dialects.tada import tada
from tertulia.dialects.unet import KEY_NAME as UNET_KEY_NAME
from tertulia.dialects.unet import unet
from tertulia.web.dialect import Desk, Dialect


async def dialects(parts: Parts, desk: Desk) -> tuple[tuple[Dialect, ...], Dialect]:
    """Those that claim paths of their own, and the one that has all others: SAMA."""
    settings = parts.settings
    rest = sama(
        desk,
        await parts.secret(KEY_NAME),
        organizations=frozenset(settings.sama_organizations),
        origins=frozenset(settings.sama_origins),
        most_members=settings.sama_max_participants,
        admin_key=settings.sama_admin_key,
    )
    teams = tada(desk, await parts.secret(TADA_KEY_NAME), drawings=parts.drawer, sama_ids=sama_ids)
    applications = unet(desk, await parts.secret(UNET_KEY_NAME), file_named=file_named)
    bots = astrak(desk, poll_timeout_s=settings.poll_timeout)
    return (teams, applications, bots), rest


def file_named(name: str) -> int | None:
    """The number of a file by what SAMA or Tada calls it; None for what is no such name."""
    return sama_ids.from_wire(name) or tada_ids.from_uuid(tada_ids.Kind.UPLOAD, name)
