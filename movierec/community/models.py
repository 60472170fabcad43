"""Tables of community ratings: datasets, and the blocks their ratings are packed in."""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, BlobField, ForeignKeyField, IntegerField, TextField

from movierec.db import BaseModel


class Dataset(BaseModel):
    """Community ratings of one source, kept for training only; their raters have no accounts here."""

    id = BigAutoField()
    name = TextField(unique=True)
    # SHA-256 of the ratings as imported: the same file again changes nothing.
    fingerprint = TextField()
    ratings = BigIntegerField()
    raters = IntegerField()
    films = IntegerField()
    imported_at = BigIntegerField()

    class Meta:
        table_name = "datasets"


class DatasetBlock(BaseModel):
    """Some thousands of a dataset's ratings, packed by `community.blocks`."""

    dataset = ForeignKeyField(Dataset, on_delete="CASCADE", index=False)
    position = IntegerField()
    payload = BlobField()

    class Meta:
        table_name = "dataset_blocks"
        indexes = ((("dataset", "position"), True),)
