"""`account email`, `account verify`, `account reset-password`: what needs a token from a mail.

Tokens are asked for like passwords: an argument could be seen by others on the machine.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from movierec.cli.connection import connect
from movierec.cli.options import AsJson, PasswordFile, new_group
from movierec.cli.output import print_outcome
from movierec.cli.passwords import read_passwords
from movierec.errors import ValidationFailed

commands = new_group("")

FROM_MAIL = "Token from the mail"

FromStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin",
        "--token-stdin",
        help="Read what would be asked for from standard input, one a line.",
    ),
]
Confirm = Annotated[bool, typer.Option("--confirm", help="Finish it with the token from the mail.")]


@commands.command()
def verify(
    resend: Annotated[bool, typer.Option("--resend", help="Have another mail sent instead.")] = False,
    token_stdin: FromStdin = False,
    token_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Confirm your e-mail address with the token mailed to it."""
    if resend:
        _print(connect().resend_verification(), as_json=as_json)
        return
    [token] = read_passwords((FROM_MAIL,), from_stdin=token_stdin, file=token_file)
    _print(connect().verify_email(token), as_json=as_json)


@commands.command()
def email(
    address: Annotated[str | None, typer.Argument(help="The new address.")] = None,
    confirm: Confirm = False,
    password_stdin: FromStdin = False,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Change your e-mail address: a mail goes to the new one, then --confirm."""
    _check_one(address, confirm, "the new address")
    prompt = FROM_MAIL if confirm else "Password"
    [secret] = read_passwords((prompt,), from_stdin=password_stdin, file=password_file)
    if address is None:
        _print(connect().confirm_email_change(secret), as_json=as_json)
    else:
        _print(connect().change_email(address, secret), as_json=as_json)


@commands.command()
def reset_password(
    address: Annotated[
        str | None, typer.Argument(metavar="[EMAIL]", help="The address of your account.")
    ] = None,
    confirm: Confirm = False,
    password_stdin: FromStdin = False,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Set a new password when you forgot the old one: a mail is sent, then --confirm."""
    _check_one(address, confirm, "the address of your account")
    if address is not None:
        _print(connect().ask_for_reset(address), as_json=as_json)
        return
    prompts = (FROM_MAIL, "New password")
    token, new = read_passwords(prompts, from_stdin=password_stdin, file=password_file, confirm_last=True)
    _print(connect().reset_password(token, new), as_json=as_json)


def _check_one(address: str | None, confirm: bool, what: str) -> None:
    if (address is None) != confirm:
        raise ValidationFailed(f"Give either {what} or --confirm.")


def _print(answer: Any, *, as_json: bool) -> None:
    print_outcome(answer["message"], answer, as_json=as_json)
