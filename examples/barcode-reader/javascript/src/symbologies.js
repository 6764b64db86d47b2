// What the decoder calls a symbology, and the operation type it is counted as.
const symbologies = {
  Codabar: 'CODABAR', Code39: 'CODE_39', Code39Std: 'CODE_39', Code39Ext: 'CODE_39_EXTENDED', Code32: 'CODE_39', PZN: 'CODE_39', Code93: 'CODE_93', Code128: 'CODE_128',
  ITF: 'ITF', ITF14: 'ITF', DataBar: 'GS1_DATABAR_OMNIDIRECTIONAL', DataBarOmni: 'GS1_DATABAR_OMNIDIRECTIONAL',
  DataBarStk: 'GS1_DATABAR_STACKED', DataBarStkOmni: 'GS1_DATABAR_STACKED_OMNIDIRECTIONAL', DataBarLtd: 'GS1_DATABAR_LIMITED',
  DataBarLimited: 'GS1_DATABAR_LIMITED', DataBarExp: 'GS1_DATABAR_EXPANDED', DataBarExpanded: 'GS1_DATABAR_EXPANDED',
  DataBarExpStk: 'GS1_DATABAR_EXPANDED_STACKED', EAN13: 'EAN_13', ISBN: 'EAN_13', EAN8: 'EAN_8', UPCA: 'UPC_A', UPCE: 'UPC_E',
  DXFilmEdge: 'DX_FILM_EDGE', PDF417: 'PDF417', CompactPDF417: 'PDF417', MicroPDF417: 'MICRO_PDF417', Aztec: 'AZTEC', AztecCode: 'AZTEC', AztecRune: 'AZTEC',
  QRCode: 'QR_CODE', QRCodeModel1: 'QR_CODE', QRCodeModel2: 'QR_CODE', MicroQRCode: 'MICRO_QR', RMQRCode: 'RMQR_CODE', rMQRCode: 'RMQR_CODE',
  DataMatrix: 'DATAMATRIX', MaxiCode: 'MAXICODE',
};

/** The operation type of a symbology; OPERATION for one that the license knows nothing of. */
export function operationType(format) {
  return symbologies[format.replace(/[-\s]/g, '')] ?? 'OPERATION';
}
