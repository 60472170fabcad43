"""Group `admin users`: list accounts, change roles, disable and erase (staff only)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from movierec.cli.account_access import Yes, confirm_erasure
from movierec.cli.columns import Column, columns_help, date_column, field_column
from movierec.cli.connection import connect
from movierec.cli.options import AsJson, IdsOnly, Limit, new_group
from movierec.cli.output import flatten, print_list, print_outcome, print_record
from movierec.client import ApiClient, iterate_pages
from movierec.errors import NotFound

if TYPE_CHECKING:
    from movierec.client.json_types import AccountJson

users = new_group("List accounts, change their roles, disable and erase them.")

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
    search: Annotated[
        str | None, typer.Option(help="Text contained in the user name or e-mail address.")
    ] = None,
    active: Annotated[
        bool | None, typer.Option("--active/--disabled", help="Only active, or only disabled accounts.")
    ] = None,
    staff: Annotated[
        bool | None,
        typer.Option("--staff/--no-staff", help="Only staff, or only accounts without the staff role."),
    ] = None,
    limit: Limit = None,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """List accounts, oldest first."""
    values = {"search": search, "is_active": active, "is_staff": staff}
    query = {name: value for name, value in values.items() if value is not None}
    print_list(iterate_pages(connect().users, limit, **query), USERS, as_json=as_json, ids=ids)


@users.command()
def show(name: User, as_json: AsJson = False) -> None:
    """Show one account."""
    user = _find(connect(), name)
    print_record(flatten(user), user, as_json=as_json)


@users.command()
def disable(user: User, as_json: AsJson = False) -> None:
    """Sign an account out and prevent it from signing in."""
    _change(user, "is disabled", as_json, is_active=False)


@users.command()
def enable(user: User, as_json: AsJson = False) -> None:
    """Let a disabled account sign in again."""
    _change(user, "may sign in again", as_json, is_active=True)


@users.command()
def promote(user: User, as_json: AsJson = False) -> None:
    """Give an account the staff role. It takes effect when the account signs in again."""
    _change(user, "is staff now", as_json, is_staff=True)


@users.command()
def demote(user: User, as_json: AsJson = False) -> None:
    """Remove the staff role from an account."""
    _change(user, "is no longer staff", as_json, is_staff=False)


@users.command()
def delete(name: User, yes: Yes = False, as_json: AsJson = False) -> None:
    """Erase an account and everything it owns, permanently."""
    client = connect()
    user = _find(client, name)
    if not yes:
        confirm_erasure(user["username"], f"the account of {user['email']} with all it owns")
    client.delete_user(user["id"])
    print_outcome(f"The account {user['username']} is erased.", {"id": user["id"]}, as_json=as_json)


def _change(name: str, outcome: str, as_json: bool, **roles: bool) -> None:
    client = connect()
    user = client.change_user(_find(client, name)["id"], **roles)
    print_outcome(f"{user['username']} {outcome}.", user, as_json=as_json)


def _find(client: ApiClient, name: str) -> AccountJson:
    """Return the account with this id, user name or e-mail address. Raises NotFound."""
    if name.isascii() and name.isdigit() and len(name) < 19:
        return client.user(int(name))
    key = name.casefold()
    for user in iterate_pages(client.users, search=name):
        if key in (user["username"].casefold(), user["email"].casefold()):
            return user
    raise NotFound(f"There is no account {name}. See: movierec admin users list")
