"""Tables of the recommender: the recommendation log and feedback."""

from __future__ import annotations

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    Check,
    DoubleField,
    ForeignKeyField,
    TextField,
)

from movierec.auth.models import User
from movierec.db import BaseModel
from movierec.movies.models import MergeRule, Movie


class Recommendation(BaseModel):
    """A movie recommended to a user, with its reasons (`because`, JSON) and the model's version."""

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
        merge_rule = MergeRule(lambda row: (row["is_clicked"], row["created_at"]))


class Feedback(BaseModel):
    """Feedback of a user on a movie; the newest on a movie counts."""

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    movie = ForeignKeyField(Movie, on_delete="CASCADE")
    recommendation = ForeignKeyField(Recommendation, on_delete="SET NULL", null=True)
    feedback_type = TextField(constraints=[Check("feedback_type IN ('like', 'dislike', 'not_interested')")])
    comment = TextField(default="", constraints=[Check("length(comment) <= 10000")])
    created_at = BigIntegerField()

    class Meta:
        table_name = "feedback"
        indexes = ((("user", "movie"), True),)
        # A user who dismissed either of the two movies does not want to see it again.
        merge_rule = MergeRule(
            lambda row: (row["feedback_type"] != "like", row["created_at"]), joined=("comment",)
        )
