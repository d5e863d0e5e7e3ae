"""Botocore's loader of what it knows of services, made to read what may be asked."""

import os
import threading
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
