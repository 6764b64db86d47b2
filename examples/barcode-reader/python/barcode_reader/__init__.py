"""A small barcode reader SDK, built the way a vendor would build one on OpenLTS.

It decodes with zxing-cpp, and counts every barcode it finds.
"""

from .lts_connection_parameters import DMLTSConnectionParameters
from .reader import IMAGE_READ_FAILED, VERSION, BarcodeReader, BarcodeReaderError, BarcodeResult

__version__ = VERSION

__all__ = [
    "IMAGE_READ_FAILED",
    "BarcodeReader",
    "BarcodeReaderError",
    "BarcodeResult",
    "DMLTSConnectionParameters",
]
