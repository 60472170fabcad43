"""Compose enqueued mails: look up the account of an address, issue a token, render the text."""

from __future__ import annotations

from movierec import auth, db
from movierec.auth import MailRecipient, TokenPurpose
from movierec.config import MailSettings
from movierec.durations import DAY_SECONDS
from movierec.mail import outbox
from movierec.mail.links import token_link
from movierec.mail.messages import MailKind, MailText, mail_text
from movierec.mail.outbox import MailRequest

_WITH_TOKEN = {
    MailKind.VERIFY: TokenPurpose.VERIFY,
    MailKind.RESET: TokenPurpose.RESET,
    MailKind.CHANGE: TokenPurpose.CHANGE,
}
# Sent to the address the request names; any other goes to the one stored with the account.
_TO_GIVEN_ADDRESS = {MailKind.CHANGE, MailKind.CHANGED}


def compose_all(base: str, settings: MailSettings, now: int) -> None:
    """Compose every enqueued mail; `base` is the address that links lead to."""
    while compose_next(base, settings, now):
        pass


def compose_next(base: str, settings: MailSettings, now: int) -> bool:
    """Compose the oldest enqueued mail, or delete it where nobody is to get it. Return False where there is none."""
    with db.write():
        request = outbox.claim_request()
        if request is None:
            return False
        account = _account(request)
        if account is None or not _is_still_due(request, account):
            outbox.delete_mail(request.id)
            return True
        recipient = request.recipient if request.kind in _TO_GIVEN_ADDRESS else account.email
        text, expires_at = _render(request, account, recipient, base, settings, now)
        outbox.store_text(request, account.user_id, recipient, text, now, expires_at)
        return True


def _account(request: MailRequest) -> MailRecipient | None:
    if request.user_id is None:
        return auth.recipient_by_email(request.recipient)
    return auth.recipient_by_id(request.user_id)


def _is_still_due(request: MailRequest, account: MailRecipient) -> bool:
    if request.auth_epoch not in (None, account.epoch):
        return False
    if request.kind is MailKind.VERIFY:
        return not account.is_verified
    # A taken address: the requester must not learn of it, and its owner gets no mail.
    return request.kind is not MailKind.CHANGE or not auth.is_email_taken(request.recipient)


def _render(
    request: MailRequest, account: MailRecipient, recipient: str, base: str, settings: MailSettings, now: int
) -> tuple[MailText, int]:
    """Return the text of a mail and the time at which it expires."""
    lifetime = settings.give_up_days * DAY_SECONDS
    purpose = _WITH_TOKEN.get(request.kind)
    if purpose is None:
        return mail_text(request.kind, account.username, about=request.about), now + lifetime
    token = auth.issue_one_time_token(account.user_id, account.epoch, purpose, recipient, now)
    text = mail_text(request.kind, account.username, token=token, link=token_link(base, purpose, token))
    return text, now + min(lifetime, purpose.ttl_seconds)
