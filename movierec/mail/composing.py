"""Writing the mails that were asked for: whom an address belongs to, and the token it gets."""

from __future__ import annotations

from movierec import auth, db
from movierec.auth import Addressee, Purpose
from movierec.config import Mail
from movierec.mail import outbox
from movierec.mail.links import link
from movierec.mail.messages import Kind, Text, write
from movierec.mail.outbox import DAY_SECONDS, Request

_WITH_TOKEN = {Kind.VERIFY: Purpose.VERIFY, Kind.RESET: Purpose.RESET, Kind.CHANGE: Purpose.CHANGE}
# Sent to the address the request names; any other goes to the one stored with the account.
_TO_GIVEN_ADDRESS = {Kind.CHANGE, Kind.CHANGED}


def compose_all(base: str, settings: Mail, now: int) -> None:
    """Write every mail that was asked for; `base` is where links lead."""
    while compose_next(base, settings, now):
        pass


def compose_next(base: str, settings: Mail, now: int) -> bool:
    """Write the oldest mail that was asked for, or drop it where nobody shall get it. False: there is none."""
    with db.write():
        request = outbox.take_request()
        if request is None:
            return False
        owner = _owner(request)
        if owner is None or not _still_wanted(request, owner):
            outbox.drop(request.id)
            return True
        recipient = request.recipient if request.kind in _TO_GIVEN_ADDRESS else owner.email
        text, expires_at = _written(request, owner, recipient, base, settings, now)
        outbox.complete(request, owner.user_id, recipient, text, now, expires_at)
        return True


def _owner(request: Request) -> Addressee | None:
    if request.user_id is None:
        return auth.addressee_at(request.recipient)
    return auth.addressee(request.user_id)


def _still_wanted(request: Request, owner: Addressee) -> bool:
    if request.auth_epoch not in (None, owner.epoch):
        return False
    if request.kind is Kind.VERIFY:
        return not owner.is_verified
    # Whoever asks is not told that an address is taken, and its owner is not bothered.
    return request.kind is not Kind.CHANGE or not auth.is_taken(request.recipient)


def _written(
    request: Request, owner: Addressee, recipient: str, base: str, settings: Mail, now: int
) -> tuple[Text, int]:
    """The text of a mail, and when it loses its use."""
    patience = settings.give_up_days * DAY_SECONDS
    purpose = _WITH_TOKEN.get(request.kind)
    if purpose is None:
        return write(request.kind, owner.username, about=request.about), now + patience
    token = auth.issue(owner.user_id, owner.epoch, purpose, recipient, now)
    text = write(request.kind, owner.username, token=token, link=link(base, purpose, token))
    return text, now + min(patience, purpose.ttl_seconds)
