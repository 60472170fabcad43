"""`admin users`: all accounts, for staff."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from movierec.cli.account_access import Yes, confirm_erasure
from movierec.cli.connection import connect
from movierec.cli.options import AsJson, IdsOnly, Limit, new_group
from movierec.cli.output import (
    Column,
    columns_help,
    date_column,
    field_column,
    flatten,
    print_list,
    print_outcome,
    print_record,
)
from movierec.client import ApiClient, iterate_pages
from movierec.errors import NotFound

users = new_group("Accounts: roles, disabling, erasing.")

USERS = [
    field_column("id", right=True),
    field_column("username"),
    field_column("email", wraps=True),
    Column("name", lambda user: user["full_name"]),
    Column("staff", lambda user: user["is_staff"]),
    Column("active", lambda user: user["is_active"]),
    Column("verified", lambda user: user["is_verified"]),
    date_column("date_joined"),
]

User = Annotated[str, typer.Argument(metavar="USER", help="Id, user name or e-mail address.")]


@users.command("list", epilog=columns_help(USERS))
def list_users(
    search: Annotated[str | None, typer.Option(help="Part of a user name or e-mail address.")] = None,
    active: Annotated[bool | None, typer.Option("--active/--disabled")] = None,
    staff: Annotated[bool | None, typer.Option("--staff/--no-staff")] = None,
    limit: Limit = None,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """List accounts, oldest first."""
    given = {"search": search, "is_active": active, "is_staff": staff}
    query = {name: value for name, value in given.items() if value is not None}
    print_list(iterate_pages(connect().users, limit, **query), USERS, as_json=as_json, ids=ids)


@users.command()
def show(user: User, as_json: AsJson = False) -> None:
    """Show one account."""
    found = _find(connect(), user)
    print_record(flatten(found), found, as_json=as_json)


@users.command()
def disable(user: User, as_json: AsJson = False) -> None:
    """Sign an account out and keep it from signing in."""
    _change(user, "is disabled", as_json, is_active=False)


@users.command()
def enable(user: User, as_json: AsJson = False) -> None:
    """Let a disabled account sign in again."""
    _change(user, "may sign in again", as_json, is_active=True)


@users.command()
def promote(user: User, as_json: AsJson = False) -> None:
    """Make an account one of staff. It signs in again to use that."""
    _change(user, "is one of staff", as_json, is_staff=True)


@users.command()
def demote(user: User, as_json: AsJson = False) -> None:
    """Take the staff role from an account."""
    _change(user, "is no longer one of staff", as_json, is_staff=False)


@users.command()
def delete(user: User, yes: Yes = False, as_json: AsJson = False) -> None:
    """Erase an account and everything it owns, for good."""
    client = connect()
    found = _find(client, user)
    if not yes:
        confirm_erasure(found["username"], f"the account of {found['email']} with all it owns")
    client.delete_user(found["id"])
    print_outcome(f"The account {found['username']} is erased.", {"id": found["id"]}, as_json=as_json)


def _change(user: str, what: str, as_json: bool, **roles: bool) -> None:
    client = connect()
    changed = client.change_user(_find(client, user)["id"], **roles)
    print_outcome(f"{changed['username']} {what}.", changed, as_json=as_json)


def _find(client: ApiClient, user: str) -> Any:
    """The account with this id, name or address. Raises NotFound."""
    if user.isascii() and user.isdigit() and len(user) < 19:
        return client.user(int(user))
    wanted = user.casefold()
    for found in iterate_pages(client.users, search=user):
        if wanted in (found["username"].casefold(), found["email"].casefold()):
            return found
    raise NotFound(f"There is no account {user}.")
