"""What holds of every address."""

from collections import Counter

from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver


def test_no_two_addresses_have_the_same_name() -> None:
    """A link by that name would lead to only one of them."""
    names = Counter(name for name in _names(get_resolver().url_patterns) if name)
    assert [name for name, count in names.items() if count > 1] == []


def test_the_schema_of_the_api_has_no_warnings() -> None:
    call_command("spectacular", file="/dev/null", validate=True, fail_on_warn=True)


def _names(patterns: list[URLPattern | URLResolver]) -> list[str | None]:
    return [
        name
        for pattern in patterns
        for name in ([pattern.name] if isinstance(pattern, URLPattern) else [] if pattern.namespace else _names(pattern.url_patterns))
    ]
