"""`/api/v1/auth/sessions/` and `/tokens/`: sessions, and personal tokens for scripts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from movierec import auth
from movierec.api.call import Call
from movierec.api.encoding import timestamp
from movierec.api.endpoint import Access, Group, JsonResponse
from movierec.api.pages import page_json
from movierec.api.schemas import Message, Page, PageQuery
from movierec.api.schemas import accounts as schemas
from movierec.auth import PersonalToken
from movierec.errors import Conflict, ValidationFailed

group = Group("/api/v1/auth", tag="accounts")


@group.get("/sessions/", access=Access.USER, answers={200: Page[schemas.Session]}, session_only=True)
def list_sessions(call: Call, query: PageQuery) -> Page[schemas.Session]:
    """Return the sessions, the most recently used first."""
    assert call.caller is not None
    current_id = call.caller.session_id
    live = auth.sessions_of(call.user_id, call.services.settings.auth, call.now)
    page: list[schemas.Session] = [
        {
            "id": session.id,
            "label": session.label,
            "created_at": timestamp(session.created_at),
            "last_used_at": timestamp(session.last_used_at),
            "current": session.id == current_id,
        }
        for session in live[query.offset : query.offset + query.page_size]
    ]
    return page_json(call, query, len(live), page)


@group.delete("/sessions/{id}/", access=Access.USER, answers={204: None}, session_only=True)
def end_session(call: Call, id: int) -> None:
    """End a session."""
    auth.end_session(call.user_id, id, call.services.settings.auth, call.now)


@group.post("/logout_all/", access=Access.USER, answers={200: Message}, session_only=True)
def end_all_sessions(call: Call) -> Message:
    """End all sessions, including the current one, and all personal tokens."""
    auth.sign_out_everywhere(call.user_id, call.now, address=call.client_address)
    return {"message": "Signed out everywhere."}


@group.get("/tokens/", access=Access.USER, answers={200: Page[schemas.PersonalToken]}, session_only=True)
def list_tokens(call: Call, query: PageQuery) -> Page[schemas.PersonalToken]:
    """Return the personal tokens, newest first, without their secrets."""
    all_tokens = auth.personal_tokens_of(call.user_id)
    page = all_tokens[query.offset : query.offset + query.page_size]
    return page_json(call, query, len(all_tokens), [_token_json(token) for token in page])


@group.post(
    "/tokens/", access=Access.USER, answers={201: schemas.NewToken}, errors=(Conflict,), session_only=True
)
def create_token(call: Call, body: schemas.MakeToken) -> JsonResponse[schemas.NewToken]:
    """Create a personal token for scripts, sent as `Authorization: Bearer mrp_…`.

    The scope `read` allows GET only. No personal token may manage sessions, tokens, the password or the account.
    """
    token, secret = auth.create_personal_token(
        call.user_id, body.name, body.scopes, _expiry(call, body), call.now
    )
    return JsonResponse(201, {**_token_json(token), "token": secret})


@group.delete("/tokens/{id}/", access=Access.USER, answers={204: None}, session_only=True)
def delete_token(call: Call, id: int) -> None:
    """Delete a personal token. It is refused from the next request on."""
    auth.delete_personal_token(call.user_id, id, call.now)


def _expiry(call: Call, body: schemas.MakeToken) -> int | None:
    if body.expires_at is None:
        return None
    try:
        expires_at = datetime.strptime(body.expires_at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise ValidationFailed.of("expires_at", "There is no such time.") from error
    if expires_at.timestamp() <= call.now:
        raise ValidationFailed.of("expires_at", "This time is in the past.")
    return int(expires_at.timestamp())


def _token_json(token: PersonalToken) -> schemas.PersonalToken:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": cast(list[schemas.Scope], token.scopes),
        "created_at": timestamp(token.created_at),
        "expires_at": timestamp(token.expires_at),
        "last_used_at": timestamp(token.last_used_at),
    }
