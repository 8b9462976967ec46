"""Painting of textures: labels, stripes and grain with enough corners for a pose tracker."""

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from hoi_platform.core.geometry.mesh import Array

Image = NDArray[np.uint8]
"""A finished texture (H, W, 3), sRGB."""
Color = tuple[int, int, int]
Box = tuple[float, float, float, float]
WHITE, BLACK = (244, 244, 240), (24, 24, 28)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


class Canvas:
    """A texture in work; sRGB, coordinates are fractions (x to the right, y down, in 0..1)."""

    def __init__(self, width: int, height: int, color: Color) -> None:
        self.image = Pillow.new("RGB", (width, height), color)
        self.draw = ImageDraw.Draw(self.image)

    def _px(self, box: Box) -> tuple[float, float, float, float]:
        w, h = self.image.size
        return box[0] * w, box[1] * h, box[2] * w - 1, box[3] * h - 1

    def rectangle(self, box: Box, color: Color, radius: float = 0.0) -> None:
        """``box`` is (left, top, right, bottom); the corner radius is a fraction of the height."""
        self.draw.rounded_rectangle(self._px(box), radius * self.image.height, color)

    def disk(self, x: float, y: float, radius_px: float, color: Color) -> None:
        cx, cy = x * self.image.width, y * self.image.height
        self.draw.ellipse((cx - radius_px, cy - radius_px, cx + radius_px, cy + radius_px), color)

    def polygon(self, points: list[tuple[float, float]], color: Color) -> None:
        w, h = self.image.size
        self.draw.polygon([(x * w, y * h) for x, y in points], color)

    def line(self, points: list[tuple[float, float]], color: Color, width_px: int) -> None:
        w, h = self.image.size
        self.draw.line([(x * w, y * h) for x, y in points], color, width_px, joint="curve")

    def text(self, x: float, y: float, words: str, size_px: int, color: Color) -> None:
        """``words`` centered on (x, y)."""
        at = (x * self.image.width, y * self.image.height)
        self.draw.text(at, words, color, _font(size_px), anchor="mm", stroke_width=size_px // 24)

    def stripes(self, box: Box, colors: list[Color], count: int, slant: float = 0.0) -> None:
        """``count`` bands from left to right; ``slant`` moves their lower ends (in box widths)."""
        left, top, right, bottom = box
        step = (right - left) / count
        shift = slant * (right - left)
        for k in range(count):
            a = left + k * step
            corners = [(a, top), (a + step, top), (a + step + shift, bottom), (a + shift, bottom)]
            self.polygon(corners, colors[k % len(colors)])

    def barcode(self, box: Box, rng: np.random.Generator) -> None:
        self.rectangle(box, WHITE)
        left, top, right, bottom = box
        edges = np.linspace(left + 0.06 * (right - left), right - 0.06 * (right - left), 44)
        margin = 0.12 * (bottom - top)
        for k in np.flatnonzero(rng.random(43) < 0.5):
            self.rectangle((edges[k], top + margin, edges[k + 1], bottom - margin), BLACK)

    def lines_of_text(self, box: Box, rows: int, color: Color, rng: np.random.Generator) -> None:
        """Small print: rows of word-like dashes."""
        left, top, right, bottom = box
        pitch = (bottom - top) / rows
        for row in range(rows):
            x, y = left, top + row * pitch
            while x < right - 0.02:
                end = min(x + rng.uniform(0.01, 0.06), right)
                self.rectangle((x, y, end, y + 0.5 * pitch), color)
                x = end + 0.012

    def paste(self, tile: "Canvas", box: Box) -> None:
        left, top, right, bottom = (round(c) for c in self._px(box))
        self.image.paste(tile.image.resize((right - left + 1, bottom - top + 1)), (left, top))

    def upside_down(self) -> "Canvas":
        self.image = self.image.rotate(180)
        self.draw = ImageDraw.Draw(self.image)
        return self

    def grain(self, rng: np.random.Generator, strength: float = 6.0) -> Image:
        """The finished texture, with a little fine noise so that no area is quite flat."""
        pixels = np.asarray(self.image, float)
        noise = rng.normal(0, strength, pixels.shape[:2])[..., None]
        return np.clip(np.round(pixels + noise), 0, 255).astype(np.uint8)


def six_tiles(tiles: list[Canvas], tile_px: int = 256) -> Canvas:
    """The texture of ``shapes.block``: tiles of the sides +x, -x, +y, -y, +z, -z."""
    sheet = Canvas(3 * tile_px, 2 * tile_px, WHITE)
    for k, tile in enumerate(tiles):
        column, row = k % 3, k // 3
        sheet.paste(tile, (column / 3, row / 2, (column + 1) / 3, (row + 1) / 2))
    return sheet


def smooth_noise(shape: tuple[int, int], cells: tuple[int, int], rng: np.random.Generator) -> Array:
    """Value noise in 0..1 of ``shape``, with about ``cells`` blobs along each side."""
    coarse = Pillow.fromarray(rng.random(cells).astype(np.float32))
    resized = coarse.resize((shape[1], shape[0]), Pillow.Resampling.BICUBIC)
    return np.clip(np.asarray(resized, float), 0, 1)


def wood(width: int, height: int, along: Literal["u", "v"], seed: int) -> Image:
    """Long fibers with knots and rings, light brown."""
    rng = np.random.default_rng(seed)
    cells = (40, 6) if along == "u" else (6, 40)
    fibers = smooth_noise((height, width), cells, rng)
    broad = smooth_noise((height, width), (5, 5), rng)
    rings = 0.5 + 0.5 * np.sin(2 * np.pi * (5 * broad + 1.5 * fibers))
    mix = (0.55 * rings + 0.45 * fibers)[..., None]
    light, dark = np.array([206, 160, 104.0]), np.array([116, 70, 36.0])
    return np.round(light * mix + dark * (1 - mix)).astype(np.uint8)


def steel(width: int, height: int, seed: int) -> Image:
    """Brushed gray with scratches and spots of rust."""
    rng = np.random.default_rng(seed)
    brushed = smooth_noise((height, width), (height, 4), rng)
    spots = np.clip(4 * smooth_noise((height, width), (18, 18), rng) - 3.0, 0, 1)[..., None]
    gray = np.array([150, 153, 158.0]) * (0.75 + 0.35 * brushed[..., None])
    return np.round(gray * (1 - 0.6 * spots) + np.array([110, 60, 30.0]) * 0.6 * spots).astype(
        np.uint8
    )
