"""What people do to a sentence while they speak: hesitate, correct themselves, spell."""

from collections.abc import Iterable
from dataclasses import replace

from .word_sets import Phrases, phrases, word_set
from .words import Word

CORRECTED = "~"  # stands for "no, sorry", "I mean": what follows replaces what came before
HESITATIONS = {
    "fr": word_set("euh heu euhm hum hmm hm mmh hein bah"),
    "en": word_set("um uh uhm umm er erm hmm hm mm"),
}


CORRECTIONS = {
    "fr": phrases(
        "pardon, non pardon, non non, non plutot, ou plutot, enfin plutot, je veux dire, je "
        "voulais dire, non je veux dire, ah non, enfin non,"
        "excusez moi, excuse moi, je me trompe, non je me trompe, je me suis trompe, je me suis trompee, correction, rectification, non,"
        "non attends, non attendez, ah non pardon, euh non"
    ),
    "en": phrases(
        "sorry, no sorry, sorry i mean, no i mean, i mean, no wait, wait no, no wait sorry, "
        "scratch that, make that, correction, no actually,"
        "or rather, my mistake, sorry my mistake, oh no sorry, no sorry i mean, sorry no, i meant, sorry i meant"
    ),
}
EXAMPLES = {"fr": (("comme",),), "en": (("as", "in"), ("for",))}
DIGITS = word_set("zero oh o one two three four five six seven eight nine un deux trois quatre cinq sept huit neuf")
TIMES = {"double": 2, "triple": 3}


def repair(words: list[Word], language: str) -> list[Word]:
    spoken = [word for word in words if word.text not in HESITATIONS[language]]
    return _spelled(_marked(spoken, CORRECTIONS[language]), EXAMPLES[language])


def _marked(words: list[Word], corrections: Phrases) -> list[Word]:
    """Commas around a correction are part of it: `zéro six, non, pardon, zéro sept`."""
    result: list[Word] = []
    index = 0
    while index < len(words):
        length = _length_of_phrase(words, index, corrections.get(words[index].text, ()))
        if not length:
            result.append(words[index])
        elif result and result[-1].text == CORRECTED:
            result[-1] = replace(result[-1], end=words[index + length - 1].end)
        else:
            if result and result[-1].text == ",":
                result.pop()
            result.append(Word(CORRECTED, words[index].start, words[index + length - 1].end))
        index += length or 1
        while length and index < len(words) and words[index].text == ",":
            index += 1
    return result


def _length_of_phrase(words: list[Word], index: int, among: Iterable[tuple[str, ...]]) -> int:
    lengths = [len(phrase) for phrase in among if tuple(word.text for word in words[index : index + len(phrase)]) == phrase]
    return max(lengths, default=0)


def _spelled(words: list[Word], examples: tuple[tuple[str, ...], ...]) -> list[Word]:
    """`b as in bravo` is b, `double l` is l l, `j, e, a, n` has no pauses."""
    result: list[Word] = []
    index = 0
    while index < len(words):
        if _between_letters(words, index):
            index += 1
            continue
        heard, length = _doubled(words, index) or _as_in(words, index, examples) or ([words[index]], 1)
        result += heard
        index += length
    return result


def _between_letters(words: list[Word], index: int) -> bool:
    if words[index].text != "," or not 0 < index < len(words) - 1 or not words[index - 1].is_letter:
        return False
    following = words[index + 1]
    spelling = index > 2 and words[index - 2].text == "," and words[index - 3].is_letter
    return following.is_letter or (spelling and (following.is_number or following.text in DIGITS))


def _doubled(words: list[Word], index: int) -> tuple[list[Word], int] | None:
    times = TIMES.get(words[index].text)
    if times is None or index + 1 == len(words):
        return None
    start, following = words[index].start, words[index + 1]
    if following.text in {"u", "v"} and times == 2:
        return [Word("w", start, following.end)], 2
    if following.is_letter or following.text in DIGITS or (following.is_number and len(following.text) == 1):
        return [replace(following, start=start)] * times, 2
    return None


def _as_in(words: list[Word], index: int, examples: tuple[tuple[str, ...], ...]) -> tuple[list[Word], int] | None:
    letter = words[index]
    for link in examples if letter.is_letter else ():
        example = index + 1 + len(link)
        if (
            example < len(words)
            and tuple(word.text for word in words[index + 1 : example]) == link
            and words[example].text[0] == letter.text
        ):
            return [replace(letter, end=words[example].end)], len(link) + 2
    return None
