"""What a task says, in a form that every database keeps: no NUL, no half of a surrogate pair, no endless text."""

import json
from typing import Any

MOST_OF_AN_ERROR = 2_000
MOST_OF_A_TRACEBACK = 50_000
GAP = " … "


class Unstorable(Exception):
    """The task's result is not JSON. No retry can help."""


def text(value: object, most: int) -> str:
    """At most so many characters; of a longer one both ends, for they say most."""
    found = str(value)
    if len(found) > most:
        end = (most - len(GAP)) // 2
        found = found[:end] + GAP + found[-end:]
    return found.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def as_json(value: Any) -> str:
    try:
        found = json.dumps(value, allow_nan=False)
        if "\\u0000" in found or "\\ud" in found:  # seldom, and sometimes needlessly: escapes of emoji begin like that too
            found = json.dumps(_mended(json.loads(found)))
    except (TypeError, ValueError, RecursionError) as error:
        raise Unstorable(f"its result cannot be kept: {error}") from error
    return found


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return text(value, len(value) + len(GAP))
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value
