"""`/api/v1/auth/{id}/`: accounts. Staff manage all of them, users change and erase their own."""

from __future__ import annotations

from movierec import auth
from movierec.api.accounts import user_json
from movierec.api.call import Call
from movierec.api.endpoint import Access, Group
from movierec.api.pages import page_json
from movierec.api.schemas import Page
from movierec.api.schemas import accounts as schemas
from movierec.auth import AccountFilter, User
from movierec.errors import Conflict, NotFound, PermissionDenied

group = Group("/api/v1/auth", tag="accounts")


@group.get("/", access=Access.STAFF, answers={200: Page[schemas.Account]})
def list_accounts(call: Call, query: schemas.UsersQuery) -> Page[schemas.Account]:
    """Return all accounts, oldest first."""
    wanted = AccountFilter(query.search, query.is_active, query.is_staff)
    count, users = auth.accounts(wanted, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, list(map(_account_json, users)))


@group.get("/{id}/", access=Access.USER, answers={200: schemas.Account})
def get_account(call: Call, id: int) -> schemas.Account:
    """Return an account."""
    return _account_json(auth.user(_check_owner_or_staff(call, id)))


@group.put(
    "/{id}/",
    access=Access.USER,
    answers={200: schemas.Account},
    errors=(Conflict, PermissionDenied),
    session_only=True,
)
def replace_account(call: Call, id: int, body: schemas.SetUser) -> schemas.Account:
    """Replace the names of an account. Staff may also disable it or grant the staff role."""
    return _update(call, id, body.model_dump(exclude_none=True))


@group.patch(
    "/{id}/",
    access=Access.USER,
    answers={200: schemas.Account},
    errors=(Conflict, PermissionDenied),
    session_only=True,
)
def update_account(call: Call, id: int, body: schemas.ChangeUser) -> schemas.Account:
    """Change fields of an account. A change of role or disabling ends all its sessions."""
    return _update(call, id, body.model_dump(exclude_none=True))


@group.delete("/{id}/", access=Access.USER, answers={204: None}, errors=(Conflict,), session_only=True)
def delete_account(call: Call, id: int) -> None:
    """Delete an account and all its data permanently."""
    auth.delete_account(
        _check_owner_or_staff(call, id), actor_id=call.user_id, now=call.now, address=call.client_address
    )


def _check_owner_or_staff(call: Call, user_id: int) -> int:
    """Return `user_id` if it is the caller's own or the caller is staff. Raises NotFound otherwise."""
    assert call.caller is not None
    if user_id != call.user_id and not call.caller.is_staff:
        raise NotFound()
    return user_id


def _update(call: Call, user_id: int, changes: dict[str, object]) -> schemas.Account:
    _check_owner_or_staff(call, user_id)
    assert call.caller is not None
    if not call.caller.is_staff and changes.keys() & {"is_active", "is_staff"}:
        raise PermissionDenied("Only staff may change is_active and is_staff.")
    auth.change_account(user_id, changes, actor_id=call.user_id, now=call.now, address=call.client_address)
    return _account_json(auth.user(user_id))


def _account_json(user: User) -> schemas.Account:
    return {**user_json(user), "is_active": user.is_active}
