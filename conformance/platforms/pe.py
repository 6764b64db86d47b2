"""Reads what a DLL of Windows says of itself."""

from __future__ import annotations

import struct

AMD64, ARM64 = 0x8664, 0xAA64

#: What every Windows has, besides those that begin with "api-ms-win-".
SYSTEM_LIBRARIES = {"kernel32.dll", "ntdll.dll", "msvcrt.dll"}


def pe_tables(data: bytes) -> tuple[int, set[str], set[str]]:
    """The machine it is for, what it exports, and which others it needs."""
    (header,) = struct.unpack_from("<I", data, 0x3C)
    machine, sections, _, _, _, optional = struct.unpack_from("<HHIIIH", data, header + 4)
    table = header + 24 + optional
    spans = [struct.unpack_from("<IIII", data, table + 40 * n + 8) for n in range(sections)]

    def at(address: int) -> int:
        for size, start, raw_size, raw in spans:
            if start <= address < start + max(size, raw_size):
                return int(raw + address - start)
        raise AssertionError(f"nothing is at {address:#x}")

    def text(address: int) -> str:
        begin = at(address)
        return data[begin : data.index(b"\0", begin)].decode("ascii")

    directory = header + 24 + 112
    export, _, needed, _ = struct.unpack_from("<IIII", data, directory)
    count, _, names = struct.unpack_from("<III", data, at(export) + 24)
    exported = {text(struct.unpack_from("<I", data, at(names) + 4 * n)[0]) for n in range(count)}
    imported = set()
    entry = at(needed)
    while name := struct.unpack_from("<I", data, entry + 12)[0]:
        imported.add(text(name).lower())
        entry += 20
    return machine, exported, imported
