"""Where batches lie: folders of a disk, or of an object store that fsspec knows (``s3://``)."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
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
    known = frozenset(but)

    def wanted(names: Iterable[str]) -> set[str]:
        return {name for name in names if name >= since and name.endswith(ending)} - known

    def looked_at(names: Iterable[str]) -> set[str]:
        return {name for name in names if fs.exists(f"{path}/{name}/{file}")}

    if is_disk(fs):
        return looked_at(wanted(entry.name for entry in os.scandir(path))) if fs.isdir(path) else set()
    try:
        if but or ending:
            names = wanted(place.partition("/")[0] for place in _listed(fs, path, since, folders=True))
            if len(names) <= FEW:
                return looked_at(names)
        # The names of all files, a thousand an answer: to ask for the file of each folder takes a request each.
        places = (place.partition("/") for place in _listed(fs, path, since, folders=False))
        return wanted(name for name, _, found in places if found == file)
    except FileNotFoundError:
        raise UserError(f"There is no bucket for {path}: make it, or name another in WIREWATCH_BATCHES.") from None


def _listed(fs: Any, path: str, since: str, *, folders: bool) -> Iterator[str]:
    """The files below ``path``, as they are called there (``folder/file``), or on S3 no more than the ``folders``; on
    S3 none of those that come before ``since``.
    """
    if "s3" not in fs.protocol:
        yield from (file.removeprefix(path).lstrip("/") for file in fs.find(path))
        return
    bucket, key, _ = fs.split_path(path)
    asked = {"Bucket": bucket, "Prefix": f"{key}/"}
    asked |= {"StartAfter": f"{key}/{since}"} if since else {}
    asked |= {"Delimiter": "/"} if folders else {}
    while True:
        answer = fs.call_s3("list_objects_v2", **asked)
        found = [each["Prefix"] for each in answer.get("CommonPrefixes", ())]
        found += [each["Key"] for each in answer.get("Contents", ())]
        yield from (place.removeprefix(f"{key}/") for place in found)
        if not answer["IsTruncated"]:
            return
        asked["ContinuationToken"] = answer["NextContinuationToken"]
