"""Shared facts in words: "also directed by Ridley Scott; science fiction of the 1980s"."""

from collections.abc import Iterable, Sequence

# Facts, and own films, that one reason names.
LIMIT, NAMED = 3, 2
# Catalogues' words for genres that a sentence calls otherwise.
SPOKEN = {
    "sci-fi": "science fiction",
    "film-noir": "film noir",
    "family": "family film",
    "children": "children's film",
}
# Genres that name a film by themselves; of two the one that stands first here does, the other says what kind.
NOUNS = (
    "western",
    "documentary",
    "comedy",
    "drama",
    "thriller",
    "musical",
    "adventure",
    "romance",
    "mystery",
    "film noir",
    "horror",
    "fantasy",
    "science fiction",
    "family film",
    "children's film",
)
ADJECTIVES = {
    "animation": "animated",
    "biography": "biographical",
    "children's film": "children's",
    "family film": "family",
    "history": "historical",
    "romance": "romantic",
    "sport": "sports",
}
# Before another genre these two sound wrong: "western and drama".
NO_ADJECTIVE = frozenset({"drama", "thriller"})
# Catalogues name languages by code or by name.
LANGUAGES = {
    "ar": "Arabic",
    "cn": "Cantonese",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "ml": "Malayalam",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
# A code that is not in the table would only puzzle; English goes without saying.
CODE_LENGTH = 3


# A film that the user has, and the stars given to it; None where it was liked or disliked without any.
TitleAndStars = tuple[str, float | None]


def reason_sentence(liked: Sequence[TitleAndStars], facts: str, against: TitleAndStars | None = None) -> str:
    """ "Because you gave Alien 5.0 and like Blade Runner; also directed by Ridley Scott"."""
    named = f"because you {_did(liked[:NAMED], 'like')}" if liked else ""
    parts = [part for part in (named, facts) if part]
    if against is not None:
        parts.append(f"{'although ' if parts else 'against it: '}you {_did([against], 'dislike')}")
    return capitalise("; ".join(parts)) if parts else "Widely seen and well liked"


def _did(films: Sequence[TitleAndStars], verb: str) -> str:
    """ "gave Alien 5.0 and Aliens 4.5", "like Alien", "gave Alien 5.0 and like Aliens"."""
    given = " and ".join(f"{title} {stars:.1f}" for title, stars in films if stars is not None)
    unrated = " and ".join(title for title, stars in films if stars is None)
    return " and ".join(
        part for part in (f"gave {given}" if given else "", f"{verb} {unrated}" if unrated else "") if part
    )


def capitalise(text: str) -> str:
    """The same with a capital letter in front."""
    return text[:1].upper() + text[1:]


def describe_shared_facts(facts: Iterable[tuple[str, str, float]], limit: int = LIMIT) -> str:
    """A phrase for facts given as (kind, name, strength), strongest first."""
    found: dict[str, list[str]] = {}
    for kind, name, _ in facts:
        found.setdefault(kind, []).append(name)
    phrases = [*(["of the same series"] if "series" in found else []), *_people(found), *_kind_of_film(found)]
    if found.get("keyword"):
        phrases.append("about " + " and ".join(found["keyword"][:2]))
    return "; ".join(phrases[:limit])


def _people(found: dict[str, list[str]]) -> list[str]:
    directors, writers = found.get("director", []), found.get("writer", [])
    phrases = []
    if directors:
        phrases.append(f"also directed by {directors[0]}")
    elif writers:
        phrases.append(f"also written by {writers[0]}")
    actors = [actor for actor in found.get("actor", []) if actor not in directors]
    if actors:
        phrases.append("also with " + " and ".join(actors[:2]))
    return phrases


def _kind_of_film(found: dict[str, list[str]]) -> list[str]:
    """Genre, language and decade in one phrase: "French comedy of the 1960s"."""
    genres = found.get("genre", [])[:2]
    mixes = found.get("mix", [])
    if mixes and len(genres) < 2:
        genres = mixes[0].split("+")
    languages = _foreign(found.get("language", []))
    decade = f" of the {found['decade'][0]}" if found.get("decade") else ""
    if not genres:
        return [f"also in {languages[0]}"] if languages else []
    return [f"{languages[0] + ' ' if languages else ''}{_genre_name(genres)}{decade}"]


def _genre_name(genres: list[str]) -> str:
    """One or two genres as one thinks of them: "science fiction", "romantic comedy", "war film"."""
    spoken = [SPOKEN.get(genre.lower(), genre.lower()) for genre in genres]
    noun, *others = sorted(spoken, key=lambda genre: NOUNS.index(genre) if genre in NOUNS else len(NOUNS))
    if others and others[0] in NO_ADJECTIVE:
        return f"{noun} and {others[0]}"
    kinds = [ADJECTIVES.get(genre, genre) for genre in others]
    if noun not in NOUNS:
        noun = f"{ADJECTIVES.get(noun, noun)} film"
    return " ".join([*kinds, noun])


def _foreign(languages: list[str]) -> list[str]:
    names = (LANGUAGES.get(language.lower(), language) for language in languages)
    return [name for name in names if name != "English" and len(name) > CODE_LENGTH]
