"""The real server and the library come from the binding's tests; here are the images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

pytest_plugins = ["lts_fixtures"]

DrawBarcode = Callable[..., Path]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("openlts").addoption(
        "--barcode-photos", type=Path, help="a folder of real images, each beside a .txt with the text it holds"
    )


@pytest.fixture
def draw_barcode(tmp_path: Path) -> DrawBarcode:
    """Draws a barcode into an image file and returns its path."""

    def draw_barcode(symbology: zxingcpp.BarcodeFormat, text: str, name: str, mode: str = "L") -> Path:
        barcode = zxingcpp.create_barcode(text, symbology)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(zxingcpp.write_barcode_to_image(barcode, scale=4)).convert(mode).save(path)
        return path

    return draw_barcode
