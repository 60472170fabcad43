"""Mail of daemon processes: killed between delivery and record, several sharing an outbox, operator commands."""

from __future__ import annotations

import json
import re
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from movierec import db, mail
from movierec.config import Settings
from tests.daemon.test_serve import Served, on_postgresql, on_sqlite, run
from tests.mail.conftest import in_state
from tests.mail.server import Mailbox, SmtpServer
from tests.running import PASSWORD
from tests.waiting import wait_until


@pytest.fixture
def environment(settings: Settings, smtp: SmtpServer) -> dict[str, str]:
    """Environment of daemons that use the test's database and SMTP server."""
    db.connect(settings)
    return {
        "MOVIEREC_DATABASE__URL": settings.database_url,
        "MOVIEREC_MAIL__HOST": "127.0.0.1",
        "MOVIEREC_MAIL__PORT": str(smtp.port),
        "MOVIEREC_MAIL__SECURITY": "none",
        "MOVIEREC_MAIL__SENDER": "films@example.org",
        "MOVIEREC_MAIL__TIMEOUT_SECONDS": "20",
        "MOVIEREC_SERVER__PUBLIC_URL": "https://films.example.org",
    }


def register(served: Served, name: str) -> Any:
    document = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    return json.loads(served.post("/api/v1/auth/", **document, password_confirm=PASSWORD))


def test_a_daemon_killed_between_delivery_and_record_sends_once_more(
    settings: Settings, environment: dict[str, str], mailbox: Mailbox
) -> None:
    home = settings.paths.state.parent
    served = Served(home, **environment)
    mailbox.mode = "take and hang"
    register(served, "ann")
    assert mailbox.took.wait(60)
    code, errors = served.stop(signal.SIGKILL)
    assert code == -signal.SIGKILL
    mailbox.mode = "accept"
    # The claim of the killed daemon expires: longer than a test waits.
    db.execute("UPDATE outbox SET due_at = 0 WHERE state = 'pending'")
    again = Served(home, **environment)
    wait_until(in_state("sent"), what="sent")
    code, more = again.stop()
    assert code == 0, more
    assert len(mailbox.mails) == 2
    assert mailbox.mails[0]["Message-ID"] == mailbox.mails[1]["Message-ID"]
    tokens = set(re.findall(r"mro_[\w-]+", "".join(mailbox.texts())))
    assert len(tokens) == 1
    assert not tokens & set(re.findall(r"mro_[\w-]+", errors + more)), "the log contains a token"
    assert "ann@example.org" not in errors + more


@on_postgresql
def test_daemons_share_an_outbox_and_send_each_mail_once(
    settings: Settings, environment: dict[str, str], mailbox: Mailbox, tmp_path: Path
) -> None:
    # Without a mail server at first, so that all daemons start delivery together.
    away = {**environment, "MOVIEREC_MAIL__HOST": ""}
    first = Served(tmp_path / "0", **away)
    for number in range(40):
        register(first, f"user{number}")
    first.stop()
    several = [Served(tmp_path / str(number), **environment) for number in (1, 2, 3)]
    wait_until(lambda: len(in_state("sent")()) == 40, what="all sent")
    for served in several:
        assert served.stop()[0] == 0
    received = Counter(str(message["To"]) for message in mailbox.mails)
    assert received == {f"user{number}@example.org": 1 for number in range(40)}


@on_sqlite
def test_operators_see_unsent_mails_and_can_pass_the_link_on(settings: Settings) -> None:
    home = settings.paths.state.parent
    served = Served(home)
    port = served.url.rpartition(":")[2]
    account = register(served, "ann")
    db.connect(settings)
    wait_until(
        lambda: [entry for entry in db.run_with_retry(mail.outbox_entries) if entry.body], what="written"
    )
    [cells] = [line.split("\t") for line in run(home, "outbox").stdout.splitlines()]
    assert cells[1:4] == ["pending", "verify_email", "ann@example.org"]
    [listed] = json.loads(run(home, "outbox", "list", "--json").stdout)
    assert "body" not in listed
    shown = run(home, "outbox", "show", cells[0])
    assert shown.returncode == 0, shown.stderr
    assert f"http://127.0.0.1:{port}/account/#verify_email=mro_" in shown.stdout
    token = re.findall(
        r"mro_[\w-]+", json.loads(run(home, "outbox", "show", cells[0], "--json").stdout)["body"]
    )[0]
    served.post("/api/v1/auth/verify_email/", token=token)
    assert db.value("SELECT is_verified FROM users WHERE id = ?", account["user"]["id"])
    code, errors = served.stop()
    assert code == 0
    assert token not in errors
    assert run(home, "outbox", "show", "999").returncode == 1
    assert run(home, "outbox", "show").returncode == 2
    assert run(home, "outbox", "burn").returncode == 2
    assert "not sent" in run(home, "check").stdout


@on_sqlite
def test_the_outbox_command_composes_mails_without_a_daemon(settings: Settings) -> None:
    db.connect(settings)
    db.execute("DELETE FROM outbox")
    run(settings.paths.state.parent, "create-admin", "--username", "root", "--email", "root@example.org",
        "--password-stdin", text=PASSWORD + "\n")  # fmt: skip
    mail.enqueue(mail.MailKind.RESET, "root@example.org", int(time.time()))
    [listed] = json.loads(run(settings.paths.state.parent, "outbox", "--json").stdout)
    assert (listed["kind"], listed["state"]) == ("password_reset", "pending")
