import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument

from qbdesk.ui.look import label
from qbdesk.ui.plain import LONGEST, caption, plain, tooltip

HOSTILE = "<img src=x>\u202eevil\u0000"


def test_overrides_and_controls_are_spelled_out() -> None:
    assert plain(HOSTILE) == "<img src=x>⟨U+202E⟩evil⟨U+0000⟩"


def test_names_of_all_scripts_stay_as_they_are() -> None:
    for name in ("Émile Côté", "株式会社 大谷", "نیم‌فاصله", "Zoë 👩‍💻", "שלום"):
        assert plain(name) == name


@pytest.mark.parametrize("blank", ["\t", "\n", "\r", "\u2028", "\u0085"])
def test_a_name_is_one_line(blank: str) -> None:
    assert plain(f"a{blank}b") == "a b"


def test_a_message_keeps_its_lines_but_no_other_controls() -> None:
    assert plain("a\nb\u2066c", lines=True) == "a\nb⟨U+2066⟩c"


def test_an_endless_text_is_cut() -> None:
    assert plain("a" * (LONGEST + 1)) == "a" * LONGEST + " …"


def test_a_tooltip_shows_markup_as_text() -> None:
    document = QTextDocument()
    document.setHtml(tooltip(HOSTILE))
    assert document.toPlainText() == plain(HOSTILE)


def test_without_text_there_is_no_tooltip() -> None:
    assert tooltip("") == ""


def test_an_ampersand_on_a_button_is_no_shortcut() -> None:
    assert caption("Maple & Birch") == "Maple && Birch"


def test_every_label_takes_its_text_as_it_is(qtbot) -> None:
    made = label("<b>bold</b>")
    qtbot.addWidget(made)
    made.setText(HOSTILE)
    assert made.textFormat() == Qt.TextFormat.PlainText
    assert made.text() == plain(HOSTILE)
