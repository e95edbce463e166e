"""What breaks a sound input: its bytes, the values of a tree, the cells of a table."""

import random
from pathlib import Path
from typing import Any

Draw = random.Random
ODD = [
    None, True, False, 0, -1, 1, 2, 10**9, 10**30, -0.5, 1e-320, 1e308, float("inf"), float("nan"), "", "a", "é\u2028", "1_0", "0x1",
    "‮x", "{x}", "*", "**" * 30 + "x", "/", "..", "~", [], [[]], [0], ["a", 1], {}, {"a": 1}, [1] * 99, "x" * 300,
]  # fmt: skip
CELLS = [
    "", "nan", "NaN", "inf", "-1", "1e999", "4_5", "45 y", '"', '"a', "a,b", "\t", "\r", "\n", "\x00", "\ufeff", "é", "=1+1", "0", "999", "1,5",
    "٣", "M", "F", "x" * 5000, "True", "null",
]  # fmt: skip


def broken(content: bytes, draw: Draw) -> bytes:
    """``content`` with one to three of its bytes, blocks or ends changed."""
    data = bytearray(content)
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(min(len(data), draw.choice([8, 128, 352, 10**9])) or 1) if data else 0
        way = draw.randrange(7)
        if way == 0:
            data[at : at + 1] = bytes([draw.randrange(256)])
        elif way == 1:
            data[at : at + 4] = draw.choice(
                [b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0\0\xc0\x7f", draw.randbytes(4)]
            )
        elif way == 2:
            del data[at:]
        elif way == 3:
            del data[at : at + draw.randint(1, 64)]
        elif way == 4:
            data[at:at] = draw.randbytes(draw.randint(1, 64))
        elif way == 5 and data:
            data[at] ^= 1 << draw.randrange(8)
        else:
            data += draw.choice([b"\0", b"\n", draw.randbytes(9), bytes(data[:64])])
    return bytes(data)


def break_file(path: Path, draw: Draw) -> None:
    """Break the bytes of ``path`` in place; now and then it is gone, a folder, a link to nothing, or may not be read."""
    if draw.random() < 0.06:
        path.unlink()
        way = draw.randrange(3)
        if way == 0:
            path.mkdir()
        elif way == 1:
            path.symlink_to("nowhere")
    else:
        path.write_bytes(broken(path.read_bytes(), draw))


def edited(value: Any, draw: Draw) -> Any:
    """A tree of lists and mappings with one of its values, or keys, replaced or taken away."""
    if isinstance(value, dict) and value and draw.random() < 0.85:
        key = draw.choice(list(value))
        way = draw.random()
        if way < 0.12:
            return {k: v for k, v in value.items() if k != key}
        if way < 0.2:
            return {(str(draw.choice(ODD)) if k == key else k): v for k, v in value.items()}
        return value | {key: edited(value[key], draw)}
    if isinstance(value, list) and value and draw.random() < 0.7:
        at = draw.randrange(len(value))
        return [*value[:at], edited(value[at], draw), *value[at + 1 :]]
    return draw.choice(ODD)


def edit_table(path: Path, draw: Draw, sign: str = "\t") -> None:
    """Change cells, lines or heads of a table, or its bytes."""
    if draw.random() < 0.25:
        return break_file(path, draw)
    lines = [line.split(sign) for line in path.read_text(encoding="utf-8").splitlines()]
    for _ in range(draw.randint(1, 3)):
        line = draw.choice(lines)
        way = draw.random()
        if way < 0.6:
            line[draw.randrange(len(line))] = draw.choice(CELLS)
        elif way < 0.7:
            line.append(draw.choice(CELLS))
        elif way < 0.8 and len(line) > 1:
            line.pop()
        elif way < 0.9:
            lines.insert(draw.randrange(len(lines) + 1), list(line))
        elif len(lines) > 1:
            lines.remove(line)
    coding = draw.choice(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "latin-1"])
    path.write_bytes("\n".join(sign.join(line) for line in lines).encode(coding, "replace") + b"\n")
    return None
