from tertulia.web.addresses import is_loopback
from tertulia.web.limits import Attempts


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_after_the_limit_one_waits_until_the_first_attempt_is_old() -> None:
    clock = Clock()
    attempts = Attempts(3, 60, clock)
    for _ in range(3):
        assert attempts.wait_s("anna") == 0
        attempts.count("anna")
        clock.now += 10
    assert attempts.wait_s("anna") == 30
    assert attempts.wait_s("boris") == 0
    clock.now += 30
    assert attempts.wait_s("anna") == 0
    attempts.count("anna")
    assert attempts.wait_s("anna") == 10


def test_success_makes_one_start_afresh() -> None:
    attempts = Attempts(1, 60, Clock())
    attempts.count("anna")
    attempts.forget("anna")
    attempts.forget("anna")
    assert attempts.wait_s("anna") == 0


def test_memory_is_bounded_by_forgetting_the_oldest() -> None:
    attempts = Attempts(1, 60, Clock(), most_keys=2)
    for name in ("anna", "boris", "anna", "clara"):
        attempts.count(name)
    assert [attempts.wait_s(name) for name in ("anna", "boris", "clara")] == [60, 0, 60]


def test_loopback_may_try_for_ever() -> None:
    attempts = Attempts(1, 60, Clock(), exempt=is_loopback)
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.5", "203.0.113.1"):
        attempts.count(address)
    assert attempts.wait_s("127.0.0.1") == attempts.wait_s("::1") == 0
    assert attempts.wait_s("::ffff:127.0.0.5") == 0
    assert attempts.wait_s("203.0.113.1") == 60
