"""Rate limits: exact windows, races between threads, stored keys."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest

from movierec import config, db
from movierec.auth import throttle
from movierec.config import Settings
from movierec.errors import Throttled

LIMITS = config.ThrottleSettings()
ACTION = "login_per_account"
NOW = 1_800_000_000


def test_every_rule_has_a_setting() -> None:
    assert [field.name for field in dataclasses.fields(config.ThrottleSettings)] == list(
        throttle.THROTTLE_RULES
    )


def test_the_eleventh_attempt_waits_for_the_end_of_the_window(database: Settings) -> None:
    for second in range(10):
        throttle.count_attempt(LIMITS, ACTION, "ann", NOW + second)
    with pytest.raises(Throttled) as failure:
        throttle.count_attempt(LIMITS, ACTION, "ann", NOW + 10)
    assert failure.value.retry_after_seconds == 890
    # Further attempts do not extend the window; other subjects and actions are not limited.
    throttle.count_attempt(LIMITS, ACTION, "bob", NOW + 10)
    throttle.count_attempt(LIMITS, "password", "ann", NOW + 10)
    with pytest.raises(Throttled) as failure:
        throttle.count_attempt(LIMITS, ACTION, "ann", NOW + 899)
    assert failure.value.retry_after_seconds == 1
    throttle.count_attempt(LIMITS, ACTION, "ann", NOW + 900)


def test_a_setting_of_zero_sets_no_limit(database: Settings) -> None:
    for _ in range(100):
        throttle.count_attempt(dataclasses.replace(LIMITS, login_per_account=0), ACTION, "ann", NOW)
    assert db.value("SELECT COUNT(*) FROM throttle") == 0


def test_concurrent_attempts_are_counted_exactly(database: Settings) -> None:
    def attempt(_: int) -> bool:
        try:
            db.run_with_retry(throttle.count_attempt, LIMITS, ACTION, "ann", NOW)
        except Throttled:
            return False
        finally:
            db.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(80))) == 10


def test_stored_keys_reveal_no_name_and_expire(database: Settings) -> None:
    throttle.count_attempt(LIMITS, ACTION, "my password typed as a name", NOW)
    assert "password" not in str(db.rows("SELECT * FROM throttle"))
    throttle.delete_expired_windows(NOW + 899)
    assert db.value("SELECT COUNT(*) FROM throttle") == 1
    throttle.delete_expired_windows(NOW + 900)
    assert db.value("SELECT COUNT(*) FROM throttle") == 0


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(address: str, key: str) -> None:
    assert throttle.address_key(address) == key
