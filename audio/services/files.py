"""A recording in its storage: kept, and erased with its note."""

import hashlib
import logging
from contextlib import suppress
from typing import Any

from django.core.files import File
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from audio.models import VoiceNote
from audio.storage import FOLDER, recordings
from jobs.services import enqueue, new_token
from lessons.models import Club

logger = logging.getLogger(__name__)


class NotStored(Exception):
    """The storage is full or away; nothing of the recording is left there. The text is for people."""


def keep_recording(*, club: Club, file: "File[bytes]", extension: str) -> str:
    """Its name in the storage. It says nothing of who speaks of whom, and sorts by day for whoever tidies up."""
    name = f"{FOLDER}/{club.pk}/{timezone.now():%Y-%m-%d}/{new_token()}{extension}"
    file.seek(0)
    try:
        return recordings().save(name, file)
    except Exception as error:  # each storage has its own: OSError on a disk, botocore's for an object store
        logger.exception("A recording could not be stored")
        with suppress(Exception):  # what is left of it will be swept up
            recordings().delete(name)
        # Translators: "L’enregistrement n’a pas pu être gardé : le disque est plein ou inaccessible. Réessayez dans un moment."
        raise NotStored(_("The recording could not be stored: the disk is full or out of reach. Try again in a while.")) from error


def fingerprint(file: "File[bytes]") -> str:
    digest = hashlib.sha256()
    file.seek(0)
    for chunk in file.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def erase_soon(name: str) -> None:
    """A job of the caller's transaction: a rollback keeps the recording, and no crash can keep it for ever."""
    enqueue("audio.erase_recording", name)


def erase(name: str) -> None:
    recordings().delete(name)


@receiver(post_delete, sender=VoiceNote)
def erase_with_its_note(instance: VoiceNote, **kwargs: Any) -> None:
    """However a note goes: by itself, with its client, or with its club."""
    if instance.file:
        erase_soon(str(instance.file.name))
