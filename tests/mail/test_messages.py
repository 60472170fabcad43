"""What mails say, and what cannot get into their headers."""

from __future__ import annotations

import pytest

from movierec.config import ServerSettings
from movierec.mail import base_url
from movierec.mail.messages import MailKind, MailText, email_message, html_body, mail_text

TEXT = MailText("Subject", "Hello.\n")


@pytest.mark.parametrize(
    "recipient",
    [
        "ann@example.org\r\nBcc: eve@example.org",
        "ann@example.org\nBcc: eve@example.org",
        "ann@example.org, eve@example.org",
        "ann@example.org\x00",
        "ann",
        "",
    ],
)
def test_an_address_that_is_more_than_an_address_is_refused(recipient: str) -> None:
    with pytest.raises(ValueError):
        email_message(1, "films@example.org", recipient, TEXT, 1, "example.org")


def test_a_subject_with_a_line_break_is_refused() -> None:
    with pytest.raises(ValueError):
        email_message(
            1, "films@example.org", "ann@example.org", MailText("a\r\nBcc: eve@x.org", "b"), 1, "example.org"
        )


def test_a_domain_of_other_letters_is_sent_as_mail_servers_know_it() -> None:
    made = email_message(1, "films@example.org", "ann@bücher.example", TEXT, 1, "example.org")
    assert made["To"] == "ann@xn--bcher-kva.example"


@pytest.mark.parametrize("kind", list(MailKind))
def test_every_occasion_has_its_text(kind: MailKind) -> None:
    text = mail_text(kind, "Ann", about="new@example.org", link="https://x.org/account/#a=b", token="b")
    assert text.body.startswith("Hello Ann,\n\n")
    assert "{" not in text.body
    assert ("https://x.org" in text.body) == (kind in (MailKind.VERIFY, MailKind.RESET, MailKind.CHANGE))


def test_html_is_escaped_and_only_whole_lines_become_links() -> None:
    shown = html_body('Hello <b>,\n\nhttps://x.org/?a=1&b="2"\n\nsee https://y.org\n')
    assert "<b>" not in shown
    assert 'href="https://x.org/?a=1&amp;b=&quot;2&quot;"' in shown
    assert shown.count("<a ") == 1


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (ServerSettings(), "http://127.0.0.1:8000"),
        (ServerSettings(host="::1", port=81), "http://[::1]:81"),
        (ServerSettings(host="0.0.0.0"), None),
        (ServerSettings(host="192.168.1.2"), None),
        (
            ServerSettings(host="0.0.0.0", public_url="https://films.example.org/m/"),
            "https://films.example.org/m",
        ),
    ],
)
def test_links_lead_to_what_is_configured_or_to_this_machine(
    server: ServerSettings, expected: str | None
) -> None:
    assert base_url(server) == expected
