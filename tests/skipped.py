#!/usr/bin/env python3
"""Says which tests of a ctest run were skipped, and why. Usage: skipped.py JUNIT_XML"""

import re
import sys
import xml.etree.ElementTree as ElementTree


def reason(output):
    """The sentence that GTEST_SKIP() << "..." printed, or that a script gave behind "skipped:"."""
    lines = [line.strip() for line in output.splitlines()]
    for i, line in enumerate(lines):
        if re.search(r": Skipped$", line) and i + 1 < len(lines) and lines[i + 1]:
            return lines[i + 1]
        if line.lower().startswith("skipped:"):
            return line[len("skipped:"):].strip()
    return "no reason given"


def main():
    try:
        cases = list(ElementTree.parse(sys.argv[1]).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        print(f"the list of tests cannot be read: {error}")
        return
    skipped = [case for case in cases if case.find("skipped") is not None]
    for case in skipped:
        print(f"{case.get('name')}: {reason(case.findtext('system-out') or '')}")
    print(f"{len(skipped)} of {len(cases)} tests were skipped" if skipped else f"none of {len(cases)} tests")


if __name__ == "__main__":
    main()
