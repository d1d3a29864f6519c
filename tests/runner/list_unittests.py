"""Prints CLASS METHOD for each test of a Python file, without importing it: list_unittests.py FILE. The file's classes must
be named here, or a test that ctest never runs would be taken for one that passes."""
import ast
import sys


def tests_of(source):
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, (ast.FunctionDef, ast.AsyncFunctionDef)) and member.name.startswith("test"):
                    yield node.name, member.name


def main(path):
    found = list(tests_of(open(path).read()))
    if not found:
        sys.exit(f"{path} has no test")
    for class_name, method in found:
        print(class_name, method)


if __name__ == "__main__":
    main(sys.argv[1])
