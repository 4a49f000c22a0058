"""Small data whose truth is known, for tests of methods and guards. Every toy is a function of its arguments alone."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING

from simulacra.core.rng import stream
from simulacra.core.schema import Column, Schema

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

TOWNS = ("Ulm", "Bonn", "Jena", "Trier", "Worms")
SHARES = (0.4, 0.25, 0.2, 0.1, 0.05)
FIRST = date(2020, 1, 1)
SHAPES = ("cross", "disc", "square")
SHAPE_SHARES = (0.3, 0.3, 0.4)


def linked(rows: int = 1000, r: float = 0.7, seed: int = 0) -> pl.DataFrame:
    """Return two standard normal columns x and y whose correlation is r, -1..1."""
    import polars as pl

    rng = stream(seed, "toys/linked", "rows")
    x, noise = rng.standard_normal((2, rows))
    return pl.DataFrame({"x": x, "y": r * x + math.sqrt(1 - r * r) * noise})


def people(rows: int = 400, seed: int = 0) -> pl.DataFrame:
    """Return a table of seven columns with known links.

    age: whole years 18..90. town: TOWNS with SHARES. member: true for 80 % of those over 50 and 20 % of the others.
    income: in cents, log-normal, doubled for members, missing for one row in ten by chance. joined: a date of 2020 to
    2023. visits: 0 for half of the rows, Poisson of mean 4 otherwise. grade: "a" below 40 years, "b" or "c" above.
    """
    import numpy as np
    import polars as pl

    rng = stream(seed, "toys/people", "rows")
    age = rng.integers(18, 91, rows)
    member = rng.random(rows) < np.where(age > 50, 0.8, 0.2)
    income = np.round(np.exp(7.5 + 0.4 * rng.standard_normal(rows)) * np.where(member, 2.0, 1.0), 2)
    grade = np.where(age < 40, "a", np.where(rng.random(rows) < 0.5, "b", "c"))
    return pl.DataFrame(
        {
            "age": age,
            "town": rng.choice(TOWNS, rows, p=SHARES),
            "member": member,
            "income": pl.Series(income).set(pl.Series(rng.random(rows) < 0.1), None),
            "joined": [FIRST + timedelta(days=int(d)) for d in rng.integers(0, 4 * 365, rows)],
            "visits": np.where(rng.random(rows) < 0.5, 0, rng.poisson(4, rows)),
            "grade": grade,
        }
    )


def people_schema(rows: int = 400, seed: int = 0) -> Schema:
    """Return the declared facts of `people(rows, seed)`, enough for a method that needs no data."""
    import numpy as np

    frame = people(rows, seed)
    income = frame["income"].drop_nulls().to_numpy()
    return Schema.of(
        Column("age", "number", "Int64", low=18, high=90, step=1.0),
        Column("town", "category", "String", levels=TOWNS, weights=SHARES),
        Column("member", "boolean", "Boolean", levels=(False, True), weights=(0.5, 0.5)),
        Column(
            "income",
            "number",
            "Float64",
            missing=0.1,
            low=float(income.min()),
            high=float(income.max()),
            step=0.01,
            quantiles=tuple(float(q) for q in np.quantile(income, np.linspace(0, 1, 11))),
        ),
        Column("joined", "time", "Date", low="2020-01-01", high="2023-12-30"),
        Column("visits", "number", "Int64", low=0, high=12, step=1.0, spikes=(0.0,)),
        Column("grade", "category", "String", levels=("a", "b", "c"), weights=(0.3, 0.35, 0.35)),
        rows=rows,
    )


def mixed(rows: int = 400, seed: int = 0) -> pl.DataFrame:
    """Return a table with one column of every kind and difficulty.

    id: "C-00001" and on, unique. customer_id: a number, 4 rows each. name, email: person data. note: free
    text. price: cents, in steps of 5. size: "s" .. "xl". seen: date as text, month first. at: date and time. stock:
    numbers with "tbd" among them, text. height, weight: linked (r = 0.8), missing together in one row of five.
    constant: always "eu". nothing: always missing. flag: true, false or missing.
    """
    import numpy as np
    import polars as pl

    rng = stream(seed, "toys/mixed", "rows")
    body = linked(rows, 0.8, seed)
    gone = pl.Series(rng.random(rows) < 0.2)
    days = [FIRST + timedelta(days=int(d)) for d in rng.integers(0, 365, rows)]
    stock = np.where(rng.random(rows) < 0.1, "tbd", rng.integers(0, 200, rows).astype(str))
    return pl.DataFrame(
        {
            "id": [f"C-{i + 1:05d}" for i in range(rows)],
            "customer_id": (rng.permutation(rows) // 4) * 7 + 1000,
            "name": _names(rows, rng),
            "email": [f"u{n}@mail.test" for n in rng.choice(10**6, rows, replace=False)],
            "note": [" ".join(rng.choice(_PLAIN, rng.integers(8, 20))).capitalize() + "." for _ in range(rows)],
            "price": np.round(rng.integers(1, 400, rows) * 0.05, 2),
            "size": rng.choice(["s", "m", "l", "xl"], rows, p=[0.2, 0.4, 0.3, 0.1]),
            "seen": [d.strftime("%m/%d/%Y") for d in days],
            "at": pl.Series(rng.integers(1_600_000_000, 1_650_000_000, rows) * 1_000_000).cast(pl.Datetime("us")),
            "stock": stock,
            "height": pl.Series(np.round(170 + 10 * body["x"].to_numpy(), 1)).set(gone, None),
            "weight": pl.Series(np.round(70 + 12 * body["y"].to_numpy(), 1)).set(gone, None),
            "constant": ["eu"] * rows,
            "nothing": pl.Series([None] * rows, dtype=pl.String),
            "flag": pl.Series(rng.random(rows) < 0.3).set(pl.Series(rng.random(rows) < 0.1), None),
        }
    )


def mixed_schema(rows: int = 400) -> Schema:
    """Return the declared facts of `mixed`, enough for a method that needs no data."""
    return Schema.of(
        Column("id", "id", "String", format="A-99999", unique=True),
        Column("customer_id", "id", "Int64"),
        Column("name", "person", "String", format="name"),
        Column("email", "person", "String", format="email", unique=True),
        Column("note", "text", "String"),
        Column("price", "number", "Float64", low=0.05, high=19.95, step=0.05),
        Column("size", "category", "String", levels=("s", "m", "l", "xl"), weights=(0.2, 0.4, 0.3, 0.1)),
        Column("seen", "time", "String", format="%m/%d/%Y", low="2020-01-01", high="2020-12-30"),
        Column("at", "time", "Datetime(us)", low="2020-09-13T12:26:40", high="2022-04-15T05:20:00"),
        Column("stock", "mixed", "String", low=0, high=199, step=1.0, levels=("tbd",), weights=(0.1,)),
        Column("height", "number", "Float64", missing=0.2, low=140.0, high=200.0, step=0.1),
        Column("weight", "number", "Float64", missing=0.2, low=30.0, high=110.0, step=0.1),
        Column("constant", "constant", "String", levels=("eu",)),
        Column("nothing", "empty", "String", missing=1.0),
        Column("flag", "boolean", "Boolean", missing=0.1, levels=(False, True), weights=(0.7, 0.3)),
        together=(("height", "weight"),),
        rows=rows,
    )


def wide(rows: int = 200, columns: int = 1500, seed: int = 0) -> pl.DataFrame:
    """Return many number columns, each following the one before it with r = 0.9."""
    import numpy as np
    import polars as pl

    rng = stream(seed, "toys/wide", "rows")
    noise = rng.standard_normal((columns, rows))
    for i in range(1, columns):
        noise[i] = 0.9 * noise[i - 1] + math.sqrt(1 - 0.81) * noise[i]
    return pl.DataFrame({f"c{i}": np.round(noise[i], 3) for i in range(columns)})


def picture_factors(rows: int = 200, colour: bool = False, seed: int = 0) -> pl.DataFrame:
    """Return what `pictures` of the same rows, colour and seed show.

    label: the shape. x, y: its centre; size: its radius, as shares of the side. angle: radians, up to a quarter turn.
    grey, or red, green and blue: brightness, 120..250.
    """
    import numpy as np
    import polars as pl

    rng = stream(seed, "toys/pictures", "factors")
    label = rng.choice(SHAPES, rows, p=SHAPE_SHARES)
    x, y = rng.uniform(0.35, 0.65, (2, rows))
    size, angle = rng.uniform(0.18, 0.3, rows), rng.uniform(0, math.pi / 2, rows)
    light = rng.uniform(120, 250, (3, rows))
    names = ("red", "green", "blue") if colour else ("grey",)
    channels = {name: np.round(light[i], 1) for i, name in enumerate(names)}
    return pl.DataFrame({"label": label, "x": x, "y": y, "size": size, "angle": angle, **channels})


def pictures(rows: int = 200, side: int = 16, colour: bool = False, seed: int = 0) -> pl.DataFrame:
    """Return labelled pictures: one shape of SHAPES with soft edges on a dark, faintly noisy ground.

    Columns: image, uint8 (side, side) or (side, side, 3), and label, the name of the shape. Place, size, rotation and
    colour vary on their own: see `picture_factors`.
    """
    import numpy as np
    import polars as pl

    facts = picture_factors(rows, colour, seed)
    x, y, size, angle = (facts[c].to_numpy()[:, None, None] for c in ("x", "y", "size", "angle"))
    places = (np.arange(side) + 0.5) / side
    across, down = places[None, None, :] - x, places[None, :, None] - y
    u = np.abs(across * np.cos(angle) + down * np.sin(angle))  # (rows, side, side), on the axes of the shape
    v = np.abs(down * np.cos(angle) - across * np.sin(angle))
    beyond = {  # how far a pixel lies outside the shape; negative inside
        "disc": np.hypot(u, v) - size,
        "square": np.maximum(u, v) - 0.85 * size,
        "cross": np.maximum(np.maximum(u, v) - 1.2 * size, np.minimum(u, v) - 0.35 * size),
    }
    label = facts["label"].to_numpy()
    outside = np.select([label[:, None, None] == shape for shape in SHAPES], [beyond[shape] for shape in SHAPES])
    inside = 1 / (1 + np.exp(3 * side * outside))
    light = facts.select(facts.columns[5:]).to_numpy()[:, None, None, :]  # (rows, 1, 1, channels)
    ground = 20 + 4 * stream(seed, "toys/pictures", "ground").standard_normal((rows, side, side, 1))
    cells = np.clip(np.rint(ground + inside[..., None] * (light - ground)), 0, 255).astype(np.uint8)
    return pl.DataFrame({"image": pl.Series(cells if colour else cells[..., 0]), "label": label})


_PLAIN = (
    "river",
    "stone",
    "green",
    "early",
    "paper",
    "winter",
    "market",
    "window",
    "quiet",
    "garden",
    "seven",
    "train",
)
_GIVEN = ("Ada", "Ben", "Cleo", "Dora", "Emil", "Fay", "Gus", "Hana", "Ivo", "June", "Karl", "Lea", "Max", "Nora")
_FAMILY = (
    "Abel",
    "Brandt",
    "Cohen",
    "Diaz",
    "Ebert",
    "Fuchs",
    "Graf",
    "Haas",
    "Ivers",
    "Jung",
    "Klein",
    "Lang",
    "Moser",
)


def _names(rows: int, rng: np.random.Generator) -> list[str]:
    return [f"{a} {b}" for a, b in zip(rng.choice(_GIVEN, rows), rng.choice(_FAMILY, rows), strict=True)]
