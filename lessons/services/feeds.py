"""The addresses of calendar feeds: given, changed, closed."""

from django.db import transaction

from lessons.models import CalendarFeed, Club, Teacher, new_secret


def open_feed(*, club: Club, teacher: Teacher | None = None) -> CalendarFeed:
    """The feed of a teacher, or of the whole club; the same one again where it is open already."""
    with transaction.atomic():
        Club.objects.select_for_update(no_key=True).get(pk=club.pk)
        feed, _made = CalendarFeed.objects.get_or_create(club=club, teacher=teacher)
    return feed


def renew_feed(*, feed: CalendarFeed) -> CalendarFeed:
    """A new address: the old one is dead at once."""
    feed.secret = new_secret()
    feed.save(update_fields=["secret"])
    return feed


def close_feed(*, feed: CalendarFeed) -> None:
    feed.delete()
