"""Import of a profile: fills unset values; replaces set values only with the policy `overwrite`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from movierec import auth
from movierec.auth import Profile
from movierec.exchange.importing.options import ConflictPolicy
from movierec.exchange.readers.records import ProfileValue


def import_profile(
    user_id: int, values: Mapping[str, ProfileValue], policy: ConflictPolicy, *, dry_run: bool
) -> str:
    """Change the user's profile and return the outcome: `changed`, `same` or `kept`.

    A profile has no times, so the newer one is unknown: values that are set stay, except with `overwrite`.
    """
    profile = auth.profile_of(user_id)
    different = {name for name, value in values.items() if value != _current(profile, name, value)}
    unset = {name for name in different if getattr(profile, name) == Profile._meta.fields[name].default}
    accepted = different if policy == "overwrite" else unset
    if not accepted:
        return "kept" if different else "same"
    if not dry_run:
        auth.change_profile(profile.id, {name: _to_column(values[name]) for name in accepted})
    return "changed"


def _current(profile: Profile, name: str, imported: ProfileValue) -> object:
    """Return the stored value of a column; lists are stored as JSON."""
    value = getattr(profile, name)
    return json.loads(value) if isinstance(imported, list) else value


def _to_column(value: ProfileValue) -> str | int:
    return json.dumps(value) if isinstance(value, list) else value
