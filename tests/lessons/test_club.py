"""What a club may be set to."""

import pytest
from django.core.exceptions import ValidationError

from lessons.models import validate_time_zone


@pytest.mark.parametrize("name", ["Europe/Atlantis", "Europe", "../etc/passwd", "/etc/passwd", ""])
def test_a_time_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="This time zone is not known"):
        validate_time_zone(name)


def test_a_time_zone_that_is_one_is_taken() -> None:
    validate_time_zone("Europe/Brussels")
