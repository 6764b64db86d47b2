"""Makes a program of the published snippets for iOS: a class of each, with the statements in one method.

usage: published_snippets.py PAGE

What follows the first line that begins with a minus sign is a method of the class. Nothing else is changed but the
names of server, organization and code, which are macros.
"""

import re
import sys
from pathlib import Path

from lts_server import code_blocks

HEAD = """#import "published_snippets.h"

extern NSString *const theServer;
"""

CLASS = """
@interface Snippet{number} : Snippet
@end

@implementation Snippet{number}
- (void)run {{
#line {line} "{page}"
{statements}
  (void)lts;
}}
{method}
@end
"""


def main() -> None:
    page = Path(sys.argv[1])
    names = []
    print(HEAD)
    for block in code_blocks(page, "objc"):
        if block["section"] != "The published snippets":
            continue
        code = block["code"]
        for published, own in (
            ('@"https://your.mainServer.com"', "theServer"),
            ("Your-OrganizationId", "100001"),
            ("Your-HandshakeCode", "100001-reader"),
        ):
            code = code.replace(published, own)
        method = re.search(r"^- ", code, re.MULTILINE)
        end = method.start() if method else len(code)
        names.append(f"Snippet{len(names)}")
        print(
            CLASS.format(
                number=len(names) - 1,
                line=block["line"],
                page=page,
                statements=code[:end],
                method=code[end:]
                or "- (void)LTSLicenseVerificationCallback:(bool)isSuccess error:(NSError *)error {\n"
                "  (void)isSuccess;\n  (void)error;\n}",
            )
        )
    print("NSString *const snippetClasses[] = {" + "".join(f'@"{name}", ' for name in names) + "nil};")


if __name__ == "__main__":
    main()
