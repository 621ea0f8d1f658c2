"""What a club uploads as its logo becomes a small plain picture: RGB on white, so that a PDF need not carry transparency."""

import warnings
from io import BytesIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image

LARGEST_BYTES = 5_000_000
MOST_PIXELS = 40_000_000
FITS = (544, 225)  # 300 dots an inch at the size that the letter shows: WeasyPrint packs a picture anew for each PDF
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


def read_logo(data: bytes) -> bytes:
    """PNG. Raises ValidationError with what a person can do about it."""
    if len(data) > LARGEST_BYTES:
        # Translators: "Le logo dépasse 5 Mo. Enregistrez-le en plus petit."
        raise ValidationError(_("The logo is larger than %(most)d MB. Save it smaller.") % {"most": LARGEST_BYTES // 1_000_000})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # refused below, with our own words
            return _plain(data)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        # Translators: "Ce fichier n’est pas une image PNG ou JPEG. Exportez le logo dans un de ces formats."
        raise ValidationError(_("This file is not a PNG or JPEG picture. Export the logo as one of these.")) from error


def _plain(data: bytes) -> bytes:
    with Image.open(BytesIO(data), formats=FORMATS) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        picture.thumbnail(FITS)
        opaque = Image.new("RGB", picture.size, "white")
        layer = picture.convert("RGBA")
        opaque.paste(layer, mask=layer.getchannel("A"))
    out = BytesIO()
    opaque.save(out, "PNG", optimize=True)
    return out.getvalue()
