"""Accounts, sign-in and tokens."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from movierec.api.schemas.base import Input, Output, Timestamp

Name = Annotated[str, Field(max_length=150)]
Secret = Annotated[str, Field(min_length=1, max_length=1024)]
Token = Annotated[str, Field(min_length=1, max_length=8192)]


class Register(Input):
    username: Annotated[str, Field(min_length=1, max_length=150)]
    email: Annotated[str, Field(min_length=3, max_length=320)]
    password: Secret
    password_confirm: Secret
    first_name: Name = ""
    last_name: Name = ""

    @model_validator(mode="after")
    def _same(self) -> Register:
        if self.password != self.password_confirm:
            raise ValueError("password_confirm differs from password")
        return self


class Login(Input):
    """`email` or `username`, and the password."""

    email: Annotated[str | None, Field(max_length=320)] = None
    username: Annotated[str | None, Field(max_length=150)] = None
    password: Secret

    @model_validator(mode="after")
    def _one_name(self) -> Login:
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
    def _same(self) -> ChangePassword:
        if self.new_password != self.new_password_confirm:
            raise ValueError("new_password_confirm differs from new_password")
        return self


class Rename(Input):
    """Fields not sent, or null, stay."""

    username: Annotated[str | None, Field(min_length=1, max_length=150)] = None
    first_name: Name | None = None
    last_name: Name | None = None


class Profile(Output):
    id: int
    bio: str
    avatar: str
    favorite_genres: list[str]
    preferred_language: str
    mature_content: bool


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
