"""native.py declares exactly what openlts.h declares: names, order, types, sizes."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from lts_server import REPOSITORY

from openlts import definitions, native

INCLUDE = REPOSITORY / "include"


def without_comments(path: Path) -> str:
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", path.read_text(), flags=re.DOTALL)


HEADER = without_comments(INCLUDE / "openlts/openlts.h")

#: The structures of the header, by their name there.
STRUCTURES = {
    "LTS_ConnectionParameters": native.ConnectionParameters,
    "LTS_LicenseInfo": native.LicenseInfo,
    "LTS_Event": native.Event,
}

#: What a type of the header is in ctypes.
TYPES = {
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "const char *": ctypes.c_char_p,
    "char *": ctypes.c_char_p,
    "const int32_t *": ctypes.POINTER(ctypes.c_int32),
    "int32_t *": ctypes.POINTER(ctypes.c_int32),
    "LTS_License": native.License,
    "LTS_License *": ctypes.POINTER(native.License),
    **{f"const {name} *": ctypes.POINTER(structure) for name, structure in STRUCTURES.items()},
    **{f"{name} *": ctypes.POINTER(structure) for name, structure in STRUCTURES.items()},
}


def declared(text: str) -> tuple[str, object]:
    """A C declaration such as `const char *name` or `char name[40]`: the name, and its type in ctypes."""
    match = re.fullmatch(r"(.*?[\s*])(\w+)(?:\[(\d+)\])?", " ".join(text.split()))
    assert match, text
    kind, name, length = match[1].strip(), match[2], match[3]
    if length:
        assert kind == "char", text
        return name, ctypes.c_char * int(length)
    assert kind in TYPES, f"TYPES does not say yet what {kind!r} is in ctypes"
    return name, TYPES[kind]


def test_abi_version() -> None:
    match = re.search(r"#define LTS_ABI_VERSION (\d+)", HEADER)
    assert match
    assert int(match[1]) == native.ABI_VERSION


def test_structures() -> None:
    bodies = dict(re.findall(r"typedef struct (\w+) \{(.*?)\} \1;", HEADER, flags=re.DOTALL))
    assert list(bodies) == list(STRUCTURES)
    for name, body in bodies.items():
        fields = tuple(declared(line) for line in body.split(";") if line.strip())
        assert fields == tuple(STRUCTURES[name]._fields_), name


def test_functions() -> None:
    found = []
    functions = re.findall(r"^LTS_API (.*?)LTS_CALL (\w+)\((.*?)\);", HEADER, flags=re.DOTALL | re.MULTILINE)
    for result, name, arguments in functions:
        parameters = [] if arguments.strip() == "void" else arguments.split(",")
        found.append((name, TYPES[result.strip()], tuple(declared(parameter)[1] for parameter in parameters)))
    assert found == list(native.FUNCTIONS)


def test_definitions() -> None:
    text = without_comments(INCLUDE / "openlts/definitions.h")
    constants = {name: int(value) for name, value in re.findall(r"LTS_(\w+) = (-?\d+)", text)}
    statuses = {("OK" if code.value == 0 else f"ERR_{code.name}"): code.value for code in definitions.StatusCode}
    assert statuses.items() <= constants.items()
    enumerations = re.findall(r"typedef enum LTS_(\w+) \{(.*?)\}", text, flags=re.DOTALL)
    for enumeration, body in enumerations:
        ours = getattr(definitions, enumeration)
        assert [int(value) for value in re.findall(r"= (-?\d+)", body)] == [int(v) for v in ours.__members__.values()]
        if enumeration == "StatusCode":
            continue
        assert [re.sub(r"^[A-Z]+_", "", name) for name in re.findall(r"LTS_(\w+) =", body)] == list(ours.__members__)


def test_layout_is_that_of_the_compiler(tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler here to ask for sizes and offsets")
    lines, expected = [], []
    for name, structure in STRUCTURES.items():
        lines.append(f'printf("%zu\\n", sizeof({name}));')
        expected.append(ctypes.sizeof(structure))
        for field, *_ in structure._fields_:
            lines.append(f'printf("%zu\\n", offsetof({name}, {field}));')
            expected.append(getattr(structure, field).offset)
    source = tmp_path / "layout.c"
    source.write_text(
        "#include <stddef.h>\n#include <stdio.h>\n#include <openlts/openlts.h>\n"
        "int main(void) {\n" + "\n".join(lines) + "\nreturn 0;\n}\n"
    )
    subprocess.run([compiler, "-I", INCLUDE, source, "-o", tmp_path / "layout"], check=True, timeout=600)
    printed = subprocess.run([tmp_path / "layout"], check=True, capture_output=True, text=True, timeout=300).stdout
    assert [int(line) for line in printed.split()] == expected
