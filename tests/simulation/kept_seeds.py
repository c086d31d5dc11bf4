"""Seeds of worlds that once failed, with what was wrong; each is played in every run of the tests.

A seed means the same world only while the harness asks the same questions of it in the same order.
"""

KEPT: dict[int, str] = {}
