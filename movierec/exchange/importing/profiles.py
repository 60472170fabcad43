"""Import of a profile: fills unset values; replaces set values only with the policy `overwrite`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from movierec import auth
from movierec.auth import Profile
from movierec.exchange.importing.options import ConflictPolicy


def import_profile(user_id: int, told: Mapping[str, Any], policy: ConflictPolicy, *, dry_run: bool) -> str:
    """Change the user's profile and return the outcome: `changed`, `same` or `kept`.

    A profile has no times, so the newer one is unknown: values that are set stay, except with `overwrite`.
    """
    here = auth.profile_of(user_id)
    different = {name for name, value in told.items() if value != _here(here, name, value)}
    unset = {name for name in different if getattr(here, name) == Profile._meta.fields[name].default}
    taken = different if policy == "overwrite" else unset
    if not taken:
        return "kept" if different else "same"
    if not dry_run:
        auth.change_profile(here.id, {name: _stored(told[name]) for name in taken})
    return "changed"


def _here(profile: Profile, name: str, like: Any) -> Any:
    value = getattr(profile, name)
    return json.loads(value) if isinstance(like, list) else value


def _stored(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list) else value
