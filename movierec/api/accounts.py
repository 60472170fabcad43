"""`/api/v1/auth/`: registration, sign-in, sign-out, token refresh, the caller's account."""

from __future__ import annotations

from movierec import auth, db, mail
from movierec.api.call import Call
from movierec.api.encoding import timestamp
from movierec.api.endpoint import Access, Group, JsonResponse
from movierec.api.schemas import Message
from movierec.api.schemas import accounts as schemas
from movierec.auth import NewAccount, Profile, Rotation, StoredCredentials, TokenPair, User
from movierec.errors import Busy, Conflict, InvalidCredentials, PermissionDenied, TokenExpired, TokenInvalid

group = Group("/api/v1/auth", tag="accounts")


@group.post(
    "/",
    access=Access.PUBLIC,
    answers={201: schemas.SignedIn},
    errors=(Conflict, PermissionDenied),
    throttle="register",
)
async def register(call: Call, body: schemas.Register) -> JsonResponse[schemas.SignedIn]:
    """Create an account and sign in."""
    settings = call.services.settings.auth
    if not settings.registration:
        raise PermissionDenied(
            "Registration is disabled. Ask the administrator of this daemon for an account."
        )
    account = NewAccount(body.username, body.email, body.first_name, body.last_name)
    account.check(body.password, settings)
    hashed = await call.services.threads.hash(auth.hash_password, body.password, settings.bcrypt_cost)
    return JsonResponse(201, await call.write(_register, call, account, hashed))


def _register(call: Call, account: NewAccount, hashed: str) -> schemas.SignedIn:
    with db.write():
        user = auth.register(account, hashed, call.now)
        mail.enqueue_verification(call.services.settings.server, user.id, user.email, call.now)
        pair = _start_session(call, user.id, user.auth_epoch)
    return _signed_in("Welcome.", user.id, pair)


@group.post(
    "/login/",
    access=Access.PUBLIC,
    answers={200: schemas.SignedIn},
    errors=(InvalidCredentials, Busy),
    throttle="login_per_address",
)
async def log_in(call: Call, body: schemas.Login) -> schemas.SignedIn:
    """Sign in with an e-mail address or a user name.

    Attempts are counted per account and per client address. Beyond the limit correct passwords are refused, too.
    """
    settings = call.services.settings
    name = body.email or body.username or ""
    credentials = await call.write(auth.count_sign_in_attempt, settings.throttle, name, call.now)
    hashed = credentials.password_hash if credentials else auth.dummy_hash(settings.auth.bcrypt_cost)
    is_correct = await verify_password(call, body.password, hashed)
    if not credentials or not is_correct or not credentials.is_active:
        await call.write(
            auth.record_event,
            "sign_in_failed",
            credentials.user_id if credentials else None,
            call.now,
            address=call.client_address,
            detail="right password, disabled account" if is_correct else "",
        )
        raise InvalidCredentials()
    new_hash = None
    if auth.needs_rehash(hashed, settings.auth.bcrypt_cost):
        cost = settings.auth.bcrypt_cost
        new_hash = await call.services.threads.hash(auth.hash_password, body.password, cost)
    return await call.write(_log_in, call, credentials, new_hash)


async def verify_password(call: Call, password: str, hashed: str) -> bool:
    """Check a password against its hash, and count the check in the metrics."""
    call.services.metrics.password_verifications.inc()
    return await call.services.threads.hash(auth.verify_password, password, hashed)


def _log_in(call: Call, credentials: StoredCredentials, new_hash: str | None) -> schemas.SignedIn:
    with db.write():
        auth.record_sign_in(credentials, call.now, new_hash, address=call.client_address)
        pair = _start_session(call, credentials.user_id, credentials.epoch)
    return _signed_in("Signed in.", credentials.user_id, pair)


@group.post("/logout/", access=Access.USER, answers={200: Message}, errors=(TokenInvalid,), session_only=True)
def log_out(call: Call, body: schemas.RefreshToken) -> Message:
    """End the session of a refresh token. Its access and refresh token are revoked."""
    owner = auth.refresh_token_owner(body.refresh)
    if owner is None or owner[0] != call.user_id:
        raise TokenInvalid("This refresh token belongs to no session of yours.")
    auth.revoke_session(owner[1], call.now)
    return {"message": "Signed out."}


