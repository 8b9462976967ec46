"""A reader of a call sees what each value means."""

import ast

from hoi_platform_tests.test_documented import ROOT, modules

MOST = 6
"""Values that may be passed by position."""


def _crowded(module: ast.Module) -> list[ast.Call]:
    """Calls with more; lists of parts (``table("x", Column(…), Column(…))``) may be long."""
    return [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and sum(not isinstance(value, ast.Call) for value in node.args) > MOST
    ]


def test_long_calls_name_their_values() -> None:
    """Two numbers could be swapped in a call, and nobody would see it."""
    found = [
        f"{file.relative_to(ROOT)}:{call.lineno}: {ast.unparse(call.func)}"
        for file, module in modules()
        for call in _crowded(module)
    ]
    assert not found, "pass keywords or a request object:\n" + "\n".join(found)
    assert len(_crowded(ast.parse("f(1, 2, 3, 4, 5, 6, 7)"))) == 1
