/** A dialog that tells people why a license was not granted, whose concern it is, and what they can do. */
import { LTSError } from './errors.js';
import { Status } from './codes.js';

/** What the dialog says. */
export interface DialogTexts {
  title: string;
  /** What happened, in a sentence. */
  what: string;
  /** Whose concern it is, and what to do. */
  advice: string;
  retry: string;
  contact: string;
  close: string;
  /** What stands before the code and the message, for whoever is told of it. */
  details: string;
}

export interface DialogOptions {
  /** Texts of your own, or in another language: all, some, or made for the error. */
  texts?: Partial<DialogTexts> | ((error: LTSError) => Partial<DialogTexts>);
  /** Where people get help: an address of https: or mailto:. Without it there is no such button. */
  contact?: string;
  /** Where the dialog is put: the page's body if it is missing. */
  parent?: HTMLElement;
}

const unreachable: number[] = [
  Status.FAILED_TO_REACH_LTS,
  Status.STANDBY_REFUSES,
  Status.REQUEST_RATE_LIMITED,
  Status.SERVER_FAILED,
  Status.SERVER_RESPONSE_INVALID,
  Status.DEADLINE_EXCEEDED,
];
const exceeded: number[] = [Status.LIMIT_EXCEEDED, Status.REQUEST_QUOTA_EXCEEDED, Status.INSTANCE_COUNT_OVER_LIMIT];
const dated: number[] = [Status.LICENSE_EXPIRED, Status.LICENSE_NOT_YET_EFFECTIVE];

/** The texts for an error, in English. */
export function dialogTexts(error: LTSError): DialogTexts {
  let what = 'The license of this site is not set up right.';
  let advice = "This is the site's concern, not yours: please tell its administrator what stands below.";
  if (unreachable.includes(error.code)) {
    what = 'The license could not be checked, because the license server was not reached.';
    advice =
      'Please check your connection and try again. If others can reach it and you can’t, ' +
      'a firewall or proxy may be in the way.';
  } else if (exceeded.includes(error.code)) {
    what = 'All that the license of this site allows is in use.';
    advice = "Please try again later, or tell the site's administrator, who can extend the license.";
  } else if (dated.includes(error.code)) {
    what = 'The license of this site is not valid at this time.';
    advice =
      "Please check the date of your device. If it is right, tell the site's administrator, who can renew the license.";
  }
  return {
    title: 'License problem',
    what,
    advice,
    retry: 'Try again',
    contact: 'Get help',
    close: 'Close',
    details: 'Details:',
  };
}

/** Every color and size is a custom property, and every part has a name for ::part. */
const style = `
dialog {
  box-sizing: border-box; width: var(--openlts-width, min(32rem, calc(100vw - 2rem)));
  padding: var(--openlts-padding, 1.5rem);
  color: var(--openlts-color, CanvasText); background: var(--openlts-background, Canvas);
  border: var(--openlts-border, 1px solid GrayText); border-radius: var(--openlts-radius, .5rem);
  font: var(--openlts-font, 1rem/1.5 system-ui, sans-serif); color-scheme: light dark;
}
dialog::backdrop { background: var(--openlts-backdrop, rgb(0 0 0 / .4)); }
h2 { margin: 0 0 .5em; font-size: 1.25em; }
p { margin: 0 0 .75em; }
code { overflow-wrap: anywhere; }
div { display: flex; flex-wrap: wrap; gap: .5rem; justify-content: flex-end; }
button, a { font: inherit; padding: .4em 1em; cursor: pointer; }
`;

/**
 * Shows the dialog. It resolves to 'retry' or 'close', and is gone then.
 *
 * @example
 * ```ts
 * for (;;) {
 *   try {
 *     license = await createLicense(parameters);
 *     break;
 *   } catch (error) {
 *     if (await showLicenseDialog(error) === 'close') throw error;
 *   }
 * }
 * ```
 */
export function showLicenseDialog(cause: unknown, options: DialogOptions = {}): Promise<'retry' | 'close'> {
  const error =
    cause instanceof Error && 'code' in cause ? (cause as LTSError) : new LTSError(Status.INTERNAL, String(cause));
  const own = typeof options.texts === 'function' ? options.texts(error) : options.texts;
  const texts = { ...dialogTexts(error), ...own };
  const host = document.createElement('openlts-license-dialog');
  const root = host.attachShadow({ mode: 'open' });
  // Not a style element, which a content security policy may forbid.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet];

  const add = <K extends keyof HTMLElementTagNameMap>(
    parent: Node,
    name: K,
    part: string,
    text: string,
  ): HTMLElementTagNameMap[K] => {
    const element = document.createElement(name);
    element.setAttribute('part', part);
    element.id = part;
    element.textContent = text; // never HTML: the message may be a server's
    parent.appendChild(element);
    return element;
  };
  const dialog = add(root, 'dialog', 'dialog', '');
  dialog.setAttribute('role', 'alertdialog');
  dialog.setAttribute('aria-labelledby', 'title');
  dialog.setAttribute('aria-describedby', 'what advice');
  add(dialog, 'h2', 'title', texts.title);
  add(dialog, 'p', 'what', texts.what);
  add(dialog, 'p', 'advice', texts.advice);
  const details = add(dialog, 'p', 'details', texts.details + ' ');
  add(details, 'code', 'message', `${error.message} (${error.code})`);
  const buttons = add(dialog, 'div', 'buttons', '');
  const contact = options.contact ?? '';
  if (/^(https?|mailto):/.test(contact)) {
    const link = add(buttons, 'a', 'contact', texts.contact);
    link.href = contact;
    link.target = '_blank';
    link.rel = 'noopener';
  }
  return new Promise((resolve) => {
    const close = add(buttons, 'button', 'close', texts.close);
    const retry = add(buttons, 'button', 'retry', texts.retry);
    let answer: 'retry' | 'close' = 'close'; // Escape closes, too
    close.onclick = () => dialog.close();
    retry.onclick = () => {
      answer = 'retry';
      dialog.close();
    };
    dialog.addEventListener('close', () => {
      host.remove();
      resolve(answer);
    });
    (options.parent ?? document.body).appendChild(host);
    dialog.showModal();
    retry.focus();
  });
}
