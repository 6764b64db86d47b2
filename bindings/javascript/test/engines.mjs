// Real browsers, from Debian's packages. Each gets a profile of its own, which may be used again.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, until } from './server.mjs';

const miniBrowser = [
  '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
  '/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
].find(existsSync);

/** A host that is no localhost, so that its pages of http are not secure. */
export const insecureHost = 'shop.test';

const engines = {
  chromium: {
    file: '/usr/bin/chromium',
    start: (profile, url) => ['/usr/bin/chromium', [...chromiumOptions(profile), url], {}],
  },
  firefox: {
    file: '/usr/bin/firefox-esr',
    start(profile, url) {
      writeFileSync(
        join(profile, 'user.js'),
        Object.entries({
          'network.dns.localDomains': insecureHost,
          'browser.shell.checkDefaultBrowser': false,
          'datareporting.policy.dataSubmissionEnabled': false,
          'browser.aboutwelcome.enabled': false,
          'app.update.enabled': false,
          'toolkit.telemetry.enabled': false,
          'network.captive-portal-service.enabled': false,
          'network.connectivity-service.enabled': false,
          'extensions.systemAddon.update.enabled': false,
          'services.settings.server': 'http://127.0.0.1:9',
        })
          .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
          .join(''),
      );
      return ['/usr/bin/firefox-esr', ['--headless', '--no-remote', '--profile', profile, url], { HOME: profile }];
    },
  },
  webkit: {
    file: miniBrowser,
    start: (profile, url) => [
      '/usr/bin/xvfb-run',
      ['-a', miniBrowser, url],
      {
        HOME: profile,
        XDG_DATA_HOME: join(profile, 'data'),
        XDG_CACHE_HOME: join(profile, 'cache'),
        XDG_CONFIG_HOME: join(profile, 'config'),
        WEBKIT_DISABLE_COMPOSITING_MODE: '1',
        WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
        LIBGL_ALWAYS_SOFTWARE: '1',
        NO_AT_BRIDGE: '1',
      },
    ],
  },
};

function chromiumOptions(profile) {
  return [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-extensions',
    '--metrics-recording-only',
    `--host-resolver-rules=MAP ${insecureHost} 127.0.0.1`,
    '--disable-features=Translate,OptimizationHints,MediaRouter',
    `--user-data-dir=${profile}`,
  ];
}

export function profile() {
  return mkdtempSync(join(tmpdir(), 'lts-browser-'));
}

export function removeProfile(directory) {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Why an engine can't be tried here, or empty. */
export function missing(engine) {
  const { file } = engines[engine];
  return file && existsSync(file) ? '' : `${engine} is not installed: build/bootstrap all installs it`;
}

/** Opens a page in an engine. What it gives ends the browser, with all its processes, at once. */
export function launch(engine, directory, url) {
  const [command, args, environment] = engines[engine].start(directory, url);
  const browser = spawn(command, args, { stdio: 'ignore', detached: true, env: { ...process.env, ...environment } });
  return async () => {
    const ended = browser.exitCode !== null ? undefined : new Promise((resolve) => browser.once('exit', resolve));
    try {
      process.kill(-browser.pid, 'SIGKILL'); // its own process group
    } catch {
      // It ended by itself.
    }
    await ended;
  };
}

/** Chromium, driven through the DevTools protocol over a pipe. */
export class Chromium {
  static async start(directory, ...more) {
    const chromium = new Chromium();
    chromium.process = spawn(
      '/usr/bin/chromium',
      [...chromiumOptions(directory), '--remote-debugging-pipe', ...more, 'about:blank'],
      {
        stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
        detached: true,
      },
    );
    const [, , , write, read] = chromium.process.stdio;
    chromium.pipe = write;
    write.on('error', () => undefined); // it was killed
    let text = '';
    read.setEncoding('utf8').on('data', (part) => {
      const messages = (text + part).split('\0');
      text = messages.pop();
      messages.forEach((message) => chromium.hear(JSON.parse(message)));
    });
    chromium.process.once('exit', () =>
      chromium.waiting.forEach(({ reject }) => reject(new Error('the browser is gone'))),
    );
    await chromium.send('Browser.getVersion');
    return chromium;
  }

  waiting = new Map();
  listeners = new Set();
  next = 1;

  hear(message) {
    const waiting = this.waiting.get(message.id);
    if (!waiting) return void this.listeners.forEach((listener) => listener(message));
    this.waiting.delete(message.id);
    if (message.error) waiting.reject(new Error(message.error.message));
    else waiting.resolve(message.result);
  }

  send(method, params = {}, sessionId) {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.pipe.write(JSON.stringify({ id, method, params, sessionId }) + '\0');
    });
  }

  /** Opens a tab. What is served, by address, comes from the browser itself, so that an origin may stay the same. */
  async open(url, served) {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const tab = new Tab(this, targetId, sessionId);
    await tab.send('Page.enable');
    if (served) await tab.serve(served);
    await tab.go(url);
    return tab;
  }

  /** The whole browser dies at once, as in a power cut of its processes. */
  async kill() {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    process.kill(-this.process.pid, 'SIGKILL');
    await ended;
    await sleep(50);
  }

  async close() {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.send('Browser.close').catch(() => undefined);
    await Promise.race([ended, sleep(5000)]);
    if (this.process.exitCode === null) await this.kill().catch(() => undefined);
  }
}

class Tab {
  constructor(browser, targetId, sessionId) {
    Object.assign(this, { browser, targetId, sessionId });
  }

  send(method, params) {
    return this.browser.send(method, params, this.sessionId);
  }

  async serve(served) {
    this.browser.listeners.add(({ method, params, sessionId }) => {
      if (method !== 'Fetch.requestPaused' || sessionId !== this.sessionId) return;
      const { requestId, request } = params;
      const body = Buffer.from(served[request.url] ?? '').toString('base64');
      this.send('Fetch.fulfillRequest', { requestId, responseCode: 200, body }).catch(() => undefined);
    });
    await this.send('Fetch.enable', { patterns: Object.keys(served).map((urlPattern) => ({ urlPattern })) });
  }

  async go(url) {
    await this.send('Page.navigate', { url });
    await until(
      () => this.evaluate(`location.href !== 'about:blank' && document.readyState === 'complete'`).catch(() => false),
      `${url} is loaded`,
    );
  }

  /** The value of an expression, in JSON, once its promise is fulfilled. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Closes the tab as a user does. */
  close() {
    return this.browser.send('Target.closeTarget', { targetId: this.targetId });
  }

  /** Its process dies. */
  async crash() {
    const gone = new Promise((resolve) => {
      const listener = (message) => {
        if (message.method !== 'Inspector.targetCrashed' || message.sessionId !== this.sessionId) return;
        this.browser.listeners.delete(listener);
        resolve();
      };
      this.browser.listeners.add(listener);
    });
    await this.send('Inspector.enable');
    this.send('Page.crash').catch(() => undefined);
    await Promise.race([gone, sleep(30_000)]);
    await this.close().catch(() => undefined);
  }
}
