"""Where uploads and clips lie: a folder, or a bucket that speaks S3; the rest of the server does not know which."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ipynemo.backend.config import BackendConfig
from ipynemo.backend.storage.base import Storage, StoredFile
from ipynemo.backend.storage.local import LocalStorage
from ipynemo.errors import BackendStartError, InvalidRequestError

if TYPE_CHECKING:
    from ipynemo.backend.store.files import DataFolder

__all__ = ["LocalStorage", "Storage", "StoredFile", "open_storage"]


def open_storage(config: BackendConfig, folder: DataFolder) -> Storage:
    """Return the storage that a server was told to use.

    Parameters
    ----------
    config : BackendConfig
        Its `storage` is `file:///folder`, `s3://bucket/prefix`, or None for the data folder itself.
    folder : DataFolder
        Where files lie that are on their way.

    Raises
    ------
    InvalidRequestError
        The address is none of these.
    BackendStartError
        The packages for it are missing.
    """
    if config.storage is None:
        return LocalStorage(folder.root)
    parts = urlsplit(config.storage)
    if parts.scheme == "file" and parts.path.startswith("/") and parts.netloc in {"", "localhost"}:
        return LocalStorage(Path(unquote(parts.path)))
    if parts.scheme != "s3" or not parts.netloc:
        raise InvalidRequestError(
            f"{parts.scheme or config.storage!r} is no storage.", hint="Use file:///folder or s3://bucket/prefix."
        )
    if "@" in parts.netloc or ":" in parts.netloc or parts.query:
        raise InvalidRequestError(
            "The storage's address holds more than bucket and prefix.",
            hint="Keys and endpoint come by the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, …",
        )
    try:
        from ipynemo.backend.storage.s3 import S3Storage
    except ModuleNotFoundError as error:
        raise BackendStartError(
            f"The storage needs {error.name}.", hint='Install it: pip install "ipynemo[cluster]"'
        ) from error
    return S3Storage(parts.netloc, parts.path.strip("/"), folder, config.cache_bytes)
