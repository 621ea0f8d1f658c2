"""Where recordings are kept: the storage named `audio` in the settings. Nothing there has an address of its own."""

from django.core.files.storage import Storage, storages

FOLDER = "audio"


def recordings() -> Storage:
    return storages["audio"]
