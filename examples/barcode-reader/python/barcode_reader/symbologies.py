"""What the decoder's barcode formats are called in usage reports."""

from __future__ import annotations

import zxingcpp
from openlts import OperationType

_OPERATION_TYPES = {
    "Aztec": OperationType.AZTEC,
    "AztecCode": OperationType.AZTEC,
    "AztecRune": OperationType.AZTEC,
    "Codabar": OperationType.CODABAR,
    "Code39": OperationType.CODE_39,
    "Code39Std": OperationType.CODE_39,
    "Code39Ext": OperationType.CODE_39_EXTENDED,
    "Code32": OperationType.CODE_39,  # Italian pharmacode, a Code 39
    "PZN": OperationType.CODE_39,  # German pharmacy number, a Code 39
    "Code93": OperationType.CODE_93,
    "Code128": OperationType.CODE_128,
    "ITF": OperationType.ITF,
    "ITF14": OperationType.ITF,
    "EAN13": OperationType.EAN_13,
    "EAN8": OperationType.EAN_8,
    "ISBN": OperationType.EAN_13,
    "UPCA": OperationType.UPC_A,
    "UPCE": OperationType.UPC_E,
    "DataBar": OperationType.GS1_DATABAR_OMNIDIRECTIONAL,
    "DataBarOmni": OperationType.GS1_DATABAR_OMNIDIRECTIONAL,
    "DataBarStk": OperationType.GS1_DATABAR_STACKED,
    "DataBarStkOmni": OperationType.GS1_DATABAR_STACKED_OMNIDIRECTIONAL,
    "DataBarLtd": OperationType.GS1_DATABAR_LIMITED,
    "DataBarExp": OperationType.GS1_DATABAR_EXPANDED,
    "DataBarExpStk": OperationType.GS1_DATABAR_EXPANDED_STACKED,
    "DXFilmEdge": OperationType.DX_FILM_EDGE,
    "PDF417": OperationType.PDF417,
    "CompactPDF417": OperationType.PDF417,
    "MicroPDF417": OperationType.MICRO_PDF417,
    "QRCode": OperationType.QR_CODE,
    "QRCodeModel1": OperationType.QR_CODE,
    "QRCodeModel2": OperationType.QR_CODE,
    "MicroQRCode": OperationType.MICRO_QR,
    "RMQRCode": OperationType.RMQR_CODE,
    "DataMatrix": OperationType.DATAMATRIX,
    "MaxiCode": OperationType.MAXICODE,
}


def operation_type(barcode: zxingcpp.Barcode) -> OperationType:
    """The operation type a decoded barcode is counted as; OPERATION for a format that usage reports do not list."""
    if barcode.format.name == "EAN13" and barcode.text.startswith("0"):
        return OperationType.UPC_A  # the same symbol: the decoder tells a UPC-A as the EAN-13 with a 0 in front
    return _OPERATION_TYPES.get(barcode.format.name, OperationType.OPERATION)
