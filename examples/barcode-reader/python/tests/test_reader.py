"""The example SDK against a real server: what it decodes is what the server counts."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import zxingcpp
from conftest import DrawBarcode
from lts_server import LTSServer
from openlts import ConnectionParameters, OperationType
from PIL import Image
from zxingcpp import BarcodeFormat

from barcode_reader import IMAGE_READ_FAILED, BarcodeReader, BarcodeReaderError, DMLTSConnectionParameters
from barcode_reader.symbologies import _OPERATION_TYPES


@pytest.fixture
def reader(parameters: ConnectionParameters) -> BarcodeReader:
    """A reader with a license."""
    reader = BarcodeReader()
    assert reader.init_license_from_lts(parameters) == (0, "")
    return reader


def test_decoded_barcodes_are_counted(reader: BarcodeReader, server: LTSServer, draw_barcode: DrawBarcode) -> None:
    drawn = {
        "QR_CODE": (BarcodeFormat.QRCode, "https://example.com", "a.png"),
        "EAN_13": (BarcodeFormat.EAN13, "4012345678901", "b.gif"),
        "UPC_A": (BarcodeFormat.UPCA, "012345678905", "c.bmp"),
        "CODE_128": (BarcodeFormat.Code128, "openlts", "d.png"),
        "DATAMATRIX": (BarcodeFormat.DataMatrix, "openlts", "e.png"),
        "PDF417": (BarcodeFormat.PDF417, "openlts", "f.png"),
        "AZTEC": (BarcodeFormat.Aztec, "openlts", "g.png"),
    }
    for name, (symbology, text, file) in drawn.items():
        (result,) = reader.decode_file(draw_barcode(symbology, text, file))
        assert result.format == name
        assert text in result.text
    reader.close(timeout=30)
    assert server.counts("type") == {(name,): 1 for name in drawn}


def test_every_barcode_of_an_image_counts(reader: BarcodeReader, server: LTSServer, draw_barcode: DrawBarcode) -> None:
    path = draw_barcode(BarcodeFormat.QRCode, "twice", "twice.png")
    with Image.open(path) as one:
        both = Image.new("L", (one.width * 2, one.height), "white")
        both.paste(one, (0, 0))
        both.paste(one, (one.width, 0))
    both.save(path)
    assert len(reader.decode_file(path)) == 2
    reader.close(timeout=30)
    assert server.total() == 2


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_kinds_of_images(reader: BarcodeReader, draw_barcode: DrawBarcode, mode: str) -> None:
    (result,) = reader.decode_file(draw_barcode(BarcodeFormat.QRCode, mode, "image.png", mode=mode))
    assert result.text == mode
    reader.close(timeout=30)


def test_transparent_background_is_white(reader: BarcodeReader, draw_barcode: DrawBarcode, tmp_path: Path) -> None:
    with Image.open(draw_barcode(BarcodeFormat.QRCode, "clear", "opaque.png")) as opaque:
        black = Image.new("RGBA", opaque.size, (0, 0, 0, 0))
        black.putalpha(opaque.point(lambda shade: 255 - shade))
        black.save(tmp_path / "clear.png")
    (result,) = reader.decode_file(tmp_path / "clear.png")
    assert result.text == "clear"
    reader.close(timeout=30)


def test_threads_share_a_reader(reader: BarcodeReader, server: LTSServer, draw_barcode: DrawBarcode) -> None:
    path = draw_barcode(BarcodeFormat.QRCode, "shared", "shared.png")

    def decode() -> None:
        for _ in range(25):
            reader.decode_file(path)

    threads = [threading.Thread(target=decode) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reader.close(timeout=30)
    assert server.total() == 100


def test_no_decoding_without_a_license(parameters: ConnectionParameters, draw_barcode: DrawBarcode) -> None:
    path = draw_barcode(BarcodeFormat.QRCode, "masked", "masked.png")
    reader = BarcodeReader()
    with pytest.raises(BarcodeReaderError) as failed:
        reader.decode_file(path)
    assert failed.value.error_code == -20000

    parameters.handshake_code = "100001-unknown"
    code, message = reader.init_license_from_lts(parameters)
    assert code == -20101
    assert "does not exist on the License Tracking Server" in message
    with pytest.raises(BarcodeReaderError) as failed:
        reader.decode_file(path)
    assert failed.value.error_code == -20000

    parameters.handshake_code = "100001-reader"
    assert reader.init_license_from_lts(parameters) == (0, "")
    assert len(reader.decode_file(path)) == 1
    reader.close(timeout=30)
    with pytest.raises(BarcodeReaderError) as failed:
        reader.decode_file(path)
    assert failed.value.error_code == -20000


def test_refused_license_leaves_the_one_in_use(
    reader: BarcodeReader, parameters: ConnectionParameters, draw_barcode: DrawBarcode
) -> None:
    parameters.handshake_code = "100001-unknown"
    assert reader.init_license_from_lts(parameters)[0] == -20101
    assert len(reader.decode_file(draw_barcode(BarcodeFormat.QRCode, "kept", "kept.png"))) == 1
    reader.close(timeout=30)


def test_unreadable_images(reader: BarcodeReader, server: LTSServer, draw_barcode: DrawBarcode, tmp_path: Path) -> None:
    cut = tmp_path / "cut.png"
    cut.write_bytes(draw_barcode(BarcodeFormat.QRCode, "cut", "whole.png").read_bytes()[:100])
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty.png").touch()
    for name in ("cut.png", "text.png", "empty.png", "absent.png"):
        with pytest.raises(BarcodeReaderError) as failed:
            reader.decode_file(tmp_path / name)
        assert failed.value.error_code == IMAGE_READ_FAILED
        assert str(tmp_path / name) in failed.value.error_message
    Image.new("L", (50, 50), "white").save(tmp_path / "blank.png")
    assert reader.decode_file(tmp_path / "blank.png") == []
    reader.close(timeout=30)
    assert server.total() == 0


def test_both_spellings_of_every_field() -> None:
    camel_case = DMLTSConnectionParameters()
    camel_case.mainServerURL = "https://main.example.com"
    camel_case.organizationID = "100001"
    camel_case.UUIDGenerationMethod = 2
    camel_case.limitedLicenseModules = [1]
    assert camel_case.main_server_url == camel_case.mainServerURL == "https://main.example.com"
    snake_case = DMLTSConnectionParameters()
    snake_case.main_server_url = "https://main.example.com"
    snake_case.organization_id = "100001"
    snake_case.uuid_generation_method = 2
    snake_case.limited_license_modules = [1]
    assert camel_case == snake_case
    for field in ConnectionParameters.__dataclass_fields__:
        words = field.split("_")
        spelling = words[0] + "".join(
            word.upper() if word in ("url", "id", "uuid") else word.capitalize() for word in words[1:]
        )
        assert getattr(camel_case, spelling) == getattr(camel_case, field)
    with pytest.raises(AttributeError, match="handShakeCode"):
        camel_case.handShakeCode = "100001-reader"
    with pytest.raises(AttributeError, match="handShakeCode"):
        _ = camel_case.handShakeCode


#: Formats which usage reports have no name for; the others below are groups of formats, which no barcode has.
COUNTED_AS_OPERATION = {"EAN2", "EAN5", "OtherBarcode", "Telepen", "TelepenAlpha", "TelepenNumeric"}


def test_every_format_of_the_decoder_has_a_type() -> None:
    formats = {kind.name for kind in zxingcpp.barcode_formats_list() if not kind.name.startswith("All")} - {"EANUPC"}
    assert formats - _OPERATION_TYPES.keys() == COUNTED_AS_OPERATION
    assert set(_OPERATION_TYPES.values()) <= set(OperationType)
