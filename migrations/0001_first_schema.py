"""The first schema: accounts, catalogue, library, recommendations, jobs.

Frozen copies of the models as they were; they never change with the models.
"""

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    Check,
    CompositeKey,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


def tables(db):
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Revision(Table):
        name = TextField(primary_key=True)
        value = BigIntegerField()

        class Meta:
            table_name = "revisions"

    class User(Table):
        id = BigAutoField()
        username = TextField()
        username_key = TextField(unique=True)
        email = TextField()
        email_key = TextField(unique=True)
        password_hash = TextField()
        first_name = TextField(default="")
        last_name = TextField(default="")
        is_active = BooleanField(default=True)
        is_staff = BooleanField(default=False)
        is_verified = BooleanField(default=False)
        auth_epoch = IntegerField(default=1)
        date_joined = BigIntegerField()
        last_login = BigIntegerField(null=True)

        class Meta:
            table_name = "users"

    class Profile(Table):
        id = BigAutoField()
        user = ForeignKeyField(User, on_delete="CASCADE", unique=True)
        bio = TextField(default="", constraints=[Check("length(bio) <= 500")])
        avatar = TextField(default="")
        favorite_genres = TextField(default="[]")
        preferred_language = TextField(default="")
        mature_content = BooleanField(default=False)

        class Meta:
            table_name = "profiles"

    class Session(Table):
        id = BigAutoField()
        user = ForeignKeyField(User, on_delete="CASCADE")
        label = TextField(default="")
        created_at = BigIntegerField()
        last_used_at = BigIntegerField()
        expires_at = BigIntegerField()
        revoked_at = BigIntegerField(null=True)

        class Meta:
            table_name = "sessions"

    class RefreshToken(Table):
        token_hash = TextField(primary_key=True)
        session = ForeignKeyField(Session, on_delete="CASCADE")
        created_at = BigIntegerField()
        used_at = BigIntegerField(null=True)

        class Meta:
            table_name = "refresh_tokens"

    class Movie(Table):
        id = BigAutoField()
        tmdb_id = BigIntegerField(null=True, unique=True)
        imdb_id = TextField(null=True, unique=True)
        movielens_id = BigIntegerField(null=True, unique=True)
        title = TextField()
        original_title = TextField(default="")
        year = IntegerField(null=True, index=True)
        release_date = TextField(null=True)
        overview = TextField(default="")
        tagline = TextField(default="")
        status = TextField(default="")
        runtime = IntegerField(null=True, constraints=[Check("runtime > 0")])
        budget = BigIntegerField(null=True)
        revenue = BigIntegerField(null=True)
        homepage = TextField(default="")
        original_language = TextField(default="")
        languages = TextField(default="[]")
        countries = TextField(default="[]")
        certificate = TextField(default="")
        adult = BooleanField(default=False)
        critics_score = IntegerField(null=True, constraints=[Check("critics_score BETWEEN 0 AND 100")])
        critics_reviews = IntegerField(null=True)
        vote_average = DoubleField(default=0, constraints=[Check("vote_average BETWEEN 0 AND 10")])
        vote_count = IntegerField(default=0, constraints=[Check("vote_count >= 0")])
        popularity = DoubleField(default=0, index=True)
        poster_path = TextField(default="")
        backdrop_path = TextField(default="")
        source = TextField()
        created_at = BigIntegerField()
        updated_at = BigIntegerField()

        class Meta:
            table_name = "movies"
            constraints = [SQL("CHECK (title <> '')")]

    class Genre(Table):
        id = BigAutoField()
        name = TextField(unique=True)
        tmdb_id = BigIntegerField(null=True, unique=True)

        class Meta:
            table_name = "genres"

    class MovieGenre(Table):
        movie = ForeignKeyField(Movie, on_delete="CASCADE", index=False)
        genre = ForeignKeyField(Genre, on_delete="CASCADE")
        position = IntegerField()

        class Meta:
            table_name = "movie_genres"
            primary_key = CompositeKey("movie", "genre")

    class Person(Table):
        id = BigAutoField()
        name = TextField(index=True)
        tmdb_id = BigIntegerField(null=True, unique=True)

        class Meta:
            table_name = "people"

    class Credit(Table):
        movie = ForeignKeyField(Movie, on_delete="CASCADE", index=False)
        person = ForeignKeyField(Person, on_delete="CASCADE")
        role = TextField(constraints=[Check("role IN ('director', 'writer', 'cast')")])
        position = IntegerField()
        character = TextField(default="")

        class Meta:
            table_name = "credits"
            primary_key = CompositeKey("movie", "role", "person")

    class Keyword(Table):
        id = BigAutoField()
        name = TextField(unique=True)
        tmdb_id = BigIntegerField(null=True, unique=True)

        class Meta:
            table_name = "keywords"

    class MovieKeyword(Table):
        movie = ForeignKeyField(Movie, on_delete="CASCADE", index=False)
        keyword = ForeignKeyField(Keyword, on_delete="CASCADE")

        class Meta:
            table_name = "movie_keywords"
            primary_key = CompositeKey("movie", "keyword")

    class Rating(Table):
        id = BigAutoField()
        user = ForeignKeyField(User, on_delete="CASCADE", index=False)
        movie = ForeignKeyField(Movie, on_delete="RESTRICT")
        steps = DoubleField(constraints=[Check("steps IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)")])
        review = TextField(default="", constraints=[Check("length(review) <= 10000")])
        created_at = BigIntegerField()
        updated_at = BigIntegerField()

        class Meta:
            table_name = "ratings"
            indexes = ((("user", "movie"), True),)

    class Favorite(Table):
        id = BigAutoField()
        user = ForeignKeyField(User, on_delete="CASCADE", index=False)
        movie = ForeignKeyField(Movie, on_delete="RESTRICT")
        note = TextField(default="", constraints=[Check("length(note) <= 10000")])
        created_at = BigIntegerField()

        class Meta:
            table_name = "favorites"
            indexes = ((("user", "movie"), True),)

    class WatchlistEntry(Table):
        id = BigAutoField()
        user = ForeignKeyField(User, on_delete="CASCADE", index=False)
        movie = ForeignKeyField(Movie, on_delete="RESTRICT")
        created_at = BigIntegerField()

        class Meta:
            table_name = "watchlist"
            indexes = ((("user", "movie"), True),)

    class Recommendation(Table):
        id = BigAutoField()
        user = ForeignKeyField(User, on_delete="CASCADE", index=False)
        movie = ForeignKeyField(Movie, on_delete="CASCADE")
        score = DoubleField()
        predicted_rating = DoubleField(null=True)
        recommendation_type = TextField()
        reason = TextField()
        because = TextField(default="[]")
        model = TextField()
        is_clicked = BooleanField(default=False)
        created_at = BigIntegerField()

        class Meta:
            table_name = "recommendations"
            indexes = ((("user", "movie"), True),)

    class Feedback(Table):
        id = BigAutoField()
        user = ForeignKeyField(User, on_delete="CASCADE", index=False)
        movie = ForeignKeyField(Movie, on_delete="CASCADE")
        recommendation = ForeignKeyField(Recommendation, on_delete="SET NULL", null=True)
        feedback_type = TextField(
            constraints=[Check("feedback_type IN ('like', 'dislike', 'not_interested')")]
        )
        comment = TextField(default="", constraints=[Check("length(comment) <= 10000")])
        created_at = BigIntegerField()

        class Meta:
            table_name = "feedback"
            indexes = ((("user", "movie"), True),)

    class Dataset(Table):
        id = BigAutoField()
        name = TextField(unique=True)
        fingerprint = TextField()
        ratings = BigIntegerField()
        raters = IntegerField()
        films = IntegerField()
        imported_at = BigIntegerField()

        class Meta:
            table_name = "datasets"

    class DatasetBlock(Table):
        dataset = ForeignKeyField(Dataset, on_delete="CASCADE", index=False)
        position = IntegerField()
        payload = BlobField()

        class Meta:
            table_name = "dataset_blocks"
            indexes = ((("dataset", "position"), True),)

    class Job(Table):
        id = BigAutoField()
        user = ForeignKeyField(User, on_delete="CASCADE")
        kind = TextField()
        state = TextField(
            constraints=[Check("state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')")]
        )
        stage = TextField(default="")
        done = BigIntegerField(default=0)
        total = BigIntegerField(default=0)
        parameters = TextField(default="{}")
        report = TextField(default="{}")
        error = TextField(default="")
        owner = TextField(default="")
        created_at = BigIntegerField()
        started_at = BigIntegerField(null=True)
        heartbeat_at = BigIntegerField(null=True)
        finished_at = BigIntegerField(null=True)

        class Meta:
            table_name = "jobs"

    Job.add_index(
        Job.index(
            Job.user, Job.kind, unique=True, name="jobs_active", where=SQL("state IN ('queued', 'running')")
        )
    )

    return [
        Revision,
        User,
        Profile,
        Session,
        RefreshToken,
        Movie,
        Genre,
        MovieGenre,
        Person,
        Credit,
        Keyword,
        MovieKeyword,
        Rating,
        Favorite,
        WatchlistEntry,
        Recommendation,
        Feedback,
        Dataset,
        DatasetBlock,
        Job,
    ]


def up(migrator, db):
    db.create_tables(tables(db), safe=False)


def down(migrator, db):
    db.drop_tables(tables(db), safe=False)
