"""Botocore's loader of what it knows of services, made to read what may be asked."""

import os
import threading
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

import botocore.session
from botocore.exceptions import DataNotFoundError
from botocore.loaders import JSONFileLoader

from . import descriptions


class Models(JSONFileLoader):
    """Reads what is known of a service into plain dictionaries, once whoever asks at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[str, set[str]] = {}
        self._reading = threading.RLock()
        self._read: dict[str, Any] = {}

    def load_file(self, file_path: str) -> Any:
        """What a file tells; None where there is no such file."""
        with self._reading:
            if file_path not in self._read:
                self._read[file_path] = super().load_file(file_path)
            return self._read[file_path]

    def _load_file(self, full_path: str, open_method: Any) -> Any:
        try:
            with open_method(full_path, "rb") as file:
                told = descriptions.read(file.read())
        except FileNotFoundError:
            return None
        folder = os.path.dirname(full_path)  # noqa: PTH120 - it is botocore's, and no more than a key
        if "shapes" in told:
            self._kept[folder] = set(told["shapes"])
        descriptions.mend(told, self._kept.get(folder, set()))
        return told


def share(session: botocore.session.Session) -> None:
    """Have a session read by it."""
    loader: Any = session.get_component("data_loader")
    if type(loader.file_loader) is JSONFileLoader:
        loader.file_loader = Models()
        loader.list_available_services = partial(Services, loader, loader.list_available_services)


class Services(Collection[str]):
    """The services of which there is a kind of file; whether one is among them is seen in its own folder."""

    def __init__(self, loader: Any, listed: Callable[[str], list[str]], type_name: str) -> None:
        """Ask this loader."""
        self._loader = loader
        self._listed = listed
        self._type = type_name

    def __contains__(self, name: object) -> bool:
        try:
            return bool(self._loader.determine_latest_version(name, self._type))
        except DataNotFoundError:
            return False

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed(self._type))

    def __len__(self) -> int:
        return len(self._listed(self._type))
