"""What a user owns, going out: JSON Lines without loss, CSV, what Letterboxd takes, or all of it in one zip."""

from movierec.exchange.exports.writer import FORMATS, ExportFormat, write_export

__all__ = ["FORMATS", "ExportFormat", "write_export"]
