"""Reserve editors' names: refuse readers' names that look like one."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select

from blog.db import db
from blog.editors.models import Editor
from blog.html.invisible_characters import INVISIBLE

CONFUSABLES = Path(__file__).with_name("confusables.txt")
MAX_LENGTH = 200

# more than Unicode lists: small Cyrillic, Greek, Armenian and Latin letters that look like basic Latin ones
LOOKALIKES = str.maketrans(
    {
        **dict(zip("абвгдезіїјкӏмнорсԁтухһԛԝѕь", "abbraeziijklmhopcdtyxhqwsb", strict=True)),
        **dict(zip("αβγεηικνορτυχωϲϳ", "abyenikvoptuxwcj", strict=True)),
        **dict(zip("աօոսցքհյ", "wonugfhj", strict=True)),
        **dict(zip("ıɑɡʟʏɴʀℓøđħłŧ", "iagiynrlodhlt", strict=True)),
    }
)
# letters and digits that look like each other
CONFUSABLE_CHARACTERS = str.maketrans("0123456789i|!", "olzeasbtbglll")


def is_reserved(name: str) -> bool:
    """Return whether this name is, or looks like, an editor's."""
    shape = skeleton(name)
    return bool(shape) and any(skeleton(other) == shape for other in db.session.scalars(select(Editor.name)))


@lru_cache(maxsize=1024)
def skeleton(name: str) -> str:
    """Reduce a name to what it looks like, after UTS #39.

    Drops case, accents, spaces, punctuation and invisible characters; maps similar letters to one. Only the first
    characters count, since normalizing many marks takes quadratic time.
    """
    plain = INVISIBLE.sub("", unicodedata.normalize("NFKC", name[:MAX_LENGTH]))
    for _pass in range(2):
        plain = unicodedata.normalize("NFKD", plain.translate(_confusables()).casefold())
    plain = plain.translate(LOOKALIKES).translate(CONFUSABLE_CHARACTERS)
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return re.sub(r"[\W_]+", "", plain).replace("rn", "m").replace("vv", "w") or plain.strip()


@lru_cache(maxsize=1)
def _confusables() -> dict[int, str]:
    """Load Unicode's confusable characters: the form of each."""
    found = {}
    for line in CONFUSABLES.read_text(encoding="ascii").splitlines():
        form, *characters = line.split() if not line.startswith("#") else ("",)
        found.update(
            {int(character, 16): "".join(chr(int(part, 16)) for part in form.split("+")) for character in characters}
        )
    return found
