"""`/api/v1/auth/profiles/`: profiles and preferences of users."""

from __future__ import annotations

import json
from typing import Any

from movierec import auth, movies
from movierec.api.accounts import profile_json
from movierec.api.call import Call
from movierec.api.endpoint import Access, Group
from movierec.api.pages import page_json
from movierec.api.schemas import Page, PageQuery
from movierec.api.schemas import accounts as schemas
from movierec.auth import Profile

group = Group("/api/v1/auth/profiles", tag="accounts")


@group.get("/", access=Access.USER, answers={200: Page[schemas.ProfileOf]})
def list_profiles(call: Call, query: PageQuery) -> Page[schemas.ProfileOf]:
    """Return the profile of the caller. Staff see the profiles of all users."""
    count, profiles = auth.profiles(call.owner_filter, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, [_profile_json(profile) for profile in profiles])


@group.get("/my_profile/", access=Access.USER, answers={200: schemas.ProfileOf})
def own_profile(call: Call) -> schemas.ProfileOf:
    """Return the profile of the caller."""
    return _profile_json(auth.profile_of(call.user_id))


@group.patch("/my_profile/", access=Access.USER, answers={200: schemas.ProfileOf})
def update_own_profile(call: Call, body: schemas.ChangeProfile) -> schemas.ProfileOf:
    """Change fields of a profile. Missing fields are left unchanged."""
    return _update(auth.profile_of(call.user_id), body.sent_fields())


@group.get("/{id}/", access=Access.USER, answers={200: schemas.ProfileOf})
def get_profile(call: Call, id: int) -> schemas.ProfileOf:
    """Return a profile."""
    return _profile_json(auth.profile(id, call.owner_filter))


@group.put("/{id}/", access=Access.USER, answers={200: schemas.ProfileOf})
def replace_profile(call: Call, id: int, body: schemas.SetProfile) -> schemas.ProfileOf:
    """Replace all fields of a profile. Missing fields are reset to their defaults."""
    return _update(auth.profile(id, call.owner_filter), body.model_dump())


@group.patch("/{id}/", access=Access.USER, answers={200: schemas.ProfileOf})
def update_profile(call: Call, id: int, body: schemas.ChangeProfile) -> schemas.ProfileOf:
    """Change fields of a profile. Missing fields are left unchanged."""
    return _update(auth.profile(id, call.owner_filter), body.sent_fields())


def _update(profile: Profile, changes: dict[str, Any]) -> schemas.ProfileOf:
    if "favorite_genres" in changes:
        changes["favorite_genres"] = json.dumps(movies.resolve_genre_names(changes["favorite_genres"]))
    return _profile_json(auth.change_profile(profile.id, changes))


def _profile_json(profile: Profile) -> schemas.ProfileOf:
    return {**profile_json(profile), "user": auth.owner_of_profile(profile)}
