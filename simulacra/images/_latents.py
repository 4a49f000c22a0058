"""Between images and the latents of a fitted images/vae, and the sheet of what each latent changes."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import torch

from simulacra.core.errors import ConfigError, DataError, near
from simulacra.images import _nets, _rows, _vae
from simulacra.parts.pictures import sheet

if TYPE_CHECKING:
    from simulacra.images._nets import Images, Ints
    from simulacra.images._vae import Floats
    from simulacra.images.vae import Vae

MOST_BYTES = 10_000_000
"""Of a sheet."""


def pictures(model: Vae, z: Floats, classes: Ints, rng: np.random.Generator | None = None) -> Images:
    """Return images, uint8 (n, H, W, C), of latents and class numbers; rng: of their noise, None for none."""
    with _nets.fitted(model, rng) as (where, net):
        noise = _vae.noise_of(model.weights_, model.space_, model.rows_["size"], where) if rng is not None else None
        count = len(model.rows_["count"])
        return _nets.images(_vae.pictures(net["decoder"], noise, torch.from_numpy(z), classes, count, where))


def read(model: Vae, images: Any) -> tuple[Floats, Ints]:
    """Return the latents of images (n, latents) and the classes (n,) that the encoder sees in them."""
    checked = whole_images(model, images)
    with _nets.fitted(model) as (where, net):
        x = _nets.tensor(checked, where)
        return _vae.posterior(net["encoder"], x)[0], _vae.seen(net["encoder"], x)


def whole_images(model: Vae, images: Any) -> Images:
    """Return images as uint8 (n, H, W, C). Raises DataError for another size or type, NotFitted before fit."""
    model._require_fit()
    try:
        out = np.asarray(images)
    except ValueError as error:
        raise DataError(f"{model.name}: images must be of one size: {error}") from error
    high, wide, channels = model.rows_["size"]
    if channels == 1 and out.ndim == 3:
        out = out[..., None]
    if out.dtype != np.uint8 or out.shape[1:] != (high, wide, channels):
        raise DataError(
            f"{model.name}: images must be uint8 of shape (n, {high}, {wide}, {channels}), got {out.dtype} {out.shape}"
        )
    return out


def classes(model: Vae, seen: Ints, label: Any) -> Ints:
    """Return the class numbers (n,) of a label, or those that were seen where it is None."""
    return seen if label is None else np.full(len(seen), _rows.class_of(model.rows_, label))


def factors(model: Vae, frame: pl.DataFrame) -> Floats:
    """Return the columns named as factors, (rows, factors). Raises ConfigError, DataError for those that cannot be."""
    for name in model.factors:
        if name not in frame.columns or name == model.rows_["label"]:
            raise ConfigError(
                f"{model.name}: factors: no column {name!r} beside the images.{near(name, frame.columns)}"
            )
        if not frame[name].dtype.is_numeric() or frame[name].null_count():
            raise DataError(
                f"{model.name}: factors: column {name!r} must hold numbers in all rows; it is of type "
                f"{frame[name].dtype} and {frame[name].null_count()} cells are missing"
            )
    return frame.select(model.factors).to_numpy().astype(np.float64).reshape(frame.height, len(model.factors))


def sweep(model: Vae, image: Any, most: int, values: Any, label: Any) -> bytes:
    """Return a sheet as PNG, the image first in every row; see Vae.sweep."""
    first, at = whole_images(model, [image]), np.asarray(values, np.float64)
    wanted: list[tuple[int | str, Any]] = [
        (name, model.units_[0, i] + at * model.units_[1, i]) for i, name in enumerate(model.factors)
    ]
    wanted += [(i, at) for i in range(model.latent)]
    rows = [np.concatenate([first, model.vary(image, which, each, label)]) for which, each in wanted[:most]]
    return base64.b64decode(sheet(rows, [str(which) for which, _ in wanted[:most]], MOST_BYTES)["png"])
