"""Endpoints below `/auth/`: accounts, profiles, sessions, personal tokens, mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from movierec.client.session import API, HttpSession, drop_none

if TYPE_CHECKING:
    from movierec.client.json_types import (
        AccountJson,
        JsonObject,
        MessageJson,
        NewTokenJson,
        PageJson,
        PasswordChangedJson,
        PersonalTokenJson,
        ProfileOfJson,
        QueryValue,
        SessionJson,
        SignedInJson,
        UserJson,
    )

AUTH = f"{API}/auth"


class AccountEndpoints(HttpSession):
    """Methods for the endpoints of accounts."""

    def register(self, **account: object) -> SignedInJson:
        return self._anonymous("POST", f"{AUTH}/", body=account)

    def log_in(self, name: str, password: str) -> SignedInJson:
        field = "email" if "@" in name else "username"
        return self._anonymous("POST", f"{AUTH}/login/", body={field: name, "password": password})

    def log_out(self) -> MessageJson:
        # The body is built for each attempt: after a refresh it must hold the new token.
        return self._as_user("POST", f"{AUTH}/logout/", make_body=lambda: {"refresh": self._refresh_token()})

    def verify(self, token: str) -> JsonObject:
        return self._anonymous("POST", f"{AUTH}/token/verify/", body={"token": token}, repeatable=True)

    def me(self) -> UserJson:
        return self._as_user("GET", f"{AUTH}/me/")

    def rename(self, **names: str) -> UserJson:
        return self._as_user("PATCH", f"{AUTH}/me/", body=names)

    def change_password(self, old: str, new: str) -> PasswordChangedJson:
        body = {"old_password": old, "new_password": new, "new_password_confirm": new}
        return self._as_user("POST", f"{AUTH}/change_password/", body=body)

    def change_email(self, email: str, password: str) -> MessageJson:
        return self._as_user("POST", f"{AUTH}/change_email/", body={"email": email, "password": password})

    def confirm_email_change(self, token: str) -> MessageJson:
        return self._anonymous("POST", f"{AUTH}/change_email/confirm/", body={"token": token})

    def verify_email(self, token: str) -> MessageJson:
        return self._anonymous("POST", f"{AUTH}/verify_email/", body={"token": token})

    def resend_verification(self) -> MessageJson:
        return self._as_user("POST", f"{AUTH}/verify_email/resend/")

    def request_password_reset(self, email: str) -> MessageJson:
        return self._anonymous("POST", f"{AUTH}/password_reset/", body={"email": email})

    def reset_password(self, token: str, new: str) -> MessageJson:
        body = {"token": token, "new_password": new, "new_password_confirm": new}
        return self._anonymous("POST", f"{AUTH}/password_reset/confirm/", body=body)

    # Profiles

    def my_profile(self) -> ProfileOfJson:
        return self._as_user("GET", f"{AUTH}/profiles/my_profile/")

    def change_my_profile(self, **fields: object) -> ProfileOfJson:
        return self._as_user("PATCH", f"{AUTH}/profiles/my_profile/", body=fields)

    def profiles(self, **query: QueryValue) -> PageJson[ProfileOfJson]:
        return self._as_user("GET", f"{AUTH}/profiles/", query=query)

    def profile(self, profile_id: int) -> ProfileOfJson:
        return self._as_user("GET", f"{AUTH}/profiles/{profile_id}/")

    def replace_profile(self, profile_id: int, **fields: object) -> ProfileOfJson:
        return self._as_user("PUT", f"{AUTH}/profiles/{profile_id}/", body=fields)

    def change_profile(self, profile_id: int, **fields: object) -> ProfileOfJson:
        return self._as_user("PATCH", f"{AUTH}/profiles/{profile_id}/", body=fields)

    # Sessions and personal tokens

    def sessions(self, **query: QueryValue) -> PageJson[SessionJson]:
        return self._as_user("GET", f"{AUTH}/sessions/", query=query)

    def end_session(self, session_id: int) -> None:
        self._as_user("DELETE", f"{AUTH}/sessions/{session_id}/")

    def log_out_all(self) -> MessageJson:
        return self._as_user("POST", f"{AUTH}/logout_all/")

    def tokens(self, **query: QueryValue) -> PageJson[PersonalTokenJson]:
        return self._as_user("GET", f"{AUTH}/tokens/", query=query)

    def create_token(self, name: str, scopes: list[str], expires_at: str | None = None) -> NewTokenJson:
        """Create a personal token. Only this response holds its secret."""
        body = drop_none(name=name, scopes=scopes, expires_at=expires_at)
        return self._as_user("POST", f"{AUTH}/tokens/", body=body)

    def revoke_token(self, token_id: int) -> None:
        self._as_user("DELETE", f"{AUTH}/tokens/{token_id}/")

    # Users, for staff or oneself

    def users(self, **query: QueryValue) -> PageJson[AccountJson]:
        return self._as_user("GET", f"{AUTH}/", query=query)

    def user(self, user_id: int) -> AccountJson:
        return self._as_user("GET", f"{AUTH}/{user_id}/")

    def replace_user(self, user_id: int, **fields: object) -> AccountJson:
        return self._as_user("PUT", f"{AUTH}/{user_id}/", body=fields)

    def change_user(self, user_id: int, **fields: object) -> AccountJson:
        return self._as_user("PATCH", f"{AUTH}/{user_id}/", body=fields)

    def delete_user(self, user_id: int) -> None:
        """Erase the account and everything it owns."""
        self._as_user("DELETE", f"{AUTH}/{user_id}/")
