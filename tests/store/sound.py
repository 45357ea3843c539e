"""What `tertulia check` would say of a store that a test has open."""

from collections.abc import Sequence

from tertulia.store.copies.soundness import verdicts
from tertulia.store.copies.tables import Row
from tertulia.store.engine import Engine
from tertulia.store.work import rows


async def broken(engine: Engine) -> list[str]:
    """The rules that do not hold."""

    async def ask(sql: str) -> Sequence[Row]:
        return await engine.scan(rows(sql))

    found = [each async for each in verdicts(ask)]
    assert found, "there are rules"
    return [f"{each.says}: {each.broken}, first {each.first}" for each in found if each.broken]
