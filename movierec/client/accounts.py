"""Endpoints below `/auth/`: accounts, profiles, sessions, personal tokens, mail."""

from __future__ import annotations

from typing import Any

from movierec.client.session import API, HttpSession, drop_none

AUTH = f"{API}/auth"


class AccountEndpoints(HttpSession):
    """Methods for the endpoints of accounts."""

    def register(self, **account: Any) -> Any:
        return self._anonymous("POST", f"{AUTH}/", body=account)

    def log_in(self, name: str, password: str) -> Any:
        field = "email" if "@" in name else "username"
        return self._anonymous("POST", f"{AUTH}/login/", body={field: name, "password": password})

    def log_out(self) -> Any:
        # The body is built for each attempt: after a refresh it must hold the new token.
        return self._as_user("POST", f"{AUTH}/logout/", make_body=lambda: {"refresh": self._refresh_token()})

    def verify(self, token: str) -> Any:
        return self._anonymous("POST", f"{AUTH}/token/verify/", body={"token": token}, repeatable=True)

    def me(self) -> Any:
        return self._as_user("GET", f"{AUTH}/me/")

    def rename(self, **names: str) -> Any:
        return self._as_user("PATCH", f"{AUTH}/me/", body=names)

    def change_password(self, old: str, new: str) -> Any:
        body = {"old_password": old, "new_password": new, "new_password_confirm": new}
        return self._as_user("POST", f"{AUTH}/change_password/", body=body)

    def change_email(self, email: str, password: str) -> Any:
        return self._as_user("POST", f"{AUTH}/change_email/", body={"email": email, "password": password})

    def confirm_email_change(self, token: str) -> Any:
        return self._anonymous("POST", f"{AUTH}/change_email/confirm/", body={"token": token})

    def verify_email(self, token: str) -> Any:
        return self._anonymous("POST", f"{AUTH}/verify_email/", body={"token": token})

    def resend_verification(self) -> Any:
        return self._as_user("POST", f"{AUTH}/verify_email/resend/")

    def request_password_reset(self, email: str) -> Any:
        return self._anonymous("POST", f"{AUTH}/password_reset/", body={"email": email})

    def reset_password(self, token: str, new: str) -> Any:
        body = {"token": token, "new_password": new, "new_password_confirm": new}
        return self._anonymous("POST", f"{AUTH}/password_reset/confirm/", body=body)

    # Profiles

    def my_profile(self) -> Any:
        return self._as_user("GET", f"{AUTH}/profiles/my_profile/")

    def change_my_profile(self, **fields: Any) -> Any:
        return self._as_user("PATCH", f"{AUTH}/profiles/my_profile/", body=fields)

    def profiles(self, **query: Any) -> Any:
        return self._as_user("GET", f"{AUTH}/profiles/", query=query)

    def profile(self, profile_id: int) -> Any:
        return self._as_user("GET", f"{AUTH}/profiles/{profile_id}/")

    def replace_profile(self, profile_id: int, **fields: Any) -> Any:
        return self._as_user("PUT", f"{AUTH}/profiles/{profile_id}/", body=fields)

    def change_profile(self, profile_id: int, **fields: Any) -> Any:
        return self._as_user("PATCH", f"{AUTH}/profiles/{profile_id}/", body=fields)

    # Sessions and personal tokens

    def sessions(self, **query: Any) -> Any:
        return self._as_user("GET", f"{AUTH}/sessions/", query=query)

    def end_session(self, session_id: int) -> None:
        self._as_user("DELETE", f"{AUTH}/sessions/{session_id}/")

    def log_out_all(self) -> Any:
        return self._as_user("POST", f"{AUTH}/logout_all/")

    def tokens(self, **query: Any) -> Any:
        return self._as_user("GET", f"{AUTH}/tokens/", query=query)

    def create_token(self, name: str, scopes: list[str], expires_at: str | None = None) -> Any:
        """Create a personal token. Only this response holds its secret."""
        body = drop_none(name=name, scopes=scopes, expires_at=expires_at)
        return self._as_user("POST", f"{AUTH}/tokens/", body=body)

    def revoke_token(self, token_id: int) -> None:
        self._as_user("DELETE", f"{AUTH}/tokens/{token_id}/")

    # Users, for staff or oneself

    def users(self, **query: Any) -> Any:
        return self._as_user("GET", f"{AUTH}/", query=query)

    def user(self, user_id: int) -> Any:
        return self._as_user("GET", f"{AUTH}/{user_id}/")

    def replace_user(self, user_id: int, **fields: Any) -> Any:
        return self._as_user("PUT", f"{AUTH}/{user_id}/", body=fields)

    def change_user(self, user_id: int, **fields: Any) -> Any:
        return self._as_user("PATCH", f"{AUTH}/{user_id}/", body=fields)

    def delete_user(self, user_id: int) -> None:
        """Erase the account and everything it owns."""
        self._as_user("DELETE", f"{AUTH}/{user_id}/")
