"""Export of a user's account: lossless JSON Lines, CSV, files for Letterboxd, or all of them in one zip."""

from movierec.exchange.exports.writer import FORMATS, ExportWriter, write_export

__all__ = ["FORMATS", "ExportWriter", "write_export"]