@group.post(
    "/token/refresh/",
    access=Access.PUBLIC,
    answers={200: schemas.Tokens},
    errors=(TokenInvalid,),
    throttle="refresh",
)
def refresh_tokens(call: Call, body: schemas.RefreshToken) -> schemas.Tokens:
    """Exchange a refresh token for a new pair of tokens. Reuse of a refresh token ends its session."""
    outcome, pair = auth.rotate_refresh_token(
        call.services.keys, call.services.settings.auth, body.refresh, call.now
    )
    call.services.metrics.refresh_rotations.labels(outcome.value).inc()
    if pair is None:
        reused = outcome is Rotation.REUSED
        raise TokenInvalid("This token was used before; its session has ended. Sign in." if reused else None)
    return _tokens_json(pair)


@group.post(
    "/token/verify/",
    access=Access.PUBLIC,
    answers={200: schemas.Nothing},
    errors=(TokenInvalid, TokenExpired),
    throttle="token_checks",
)
def verify_token(call: Call, body: schemas.AnyToken) -> schemas.Nothing:
    """Check if an access, refresh or personal token is valid."""
    if auth.is_personal_token(body.token):
        auth.authenticate_personal(body.token, call.now)
        return {}
    auth.check_token(call.services.keys, call.services.settings.auth, body.token, call.now)
    return {}


@group.post(
    "/change_password/",
    access=Access.USER,
    answers={200: schemas.PasswordChanged},
    errors=(InvalidCredentials, Busy),
    throttle="password",
    session_only=True,
)
async def change_password(call: Call, body: schemas.ChangePassword) -> schemas.PasswordChanged:
    """Change the password. Every other session ends."""
    settings, hashing = call.services.settings.auth, call.services.threads.hash
    own = await call.read(auth.user, call.user_id)
    auth.check_password_rules(
        body.new_password, settings.password_min_length, own.username, own.email, field="new_password"
    )
    credentials = await call.read(auth.credentials_of_user, call.user_id)
    if not await verify_password(call, body.old_password, credentials.password_hash):
        raise InvalidCredentials("The old password is wrong.")
    hashed = await hashing(auth.hash_password, body.new_password, settings.bcrypt_cost)
    return await call.write(_set_password, call, credentials, hashed)


def _set_password(call: Call, credentials: StoredCredentials, hashed: str) -> schemas.PasswordChanged:
    with db.write():
        epoch = auth.set_password(credentials, hashed, call.now, address=call.client_address)
        pair = _start_session(call, credentials.user_id, epoch)
    return {"message": "Password changed. Every other session has ended.", "tokens": _tokens_json(pair)}


@group.get("/me/", access=Access.USER, answers={200: schemas.User})
def own_account(call: Call) -> schemas.User:
    """Return the account of the caller."""
    return user_json(auth.user(call.user_id))


@group.patch("/me/", access=Access.USER, answers={200: schemas.User}, errors=(Conflict,))
def update_own_account(call: Call, body: schemas.Rename) -> schemas.User:
    """Change user name, first name or last name. Missing fields are left unchanged."""
    auth.change_names(call.user_id, body.model_dump(exclude_none=True))
    return user_json(auth.user(call.user_id))


def _start_session(call: Call, user_id: int, epoch: int) -> TokenPair:
    label = call.request.headers.get("User-Agent", "")
    return auth.start_session(
        call.services.keys, call.services.settings.auth, user_id, epoch, label, call.now
    )


def _signed_in(message: str, user_id: int, pair: TokenPair) -> schemas.SignedIn:
    return {"message": message, "user": user_json(auth.user(user_id)), "tokens": _tokens_json(pair)}


def _tokens_json(pair: TokenPair) -> schemas.Tokens:
    return {"access": pair.access, "refresh": pair.refresh}


def user_json(user: User) -> schemas.User:
    """Encode a user with the profile."""
    return {
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "full_name": f"{user.first_name} {user.last_name}".strip(),
        "is_verified": user.is_verified,
        "is_staff": user.is_staff,
        "date_joined": timestamp(user.date_joined),
        "last_login": timestamp(user.last_login),
        "profile": profile_json(auth.profile_of(user.id)),
    }


def profile_json(profile: Profile) -> schemas.Profile:
    """Encode a profile."""
    return {
        "id": profile.id,
        "bio": profile.bio,
        "avatar": profile.avatar,
        "favorite_genres": auth.favorite_genres(profile),
        "preferred_language": profile.preferred_language,
        "mature_content": profile.mature_content,
        "rating_scale": profile.rating_scale,
        "seen_leaves_watchlist": profile.seen_leaves_watchlist,
    }
