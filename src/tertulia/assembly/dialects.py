"""Builds the dialects."""

from tertulia.assembly.parts import Parts
from tertulia.dialects.sama import KEY_NAME, sama
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
    return (), rest
