"""Where recordings are kept: the storage named `audio` in the settings. Nothing there has an address of its own."""

from typing import Any

from django.core.files.storage import Storage, storages

FOLDER = "audio"


def recordings() -> Storage:
    return storages["audio"]


def open_recording(name: str) -> Any:
    """For reading. Raises FileNotFoundError where it is gone."""
    return recordings().open(name, "rb")
