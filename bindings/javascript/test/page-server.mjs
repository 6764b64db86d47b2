// Serves the pages of the tests, and takes what they report.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { repository } from './server.mjs';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.pdf': 'application/pdf',
  '.wasm': 'application/wasm',
  '.map': 'application/json',
  '.json': 'application/json',
};

export class PageServer {
  /** @param folders - what is served, by the first part of the path */
  constructor(folders = {}) {
    this.folders = {
      dist: join(repository, 'out/javascript/dist'),
      pages: join(repository, 'bindings/javascript/test/pages'),
      ...folders,
    };
    this.results = new Map();
    this.policy = '';
    this.server = createServer((request, response) => this.answer(request, response));
  }

  async start() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
    return this;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  /** What a page reports under a name. */
  result(name, seconds = 300) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no page reported ${name} within ${seconds} seconds`)),
        seconds * 1000,
      );
      this.results.set(name, (value) => {
        clearTimeout(timer);
        resolve(value);
      });
    });
  }

  answer(request, response) {
    const url = new URL(request.url, 'http://x');
    if (request.method === 'POST' && url.pathname === '/result') {
      let body = '';
      request.on('data', (part) => (body += part));
      request.on('end', () => {
        response.end();
        this.results.get(url.searchParams.get('name'))?.(JSON.parse(body));
      });
      return;
    }
    const [, first, ...rest] = normalize(url.pathname).split('/');
    const file = this.folders[first] && join(this.folders[first], ...rest);
    if (!file || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream');
    response.setHeader('Cache-Control', 'max-age=60');
    if (this.policy && extname(file) === '.html') response.setHeader('Content-Security-Policy', this.policy);
    createReadStream(file).pipe(response);
  }
}
