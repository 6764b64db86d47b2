// The SDK as applications see it: Dynamsoft.DBR.BarcodeReader.
import { ChargeWay, createLicense } from "openlts";
import { showLicenseDialog } from "openlts/dialog";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { operationType } from "./symbologies.js";

/** The server that the vendor hosts, for applications that name none. A vendor builds in his own. */
const hostedServer = "https://lts.example.com";

const script = typeof document === "object" ? document.currentScript : null;

/** Licenses by what they were asked for: all readers of a page share one. */
const licenses = new Map();

export class BarcodeReader {
  /** The main and the standby server, or one address; nothing means the server that the vendor hosts. */
  static licenseServer = null;
  static handshakeCode = script?.dataset.productkeys ?? "";
  static organizationID = "";
  static sessionPassword = "";
  static deviceFriendlyName = "";
  /** One string that holds all of it: what `lts handshake key` prints. */
  static license = script?.dataset.license ?? "";
  /**
   * How usage is charged, by the names that pages use: '' (decided by the server), 'ScanCount', 'DeviceCount',
   * 'Domain', ...
   */
  static _chargeWay = "";
  static _limitModules = [];
  static _bNeverShowDialog = false;
  /** Where people get help, in the dialog: an address of https: or mailto:. */
  static contact = "";
  /** Where the decoder's WebAssembly lies: beside this script, unless it is said. */
  static engineResourcePath = script?.src
    ? new URL(".", script.src).href
    : "./";

  /** The handshake code under its older name. */
  static get productKeys() {
    return this.handshakeCode;
  }
  static set productKeys(code) {
    this.handshakeCode = code;
  }

  #license;

  constructor(license) {
    this.#license = license;
  }

  /**
   * Loads the decoder and gets the page authorized, side by side. It rejects with an error that has code, name and
   * message.
   */
  static async createInstance() {
    const [license] = await Promise.all([this.#authorize(), this.loadWasm()]);
    return new BarcodeReader(license);
  }

  static loadWasm() {
    const path = this.engineResourcePath;
    return prepareZXingModule({
      overrides: {
        locateFile: (file) => new URL(file, new URL(path, location.href)).href,
      },
      fireImmediately: true,
    });
  }

  static async #authorize() {
    const parameters = {
      licenseServer: this.licenseServer ?? hostedServer,
      handshakeCode: this.handshakeCode,
      organizationID: this.organizationID,
      sessionPassword: this.sessionPassword,
      deviceFriendlyName: this.deviceFriendlyName,
      chargeWay: chargeWay(this._chargeWay),
      limitedLicenseModules: this._limitModules,
      licenseKey: this.license || undefined,
      products: 1,
    };
    const name = JSON.stringify(parameters);
    for (;;) {
      const asked = licenses.get(name) ?? createLicense(parameters);
      licenses.set(name, asked);
      try {
        return await asked;
      } catch (error) {
        licenses.delete(name);
        if (
          this._bNeverShowDialog ||
          (await showLicenseDialog(error, { contact: this.contact })) ===
            "close"
        )
          throw error;
      }
    }
  }

  /** What the license tells of itself. */
  licenseInfo() {
    return this.#license.info();
  }

  /**
   * Decodes an image: a Blob or File, an address, bytes, ImageData, or an element that shows an image.
   * Each barcode is recorded before its text is handed out.
   */
  async decode(source) {
    const results = await readBarcodes(await imageOf(source), {
      tryHarder: true,
      maxNumberOfSymbols: 255,
    });
    return results
      .filter((result) => result.isValid)
      .map((result) => {
        this.#license.record(operationType(result.format));
        return {
          barcodeText: result.text,
          barcodeFormatString: result.format,
          barcodeBytes: result.bytes,
          localizationResult: [
            "topLeft",
            "topRight",
            "bottomRight",
            "bottomLeft",
          ].map((corner) => result.position[corner]),
        };
      });
  }

  /** Submits what was decoded so far; it rejects if anything is left. */
  submit() {
    return this.#license.submit();
  }
}

function chargeWay(name) {
  if (name === "Domain") return ChargeWay.APP_DOMAIN_COUNT;
  return ChargeWay[name.replace(/(?!^)[A-Z]/g, "_$&").toUpperCase() || "AUTO"];
}

async function imageOf(source) {
  if (typeof source === "string" || source instanceof URL) {
    const response = await fetch(source);
    if (!response.ok)
      throw new Error(
        `${source} can't be read: HTTP status ${response.status}`,
      );
    return response.blob();
  }
  if (typeof HTMLElement === "function" && source instanceof HTMLElement) {
    const canvas = document.createElement("canvas");
    canvas.width = source.naturalWidth ?? source.videoWidth ?? source.width;
    canvas.height = source.naturalHeight ?? source.videoHeight ?? source.height;
    const context = canvas.getContext("2d");
    context.drawImage(source, 0, 0);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  }
  return source instanceof ArrayBuffer ? new Uint8Array(source) : source;
}

globalThis.Dynamsoft ??= {};
globalThis.Dynamsoft.DBR = { ...globalThis.Dynamsoft.DBR, BarcodeReader };
