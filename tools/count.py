#!/usr/bin/python3
"""count.py REPORT.xml … STEP=STATUS … — adds up JUnit reports and steps that have none.

Prints the line that `./dev test` ends with.  A report that is missing, or that tells of no test at all, counts as
a failure, and so does a skipped test: exit status 1.
"""
import sys
import xml.etree.ElementTree as ElementTree


def count_report(path):
    """(passed, failed, skipped) of one JUnit file; names what did not pass."""
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))
    except (OSError, ElementTree.ParseError) as problem:
        print(f"   no report of {path}: {problem}")
        return 0, 1, 0
    passed = failed = skipped = 0
    for case in cases:
        name = f"{case.get('classname', '')} {case.get('name', '')}".strip()
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            print(f"   failed: {name}")
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            skipped += 1
            print(f"   skipped: {name}")
        else:
            passed += 1
    if not cases:
        print(f"   {path}: nothing ran")
        failed = 1
    return passed, failed, skipped


def count_step(name, status):
    if status == "0":
        return 1, 0, 0
    print(f"   failed: {name}")
    return 0, 1, 0


def main(arguments):
    totals = [0, 0, 0]
    for argument in arguments:
        name, is_step, status = argument.rpartition("=")
        counts = count_step(name, status) if is_step else count_report(argument)
        totals = [total + count for total, count in zip(totals, counts)]
    passed, failed, skipped = totals
    print(f"tests: {passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or skipped or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
