"""Accounts, sign-in and tokens."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from movierec.api.limits import MAXIMUM_EMAIL, MAXIMUM_NAME, MAXIMUM_PASSWORD, MAXIMUM_TOKEN
from movierec.api.schemas.base import Id, Input, Output, PageQuery, Timestamp

Name = Annotated[str, Field(max_length=MAXIMUM_NAME)]
Username = Annotated[str, Field(min_length=1, max_length=MAXIMUM_NAME)]
Secret = Annotated[str, Field(min_length=1, max_length=MAXIMUM_PASSWORD)]
Email = Annotated[str, Field(min_length=3, max_length=MAXIMUM_EMAIL)]
Token = Annotated[str, Field(min_length=1, max_length=MAXIMUM_TOKEN)]


class Register(Input):
    username: Username
    email: Email
    password: Secret
    password_confirm: Secret
    first_name: Name = ""
    last_name: Name = ""

    @model_validator(mode="after")
    def _check_confirmation(self) -> Register:
        if self.password != self.password_confirm:
            raise ValueError("password_confirm differs from password")
        return self


class Login(Input):
    """Credentials: either `email` or `username`, and the password."""

    email: Annotated[str | None, Field(max_length=MAXIMUM_EMAIL)] = None
    username: Annotated[str | None, Field(max_length=MAXIMUM_NAME)] = None
    password: Secret

    @model_validator(mode="after")
    def _check_one_name(self) -> Login:
        if (self.email is None) == (self.username is None):
            raise ValueError("Send either email or username")
        return self


class RefreshToken(Input):
    refresh: Token


class AnyToken(Input):
    token: Token


class ChangePassword(Input):
    old_password: Secret
    new_password: Secret
    new_password_confirm: Secret

    @model_validator(mode="after")
    def _check_confirmation(self) -> ChangePassword:
        if self.new_password != self.new_password_confirm:
            raise ValueError("new_password_confirm differs from new_password")
        return self


class AskForReset(Input):
    email: Email


class ResetPassword(Input):
    token: Token
    new_password: Secret
    new_password_confirm: Secret

    @model_validator(mode="after")
    def _check_confirmation(self) -> ResetPassword:
        if self.new_password != self.new_password_confirm:
            raise ValueError("new_password_confirm differs from new_password")
        return self


class ChangeEmail(Input):
    email: Email
    password: Secret


class Rename(Input):
    """New names. Fields that are missing or null are left unchanged."""

    username: Annotated[str | None, Field(min_length=1, max_length=MAXIMUM_NAME)] = None
    first_name: Name | None = None
    last_name: Name | None = None


class Profile(Output):
    id: int
    bio: str
    avatar: str
    favorite_genres: list[str]
    preferred_language: str
    mature_content: bool
    rating_scale: int
    seen_leaves_watchlist: bool


class ProfileOf(Profile):
    """A profile with the id of its user."""

    user: int


def _check_web_address(text: str) -> str:
    """Return an http(s) URL or an empty string. Raises ValueError for anything else."""
    parts = urlsplit(text)
    if text and (parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc):
        raise ValueError("Use an address that starts with http:// or https://")
    if any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError("Use an address without blanks or control characters")
    return text


class SetProfile(Input):
    """Profile and preferences. Preferences filter lists and search and shape the first recommendations."""

    bio: Annotated[str, Field(max_length=500)] = ""
    avatar: Annotated[str, Field(max_length=500), AfterValidator(_check_web_address)] = ""
    favorite_genres: Annotated[
        list[Id | Annotated[str, Field(max_length=100)]],
        Field(max_length=50, description="Names or ids of genres."),
    ] = []
    preferred_language: Annotated[
        str,
        Field(
            pattern=r"^([a-z]{2})?$",
            description="ISO 639-1 code of the preferred language, for example fr; empty for none.",
        ),
    ] = ""
    mature_content: bool = False
    rating_scale: Annotated[
        Literal[5, 10, 100],
        Field(description="Rating scale of the command line. The API always uses 0.5 to 5.0."),
    ] = 5
    seen_leaves_watchlist: Annotated[
        bool, Field(description="Remove a movie from the watchlist when it is rated or added to the history.")
    ] = True


class ChangeProfile(SetProfile):
    """Profile fields to change. Missing fields are left unchanged."""


class User(Output):
    id: int
    username: str
    email: str
    first_name: str
    last_name: str
    full_name: str
    is_verified: bool
    is_staff: bool
    date_joined: Timestamp
    last_login: Timestamp | None
    profile: Profile


class Account(User):
    """A user with the state of the account: `is_active` is false where sign-in is disabled."""

    is_active: bool


class SetUser(Input):
    """All names of a user. Only staff may send `is_active` and `is_staff`."""

    username: Username
    first_name: Name = ""
    last_name: Name = ""
    is_active: bool | None = None
    is_staff: bool | None = None


class ChangeUser(Rename):
    """Fields to change. Missing or null fields are left unchanged. Only staff may send `is_active` and `is_staff`."""

    is_active: bool | None = None
    is_staff: bool | None = None


class UsersQuery(PageQuery):
    search: Annotated[str, Field(max_length=100, description="Part of a user name or e-mail address.")] = ""
    is_active: bool | None = None
    is_staff: bool | None = None


class Session(Output):
    id: int
    label: str
    created_at: Timestamp
    last_used_at: Timestamp
    current: bool


Scope = Literal["read", "write"]


class MakeToken(Input):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=2)]
    expires_at: Annotated[
        Timestamp | None, Field(description="Expiry in UTC; null for a token that does not expire.")
    ] = None


class PersonalToken(Output):
    """A personal token without its secret."""

    id: int
    name: str
    scopes: list[Scope]
    created_at: Timestamp
    expires_at: Timestamp | None
    last_used_at: Timestamp | None


class NewToken(PersonalToken):
    """A newly created personal token. `token` is the secret, shown only once."""

    token: str


class Tokens(Output):
    access: str
    refresh: str


class SignedIn(Output):
    message: str
    user: User
    tokens: Tokens


class PasswordChanged(Output):
    message: str
    tokens: Tokens


class Nothing(Output):
    """An empty object."""
