"""One image file to an array: Pillow within limits, eight bits, grey or colour, cut and scaled where that was asked."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.core.errors import ConfigError, DataError, near, need
from simulacra.core.infer_images import mode_of, size_of
from simulacra.core.options import whole

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Images = npt.NDArray[np.uint8]

KINDS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF")
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif")
MODES = ("grey", "colour")
MAX_PIXELS = 50_000_000
"""Most pixels of one image: a small file can unpack to more than the memory holds."""
MAX_BYTES = 256 << 20
"""Most bytes of one image file."""
MAX_SIDE = 4096
"""Longest side that `size` may ask for."""
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)
"""What Pillow raises for a file that is cut short or damaged."""


@dataclass(frozen=True)
class Reading:
    """How images are read. size: pixels of a side, None as they are. mode: "grey", "colour" or None as they are.

    Raises ConfigError for a size outside 1..4096 and for another mode.
    """

    size: int | None = None
    mode: str | None = None

    def __post_init__(self) -> None:
        if self.size is not None and not 1 <= whole(self.size, "size", 1) <= MAX_SIDE:
            raise ConfigError(f"size must be at most {MAX_SIDE} pixels a side, got {self.size}")
        if self.mode is not None and self.mode not in MODES:
            raise ConfigError(f"mode must be grey or colour, got {self.mode!r}.{near(str(self.mode), MODES)}")


def stack(files: Sequence[tuple[Path, str]], reading: Reading, limit: int) -> Images:
    """Return the images of files as one array, uint8 (n, H, W) or (n, H, W, 3).

    files: path and what to call it in messages. limit: most bytes of the array.
    Raises DataError for a file that cannot be read and for two of different size or mode, both named.
    """
    import numpy as np

    out: Images | None = None
    first = ""
    with warnings.catch_warnings():
        # Pillow warns of large images; those beyond our own limit are refused.
        warnings.simplefilter("ignore")
        for i, (path, shown) in enumerate(files):
            image = decode(path, shown, reading)
            if out is None:
                _fits(len(files), image.shape, limit, shown)
                out, first = np.empty((len(files), *image.shape), np.uint8), shown
            _same(image.shape, shown, out.shape[1:], first)
            out[i] = image
    assert out is not None
    return out


def rescaled(images: Images, reading: Reading) -> Images:
    """Return images of an array, uint8 (n, H, W[, 3]), as `reading` asks for them."""
    import numpy as np

    sized = reading.size is None or images.shape[1:3] == (reading.size, reading.size)
    if sized and reading.mode in (None, mode_of(images.shape[1:])):
        return images
    pillow = need("PIL.Image", "images", "scaling images")
    out = []
    for pixels in images:
        image = pillow.fromarray(pixels)
        image = image if reading.size is None else _cut(image, reading.size)
        out.append(np.asarray(_plain(pillow, image, "image", reading.mode), np.uint8))
    return np.stack(out)


def decode(path: Path, shown: str, reading: Reading) -> Images:
    """Return one image, uint8 (H, W) or (H, W, 3).

    Raises DataError that names the file, MissingExtra without Pillow.
    """
    import numpy as np

    pillow = need("PIL.Image", "images", "reading images")
    need("PIL.ImageOps", "images", "reading images")
    try:
        if not path.is_file():
            # Opening a pipe would wait for ever.
            raise DataError(f"{shown} is no file that can be read as an image; remove it")
        if path.stat().st_size > MAX_BYTES:
            raise DataError(
                f"{shown} holds more than {MAX_BYTES >> 20} MiB, too much for one image; scale it down first"
            )
        with open(path, "rb") as handle:
            image = _opened(pillow, handle, shown)
            image.load()
            image = image if reading.size is None else _cut(image, reading.size)
            return np.asarray(_plain(pillow, _upright(image), shown, reading.mode), np.uint8)
    except DAMAGE as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(
            f"{shown} cannot be read as an image ({reason}); it is damaged or cut short, fetch it again"
        ) from error


def _opened(pillow: Any, handle: Any, shown: str) -> Any:
    head = handle.read(16)
    handle.seek(0)
    try:
        image = pillow.open(handle, formats=KINDS)
    except pillow.DecompressionBombError as error:
        raise DataError(_too_large(shown)) from error
    except pillow.UnidentifiedImageError as error:
        raise DataError(
            f"{shown} is not an image: it begins with {head[:8]!r}; PNG, JPEG, BMP, TIFF, WebP and GIF are read. "
            "It is damaged or misnamed: fetch it again, or remove it"
        ) from error
    if image.width * image.height > MAX_PIXELS:
        raise DataError(_too_large(shown, f"{image.width} x {image.height} pixels"))
    # Telephones put a second, small picture behind a JPEG (MPO); the first is the photograph.
    frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    if frames > 1:
        raise DataError(f"{shown} holds {frames} pictures, as an animation does; save the one that is meant as PNG")
    return image


def _upright(image: Any) -> Any:
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _cut(image: Any, size: int) -> Any:
    """Return the square in the middle, scaled to `size` pixels a side."""
    from PIL import Image

    image = _deep(image) if image.mode in ("1", "P", "PA") else image
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    # Cut before it is scaled, or pixels outside the square would bleed into its edge.
    square = image.crop((left, top, left + side, top + side))
    return square.resize((size, size), Image.Resampling.BICUBIC)


def _deep(image: Any) -> Any:
    """Return an image of a palette, or of black and white alone, as grey or colour."""
    import numpy as np

    if image.mode == "1":
        return image.convert("L")
    clear = "transparency" in image.info or image.mode == "PA"
    out = image.convert("RGBA" if clear else "RGB")
    cells = np.asarray(out)
    grey = bool((cells[..., 0] == cells[..., 1]).all() and (cells[..., 0] == cells[..., 2]).all())
    return out.convert("LA" if clear else "L") if grey else out


def _plain(pillow: Any, image: Any, shown: str, mode: str | None) -> Any:
    """Return an image in mode L (grey) or RGB (colour)."""
    import numpy as np

    if image.mode in ("1", "P", "PA"):
        image = _deep(image)
    if image.mode in ("RGBA", "LA", "RGBa", "La"):
        image = _on_white(pillow, image, shown, mode)
    elif image.mode.startswith("I"):
        values = np.asarray(image.convert("I"))
        if mode is None or values.max() > 65535 or values.min() < 0:
            raise DataError(
                f"{shown} has more than 8 bits a pixel ({values.min()} .. {values.max()}); write it with 8 bits, or "
                "give --mode grey, which divides 16 bits by 257"
            )
        image = pillow.fromarray((values // 257).astype(np.uint8))
    elif image.mode == "F":
        raise DataError(f"{shown} holds floating-point pixels; write it with 8 bits a pixel")
    if image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    return image if mode is None else image.convert("L" if mode == "grey" else "RGB")


def _on_white(pillow: Any, image: Any, shown: str, mode: str | None) -> Any:
    """Return an image without its alpha channel, which must be opaque unless the mode was asked for."""
    image = image.convert("RGBA") if image.mode in ("RGBa", "La") else image
    plain = "L" if image.mode == "LA" else "RGB"
    if image.getchannel("A").getextrema()[0] == 255:
        return image.convert(plain)
    if mode is None:
        raise DataError(f"{shown} has transparent pixels; give --mode colour or --mode grey to lay it on white")
    white = pillow.new("RGBA", image.size, "white")
    white.alpha_composite(image.convert("RGBA"))
    return white.convert(plain)


def _same(shape: tuple[int, ...], shown: str, wanted: tuple[int, ...], first: str) -> None:
    if len(shape) != len(wanted):
        raise DataError(
            f"{first} is {mode_of(wanted)} and {shown} is {mode_of(shape)}, and all images must be of one mode; "
            "give --mode grey or --mode colour to convert them"
        )
    if shape != wanted:
        raise DataError(
            f"{first} has {size_of(wanted)} and {shown} has {size_of(shape)}, and all images must be of one size; "
            f"give --size N, such as --size {_near_side(min(*shape[:2], *wanted[:2]))}, to cut the square in the "
            "middle of each and scale it to N x N"
        )


def _near_side(side: int) -> int:
    return next((s for s in (64, 32, 28, 16, 8) if s <= side), side)


def _fits(count: int, shape: tuple[int, ...], limit: int, shown: str) -> None:
    total = count
    for length in shape:
        total *= length
    if total > limit:
        raise DataError(
            f"{count:,} images of {size_of(shape)} ({shown}) take {total:,} bytes, more than {limit:,}; give --size N "
            "to scale them down, or give fewer"
        )


def _too_large(shown: str, size: str = "") -> str:
    what = f"has {size}" if size else "is far too large"
    return f"{shown} {what}, and an image may have {MAX_PIXELS:,} pixels at most; scale it down first"
