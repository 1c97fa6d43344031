"""Comments without the names, e-mail addresses and telephone numbers that they hold."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

__all__ = ["Redactor", "name_words", "plain"]

# None of these patterns looks at a character more than a few dozen times, however long a cell is.
_EMAIL = re.compile(r"(?<![\w.+%'’&-])[\w.+%'’&-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(
    r"(?<!\d)(?!\d{4}-\d\d-\d\d\b)"  # a day is none
    r"[+(]{0,2}\d[\d\s()./\u2010-\u2015-]{6,24}\d(?!\d)"
)
_LOCAL_PHONE = re.compile(r"\d{3}[.\u2010-\u2015-]\d{4}")
_LETTERS = r"(?:[^\W\d_][\u0300-\u036f]*)+"  # with accents that are characters of their own
_WORD = re.compile(rf"{_LETTERS}(?:['’ʼ‘`´]{_LETTERS})*")
_POSSESSIVE = re.compile(r"['’ʼ‘`´][sS]$")
_ELISION = re.compile(r"[^\W\d_]{1,2}['’ʼ‘`´](?=[^\W\d_]{3})")  # l'Anna, d'Anna
_TITLE = re.compile(r"\b(?:mr|mrs|ms|miss|mx|dr|sr|sra)\.?\s+$", re.IGNORECASE)
_TITLE_LENGTH = 12
# What stands before a word that does not begin a sentence.
_INSIDE = re.compile(r"[^\s.!?:;(\[\"“•–—-][\s\"“]+$")
_APOSTROPHES = str.maketrans("", "", "'’ʼ‘`´")
_BEFORE_NAME = ("", " ", "-", "\u00a0")
_SHORTEST = 2
_SHORTEST_PLURAL = 5
_FEWEST_DIGITS = 9


@cache
def _everyday() -> dict[str, frozenset[str]]:
    text = (Path(__file__).parent / "everyday_words.toml").read_text(encoding="utf-8")
    return {kind: frozenset(map(plain, words)) for kind, words in tomllib.loads(text).items()}


def plain(word: str) -> str:
    """Return what words of names are compared by: no case, no accents, no apostrophes."""
    if not word.isascii():
        marked = unicodedata.normalize("NFKD", word)
        word = "".join(letter for letter in marked if not unicodedata.combining(letter))
    return word.translate(_APOSTROPHES).casefold()


def name_words(text: str) -> set[str]:
    """Return the words of a person's name, each as `plain` has it."""
    return {word for word in map(plain, _WORD.findall(text)) if len(word) >= _SHORTEST}


class Redactor:
    """Takes names, e-mail addresses and telephone numbers out of comments.

    A word of the roster's names is taken out however it is written, unless it is also a word of
    everyday language (``everyday_words.toml``): then where it has a capital, follows a title such
    as "Mrs", or stands before another name. So "Grace helped" and "Will this stay?" lose a word,
    and "it may help" does not. Nicknames and misspelt names are not found.

    Parameters
    ----------
    names : iterable of str
        Words of the roster's names.
    """

    def __init__(self, names: Iterable[str]):
        self._names = frozenset(map(plain, names))

    def redact(self, text: str) -> str:
        """Return a comment without what could tell who is meant."""
        text = _PHONE.sub(_phone, _EMAIL.sub("[e-mail]", text))
        if not self._names:
            return text
        pieces, end, next_start, next_is_name = [], len(text), 0, False
        for found in reversed(list(_WORD.finditer(text))):
            leads = next_is_name and text[found.end() : next_start] in _BEFORE_NAME
            first, last = self._name_in(text, found, leads)
            next_start, next_is_name = found.start(), first < last
            if next_is_name:
                pieces += [text[last:end], "[name]"]
                end = first
        return text[:end] + "".join(reversed(pieces))

    def _name_in(self, text: str, found: re.Match, leads: bool) -> tuple[int, int]:
        """Return where a name begins and ends in a word; `leads`: another name follows."""
        first, last = found.span()
        if _POSSESSIVE.search(found[0]):
            last -= len("'s")
        if elision := _ELISION.match(found[0]):
            for start in (first, first + elision.end()):
                if self._is_name(text, start, last, leads):
                    return start, last
        elif self._is_name(text, first, last, leads):
            return first, last
        return last, last

    def _is_name(self, text: str, first: int, last: int, leads: bool) -> bool:
        word, before = text[first:last], text[max(first - _TITLE_LENGTH, 0) : first]
        key, everyday = plain(word), _everyday()
        capital = word[0].isupper()
        if key not in self._names:
            # "Zimmers": a family, or a possessive without its apostrophe.
            plural = capital and key.endswith("s") and len(key) >= _SHORTEST_PLURAL
            return plural and key[:-1] in self._names and key not in everyday["words"]
        if key in everyday["openers"]:
            alone = not word.isupper() and (leads or bool(_INSIDE.search(before)))
            return (capital and alone) or bool(_TITLE.search(before))
        if key in everyday["words"]:
            return capital or leads or bool(_TITLE.search(before))
        return True


def _phone(found: re.Match) -> str:
    digits = sum(character.isdigit() for character in found[0])
    is_one = digits >= _FEWEST_DIGITS or _LOCAL_PHONE.fullmatch(found[0])
    return "[telephone]" if is_one else found[0]
