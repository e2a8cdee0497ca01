# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields of GNU Radio Companion's blocks in C++.

For the cpp_templates of the block files: GNU Radio Companion knows the fields as Python
expressions, and writes them as they are into C++.
"""

import ast
import json
import math
import numbers

_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


class _NoCpp(Exception):
    """An expression that is not written in C++."""


def literal(value):
    """A number, text or list of these as C++ has it.

    Raises TypeError naming a value of another type.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, numbers.Integral):
        if -2**31 < value < 2**31:
            return str(int(value))
        return f"{value}ULL" if value > 0 else f"{value}LL"
    if isinstance(value, numbers.Real):
        value = float(value)
        if math.isfinite(value):
            return repr(value)
        limits = "std::numeric_limits<double>::"
        if math.isnan(value):
            return limits + "quiet_NaN()"
        return ("-" if value < 0 else "") + limits + "infinity()"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if hasattr(value, "__iter__"):
        return "{" + ", ".join(literal(each) for each in value) + "}"
    raise TypeError(f"{value!r} cannot be written in C++")


def _live_names(parameter):
    """The flowgraph's variables that a C++ flowgraph can change, i.e. not our own."""
    graph = parameter.parent_flowgraph
    return {block.name for block in graph.iter_enabled_blocks()
            if (block.is_variable or block.key == "parameter")
            and not block.key.startswith("isac_")}


def _names(node):
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _expression(node, live, evaluate):
    """C++ of an expression: what has no variable in it is computed now."""
    if not _names(node) & live:
        return literal(evaluate(ast.unparse(node)))
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        sign = "-" if isinstance(node.op, ast.USub) else "+"
        return f"({sign}{_expression(node.operand, live, evaluate)})"
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left = _expression(node.left, live, evaluate)
        right = _expression(node.right, live, evaluate)
        if isinstance(node.op, ast.Div):  # of integers, it is another one in C++
            left = f"static_cast<double>({left})"
        return f"({left} {_OPERATORS[type(node.op)]} {right})"
    if isinstance(node, (ast.List, ast.Tuple)):
        return "{" + ", ".join(_expression(each, live, evaluate) for each in node.elts) + "}"
    raise _NoCpp


def cpp(argument):
    """C++ of a field, `argument` being what a template has under the parameter's name.

    Sums, products and lists of the flowgraph's variables stay expressions, so that setting a
    variable reaches the block. Everything else is computed while the flowgraph is generated.
    """
    parameter = argument._param  # GNU Radio Companion's TemplateArg has no public way to it
    live = _live_names(parameter)
    graph = parameter.parent_flowgraph
    try:
        tree = ast.parse(str(argument).strip(), mode="eval").body
        if _names(tree) & live:
            return _expression(tree, live, graph.evaluate)
    except (SyntaxError, _NoCpp):
        pass
    return literal(argument())
