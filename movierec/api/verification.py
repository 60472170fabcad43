"""`/api/v1/auth/`: e-mail verification, password reset, change of e-mail address.

A request for a mail is answered in the same way, after the same work, whoever the address belongs to.
"""

from __future__ import annotations

from movierec import auth, db, mail
from movierec.api.accounts import verify_password
from movierec.api.call import Call
from movierec.api.endpoint import Access, Group
from movierec.api.schemas import Message
from movierec.api.schemas import accounts as schemas
from movierec.auth import StoredCredentials
from movierec.errors import Busy, Conflict, InvalidCredentials, MailDisabled, TokenInvalid
from movierec.mail import MailKind

group = Group("/api/v1/auth", tag="accounts")


@group.post(
    "/verify_email/",
    access=Access.PUBLIC,
    answers={200: Message},
    errors=(TokenInvalid,),
    throttle="mailed_tokens",
)
def verify_email(call: Call, body: schemas.AnyToken) -> Message:
    """Confirm an e-mail address with the token mailed to it."""
    auth.verify_email(body.token, call.now)
    return {"message": "Your e-mail address is confirmed."}


@group.post(
    "/verify_email/resend/",
    access=Access.USER,
    answers={202: Message},
    errors=(MailDisabled,),
    throttle="reset_per_account",
)
def resend_verification(call: Call) -> Message:
    """Send another link that confirms the e-mail address. Earlier links become invalid."""
    _check_mail_enabled(call)
    mail.enqueue(MailKind.VERIFY, "", call.now, user_id=call.user_id)
    return _accepted(call, "Unless your address is confirmed already, a mail with a link is on its way.")


@group.post(
    "/password_reset/",
    access=Access.PUBLIC,
    answers={202: Message},
    errors=(MailDisabled,),
    throttle="reset_per_address",
)
def request_password_reset(call: Call, body: schemas.AskForReset) -> Message:
    """Send a link to set a new password, if an account has this address."""
    _check_mail_enabled(call)
    key = auth.canonical_email(body.email)
    auth.count_attempt(call.services.settings.throttle, "reset_per_account", key, call.now)
    mail.enqueue(MailKind.RESET, body.email, call.now)
    return _accepted(call, "If an account has this address, a mail with a link is on its way.")


@group.post(
    "/password_reset/confirm/",
    access=Access.PUBLIC,
    answers={200: Message},
    errors=(TokenInvalid, Busy),
    throttle="mailed_tokens",
)
async def reset_password(call: Call, body: schemas.ResetPassword) -> Message:
    """Set a new password with a mailed token. Every session ends."""
    settings = call.services.settings.auth
    owner = await call.read(auth.reset_token_owner, body.token, call.now)
    auth.check_password_rules(
        body.new_password, settings.password_min_length, owner.username, owner.email, field="new_password"
    )
    hashed = await call.services.threads.hash(auth.hash_password, body.new_password, settings.bcrypt_cost)
    await call.write(_reset_password, call, body.token, hashed)
    return {"message": "Password changed. Every session has ended: sign in with the new one."}


def _reset_password(call: Call, token: str, hashed: str) -> None:
    with db.write():
        owner = auth.reset_password(token, hashed, call.now)
        auth.record_event("password_reset", owner.user_id, call.now, address=call.client_address)
        mail.enqueue(MailKind.RESET_DONE, owner.email, call.now, user_id=owner.user_id)


@group.post(
    "/change_email/",
    access=Access.USER,
    answers={202: Message},
    errors=(InvalidCredentials, MailDisabled, Busy),
    throttle="reset_per_account",
    session_only=True,
)
async def request_email_change(call: Call, body: schemas.ChangeEmail) -> Message:
    """Send a link to the new address. The address changes when the link is used.

    The old address is notified. The answer does not reveal if the new address belongs to another account.
    """
    _check_mail_enabled(call)
    auth.canonical_email(body.email)
    credentials = await call.read(auth.credentials_of_user, call.user_id)
    if not await verify_password(call, body.password, credentials.password_hash):
        raise InvalidCredentials("The password is wrong.")
    await call.write(_enqueue_email_change, call, credentials, body.email)
    return _accepted(call, "If the address is free, a mail with a link is on its way there.")


def _enqueue_email_change(call: Call, credentials: StoredCredentials, email: str) -> None:
    with db.write():
        auth.record_event("email_change_asked", credentials.user_id, call.now, address=call.client_address)
        for kind, about in ((MailKind.CHANGE, ""), (MailKind.CHANGE_ASKED, email)):
            mail.enqueue(
                kind, email, call.now, user_id=credentials.user_id, auth_epoch=credentials.epoch, about=about
            )


@group.post(
    "/change_email/confirm/",
    access=Access.PUBLIC,
    answers={200: Message},
    errors=(TokenInvalid, Conflict),
    throttle="mailed_tokens",
)
def confirm_email_change(call: Call, body: schemas.AnyToken) -> Message:
    """Change the e-mail address with the token mailed to the new one. Every session ends."""
    with db.write():
        change = auth.change_email(body.token, call.now)
        auth.record_event("email_changed", change.user_id, call.now, address=call.client_address)
        mail.enqueue(MailKind.CHANGED, change.old, call.now, user_id=change.user_id, about=change.new)
    return {"message": f"Your e-mail address is {change.new} now. Every session has ended: sign in again."}


def _check_mail_enabled(call: Call) -> None:
    if mail.base_url(call.services.settings.server) is None:
        raise MailDisabled()


def _accepted(call: Call, message: str) -> Message:
    if not call.services.settings.mail.host:
        message += (
            " This daemon sends no mail itself: its administrator sees it with `movierec-server outbox`."
        )
    return {"message": message}
