// The SDK as applications see it: Dynamsoft.DWT, and the WebTwain object that holds the pages.
import { createLicense } from "openlts";
import { showLicenseDialog } from "openlts/dialog";
import {
  getDocument,
  GlobalWorkerOptions,
} from "pdfjs-dist/legacy/build/pdf.mjs";
import { scan, sources } from "./scanner.js";

/** The server that the vendor hosts, for applications that name none. A vendor builds in his own. */
const hostedServer = "https://lts.example.com";

const script = typeof document === "object" ? document.currentScript : null;

/** What was done to import a page, and the operation type it is counted as. */
export const importTypes = {
  scanned: "PAGE_SCANNED",
  captured: "PAGE_CAPTURED",
  loaded: "PAGE_LOADED",
  rasterized: "PAGE_RASTERIZED",
  recognized: "PAGE_RECOGNIZED",
};

/** The pages of one document, and how they came. */
class WebTwain {
  #license;
  #pages = [];
  #imported = new Map();

  constructor(license) {
    this.#license = license;
  }

  get HowManyImagesInBuffer() {
    return this.#pages.length;
  }

  /** The names of the scanners that are there. */
  GetSourceNames() {
    return sources.map(({ name }) => name);
  }

  /** Scans the pages that lie in a source. */
  async AcquireImage({ source = sources[0].name } = {}) {
    for (const page of await scan(source)) this.#import("scanned", page);
  }

  /** Takes the picture that a video, an image or a canvas shows now. */
  Capture(element) {
    const canvas = canvasOf(
      element.videoWidth || element.naturalWidth || element.width,
      element.videoHeight || element.naturalHeight || element.height,
    );
    canvas.getContext("2d").drawImage(element, 0, 0);
    this.#import("captured", { canvas, text: "" });
  }

  /** Loads a document: an image, or a PDF with all its pages. */
  async LoadImage(source) {
    const bytes = await bytesOf(source);
    if (!isPDF(bytes)) {
      const bitmap = await createImageBitmap(new Blob([bytes]));
      const canvas = canvasOf(bitmap.width, bitmap.height);
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
      this.#import("loaded", { canvas, text: "" });
      return;
    }
    await this.#eachPage(bytes, async (page) =>
      this.#import("loaded", { canvas: null, text: await textOf(page) }),
    );
  }

  /** Turns the pages of a PDF into pictures. */
  async Rasterize(source, { resolution = 100 } = {}) {
    await this.#eachPage(await bytesOf(source), async (page) => {
      const viewport = page.getViewport({ scale: resolution / 72 });
      const canvas = canvasOf(
        Math.ceil(viewport.width),
        Math.ceil(viewport.height),
      );
      await page.render({
        canvas,
        canvasContext: canvas.getContext("2d"),
        viewport,
      }).promise;
      this.#import("rasterized", { canvas, text: await textOf(page) });
    });
  }

  /**
   * Recognizes the text of a page. This sample reads the text that a document brings; an SDK would call its OCR
   * engine.
   */
  Recognize(index) {
    const page = this.#pages[index];
    if (!page)
      throw new RangeError(
        `there is no page ${index}; there are ${this.#pages.length}`,
      );
    this.#record("recognized");
    return page.text;
  }

  /** A page as a picture, or null if it was loaded and not drawn. */
  GetImage(index) {
    return this.#pages[index]?.canvas ?? null;
  }

  /**
   * What is reported of this page's use: time label, handshake code, client UUID, count of processed pages, and how
   * they were imported.
   */
  async Report() {
    const { handshakeCode, deviceUUID, slotSeconds } =
      await this.#license.info();
    const slot = Math.floor(Date.now() / 1000 / slotSeconds) * slotSeconds;
    const types = Object.fromEntries(this.#imported);
    return {
      timeLabel: new Date(slot * 1000).toISOString(),
      handshakeCode,
      clientUUID: deviceUUID,
      pages: Object.values(types).reduce((sum, n) => sum + n, 0),
      importTypes: types,
    };
  }

  Submit() {
    return this.#license.submit();
  }

  #import(how, page) {
    this.#record(how);
    this.#pages.push(page);
  }

  #record(how) {
    this.#license.record(importTypes[how]);
    this.#imported.set(how, (this.#imported.get(how) ?? 0) + 1);
  }

  async #eachPage(bytes, work) {
    const task = getDocument({ data: bytes, isEvalSupported: false });
    const pdf = await task.promise;
    try {
      for (let n = 1; n <= pdf.numPages; n++) await work(await pdf.getPage(n));
    } finally {
      await task.destroy();
    }
  }
}

function isPDF(bytes) {
  return String.fromCharCode(...bytes.subarray(0, 5)) === "%PDF-";
}

function canvasOf(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height });
}

async function textOf(page) {
  return (await page.getTextContent()).items
    .map((item) => item.str)
    .join(" ")
    .trim();
}

async function bytesOf(source) {
  if (typeof source === "string" || source instanceof URL) {
    const response = await fetch(source);
    if (!response.ok)
      throw new Error(
        `${source} can't be read: HTTP status ${response.status}`,
      );
    return new Uint8Array(await response.arrayBuffer());
  }
  return new Uint8Array(
    source instanceof Blob ? await source.arrayBuffer() : source,
  );
}

let loading;
const ready = [];

export const DWT = {
  /** The main and the standby server, or one address; nothing means the server that the vendor hosts. */
  licenseServer: null,
  handshakeCode: script?.dataset.productkeys ?? "",
  organizationID: "",
  sessionPassword: "",
  DeviceFriendlyName: "",
  /** Why there is no license, or empty. */
  licenseException: "",
  /** Where people get help, in the dialog. */
  contact: "",
  neverShowDialog: false,
  /** Where the worker of the PDF library lies: beside this script, unless it is said. */
  ResourcesPath: script?.src ? new URL(".", script.src).href : "./",

  /** Gets the page authorized and makes the WebTwain object. A failure is in licenseException, too. */
  Load() {
    if (!loading) {
      loading = load();
      // A page that waits for nothing finds the error in licenseException, and not as one that nobody caught.
      loading.catch(() => (loading = undefined));
    }
    return loading;
  },

  /** Calls a function once there is a WebTwain object. */
  RegisterEvent(name, listener) {
    if (name === "OnWebTwainReady") ready.push(listener);
  },

  /** The WebTwain object, or null before it is loaded. */
  GetWebTwain() {
    return DWT.webTwain ?? null;
  },
};

async function load() {
  GlobalWorkerOptions.workerSrc = new URL(
    "pdf.worker.js",
    new URL(DWT.ResourcesPath, location.href),
  ).href;
  for (;;) {
    try {
      const license = await createLicense({
        licenseServer: DWT.licenseServer ?? hostedServer,
        handshakeCode: DWT.handshakeCode,
        organizationID: DWT.organizationID,
        sessionPassword: DWT.sessionPassword,
        deviceFriendlyName: DWT.DeviceFriendlyName,
        products: 4,
      });
      DWT.licenseException = "";
      DWT.webTwain = new WebTwain(license);
      ready.forEach((listener) => listener());
      return DWT.webTwain;
    } catch (error) {
      DWT.licenseException = error.message;
      if (
        DWT.neverShowDialog ||
        (await showLicenseDialog(error, { contact: DWT.contact })) === "close"
      )
        throw error;
    }
  }
}

globalThis.Dynamsoft ??= {};
globalThis.Dynamsoft.DWT = DWT;
