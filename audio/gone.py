"""Between the look at a row and its lock somebody may erase it: then it is as if it had never been found."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404


@contextmanager
def erased_is_404() -> Iterator[None]:
    try:
        yield
    except ObjectDoesNotExist as error:
        raise Http404 from error
