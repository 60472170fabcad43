"""Readers below the formats: archives, encodings, CSV tables, JSON streams, field values, records."""
