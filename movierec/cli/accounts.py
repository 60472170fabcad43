"""Commands `register`, `login`, `logout`, `whoami` and the group `account`."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from movierec.cli import account_access, account_mail, account_profile
from movierec.cli.connection import connect, credential_file, server_url
from movierec.cli.options import AsJson, PasswordFile, PasswordStdin, new_group
from movierec.cli.output import print_message, print_outcome, print_record
from movierec.cli.passwords import read_passwords
from movierec.client import StoredTokens
from movierec.errors import NotAuthenticated, TokenInvalid, ValidationFailed

if TYPE_CHECKING:
    from movierec.client.json_types import SignedInJson, TokensJson

commands = new_group("")
account = new_group("Your account.")
commands.add_typer(account, name="account")
account.add_typer(account_profile.commands)
account.add_typer(account_access.commands)
account.add_typer(account_mail.commands)


@commands.command()
def register(
    username: Annotated[
        str | None, typer.Argument(help="User name to sign in with. Prompted for if missing.")
    ] = None,
    email: Annotated[str | None, typer.Option(help="E-mail address. Prompted for if missing.")] = None,
    first_name: Annotated[str, typer.Option(help="First name.")] = "",
    last_name: Annotated[str, typer.Option(help="Last name.")] = "",
    password_stdin: PasswordStdin = False,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Create an account and sign in."""
    username, email = username or _ask("User name"), email or _ask("E-mail")
    [password] = read_passwords(
        ("Password",), from_stdin=password_stdin, file=password_file, confirm_last=True
    )
    answer = connect().register(
        username=username,
        email=email,
        password=password,
        password_confirm=password,
        first_name=first_name,
        last_name=last_name,
    )
    _remember(answer)
    print_outcome(
        f"Welcome, {answer['user']['username']}. You are signed in.", answer["user"], as_json=as_json
    )


@commands.command()
def login(
    name: Annotated[
        str | None, typer.Argument(help="User name or e-mail address. Prompted for if missing.")
    ] = None,
    password_stdin: PasswordStdin = False,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Sign in. The tokens are stored in a private file, whose path `movierec config` prints."""
    name = name or _ask("User name or e-mail")
    [password] = read_passwords(("Password",), from_stdin=password_stdin, file=password_file)
    answer = connect().log_in(name, password)
    _remember(answer)
    print_outcome(f"Signed in as {answer['user']['username']}.", answer["user"], as_json=as_json)


@commands.command()
def logout(as_json: AsJson = False) -> None:
    """Sign out. The daemon revokes the tokens, and the command line deletes them."""
    store = credential_file()
    if store.load() is None:
        raise NotAuthenticated(f"You are not signed in to {server_url()}.")
    with contextlib.suppress(TokenInvalid):  # signed out already, from elsewhere
        connect().log_out()
    store.delete()
    print_outcome("Signed out.", {"message": "Signed out."}, as_json=as_json)


@commands.command()
def whoami(as_json: AsJson = False) -> None:
    """Show the account that is signed in."""
    user = connect().me()
    fields = {
        "username": user["username"],
        "email": user["email"],
        "name": user["full_name"],
        "id": user["id"],
        "staff": user["is_staff"],
        "since": user["date_joined"],
        "server": server_url(),
    }
    print_record(fields, user, as_json=as_json)


@account.command()
def password(
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin", help="Read the old and the new password from standard input, one per line."
        ),
    ] = False,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Change the password. All other sessions are signed out."""
    prompts = ("Old password", "New password")
    old, new = read_passwords(prompts, from_stdin=password_stdin, file=password_file, confirm_last=True)
    answer = connect().change_password(old, new)
    _save_tokens(answer["tokens"], None)
    print_outcome(answer["message"], {"message": answer["message"]}, as_json=as_json)


def _remember(answer: SignedInJson) -> None:
    _save_tokens(answer["tokens"], answer["user"]["username"])
    if os.environ.get("MOVIEREC_TOKEN"):
        print_message(
            "MOVIEREC_TOKEN is set and takes precedence over this sign-in. Unset it to use the account."
        )


def _save_tokens(tokens: TokensJson, username: str | None) -> None:
    credential_file().save(StoredTokens(tokens["access"], tokens["refresh"]), username)


def _ask(what: str) -> str:
    if not sys.stdin.isatty():
        raise ValidationFailed(f"{what} is missing and there is no terminal to ask for it. See --help.")
    # Not typer.prompt: it turns Ctrl-C into an ordinary failure.
    print(f"{what}: ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline().strip()
    if not answer:
        raise ValidationFailed(f"{what} is missing. Nothing was changed.")
    return answer
