"""Decodes images from the command line: ``python -m barcode_reader --help``."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import IMAGE_READ_FAILED, BarcodeReader, BarcodeReaderError

#: What is decoded of a folder.
IMAGE_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")


def main() -> int:
    """Runs the command; the result is the exit status."""
    options = parse_arguments()
    progress = sys.stderr if options.json else sys.stdout
    with BarcodeReader() as reader:
        parameters = reader.init_lts_connection_parameters()
        parameters.main_server_url = options.server
        parameters.handshake_code = options.handshake_code
        if options.session_password is not None:
            parameters.session_password = options.session_password
        if options.slot_seconds is not None:
            parameters.slot_seconds = options.slot_seconds
        if options.data_directory is not None:
            parameters.data_directory = options.data_directory
        code, message = reader.init_license_from_lts(parameters)
        if code != 0:
            print(f"barcode_reader: no license: {message} ({code})", file=sys.stderr)
            return 1
        files = 0
        decoded: Counter[str] = Counter()
        for path in images(options.images):
            try:
                results = reader.decode_file(path)
            except BarcodeReaderError as error:
                if error.error_code != IMAGE_READ_FAILED:
                    raise
                print(f"barcode_reader: {error}", file=sys.stderr)
                continue
            files += 1
            decoded.update(result.format for result in results)
            found = ", ".join(f"{result.format} {result.text!r}" for result in results)
            print(f"{path}: {found or 'no barcode'}", file=progress, flush=True)
        if not reader.close(timeout=10.0):
            print("barcode_reader: some usage is not submitted yet; the next start does it", file=sys.stderr)
    if options.json:
        print(json.dumps({"files": files, "decoded": dict(sorted(decoded.items()))}))
    else:
        print(f"{files} files, {sum(decoded.values())} barcodes")
    return 0


def parse_arguments() -> argparse.Namespace:
    """The command line; ends the process with a usage message if it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m barcode_reader",
        description="Decodes the barcodes of images. Files that can't be read are reported and skipped.",
    )
    parser.add_argument("--server", required=True, metavar="URL", help="the License Tracking Server")
    parser.add_argument("--handshake-code", required=True, metavar="CODE")
    parser.add_argument("--session-password", metavar="PASSWORD", help="if the handshake code is protected by one")
    parser.add_argument("--slot-seconds", type=int, metavar="N", help="length of a reporting interval (default: 180)")
    parser.add_argument("--data-directory", type=Path, metavar="D", help="where usage is kept (default: ~/.openlts)")
    parser.add_argument("--json", action="store_true", help="print a summary as JSON; progress goes to stderr")
    parser.add_argument(
        "images", nargs="+", type=Path, metavar="IMAGE_OR_FOLDER", help="image files, and folders to search for them"
    )
    return parser.parse_args()


def images(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and the images in and below the folders named, in order."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix.lower() in IMAGE_SUFFIXES)
        else:
            yield path


if __name__ == "__main__":
    sys.exit(main())
