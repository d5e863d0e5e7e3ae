"""Botocore's loader of what it knows of services, made to read what may be asked."""

import os
import threading
from collections.abc import Iterable
from functools import cache
from typing import Any

import botocore.session
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
        folders = cache(lambda: sorted(_folders(loader.search_paths)))
        # It would look into each service's folder, for each kind of file; whoever reads one finds out then.
        loader.list_available_services = lambda type_name: folders()  # noqa: ARG005 - botocore's signature


def _folders(paths: Iterable[str]) -> set[str]:
    """The names of services: a folder each, in any of these."""
    return {
        entry.name
        for path in paths
        if os.path.isdir(path)  # noqa: PTH112 - botocore's own paths, some of which are not there
        for entry in os.scandir(path)
        if entry.is_dir()
    }
