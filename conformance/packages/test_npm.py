"""The npm package, installed by npm into an empty directory, without a registry."""

from __future__ import annotations

from pathlib import Path

from lts_server import REPOSITORY, LTSServer
from packages import CODE, VERSION, need, package, run

#: What Node.js lacks of a browser.
STORAGE = REPOSITORY / "bindings/javascript/node_modules/fake-indexeddb/auto/index.mjs"

PROGRAM = f"""
import {{ createRequire }} from 'node:module';
import '{STORAGE.as_uri()}';
import {{ createLicense, version }} from 'openlts';
import {{ statusName }} from 'openlts/messages';

const [licenseServer, handshakeCode] = process.argv.slice(2);
const license = await createLicense({{ licenseServer, handshakeCode }});
license.record('QR_CODE', 4);
await license.close();
const required = createRequire(import.meta.url)('openlts');
console.log(version, required.version, statusName(0));
process.exit();
"""


def test_a_program_uses_it(empty: Path, server: LTSServer) -> None:
    need("node", "npm")
    (empty / "package.json").write_text('{"private": true, "type": "module"}')
    install = ("npm", "install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts")
    run(*install, package(f"openlts-{VERSION}.tgz"), cwd=empty)
    (empty / "program.mjs").write_text(PROGRAM)
    assert run("node", "program.mjs", server.url, CODE, cwd=empty) == f"{VERSION} {VERSION} OK\n"
    assert server.total() == 4
    installed = {path.name for path in (empty / "node_modules/openlts").iterdir()}
    assert installed >= {"package.json", "README.md", "LICENSE", "dist"}
