"""The barcode reader: decodes images, and records each barcode it found."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import TracebackType

import openlts
import zxingcpp
from PIL import Image

from .lts_connection_parameters import DMLTSConnectionParameters
from .symbologies import operation_type

VERSION = "1.0.0"

#: The reader's own error code beside those of openlts.StatusCode.
IMAGE_READ_FAILED = -10012


class BarcodeReaderError(Exception):
    """The reader could not do what it was asked. ``error_code`` is a number of openlts.StatusCode or of this module."""

    def __init__(self, error_code: int, error_message: str) -> None:
        super().__init__(error_code, error_message)
        self.error_code = error_code
        self.error_message = error_message

    def __str__(self) -> str:
        return f"{self.error_message} ({self.error_code})"


@dataclass(frozen=True)
class BarcodeResult:
    """One barcode found in an image."""

    text: str
    #: The symbology, by its name in usage reports, such as ``QR_CODE``.
    format: str


class BarcodeReader:
    """Reads barcodes from image files, once it has a license.

    A reader may be used by several threads. Close it when done, or use it as a context manager: that submits its usage.
    """

    #: The License Tracking Server the vendor hosts, used unless the SDK's user names another.
    hosted_server_url = "https://lts.example.com"

    #: Where usage is kept unless the SDK's user says otherwise; empty: ``.openlts`` in the user's home directory.
    default_data_directory: str | os.PathLike[str] = ""

    def __init__(self) -> None:
        self._license: openlts.License | None = None

    def init_lts_connection_parameters(self) -> DMLTSConnectionParameters:
        """Fresh connection parameters for :meth:`init_license_from_lts`, with the SDK's own defaults."""
        return DMLTSConnectionParameters(
            main_server_url=self.hosted_server_url,
            data_directory=self.default_data_directory,
            products=openlts.Product.DBR,
            product_version=VERSION,
            edition="Python",
        )

    def init_license_from_lts(self, parameters: openlts.ConnectionParameters) -> tuple[int, str]:
        """Asks the License Tracking Server for an authorization; blocks until it has answered, 12 seconds at most.

        Returns (error_code, error_message): (0, "") if the reader may be used now. A license the reader had before is
        kept when there is no new one, else closed.
        """
        try:
            license = openlts.License.from_lts(parameters)
        except openlts.LTSError as error:
            return error.status, error.message
        self.close()
        self._license = license
        return openlts.StatusCode.OK, ""

    def decode_file(self, path: str | os.PathLike[str]) -> list[BarcodeResult]:
        """Decodes all barcodes of an image file (of its first frame); none is an empty list.

        Every barcode found is recorded before the results are handed out.

        Raises :class:`BarcodeReaderError`: -20000 without a license, -10012 if the image can't be read.
        """
        license = self._license
        if license is None:
            raise BarcodeReaderError(
                openlts.StatusCode.NO_LICENSE, "No license specified: call init_license_from_lts before decoding."
            )
        barcodes = zxingcpp.read_barcodes(_read_image(path))
        results = []
        for barcode in barcodes:
            symbology = operation_type(barcode)
            try:
                license.record(symbology)
            except openlts.LTSError as error:
                raise BarcodeReaderError(error.status, error.message) from error
            results.append(BarcodeResult(barcode.text, symbology.name))
        return results

    def close(self, timeout: float = 3.0) -> bool:
        """Gives the license back and submits the usage, within ``timeout`` seconds.

        Returns whether all of it was submitted; what was not is kept and submitted at the next start.
        """
        license, self._license = self._license, None
        return license is None or license.close(timeout) == openlts.StatusCode.OK

    def __enter__(self) -> BarcodeReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _read_image(path: str | os.PathLike[str]) -> Image.Image:
    """The image in shades of grey, on white where it is transparent."""
    try:
        with Image.open(path) as image:
            if image.has_transparency_data:
                coloured = image.convert("RGBA")
                return Image.alpha_composite(Image.new("RGBA", coloured.size, "white"), coloured).convert("L")
            return image.convert("L")
    except Exception as error:  # a broken file can make a decoder of images raise nearly anything
        raise BarcodeReaderError(IMAGE_READ_FAILED, f"Failed to read the image {os.fspath(path)}: {error}") from error
