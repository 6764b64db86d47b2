#!/usr/bin/env python3
"""Compiles the C and C++ code blocks of a Markdown page.

A block with a `main` is a program and is compiled as it stands. Any other C++
block is a fragment: it gets the include and goes into a function which has
`parameters` and `license`.

usage: documentation_test.py TESTBED PAGE INCLUDE-DIRECTORY... -- COMPILER-C COMPILER-CXX
"""

import json
import subprocess
import sys

FRAGMENT = """
#include <cstdio>
#include <thread>
#include "openlts/openlts.hpp"
[[maybe_unused]] static void use(const std::string &, std::int32_t = 0) {{}}
void fragment(openlts::ConnectionParameters &parameters, openlts::License &license);
void fragment([[maybe_unused]] openlts::ConnectionParameters &parameters,
              [[maybe_unused]] openlts::License &license) {{
#line {line} "{page}"
{code}
}}
"""


def blocks(testbed: str, page: str, language: str):
    """Gives first line and code of every block of a language, if there are any."""
    printed = subprocess.run([testbed, "blocks", page, language], stdout=subprocess.PIPE, check=False).stdout
    return [(block["line"], block["code"]) for block in json.loads(printed or "[]")]


def main() -> int:
    split = sys.argv.index("--")
    testbed, page, *includes = sys.argv[1:split]
    cc, cxx = sys.argv[split + 1 :]
    options = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only", *(f"-I{i}" for i in includes)]
    compilers = {
        "c": [cc, "-std=c11", *options, "-x", "c", "-"],
        "cpp": [cxx, "-std=c++17", *options, "-x", "c++", "-"],
    }
    compiled = 0
    failed = 0
    for language, compiler in compilers.items():
        for line, code in blocks(testbed, page, language):
            whole = "int main(" in code or language == "c"
            template = '#line {line} "{page}"\n{code}' if whole else FRAGMENT
            source = template.format(line=line, page=page, code=code)
            result = subprocess.run(compiler, input=source, text=True, check=False)
            compiled += 1
            failed += result.returncode != 0
    print(f"{page}: {compiled} code blocks, {failed} do not compile")
    return 1 if failed or not compiled else 0


if __name__ == "__main__":
    sys.exit(main())
