"""The daemon's clients: one method per endpoint. Knows HTTP and JSON, nothing of terminals."""

from movierec.client.answers import Refused
from movierec.client.endpoints import Client, pages
from movierec.client.session import Tokens, TokenStore
from movierec.client.transport import Download, Upload

__all__ = ["Client", "Download", "Refused", "TokenStore", "Tokens", "Upload", "pages"]
