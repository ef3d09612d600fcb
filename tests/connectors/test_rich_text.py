from __future__ import annotations

import pytest

from connectors.rich_text import plain


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "<p>Delivery <b>only</b> before noon &amp; by the rear gate</p>",
            "Delivery only before noon & by the rear gate",
        ),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<p>one</p>\n\n<p>two</p>", "one\ntwo"),
        ("<ul><li>100 units</li><li>2 boxes</li></ul>", "100 units\n2 boxes"),
        ("<table><tr><td>Qty</td><td>100</td></tr></table>", "Qty 100"),
        ("<style>p {color: red}</style><script>alert(1)</script>seen", "seen"),
        ("3 &lt; 5 &#20013;&#25991; &nbsp;end", "3 < 5 中文 end"),
        ("plain, with 5 < 6 and a > b", "plain, with 5 < 6 and a > b"),
        ("bro<b>ken</b> <i>never closed", "broken never closed"),
        ("", ""),
    ],
)
def test_people_read_the_text_alone(html: str, text: str) -> None:
    assert plain(html) == text
