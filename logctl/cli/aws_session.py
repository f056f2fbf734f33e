"""Sessions of AWS that are ready sooner: of botocore's 400 services they look at those that are used.

Before it makes its first client, botocore lists every file of every service, and parses the 1.2 MB of its
endpoints into ordered dictionaries. That takes as long as all that a small command does itself. Here a
`Loader` of botocore's own kind reads its models, and answers the same.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import msgspec
from botocore.exceptions import DataNotFoundError
from botocore.loaders import JSONFileLoader, Loader


def new_session(*, profile_name: str | None = None, **choices: Any) -> boto3.Session:
    """Return a session; the arguments are those of `boto3.Session`.

    Raises:
        botocore.exceptions.ProfileNotFound: there is no such profile.
    """
    session = botocore.session.Session(profile=profile_name)
    more = session.get_config_variable("data_path") or ""
    folders = [os.path.expandvars(Path(folder).expanduser()) for folder in more.split(os.pathsep) if folder]
    session.register_component("data_loader", ModelLoader(folders, ModelFiles()))
    return boto3.Session(botocore_session=session, **choices)


class ModelFiles(JSONFileLoader):
    """The reader of a file of botocore's models."""

    def load_file(self, file_path: str) -> Any:
        """Return the content of a file; `file_path` is without `.json`. None if there is no such file."""
        for suffix, opened in ((".json", open), (".json.gz", gzip.open)):
            try:
                with opened(file_path + suffix, "rb") as file:
                    return msgspec.json.decode(file.read())
            except OSError:
                continue
            except msgspec.DecodeError:  # what msgspec refuses, Python's own parser may accept
                return super().load_file(file_path)
        return None


class ModelLoader(Loader):
    """The finder of a service's model."""

    def list_available_services(self, type_name: str) -> Any:
        """Return the names of the services that have a model of a type."""
        return _Services(self, type_name)

    def list_all(self, type_name: str) -> list[str]:
        """Return the same as a list, for which every service is looked at."""
        return list(super().list_available_services(type_name))


class _Services(Collection[str]):
    """The services with a model of a type, which are listed only when somebody wants the list."""

    def __init__(self, loader: ModelLoader, type_name: str) -> None:
        self._loader = loader
        self._type = type_name

    def __contains__(self, service: object) -> bool:
        try:
            return bool(self._loader.list_api_versions(str(service), self._type))
        except DataNotFoundError:
            return False

    def __iter__(self) -> Iterator[str]:
        return iter(self._loader.list_all(self._type))

    def __len__(self) -> int:
        return len(self._loader.list_all(self._type))
