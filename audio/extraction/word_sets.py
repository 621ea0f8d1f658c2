"""Lists of words and phrases, written as one writes a list."""

Phrases = dict[str, list[tuple[str, ...]]]  # by their first word


def word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def phrases(text: str) -> Phrases:
    """Parted by commas."""
    index: Phrases = {}
    for phrase in text.split(","):
        parts = tuple(phrase.split())
        index.setdefault(parts[0], []).append(parts)
    return index
