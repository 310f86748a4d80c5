"""Where batches lie: folders of a disk, or of an object store that fsspec knows (``s3://``)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from wirewatch.errors import Unavailable, UserError

OPTIONS = {"use_listings_cache": False, "default_block_size": 5 * 2**20}
"""How an object store is asked. What it lists is not remembered: other processes write there too. 5 MiB are read at
once, and written: S3 takes no smaller parts. Left to itself s3fs takes 50 MB, for one page of an archive too."""

FEW = 100
"""Folders of an object store that are looked at one by one; for more of them all files are listed, which are several
times as many as the folders."""


@contextmanager
def file_system(url: str) -> Iterator[tuple[Any, str]]:
    """The file system of a URL, and the path in it, to ask it something.

    Raises:
        UserError: the URL's kind needs a package that is not installed, there is no such kind, or it may not be used.
        Unavailable: an object store does not answer.
    """
    try:
        fs, path = fsspec.core.url_to_fs(url, **OPTIONS)
    except (ImportError, ValueError) as error:
        way_out = " Run `pip install 'wirewatch[s3]'`." if url.startswith("s3://") else ""
        raise UserError(f"WIREWATCH_BATCHES={url} cannot be used: {error}.{way_out}") from None
    try:
        yield fs, path
    except (UserError, FileNotFoundError, FileExistsError):
        raise
    except Exception as error:
        if is_disk(fs):
            raise
        reason = str(error).rstrip(".") or type(error).__name__
        if isinstance(error, PermissionError) or "credentials" in reason:
            raise UserError(
                f"{url} may not be used: {reason}. Give the key that may, in AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY (docs/many-machines.md)."
            ) from error
        raise Unavailable(
            f"{url} cannot be reached: {reason}. It is safe to run this again; AWS_ENDPOINT_URL_S3 says where it is, "
            "if it is not at AWS."
        ) from error


def is_disk(fs: Any) -> bool:
    """Whether a file system is one of this machine, with folders and renaming, and quick to ask."""
    return isinstance(fs, LocalFileSystem)


def folders_with(
    fs: Any, path: str, file: str, but: Collection[str] = (), ending: str = "", since: str = ""
) -> set[str]:
    """The names of the folders at ``path`` that have a file of that name; not those in ``but``, or that end otherwise,
    or that come before ``since``.

    Raises:
        UserError: there is no such bucket.
    """
    try:
        if is_disk(fs) or but or ending:
            names = {found.rstrip("/").rpartition("/")[2] for found in _listed(fs, path, since, folders=True)}
            wanted = {name for name in names.difference(but) if name.endswith(ending)}
            if is_disk(fs) or len(wanted) <= FEW:
                return {name for name in wanted if fs.exists(f"{path}/{name}/{file}")}
    except FileNotFoundError:
        if is_disk(fs):
            return set()
    # The names of all files, a thousand an answer: to ask for the file of each folder takes a request each.
    try:
        found = _listed(fs, path, since, folders=False)
        return {each.split("/")[-2] for each in found if each.endswith(f"{ending}/{file}")}.difference(but)
    except FileNotFoundError:
        raise UserError(f"There is no bucket for {path}: make it, or name another in WIREWATCH_BATCHES.") from None


def _listed(fs: Any, path: str, since: str, *, folders: bool) -> Iterator[str]:
    """The paths of the folders, or else of all files below ``path``, whose names there do not come before ``since``."""
    if "s3" in fs.protocol:
        bucket, key, _ = fs.split_path(path)
        asked = {"Bucket": bucket, "Prefix": f"{key}/", "StartAfter": f"{key}/{since}"}
        asked |= {"Delimiter": "/"} if folders else {}
        while True:
            answer = fs.call_s3("list_objects_v2", **asked)
            yield from (found["Prefix"] for found in answer.get("CommonPrefixes", ()))
            yield from (found["Key"] for found in answer.get("Contents", ()))
            if not answer["IsTruncated"]:
                return
            asked["ContinuationToken"] = answer["NextContinuationToken"]
    for found in fs.ls(path, detail=False) if folders else fs.find(path):
        if found.removeprefix(path).lstrip("/") >= since:
            yield found
