"""HTTP client of the daemon: one method per endpoint. It depends on HTTP and JSON, not on terminals."""

from movierec.client.answers import ProblemResponse
from movierec.client.endpoints import ApiClient, iterate_pages
from movierec.client.session import StoredTokens, TokenStore
from movierec.client.transport import DownloadStream, UploadBody

__all__ = [
    "ApiClient",
    "DownloadStream",
    "ProblemResponse",
    "StoredTokens",
    "TokenStore",
    "UploadBody",
    "iterate_pages",
]
