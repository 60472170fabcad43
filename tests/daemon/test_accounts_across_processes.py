"""Accounts over three daemon processes on one PostgreSQL: races, immediate revocation, throttling of guesses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from movierec import db
from tests.daemon.fleet import AUTH, Fleet, SignedUp, race, run_fleet
from tests.daemon.test_serve import on_postgresql
from tests.long import short_or_long
from tests.running import PASSWORD

RACES = short_or_long(25, 250)
pytestmark = [pytest.mark.xdist_group("fleet"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def fleet(template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    home = tmp_path_factory.mktemp("fleet")
    for settings in template.copy(home / "movierec"):
        environment = {
            "MOVIEREC_DATABASE__URL": settings.database_url,
            "MOVIEREC_SERVER__TRUSTED_PROXIES": "127.0.0.1",
            # Throttles that are not the subject of these tests.
            "MOVIEREC_THROTTLE__REGISTER": "0",
            "MOVIEREC_THROTTLE__REFRESH": "0",
        }
        db.connect(settings)
        with run_fleet(home, 3, **environment) as running:
            yield running
        db.close()


@on_postgresql
def test_twenty_concurrent_refreshes_return_one_valid_successor(fleet: Fleet) -> None:
    refresh = fleet.sign_up("racer").refresh
    with ThreadPoolExecutor(20) as pool:
        for _ in range(RACES):
            [(status, successor)] = race(fleet, pool, refresh)
            assert status == 200
            assert successor != refresh
            refresh = successor
    answer = fleet(1, "POST", f"{AUTH}/token/refresh/", {"refresh": refresh})
    assert fleet(2, "GET", f"{AUTH}/me/", token=answer.document["access"]).status == 200
    assert db.value("SELECT COUNT(*) FROM refresh_tokens WHERE used_at IS NULL AND session_id = "
                    "(SELECT MAX(session_id) FROM refresh_tokens)") == 1  # fmt: skip


@on_postgresql
def test_refresh_that_races_with_logout_leaves_no_valid_token(fleet: Fleet) -> None:
    with ThreadPoolExecutor(6) as pool:
        for number in range(10):
            ann = fleet.sign_up(f"leaver{number}")
            refreshes = [
                pool.submit(fleet, process, "POST", f"{AUTH}/token/refresh/", {"refresh": ann.refresh})
                for process in range(5)
            ]
            logout = pool.submit(
                fleet, number, "POST", f"{AUTH}/logout/", {"refresh": ann.refresh}, token=ann.access
            )
            assert logout.result().status == 200
            for answer in (each.result() for each in refreshes):
                if answer.status == 200:
                    assert fleet(1, "GET", f"{AUTH}/me/", token=answer.document["access"]).status == 401
                    body = {"refresh": answer.document["refresh"]}
                    assert fleet(2, "POST", f"{AUTH}/token/refresh/", body).status == 401


@on_postgresql
def test_reuse_of_a_refresh_token_ends_the_session_in_every_process(fleet: Fleet) -> None:
    ann = fleet.sign_up("victim")
    first = fleet(0, "POST", f"{AUTH}/token/refresh/", {"refresh": ann.refresh}).document
    second = fleet(1, "POST", f"{AUTH}/token/refresh/", {"refresh": first["refresh"]}).document
    fleet.kill_and_restart(2)
    assert fleet(2, "GET", f"{AUTH}/me/", token=second["access"]).status == 200
    assert fleet(2, "POST", f"{AUTH}/token/refresh/", {"refresh": ann.refresh}).status == 401
    fleet.kill_and_restart(2)
    for process in range(3):
        for access in (ann.access, first["access"], second["access"]):
            assert fleet(process, "GET", f"{AUTH}/me/", token=access).status == 401
        for refresh in (ann.refresh, first["refresh"], second["refresh"]):
            assert fleet(process, "POST", f"{AUTH}/token/refresh/", {"refresh": refresh}).status == 401


def _log_out(fleet: Fleet, ann: SignedUp, _admin: str) -> int:
    return fleet(0, "POST", f"{AUTH}/logout/", {"refresh": ann.refresh}, token=ann.access).status


def _disable(fleet: Fleet, ann: SignedUp, admin: str) -> int:
    return fleet(0, "PATCH", f"{AUTH}/{ann.id}/", {"is_active": False}, token=admin).status


def _delete(fleet: Fleet, ann: SignedUp, admin: str) -> int:
    return fleet(0, "DELETE", f"{AUTH}/{ann.id}/", token=admin).status


def _demote(fleet: Fleet, ann: SignedUp, admin: str) -> int:
    db.execute("UPDATE users SET is_staff = ? WHERE id = ?", True, ann.id)
    assert fleet(1, "GET", f"{AUTH}/", token=ann.access).status == 200
    return fleet(0, "PATCH", f"{AUTH}/{ann.id}/", {"is_staff": False}, token=admin).status


def _change_password(fleet: Fleet, ann: SignedUp, _admin: str) -> int:
    new = "another horse battery"
    change = {"old_password": PASSWORD, "new_password": new, "new_password_confirm": new}
    return fleet(0, "POST", f"{AUTH}/change_password/", change, token=ann.access).status


@on_postgresql
@pytest.mark.parametrize("act", [_log_out, _disable, _delete, _demote, _change_password])
def test_revocation_applies_to_the_next_request_at_another_process(
    fleet: Fleet, act: Callable[[Fleet, SignedUp, str], int]
) -> None:
    """Twenty rounds for each of five kinds of revocation."""
    admin = fleet.sign_up(f"admin{act.__name__}")
    db.execute("UPDATE users SET is_staff = ? WHERE id = ?", True, admin.id)
    for number in range(20):
        ann = fleet.sign_up(f"user{act.__name__}{number}")
        other = 1 + number % 2
        assert fleet(other, "GET", f"{AUTH}/me/", token=ann.access).status == 200
        assert act(fleet, ann, admin.access) in (200, 204)
        assert fleet(other, "GET", f"{AUTH}/me/", token=ann.access).status == 401
        assert fleet(other, "POST", f"{AUTH}/token/refresh/", {"refresh": ann.refresh}).status == 401


@on_postgresql
def test_throttle_limits_a_thousand_guesses_to_ten_hashes_per_account(fleet: Fleet) -> None:
    """The guesses come from fifty addresses, for two existing and three unknown accounts, at three processes."""
    names = [fleet.sign_up(f"target{number}").name for number in range(2)] + ["ghost1", "ghost2", "ghost3"]
    before = fleet.sum_of("password_verifications_total")

    def guess(number: int) -> int:
        document = {"username": names[number % 5], "password": f"wrong password {number}"}
        source = f"203.0.113.{number % 50}"
        return fleet(number, "POST", f"{AUTH}/login/", document, source=source).status

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(guess, range(1000)))
    assert statuses.count(401) == 50
    assert statuses.count(429) == 950
    assert fleet.sum_of("password_verifications_total") - before == 50
