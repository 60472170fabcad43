"""Translation of the source's genres, languages, countries and certificates to those of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable

# TMDb's nineteen movie genres, unchanged: the catalogue uses these names.
TMDB_GENRES = (
    "Action", "Adventure", "Animation", "Comedy", "Crime", "Documentary", "Drama", "Family", "Fantasy",
    "History", "Horror", "Music", "Mystery", "Romance", "Science Fiction", "TV Movie",
    "Thriller", "War", "Western",
)  # fmt: skip
# Genres that TMDb lacks, kept because people search for them.
OTHER_GENRES = ("Biography", "Film-Noir", "Musical", "Short", "Sport")
GENRE_SPELLINGS = {
    "Sci-Fi": "Science Fiction",
    "SciFi": "Science Fiction",
    "Film Noir": "Film-Noir",
    "Biopic": "Biography",
    "Historical": "History",
    "Children": "Family",
    "Sports": "Sport",
    "Suspense": "Thriller",
}

# G, PG, PG-13, R, NC-17 and X stay; the others were PG's names until 1972.
CERTIFICATES = {text: text for text in ("G", "PG", "PG-13", "R", "NC-17", "X")}
CERTIFICATES |= dict.fromkeys(("M", "GP", "M/PG"), "PG")

# ISO 639-1. Varieties count as their language; languages without a code (Klingon, Neapolitan, ...) are left out.
LANGUAGES = {
    "ab": "Abkhaz",
    "af": "Afrikaans",
    "am": "Amharic",
    "ar": "Arabic|Classical Arabic|Egyptian Arabic|Moroccan Arabic|Shuwa",
    "az": "Azerbaijani",
    "be": "Belarusian",
    "bg": "Bulgarian",
    "bm": "Bambara",
    "bn": "Bangla|Bengali",
    "bo": "Tibetan",
    "bs": "Bosnian",
    "ca": "Catalan",
    "ce": "Chechen",
    "co": "Corsican",
    "cs": "Czech",
    "cy": "Welsh",
    "da": "Danish",
    "de": "German|Swiss German",
    "dz": "Dzongkha",
    "el": "Greek|Modern Greek",
    "en": "English|American English|British English|Australian English|Australian Aboriginal English"
    "|Spanglish",
    "eo": "Esperanto",
    "es": "Spanish",
    "et": "Estonian",
    "eu": "Basque",
    "fa": "Persian|Dari",
    "ff": "Fula|Pulaar",
    "fi": "Finnish",
    "fr": "French|Quebec French",
    "ga": "Irish",
    "gd": "Scottish Gaelic",
    "gl": "Galician",
    "gn": "Guarani",
    "gu": "Gujarati",
    "he": "Hebrew|Modern Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "hy": "Armenian",
    "hz": "Herero",
    "id": "Indonesian",
    "ik": "Iñupiaq",
    "is": "Icelandic",
    "it": "Italian",
    "iu": "Inuktitut",
    "ja": "Japanese",
    "jv": "Javanese",
    "ka": "Georgian",
    "kk": "Kazakh",
    "km": "Khmer",
    "ko": "Korean",
    "ks": "Kashmiri",
    "ku": "Kurdish language|Kurdish",
    "ky": "Kyrgyz",
    "la": "Latin",
    "lg": "Luganda",
    "ln": "Lingala",
    "lo": "Lao",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "mi": "Māori",
    "mk": "Macedonian",
    "ml": "Malayalam",
    "mn": "Mongolian",
    "mr": "Marathi",
    "ms": "Malay",
    "mt": "Maltese",
    "my": "Burmese",
    "ne": "Nepali",
    "nl": "Dutch|Flemish Dutch",
    "no": "Norwegian",
    "nv": "Navajo",
    "oc": "Occitan",
    "pa": "Punjabi",
    "pl": "Polish",
    "ps": "Pashto",
    "pt": "Portuguese|Brazilian Portuguese",
    "qu": "Quechua|Ayacucho Quechua",
    "ro": "Romanian",
    "ru": "Russian",
    "rw": "Kinyarwanda",
    "se": "Northern Sami",
    "sh": "Serbo-Croatian",
    "sk": "Slovak",
    "sl": "Slovene",
    "sm": "Samoan",
    "so": "Somali",
    "sq": "Albanian",
    "sr": "Serbian",
    "st": "Sesotho",
    "sv": "Swedish",
    "sw": "Swahili",
    "ta": "Tamil",
    "te": "Telugu",
    "tg": "Tajik",
    "th": "Thai",
    "ti": "Tigrinya",
    "tl": "Tagalog|Filipino",
    "tn": "Tswana",
    "tr": "Turkish",
    "tt": "Tatar",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "wo": "Wolof",
    "xh": "Xhosa",
    "yi": "Yiddish",
    "yo": "Yoruba",
    "zh": "Chinese|Standard Chinese|Mandarin|Putonghua|Standard Taiwanese Mandarin|Cantonese|Yue Chinese"
    "|Hakka Chinese|Wu Chinese|Shanghainese|Sichuanese|Jin|Taiwanese Hokkien|Singaporean Hokkien",
    "zu": "Zulu",
}
LANGUAGE_CODES = {name: code for code, names in LANGUAGES.items() for name in names.split("|")}

# One name a country. Countries of the past that people search by (West Germany, Soviet Union) stay.
COUNTRIES = {
    "British Hong Kong": "Hong Kong",
    "Federal Republic of Yugoslavia": "Serbia and Montenegro",
    "Georgian SSR": "Soviet Union",
    "Kingdom of Great Britain": "United Kingdom",
    "Kingdom of Italy": "Italy",
    "Kingdom of the Netherlands": "Netherlands",
    "Occupied Palestinian territory": "Palestine",
    "People's Republic of China": "China",
    "Republic of China": "Taiwan",
    "Socialist Federal Republic of Yugoslavia": "Yugoslavia",
    "Taiwan Island": "Taiwan",
    "The Bahamas": "Bahamas",
    "United States of America": "United States",
    "Wales": "United Kingdom",
}
# Main languages of the movies of a country; used where the source lists several languages in no order.
SPOKEN_IN = {
    "en": "United States|United Kingdom|Australia|Canada|Ireland|New Zealand|Jamaica",
    "fr": "France|Belgium|Canada|Switzerland|Luxembourg|Senegal|Algeria|Monaco",
    "de": "Germany|West Germany|Austria|Switzerland|Luxembourg",
    "es": "Spain|Mexico|Argentina|Chile|Colombia|Peru|Cuba|Uruguay|Venezuela|Bolivia|Ecuador",
    "zh": "China|Hong Kong|Taiwan|Singapore",
    "ar": "Egypt|Palestine|Lebanon|Morocco|Tunisia|Algeria|Jordan|Iraq|Syria|Qatar|United Arab Emirates",
    "pt": "Portugal|Brazil",
    "ru": "Russia|Soviet Union",
    "nl": "Netherlands|Belgium",
    "sr": "Serbia|Yugoslavia|Serbia and Montenegro",
    "cs": "Czech Republic|Czechoslovakia",
    "it": "Italy",
    "ja": "Japan",
    "hi": "India",
    "sv": "Sweden",
    "da": "Denmark",
    "no": "Norway",
    "fi": "Finland",
    "ko": "South Korea",
    "he": "Israel",
    "pl": "Poland",
    "fa": "Iran",
    "hu": "Hungary",
    "ro": "Romania",
    "th": "Thailand",
    "is": "Iceland",
    "el": "Greece",
    "tr": "Turkey",
    "tl": "Philippines",
    "id": "Indonesia",
    "vi": "Vietnam",
    "bs": "Bosnia and Herzegovina",
    "ka": "Georgia",
    "kk": "Kazakhstan",
    "uk": "Ukraine",
    "bg": "Bulgaria",
    "sl": "Slovenia",
    "mk": "North Macedonia",
    "et": "Estonia",
    "ur": "Pakistan",
    "af": "South Africa",
    "sk": "Slovakia",
}
_LANGUAGES_OF: dict[str, set[str]] = {}
for _code, _countries in SPOKEN_IN.items():
    for _country in _countries.split("|"):
        _LANGUAGES_OF.setdefault(_country, set()).add(_code)


def genre_names(words: Iterable[str]) -> tuple[str, ...]:
    """Translate genres and sort them, because the source has no meaningful order. Unknown words stay unchanged."""
    return tuple(sorted({GENRE_SPELLINGS.get(word, word) for word in words}))


def language_codes(names: Iterable[str], countries: Iterable[str]) -> tuple[str, ...]:
    """Translate languages to codes, the likely original language first.

    That is the one spoken in most of the countries, then English. The source lists languages alphabetically, so
    'English, Japanese' of Japan was made in Japanese.
    """
    codes = list(dict.fromkeys(LANGUAGE_CODES[name] for name in names if name in LANGUAGE_CODES))
    spoken = [_LANGUAGES_OF.get(country, set()) for country in countries]
    return tuple(sorted(codes, key=lambda code: (-sum(code in here for here in spoken), code != "en")))


def country_names(names: Iterable[str]) -> tuple[str, ...]:
    """Translate countries to one name each; unknown names stay unchanged."""
    return tuple(dict.fromkeys(COUNTRIES.get(name, name) for name in names))
