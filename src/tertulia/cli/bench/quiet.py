"""The works in which nobody talks: idle sockets, signing in."""

import asyncio

from tertulia.cli.bench import meter, roster
from tertulia.cli.bench.client import Client
from tertulia.cli.bench.report import costing
from tertulia.cli.bench.roster import Account, each
from tertulia.cli.bench.stage import Stage

# Sockets opened before the first look at the memory: what is made once has been made.
_FIRST_SOCKETS = 10


async def idle(stage: Stage) -> dict[str, float]:
    """What a signed-in socket that does nothing costs in memory.

    Raises:
        ValueError: the server's process is not known.
    """
    if stage.server_pid is None:
        raise ValueError("idle needs --server-pid: it reads the memory of that process")
    plan = stage.plan
    known = await stage.accounts(plan.accounts or plan.users)
    users = [known[number % len(known)] for number in range(_FIRST_SOCKETS + plan.users)]

    async def sit(account: Account) -> Client:
        return await stage.online(account, account.login, lambda: Client(stage.complaints))

    first = await each(users[:_FIRST_SOCKETS], sit)
    await asyncio.sleep(plan.seconds)
    before = meter.resident_kib(stage.server_pid)
    others = await each(users[_FIRST_SOCKETS:], sit)
    await asyncio.sleep(plan.seconds)
    after = meter.resident_kib(stage.server_pid)
    for client in (*first, *others):
        client.leave()
    return {
        "kib_per_socket": (after - before) / len(others),
        "rss_before_mib": before / 1024,
        "rss_after_mib": after / 1024,
        "sockets": len(others),
        "accounts": len(known),
    }


async def signin(stage: Stage) -> dict[str, float]:
    """Sign-ups and sign-ins by password; the new accounts join the roster, if there is one."""
    with costing(stage.server_pid) as joining:
        accounts = await roster.sign_up(stage.url, stage.plan.users)
    with costing(stage.server_pid) as entering:
        await roster.sign_in(stage.url, accounts)
    roster.keep([*roster.known(stage.roster), *accounts], stage.roster)
    return {
        "sign_ups_per_s": len(accounts) / joining.seconds,
        "sign_ins_per_s": len(accounts) / entering.seconds,
        **entering.cpu_per("cpu_ms_per_sign_in", len(accounts), 1000.0),
    }
