"""Searchable titles of movies, and the index of their trigrams.

Triggers keep the index in step with `movie_titles`, on both databases without any extension: it is a full-text
index of the trigrams of a key, spelled with and without spaces. Keys are replaced, never updated.

Models and `title_key` are frozen copies as they were; they never change with the package.
"""

import re
import unicodedata

from peewee import SQL, BigAutoField, ForeignKeyField, Model, PostgresqlDatabase, TextField

# `%s` is the row of movie_titles; padded, so that the beginning and the end of a title are trigrams too.
SPELLING = "'  ' || %s.key || '   ' || %s.compact || ' '"

SQLITE_UP = [
    "CREATE VIRTUAL TABLE title_search USING fts5("
    "spelling, content='', detail='none', columnsize=0, tokenize='trigram case_sensitive 1')",
    "CREATE TRIGGER title_search_added AFTER INSERT ON movie_titles BEGIN "
    f"INSERT INTO title_search (rowid, spelling) VALUES (new.id, {SPELLING % ('new', 'new')}); END",
    "CREATE TRIGGER title_search_removed AFTER DELETE ON movie_titles BEGIN "
    "INSERT INTO title_search (title_search, rowid, spelling) "
    f"VALUES ('delete', old.id, {SPELLING % ('old', 'old')}); END",
]
SQLITE_DOWN = ["DROP TABLE title_search"]

POSTGRES_UP = [
    "CREATE TABLE title_search (title_id BIGINT PRIMARY KEY REFERENCES movie_titles (id) ON DELETE CASCADE, "
    "movie_id BIGINT NOT NULL, trigrams tsvector NOT NULL)",
    # Without the pending list, which would slow down every query.
    "CREATE INDEX title_search_trigrams ON title_search USING gin (trigrams) WITH (fastupdate = off)",
    "CREATE FUNCTION title_search_add() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO title_search SELECT id, movie_id, (SELECT array_to_tsvector(array_agg(substr(spelling, i, 3))) "
    "FROM generate_series(1, length(spelling) - 2) AS i) "
    f"FROM (SELECT id, movie_id, {SPELLING % ('added', 'added')} AS spelling FROM added) AS spelled; "
    "RETURN NULL; END $$",
    "CREATE TRIGGER title_search_added AFTER INSERT ON movie_titles REFERENCING NEW TABLE AS added "
    "FOR EACH STATEMENT EXECUTE FUNCTION title_search_add()",
]
POSTGRES_DOWN = ["DROP TABLE title_search", "DROP FUNCTION title_search_add CASCADE"]


def tables(db):
    # The order of code points on both databases: otherwise a prefix is not a range of the index.
    binary = [SQL('COLLATE "C"')] if isinstance(db, PostgresqlDatabase) else []

    class Movie(Model):
        id = BigAutoField()

        class Meta:
            database = db
            table_name = "movies"

    class MovieTitle(Model):
        id = BigAutoField()
        movie = ForeignKeyField(Movie, on_delete="CASCADE")
        key = TextField(index=True, constraints=binary)
        compact = TextField(index=True, constraints=binary)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "movie_titles"

    return [MovieTitle]


def up(migrator, db):
    [movie_title] = tables(db)
    db.create_tables([movie_title], safe=False)
    for statement in POSTGRES_UP if isinstance(db, PostgresqlDatabase) else SQLITE_UP:
        db.execute_sql(statement)
    mark = "%s" if isinstance(db, PostgresqlDatabase) else "?"
    for movie_id, *titles in db.execute_sql("SELECT id, title, original_title FROM movies").fetchall():
        for key in dict.fromkeys(title_key(title)[:200] for title in titles if title):
            db.execute_sql(
                f"INSERT INTO movie_titles (movie_id, key, compact) VALUES ({mark}, {mark}, {mark})",
                (movie_id, key, key.replace(" ", "")),
            )


def down(migrator, db):
    for statement in POSTGRES_DOWN if isinstance(db, PostgresqlDatabase) else SQLITE_DOWN:
        db.execute_sql(statement)
    db.drop_tables(tables(db), safe=False)


# Frozen copy of `movierec.movies.title_keys.title_key` as it was; it never changes with the function. A change of the
# function needs a migration of its own that computes all keys anew.

# Ignored before a title and after it ("Matrix, The"). Without words that are also English or begin names of
# places, such as die, los and las.
ARTICLES = frozenset(
    {
        *("the", "a", "an"),
        *("le", "la", "les", "l", "un", "une"),
        *("der", "das", "ein", "eine"),
        *("el", "il", "lo", "gli", "uno", "una"),
    }
)
# Additional words that are certainly articles after a comma: "Blechtrommel, Die".
INVERTED = ARTICLES | {"die", "los", "las", "den", "det"}
SAME_WORDS = {"doctor": "dr", "mister": "mr", "missus": "mrs", "saint": "st", "versus": "vs", "v": "vs"}
COUNTING_WORDS = frozenset({"part", "episode", "chapter", "vol", "volume"})  # "Part II" is 2

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBERS = frozenset((*_ONES, *_TENS))
_ORDINALS = {
    "1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth", "5th": "fifth", "6th": "sixth",
    "7th": "seventh", "8th": "eighth", "9th": "ninth", "10th": "tenth", "11th": "eleventh", "12th": "twelfth",
    "13th": "thirteenth", "20th": "twentieth",
}  # fmt: skip
_ROMAN = {
    "ii": 2, "iii": 3, "iv": 4, "vi": 6, "vii": 7, "viii": 8, "ix": 9,
    "xi": 11, "xii": 12, "xiii": 13, "xiv": 14, "xv": 15, "xvi": 16,
}  # fmt: skip
_ROMAN_LETTER = {"i": 1, "v": 5, "x": 10}
_UNDECOMPOSED = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d", "ħ": "h", "½": " 1 2"}
)
_LEET = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "8": "b"}

