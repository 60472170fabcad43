"""Export of a user's account: lossless JSON Lines, CSV, files for Letterboxd, or all of them in one zip."""

from movierec.exchange.exports.writer import FORMATS, ExportFormat, write_export

__all__ = ["FORMATS", "ExportFormat", "write_export"]
