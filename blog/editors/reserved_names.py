"""Editors' names are their own: a reader's name that looks like one of them is refused."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import select

from blog.db import db
from blog.editors.models import Editor

# letters that look like Latin ones, after folding to lower case: Cyrillic, Greek, Armenian, and a few Latin ones
LOOKALIKES = str.maketrans(
    {
        **dict(zip("абвгдезіїјкӏмнорсԁтухһԛԝѕь", "abbraeziijklmhopcdtyxhqwsb", strict=True)),
        **dict(zip("αβγεηικνορτυχωϲϳ", "abyenikvoptuxwcj", strict=True)),
        **dict(zip("աօոսցքհյ", "wonugfhj", strict=True)),
        **dict(zip("ıɑɡʟʏɴʀℓøđħłŧ", "iagiynrlodhlt", strict=True)),
    }
)
# letters and digits that are taken for one another
LOOSE = str.maketrans("0123456789i|!", "olzeasbtbglll")


def reserved(name: str) -> bool:
    """Whether this is an editor's name, or would be read as one."""
    seen = skeleton(name)
    return bool(seen) and any(skeleton(other) == seen for other in db.session.scalars(select(Editor.name)))


def skeleton(name: str) -> str:
    """What is left of a name for a reader who does not look closely: no case, accents, blanks or signs, one shape for
    letters that look alike.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    plain = plain.translate(LOOKALIKES).translate(LOOSE)
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return re.sub(r"[\W_]+", "", plain).replace("rn", "m").replace("vv", "w") or plain.strip()
