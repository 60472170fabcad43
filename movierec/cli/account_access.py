"""Commands `account sessions`, `account tokens` and `account delete`: sign-ins, personal tokens, erasure."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from movierec.cli.columns import Column, columns_help, date_column, field_column
from movierec.cli.connection import connect, credential_file
from movierec.cli.options import AsJson, IdsOnly, new_group
from movierec.cli.output import print_json, print_list, print_message, print_outcome
from movierec.client import iterate_pages
from movierec.errors import ValidationFailed

commands = new_group("")
sessions = new_group("The devices and scripts that are signed in to your account.")
tokens = new_group("Personal tokens for scripts, which read them from MOVIEREC_TOKEN.")
commands.add_typer(sessions, name="sessions")
commands.add_typer(tokens, name="tokens")

SESSIONS = [
    field_column("id", right=True),
    field_column("label", wraps=True),
    date_column("created_at"),
    Column("last used", lambda item: item["last_used_at"]),
    field_column("current"),
]
TOKENS = [
    field_column("id", right=True),
    field_column("name", wraps=True),
    field_column("scopes"),
    date_column("created_at"),
    Column("expires", lambda item: item["expires_at"]),
    Column("last used", lambda item: item["last_used_at"]),
]

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]


@sessions.command("list", epilog=columns_help(SESSIONS))
def list_sessions(as_json: AsJson = False, ids: IdsOnly = False) -> None:
    """List the sessions, the most recently used first."""
    print_list(iterate_pages(connect().sessions), SESSIONS, as_json=as_json, ids=ids)


@sessions.command("remove")
def remove_session(
    session_id: Annotated[int | None, typer.Argument(metavar="ID", min=1)] = None,
    everywhere: Annotated[
        bool,
        typer.Option(
            "--all", help="Sign out everywhere, this command line included, and revoke all personal tokens."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Sign one session out, or all of them."""
    if (session_id is None) != everywhere:
        raise ValidationFailed("Give either the id of a session or --all.")
    if session_id is None:
        answer = connect().log_out_all()
        credential_file().delete()
        print_outcome(answer["message"], answer, as_json=as_json)
        return
    connect().end_session(session_id)
    print_outcome(f"Session {session_id} is signed out.", {"id": session_id}, as_json=as_json)


@tokens.command("list", epilog=columns_help(TOKENS))
def list_tokens(as_json: AsJson = False, ids: IdsOnly = False) -> None:
    """List the tokens, newest first. Their secrets are shown only when they are created."""
    print_list(iterate_pages(connect().tokens), TOKENS, as_json=as_json, ids=ids, nothing="No tokens.")


@tokens.command("add")
def add_token(
    name: Annotated[str, typer.Argument(help="Purpose of the token.")],
    write: Annotated[
        bool, typer.Option("--write", help="Allow the token to change data, not only to read it.")
    ] = False,
    expires: Annotated[
        str | None,
        typer.Option(help="Expiry date, for example 2030-01-31. Without it the token does not expire."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a token and print its secret, which is shown only this once."""
    until = f"{expires}T00:00:00Z" if expires and "T" not in expires else expires
    token = connect().create_token(name, ["read", "write"] if write else ["read"], until)
    if as_json:
        print_json(token)
        return
    print_message(
        f"Token {token['id']} may {' and '.join(token['scopes'])}. Store its secret now: it is not shown again."
    )
    print(token["token"])


@tokens.command("remove")
def remove_token(
    token_id: Annotated[int, typer.Argument(metavar="ID", min=1)], as_json: AsJson = False
) -> None:
    """Revoke a token. The daemon refuses it from now on."""
    connect().revoke_token(token_id)
    print_outcome(f"Token {token_id} is revoked.", {"id": token_id}, as_json=as_json)


@commands.command()
def delete(yes: Yes = False, as_json: AsJson = False) -> None:
    """Erase your account and everything it owns, permanently."""
    client = connect()
    user = client.me()
    if not yes:
        confirm_erasure(user["username"], "your account with all ratings, favorites and lists")
    client.delete_user(user["id"])
    credential_file().delete()
    print_outcome(f"The account {user['username']} is erased.", {"id": user["id"]}, as_json=as_json)


def confirm_erasure(word: str, what: str) -> None:
    """Continue only if the person types `word`. Raises ValidationFailed."""
    if not sys.stdin.isatty():
        raise ValidationFailed("This needs a confirmation and there is no terminal to ask for it. Add --yes.")
    print_message(f"This permanently erases {what}.")
    print(f"Type {word} to continue: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != word:
        raise ValidationFailed("Not confirmed. Nothing was erased.")
