"""Writing the mails that were asked for: whom an address belongs to, and the token it gets."""

from __future__ import annotations

from movierec import auth, db
from movierec.auth import MailRecipient, TokenPurpose
from movierec.config import MailSettings
from movierec.mail import outbox
from movierec.mail.links import token_link
from movierec.mail.messages import MailKind, MailText, mail_text
from movierec.mail.outbox import DAY_SECONDS, MailRequest

_WITH_TOKEN = {
    MailKind.VERIFY: TokenPurpose.VERIFY,
    MailKind.RESET: TokenPurpose.RESET,
    MailKind.CHANGE: TokenPurpose.CHANGE,
}
# Sent to the address the request names; any other goes to the one stored with the account.
_TO_GIVEN_ADDRESS = {MailKind.CHANGE, MailKind.CHANGED}


def compose_all(base: str, settings: MailSettings, now: int) -> None:
    """Write every mail that was asked for; `base` is where links lead."""
    while compose_next(base, settings, now):
        pass


def compose_next(base: str, settings: MailSettings, now: int) -> bool:
    """Write the oldest mail that was asked for, or drop it where nobody shall get it. False: there is none."""
    with db.write():
        request = outbox.claim_request()
        if request is None:
            return False
        owner = _owner(request)
        if owner is None or not _still_wanted(request, owner):
            outbox.delete_mail(request.id)
            return True
        recipient = request.recipient if request.kind in _TO_GIVEN_ADDRESS else owner.email
        text, expires_at = _written(request, owner, recipient, base, settings, now)
        outbox.store_text(request, owner.user_id, recipient, text, now, expires_at)
        return True


def _owner(request: MailRequest) -> MailRecipient | None:
    if request.user_id is None:
        return auth.recipient_by_email(request.recipient)
    return auth.recipient_by_id(request.user_id)


def _still_wanted(request: MailRequest, owner: MailRecipient) -> bool:
    if request.auth_epoch not in (None, owner.epoch):
        return False
    if request.kind is MailKind.VERIFY:
        return not owner.is_verified
    # Whoever asks is not told that an address is taken, and its owner is not bothered.
    return request.kind is not MailKind.CHANGE or not auth.is_email_taken(request.recipient)


def _written(
    request: MailRequest, owner: MailRecipient, recipient: str, base: str, settings: MailSettings, now: int
) -> tuple[MailText, int]:
    """The text of a mail, and when it loses its use."""
    patience = settings.give_up_days * DAY_SECONDS
    purpose = _WITH_TOKEN.get(request.kind)
    if purpose is None:
        return mail_text(request.kind, owner.username, about=request.about), now + patience
    token = auth.issue_one_time_token(owner.user_id, owner.epoch, purpose, recipient, now)
    text = mail_text(request.kind, owner.username, token=token, link=token_link(base, purpose, token))
    return text, now + min(patience, purpose.ttl_seconds)
