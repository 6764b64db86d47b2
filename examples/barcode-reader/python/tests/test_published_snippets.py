"""The Python snippets published for SDKs with trackable licenses run against this one.

Their text stands here as it was published. The repairs are those which docs/python.md lists, and no others; besides
them only the server's URL and the handshake code are replaced.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import DrawBarcode
from lts_server import LTSServer
from zxingcpp import BarcodeFormat

from barcode_reader import BarcodeReader

CONFIGURE_LTS = """\
// DBR
br = BarcodeReader();
ltspar = reader.init_lts_connection_parameters();
ltspar.mainServerURL = "https://your.mainServer.com";
"""

SPECIFY_THE_HANDSHAKE_CODE = """\
// DBR
reader = BarcodeReader();
ltspar = reader.init_lts_connection_parameters();
ltspar.handshakeCode = "Your-HandshakeCode";
iRet = reader.init_license_from_lts(ltspar);
"""

#: What had to be changed to make them Python, and why.
REPAIRS = {
    "// DBR": "# DBR",  # a comment begins with # in Python
    "br = BarcodeReader();": "reader = BarcodeReader();",  # the next line calls it `reader`
}


def run(snippet: str, replacements: dict[str, str]) -> dict[str, Any]:
    """Runs a snippet after the repairs and replacements; returns the names it leaves behind."""
    lines = [REPAIRS.get(line, line) for line in snippet.splitlines()]
    snippet = "\n".join(lines)
    for old, new in replacements.items():
        assert old in snippet
        snippet = snippet.replace(old, new)
    names: dict[str, Any] = {"BarcodeReader": BarcodeReader}
    exec(snippet, names)
    return names


@pytest.fixture(autouse=True)
def _data_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The snippets name none, and the default lies in the home directory of whoever runs the tests."""
    monkeypatch.setattr(BarcodeReader, "default_data_directory", tmp_path / "device")


def test_configure_lts(server: LTSServer) -> None:
    names = run(CONFIGURE_LTS, {"https://your.mainServer.com": server.url})
    assert names["ltspar"].main_server_url == server.url
    names["ltspar"].handshakeCode = "100001-reader"
    assert names["reader"].init_license_from_lts(names["ltspar"]) == (0, "")
    names["reader"].close(timeout=30)


def test_specify_the_handshake_code(
    server: LTSServer, draw_barcode: DrawBarcode, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The snippet names no server, so it means the one the vendor hosts.
    monkeypatch.setattr(BarcodeReader, "hosted_server_url", server.url)
    names = run(SPECIFY_THE_HANDSHAKE_CODE, {"Your-HandshakeCode": "100001-reader"})
    assert names["iRet"] == (0, "")
    assert len(names["reader"].decode_file(draw_barcode(BarcodeFormat.QRCode, "sample", "sample.png"))) == 1
    names["reader"].close(timeout=30)
    assert server.counts("handshake", "type") == {("100001-reader", "QR_CODE"): 1}


def test_unknown_handshake_code(server: LTSServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BarcodeReader, "hosted_server_url", server.url)
    code, message = run(SPECIFY_THE_HANDSHAKE_CODE, {})["iRet"]
    assert code == -20101
    assert message
