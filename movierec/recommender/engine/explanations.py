"""Explanations in words: "also directed by Ridley Scott; science fiction of the 1980s"."""

from collections.abc import Iterable, Sequence

from movierec.recommender.engine.settings import ExplanationSettings

# Words of sentences for genres that catalogues name otherwise.
GENRE_WORDS = {
    "sci-fi": "science fiction",
    "film-noir": "film noir",
    "family": "family film",
    "children": "children's film",
}
# Genres that are nouns. Of two genres the first in this list is the noun, the other its adjective.
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
# Length of a code that the table lacks; it would only puzzle. English goes without saying.
MAX_CODE_LENGTH = 3

# The title of one of the user's items and its stars; None where it was liked or disliked without a rating.
TitleAndStars = tuple[str, float | None]


def reason_sentence(
    liked: Sequence[TitleAndStars],
    facts: str,
    opposing: TitleAndStars | None = None,
    settings: ExplanationSettings = ExplanationSettings(),
) -> str:
    """Compose a reason: "Because you gave Alien 5.0 and like Blade Runner; also directed by Ridley Scott"."""
    because = f"because you {_verb_phrase(liked[: settings.max_items], 'like')}" if liked else ""
    parts = [part for part in (because, facts) if part]
    if opposing is not None:
        parts.append(f"{'although ' if parts else 'against it: '}you {_verb_phrase([opposing], 'dislike')}")
    return capitalise("; ".join(parts)) if parts else "Widely seen and well liked"


def _verb_phrase(items: Sequence[TitleAndStars], verb: str) -> str:
    """Compose "gave Alien 5.0 and Aliens 4.5", "like Alien", "gave Alien 5.0 and like Aliens"."""
    rated = " and ".join(f"{title} {stars:.1f}" for title, stars in items if stars is not None)
    unrated = " and ".join(title for title, stars in items if stars is None)
    phrases = (f"gave {rated}" if rated else "", f"{verb} {unrated}" if unrated else "")
    return " and ".join(phrase for phrase in phrases if phrase)


def capitalise(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]


def describe_shared_facts(
    facts: Iterable[tuple[str, str, float]], limit: int = ExplanationSettings().max_facts
) -> str:
    """Return a phrase for facts given as (kind, name, strength), strongest first."""
    names: dict[str, list[str]] = {}
    for kind, name, _ in facts:
        names.setdefault(kind, []).append(name)
    franchise = ["of the same series"] if "series" in names else []
    phrases = [*franchise, *_people(names), *_genre_phrase(names)]
    if names.get("keyword"):
        phrases.append("about " + " and ".join(names["keyword"][:2]))
    return "; ".join(phrases[:limit])


def _people(names: dict[str, list[str]]) -> list[str]:
    """Return phrases about directors or writers, and actors."""
    directors, writers = names.get("director", []), names.get("writer", [])
    phrases = []
    if directors:
        phrases.append(f"also directed by {directors[0]}")
    elif writers:
        phrases.append(f"also written by {writers[0]}")
    actors = [actor for actor in names.get("actor", []) if actor not in directors]
    if actors:
        phrases.append("also with " + " and ".join(actors[:2]))
    return phrases


def _genre_phrase(names: dict[str, list[str]]) -> list[str]:
    """Return genre, language and decade in one phrase: "French comedy of the 1960s"."""
    genres = names.get("genre", [])[:2]
    mixes = names.get("mix", [])
    if mixes and len(genres) < 2:
        genres = mixes[0].split("+")
    languages = _foreign_languages(names.get("language", []))
    decade = f" of the {names['decade'][0]}" if names.get("decade") else ""
    if not genres:
        return [f"also in {languages[0]}"] if languages else []
    return [f"{languages[0] + ' ' if languages else ''}{_genre_name(genres)}{decade}"]


def _genre_name(genres: list[str]) -> str:
    """Return one or two genres as people name them: "science fiction", "romantic comedy", "war film"."""
    words = [GENRE_WORDS.get(genre.lower(), genre.lower()) for genre in genres]
    noun, *others = sorted(words, key=lambda genre: NOUNS.index(genre) if genre in NOUNS else len(NOUNS))
    if others and others[0] in NO_ADJECTIVE:
        return f"{noun} and {others[0]}"
    adjectives = [ADJECTIVES.get(genre, genre) for genre in others]
    if noun not in NOUNS:
        noun = f"{ADJECTIVES.get(noun, noun)} film"
    return " ".join([*adjectives, noun])


def _foreign_languages(languages: list[str]) -> list[str]:
    """Return names of languages other than English, without codes that the table lacks."""
    names = (LANGUAGES.get(language.lower(), language) for language in languages)
    return [name for name in names if name != "English" and len(name) > MAX_CODE_LENGTH]
