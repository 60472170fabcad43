"""E-mail verification, password reset and change of address, without an SMTP server."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from movierec import auth, db, mail
from movierec.config import Settings, ThrottleSettings
from movierec.mail import MailKind, OutboxEntry, delivery
from tests.api.work import RecordedWork
from tests.running import PASSWORD, Account, Daemon, Reply, RunningDaemon
from tests.waiting import wait_until

AUTH = "/api/v1/auth"
NEW_PASSWORD = "another horse battery"
NEW = {"new_password": NEW_PASSWORD, "new_password_confirm": NEW_PASSWORD}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "POLL_SECONDS", 0.05)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings with a public address for links and without rate limits."""
    server = dataclasses.replace(settings.server, public_url="https://films.example.org")
    free = ThrottleSettings(**{key.name: 0 for key in dataclasses.fields(ThrottleSettings)})
    return dataclasses.replace(settings, server=server, throttle=free)


def mails(recipient: str, kind: MailKind) -> list[OutboxEntry]:
    """Return the composed mails in the outbox, newest first."""
    return [
        entry
        for entry in db.run_with_retry(mail.outbox_entries)
        if (entry.recipient, entry.kind, entry.state) == (recipient, kind, "pending") and entry.body
    ]


def mailed_token(recipient: str, kind: MailKind, *, but: str = "") -> str:
    """Wait for the newest mail and return its token; `but`: wait for another token than this one."""

    def newest() -> str:
        tokens = [re.findall(r"mro_[\w-]+", entry.body)[0] for entry in mails(recipient, kind)[:1]]
        return "".join(token for token in tokens if token != but)

    return wait_until(newest, what=f"a mail of kind {kind} to {recipient} is written")


def wait_for_mails() -> None:
    """Wait until every requested mail is composed or dropped."""
    wait_until(
        lambda: not db.value("SELECT COUNT(*) FROM outbox WHERE state = 'requested'"),
        what="every mail asked for is written or dropped",
    )


def reset_token(daemon: RunningDaemon, ann: Account, *, but: str = "") -> str:
    daemon.post(f"{AUTH}/password_reset/", {"email": ann.email}, status=202)
    return mailed_token(ann.email, MailKind.RESET, but=but)