# Accents of Latin, Greek and Cyrillic; in other scripts such marks make another letter.
_ACCENTS = re.compile("[\u0300-\u036f]")
_ASCII_PUNCTUATION = re.compile("[^a-z0-9]+")
_APOSTROPHES = re.compile(r"['’‘`´ʻʼʹ]")
_ELIDED_ARTICLE = re.compile(r"^(?:l|gl|un)['’]", re.IGNORECASE)
_INITIALS = re.compile(r"(?<!\w)(?:\w[.*]){1,}\w(?!\w)")  # L.A., M*A*S*H
_SUBTITLE = re.compile(r"\s*:\s+|\s+[-–—]\s+|:\s*$")
_COMMA_ARTICLE = re.compile(r"^(.+),\s*(\w+)['’]?$")


def title_key(text: str) -> str:
    """Normalise a title: 'Godfather: Part II, The' and 'godfather 2' both become 'godfather two'.

    Latin letters lose accents and case; punctuation and articles at either end are removed; numbers below a
    hundred, Roman or not, become words (a trigram index needs three letters, and '2' is no typo of '3').
    Other scripts stay. A text without any letter or digit ('$') is its own key.
    """
    return _key(_words(text), text)


def _key(words: list[str], text: str) -> str:
    return " ".join(_without_articles(words)) or text.strip().casefold()


def _words(text: str) -> list[str]:
    """Split into comparable words, articles included."""
    if inverted := _COMMA_ARTICLE.match(text.strip()):
        body, article = inverted.groups()
        if article.casefold() in INVERTED:
            text = f"{article} {body}"
    words: list[str] = []
    for part in _SUBTITLE.split(_fold(text)):
        segment = _letters_and_digits(part).split()
        for position, word in enumerate(segment, start=1):
            words += _canonical(word, before=words[-1] if words else "", last=position == len(segment))
    return _without_counting_words(words)


def _fold(text: str) -> str:
    text = text.casefold().translate(_UNDECOMPOSED)
    if not text.isascii():
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
    text = _ELIDED_ARTICLE.sub("l ", text.replace("&", " and "))
    text = _INITIALS.sub(lambda match: re.sub("[.*]", "", match[0]), text)
    return _APOSTROPHES.sub("", text)


def _letters_and_digits(text: str) -> str:
    if text.isascii():
        return _ASCII_PUNCTUATION.sub(" ", text)
    # The vowel signs of Hindi or Thai are marks, not letters, to Unicode and to Python's \w.
    return "".join(
        char if char.isalnum() or unicodedata.category(char) in ("Mn", "Mc") else " " for char in text
    )


def _canonical(word: str, *, before: str, last: bool) -> list[str]:
    if word.isascii() and word.isalpha():
        if word in _ROMAN and before:
            return _number_words(_ROMAN[word])
        # A single letter is a numeral only where numerals stand: 'Rocky V', 'Part I', not 'V for Vendetta'.
        if word in _ROMAN_LETTER and before and (before in COUNTING_WORDS or (last and word != "i")):
            return _number_words(_ROMAN_LETTER[word])
        return [SAME_WORDS.get(word, word)] if before or word != "v" else [word]
    if word.isdecimal() and word.isascii():
        return _number_words(int(word)) if len(word) <= 2 else [word]
    if word in _ORDINALS:
        return [_ORDINALS[word]]
    if glued := re.fullmatch(r"([a-z]{3,})(\d{1,4})", word):  # 'apollo13', 'Alien³'
        return [glued[1], *_canonical(glued[2], before=glued[1], last=last)]
    if re.fullmatch(r"[a-z]+\d[a-z]+", word) and len(word) >= 4:  # 'se7en', 'fant4stic'
        return [_read_leet(word)]
    return [word]


def _number_words(number: int) -> list[str]:
    if number < 20:
        return [_ONES[number]]
    tens, ones = divmod(number, 10)
    return [_TENS[tens - 2], _ONES[ones]] if ones else [_TENS[tens - 2]]


def _read_leet(word: str) -> str:
    word = re.sub(r"(?<=[aeiou])7(?=[aeiou])", "v", word).replace("7", "t")
    return "".join(_LEET.get(char, char) for char in word)


def _without_counting_words(words: list[str]) -> list[str]:
    """Remove words like 'part' before a number: 'part two' becomes 'two'."""
    pairs = zip(words, (*words[1:], ""), strict=False)
    return [word for word, after in pairs if not (word in COUNTING_WORDS and after in NUMBERS)]


def _without_articles(words: list[str]) -> list[str]:
    """Remove articles at both ends, but not the only word and not the first 'la' of La La Land."""
    if len(words) > 1 and words[0] in ARTICLES and words[1] != words[0]:
        words = words[1:]
    if len(words) > 1 and words[-1] in ARTICLES - {"a", "l", "la", "lo", "un"}:
        words = words[:-1]
    return words
