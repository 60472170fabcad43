"""Texts of mails, and rejection of header injection."""

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
def test_an_address_with_more_than_an_address_is_rejected(recipient: str) -> None:
    with pytest.raises(ValueError):
        email_message(1, "films@example.org", recipient, TEXT, 1, "example.org")


def test_a_subject_with_a_line_break_is_rejected() -> None:
    with pytest.raises(ValueError):
        email_message(
            1, "films@example.org", "ann@example.org", MailText("a\r\nBcc: eve@x.org", "b"), 1, "example.org"
        )


def test_an_international_domain_is_encoded_with_idna() -> None:
    message = email_message(1, "films@example.org", "ann@bücher.example", TEXT, 1, "example.org")
    assert message["To"] == "ann@xn--bcher-kva.example"


@pytest.mark.parametrize("kind", list(MailKind))
def test_every_kind_of_mail_has_a_text(kind: MailKind) -> None:
    text = mail_text(kind, "Ann", about="new@example.org", link="https://x.org/account/#a=b", token="b")
    assert text.body.startswith("Hello Ann,\n\n")
    assert "{" not in text.body
    assert ("https://x.org" in text.body) == (kind in (MailKind.VERIFY, MailKind.RESET, MailKind.CHANGE))


def test_html_is_escaped_and_only_whole_paragraphs_become_links() -> None:
    body = html_body('Hello <b>,\n\nhttps://x.org/?a=1&b="2"\n\nsee https://y.org\n')
    assert "<b>" not in body
    assert 'href="https://x.org/?a=1&amp;b=&quot;2&quot;"' in body
    assert body.count("<a ") == 1


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
def test_links_lead_to_the_configured_address_or_to_loopback(
    server: ServerSettings, expected: str | None
) -> None:
    assert base_url(server) == expected
