"""Titles that are markup, commands or formulas elsewhere are text in each format."""

import pytest

from sadm.runtime.errors import ConfigError
from sadm.runtime.literal import check_title, latex, markdown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (r"\input{/etc/passwd}", r"\textbackslash{}input\{/etc/passwd\}"),
        ("50 % of A_1 & #2, $x$", r"50 \% of A\_1 \& \#2, \$x\$"),
        ("a^b~c<d>|e", r"a\textasciicircum{}b\textasciitilde{}c\textless{}d\textgreater{}\textbar{}e"),
        ("† ±", r"$\dagger$ $\pm$"),
    ],
)
def test_latex(text: str, said: str) -> None:
    assert latex(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a | b", r"a \| b"),
        ("<img src=x onerror=alert(1)>", r"\<img src=x onerror=alert(1)\>"),
        ("`rm`, *b*, [l](u)", r"\`rm\`, \*b\*, \[l\](u)"),
        (r"\frac $x$ &lt; #1 ~~s~~", r"\\frac \$x\$ \&lt; \#1 \~\~s\~\~"),
        ("SADM_res-A, _b_, __c__", r"SADM_res-A, \_b\_, \_\_c\_\_"),
    ],
)
def test_markdown(text: str, said: str) -> None:
    assert markdown(text) == said


@pytest.mark.parametrize("text", ["=1+1", "+a", "-a", "@SUM(A1)", "a\nb", "a\tb", " a", "a\u200b", "a\x00"])
def test_what_cannot_stand_everywhere_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"datasets\.x\.title"):
        check_title("datasets.x.title", text)


@pytest.mark.parametrize("text", [r"$\frac$", "<b>", "Läsionen 脳", "a = b", "", "100 %"])
def test_all_else_is_taken(text: str) -> None:
    check_title("datasets.x.title", text)
