"""Commands `account email`, `account verify` and `account reset-password`, which need a token from a mail.

Tokens are prompted for like passwords: other users of the machine can read arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from movierec.cli.connection import connect
from movierec.cli.options import AsJson, PasswordFile, new_group
from movierec.cli.output import print_outcome
from movierec.cli.passwords import read_passwords
from movierec.errors import ValidationFailed

if TYPE_CHECKING:
    from movierec.client.json_types import MessageJson

commands = new_group("")

FROM_MAIL = "Token from the mail"

FromStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin",
        "--token-stdin",
        help="Read the values that would be prompted for from standard input, one per line.",
    ),
]
Confirm = Annotated[bool, typer.Option("--confirm", help="Complete the change with the token from the mail.")]


@commands.command()
def verify(
    resend: Annotated[bool, typer.Option("--resend", help="Send another mail instead.")] = False,
    token_stdin: FromStdin = False,
    token_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Confirm your e-mail address with the token that was mailed to it."""
    if resend:
        _print(connect().resend_verification(), as_json=as_json)
        return
    [token] = read_passwords((FROM_MAIL,), from_stdin=token_stdin, file=token_file)
    _print(connect().verify_email(token), as_json=as_json)


@commands.command()
def email(
    address: Annotated[str | None, typer.Argument(help="New e-mail address.")] = None,
    confirm: Confirm = False,
    password_stdin: FromStdin = False,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Change your e-mail address. A mail goes to the new address; complete the change with --confirm."""
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
        str | None, typer.Argument(metavar="[EMAIL]", help="E-mail address of your account.")
    ] = None,
    confirm: Confirm = False,
    password_stdin: FromStdin = False,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Set a new password when you forgot the old one. A mail is sent; complete the reset with --confirm."""
    _check_one(address, confirm, "the address of your account")
    if address is not None:
        _print(connect().request_password_reset(address), as_json=as_json)
        return
    prompts = (FROM_MAIL, "New password")
    token, new = read_passwords(prompts, from_stdin=password_stdin, file=password_file, confirm_last=True)
    _print(connect().reset_password(token, new), as_json=as_json)


def _check_one(address: str | None, confirm: bool, what: str) -> None:
    if (address is None) != confirm:
        raise ValidationFailed(f"Give either {what} or --confirm.")


def _print(answer: MessageJson, *, as_json: bool) -> None:
    print_outcome(answer["message"], answer, as_json=as_json)