def test_registration_sends_a_link_that_verifies_the_address_once(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    token = mailed_token(ann.email, MailKind.VERIFY)
    assert daemon.get(f"{AUTH}/me/", token=ann)["is_verified"] is False
    daemon.post(f"{AUTH}/verify_email/", {"token": token})
    assert daemon.get(f"{AUTH}/me/", token=ann)["is_verified"] is True
    daemon.post(f"{AUTH}/verify_email/", {"token": token}, status=401)


def test_new_link_invalidates_the_previous_one(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    first = mailed_token(ann.email, MailKind.VERIFY)
    daemon.post(f"{AUTH}/verify_email/resend/", token=ann, status=202)
    second = mailed_token(ann.email, MailKind.VERIFY, but=first)
    daemon.post(f"{AUTH}/verify_email/", {"token": first}, status=401)
    assert [entry.body for entry in db.run_with_retry(mail.outbox_entries) if entry.state == "failed"] == [""]
    daemon.post(f"{AUTH}/verify_email/", {"token": second})


def test_links_expire(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    token = mailed_token(ann.email, MailKind.VERIFY)
    reset = reset_token(daemon, ann)
    daemon.clock.advance(30 * 60 + 1)
    daemon.post(f"{AUTH}/password_reset/confirm/", {"token": reset, **NEW}, status=401)
    daemon.clock.advance(23.4 * 3600)
    daemon.post(f"{AUTH}/verify_email/", {"token": token})
    other = daemon.register()
    token = mailed_token(other.email, MailKind.VERIFY)
    daemon.clock.advance(24 * 3600 + 1)
    daemon.post(f"{AUTH}/verify_email/", {"token": token}, status=401)


def test_reset_replaces_the_password_and_ends_every_session(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    verify, token = mailed_token(ann.email, MailKind.VERIFY), reset_token(daemon, ann)
    weak = {"new_password": "short", "new_password_confirm": "short"}
    daemon.post(f"{AUTH}/password_reset/confirm/", {"token": token, **weak}, status=422)
    different = {**NEW, "new_password_confirm": PASSWORD}
    daemon.post(f"{AUTH}/password_reset/confirm/", {"token": token, **different}, status=422)
    daemon.post(f"{AUTH}/password_reset/confirm/", {"token": token, **NEW})
    daemon.get(f"{AUTH}/me/", token=ann, status=401)
    daemon.post(f"{AUTH}/token/refresh/", {"refresh": ann.refresh}, status=401)
    daemon.post(f"{AUTH}/login/", {"email": ann.email, "password": PASSWORD}, status=401)
    daemon.post(f"{AUTH}/login/", {"email": ann.email, "password": NEW_PASSWORD})
    # Tokens mailed before are invalid, too.
    daemon.post(f"{AUTH}/password_reset/confirm/", {"token": token, **NEW}, status=401)
    daemon.post(f"{AUTH}/verify_email/", {"token": verify}, status=401)
    wait_for_mails()
    assert mails(ann.email, MailKind.RESET_DONE)


def test_concurrent_uses_of_a_link_succeed_once(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    with ThreadPoolExecutor(8) as pool:
        token = ""
        for _ in range(3):
            token = reset_token(daemon, ann, but=token)

            def confirm(number: int, token: str = token) -> int:
                password = f"{NEW_PASSWORD} {number}"
                body = {"token": token, "new_password": password, "new_password_confirm": password}
                return daemon.request("POST", f"{AUTH}/password_reset/confirm/", body).status

            assert sorted(pool.map(confirm, range(8))) == [200] + [401] * 7


def test_password_change_invalidates_a_reset_link(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    token = reset_token(daemon, ann)
    daemon.post(f"{AUTH}/change_password/", {"old_password": PASSWORD, **NEW}, token=ann)
    daemon.post(f"{AUTH}/password_reset/confirm/", {"token": token, **NEW}, status=401)


def test_link_is_valid_for_one_purpose(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    verify, reset = mailed_token(ann.email, MailKind.VERIFY), reset_token(daemon, ann)
    daemon.post(f"{AUTH}/password_reset/confirm/", {"token": verify, **NEW}, status=401)
    for path in ("verify_email", "change_email/confirm"):
        daemon.post(f"{AUTH}/{path}/", {"token": reset}, status=401)
    daemon.post(f"{AUTH}/change_email/confirm/", {"token": verify}, status=401)
    for other in (ann.access, ann.refresh, "mro_" + "a" * 43, "mro_é", "x"):
        daemon.post(f"{AUTH}/verify_email/", {"token": other}, status=401)
    daemon.get(f"{AUTH}/me/", token=verify, status=401)


def change(
    daemon: RunningDaemon, ann: Account, email: str, *, status: int = 202, password: str = PASSWORD
) -> None:
    daemon.post(f"{AUTH}/change_email/", {"email": email, "password": password}, token=ann, status=status)


def test_address_changes_on_confirmation_and_the_old_one_is_notified(
    daemon: RunningDaemon,
) -> None:
    ann = daemon.register()
    change(daemon, ann, "new@example.org", status=401, password="wrong wrong wrong")
    change(daemon, ann, "not an address", status=422)
    change(daemon, ann, "new@example.org")
    token = mailed_token("new@example.org", MailKind.CHANGE)
    wait_for_mails()
    assert "new@example.org" in mails(ann.email, MailKind.CHANGE_ASKED)[0].body
    assert daemon.get(f"{AUTH}/me/", token=ann)["email"] == ann.email
    daemon.post(f"{AUTH}/change_email/confirm/", {"token": token})
    daemon.get(f"{AUTH}/me/", token=ann, status=401)
    daemon.post(f"{AUTH}/token/refresh/", {"refresh": ann.refresh}, status=401)
    daemon.post(f"{AUTH}/login/", {"email": ann.email, "password": PASSWORD}, status=401)
    user = daemon.post(f"{AUTH}/login/", {"email": "New@example.org", "password": PASSWORD})["user"]
    assert (user["email"], user["is_verified"]) == ("new@example.org", True)
    daemon.post(f"{AUTH}/change_email/confirm/", {"token": token}, status=401)
    wait_for_mails()
    assert "new@example.org" in mails(ann.email, MailKind.CHANGED)[0].body


def test_change_to_a_taken_address_does_not_reveal_it(daemon: RunningDaemon) -> None:
    ann, bob = daemon.register(), daemon.register()
    wait_for_mails()
    replies = [
        daemon.request(
            "POST", f"{AUTH}/change_email/", {"email": email, "password": PASSWORD}, token=ann.access
        )
        for email in (bob.email.upper(), "free@example.org")
    ]
    assert_identical(replies)
    wait_for_mails()
    assert not mails(bob.email.upper(), MailKind.CHANGE) + mails(bob.email, MailKind.CHANGE)


def test_address_taken_meanwhile_is_refused(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    change(daemon, ann, "bob@example.org")
    token = mailed_token("bob@example.org", MailKind.CHANGE)
    daemon.register("bob")
    problem = daemon.post(f"{AUTH}/change_email/confirm/", {"token": token}, status=409)
    assert [item["field"] for item in problem["errors"]] == ["email"]
    assert daemon.get(f"{AUTH}/me/", token=ann)["email"] == ann.email


def test_password_change_invalidates_a_change_of_address(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    change(daemon, ann, "thief@example.org")
    token = mailed_token("thief@example.org", MailKind.CHANGE)
    daemon.post(f"{AUTH}/change_password/", {"old_password": PASSWORD, **NEW}, token=ann)
    daemon.post(f"{AUTH}/change_email/confirm/", {"token": token}, status=401)


def test_mail_requested_before_a_password_change_is_dropped(database: Settings) -> None:
    ann = auth.register(auth.NewAccount("ann", "ann@example.org"), "", 1)
    mail.enqueue(MailKind.CHANGE, "thief@example.org", 1, user_id=ann.id, auth_epoch=ann.auth_epoch - 1)
    mail.compose_all("https://films.example.org", database.mail, 1)
    assert mail.outbox_entries() == []


def test_deleted_account_leaves_no_mail(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    reset_token(daemon, ann)
    change(daemon, ann, "new@example.org")
    daemon.delete(f"{AUTH}/{ann.id}/", token=ann)
    wait_for_mails()
    assert db.run_with_retry(mail.outbox_entries) == []
    assert not db.rows("SELECT 1 FROM one_time_tokens")


def assert_identical(replies: list[Reply]) -> None:
    """Assert equal status, headers (except id and date) and body."""
    seen = []
    for reply in replies:
        headers = {
            name: value for name, value in reply.headers.items() if name not in ("X-Request-ID", "Date")
        }
        seen.append((reply.status, headers, reply.body))
    assert all(each == seen[0] for each in seen), seen


def test_reset_answers_are_identical_for_all_addresses(daemon: RunningDaemon) -> None:
    verified, unverified, disabled = (daemon.register() for _ in range(3))
    daemon.post(f"{AUTH}/verify_email/", {"token": mailed_token(verified.email, MailKind.VERIFY)})
    db.execute("UPDATE users SET is_active = ? WHERE id = ?", False, disabled.id)
    addresses = [verified.email, verified.email.upper(), unverified.email, disabled.email, "no@example.org"]
    replies = [daemon.request("POST", f"{AUTH}/password_reset/", {"email": email}) for email in addresses]
    assert replies[0].status == 202
    assert_identical(replies)
    wait_for_mails()
    assert len(mails(verified.email, MailKind.RESET)) == 1, "the newer took the place of the older"
    assert len(mails(unverified.email, MailKind.RESET)) == 1
    assert not mails(disabled.email, MailKind.RESET)
    assert not mails("no@example.org", MailKind.RESET)


def test_resend_answers_are_identical_for_verified_accounts(daemon: RunningDaemon) -> None:
    confirmed, not_yet = daemon.register(), daemon.register()
    daemon.post(f"{AUTH}/verify_email/", {"token": mailed_token(confirmed.email, MailKind.VERIFY)})
    wait_for_mails()
    count = len(db.run_with_retry(mail.outbox_entries))
    replies = [
        daemon.request("POST", f"{AUTH}/verify_email/resend/", token=account.access)
        for account in (confirmed, not_yet)
    ]
    assert replies[0].status == 202
    assert_identical(replies)
    wait_for_mails()
    assert len(db.run_with_retry(mail.outbox_entries)) == count + 1


@pytest.mark.parametrize("email", ["a@b.org\r\nBcc: c@d.org", "a@b.org, c@d.org", "nowhere", "a@b.org\x00"])
def test_invalid_addresses_are_refused(daemon: RunningDaemon, email: str) -> None:
    daemon.post(f"{AUTH}/password_reset/", {"email": email}, status=422)


def test_links_do_not_use_the_host_header(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    headers = {"Host": "localhost", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    daemon.post(f"{AUTH}/password_reset/", {"email": ann.email}, status=202, headers=headers)
    mailed_token(ann.email, MailKind.RESET)
    links = re.findall(r"https?://[^/\s]+", mails(ann.email, MailKind.RESET)[0].body)
    assert links == ["https://films.example.org"]


def test_answer_names_the_administrator_without_a_mail_server(daemon: RunningDaemon) -> None:
    answer = daemon.post(f"{AUTH}/password_reset/", {"email": "no@example.org"}, status=202)
    assert "movierec-server outbox" in answer["message"]


@pytest.fixture
def nameless(settings: Settings) -> Iterator[RunningDaemon]:
    """A daemon that listens for other machines and has no public address."""
    server = dataclasses.replace(settings.server, host="0.0.0.0", public_url="")
    with Daemon(dataclasses.replace(settings, server=server)) as running:
        yield running


def test_links_are_refused_without_a_public_address(nameless: RunningDaemon) -> None:
    ann = nameless.register()
    for path, body, token in (
        ("password_reset", {"email": ann.email}, None),
        ("password_reset", {"email": "no@example.org"}, None),
        ("verify_email/resend", None, ann),
        ("change_email", {"email": "new@example.org", "password": PASSWORD}, ann),
    ):
        problem = nameless.post(f"{AUTH}/{path}/", body, token=token, status=409)
        assert problem["code"] == "mail_disabled"
        assert "server.public_url" in problem["detail"]
    assert db.run_with_retry(mail.outbox_entries) == []


def test_account_page_needs_no_other_host(daemon: RunningDaemon) -> None:
    page = daemon.request("GET", "/account/")
    assert page.status == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    script = daemon.request("GET", "/account/page.js").body.decode()
    for kind in (MailKind.VERIFY, MailKind.RESET, MailKind.CHANGE):
        assert f"{kind}: [" in script
    assert re.findall(r'src="([^"]+)"', page.body.decode()) == ["page.js"]


def test_reset_does_the_same_work_for_all_addresses(
    daemon: RunningDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The duration must not reveal if an address exists. `python -m benchmarks.enumeration` measures it."""
    ann = daemon.register()
    work = RecordedWork(monkeypatch)
    existing, unknown = (
        work.of(lambda email=email: daemon.post(f"{AUTH}/password_reset/", {"email": email}, status=202))
        for email in (ann.email, "nobody@example.org")
    )
    assert "outbox" in existing[-1]
    assert existing == unknown
