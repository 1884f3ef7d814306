"""Reserve editors' names: refuse readers' names that look like one."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import select

from blog.db import db
from blog.editors.models import Editor

# lower-case Cyrillic, Greek, Armenian and Latin letters that look like basic Latin ones
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


def skeleton(name: str) -> str:
    """Reduce a name to what it looks like (compare UTS #39).

    Drops case, accents, spaces and punctuation; maps similar letters to one.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    plain = plain.translate(LOOKALIKES).translate(CONFUSABLE_CHARACTERS)
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return re.sub(r"[\W_]+", "", plain).replace("rn", "m").replace("vv", "w") or plain.strip()
