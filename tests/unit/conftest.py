"""No screen is needed here: Qt draws into memory. Set before anything imports Qt."""

import os

import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"


@pytest.fixture
def bridge(qapp, service):
    """The window's bridge to the service of the test."""
    from qbdesk.ui.bridge import Bridge

    made = Bridge()
    made.attach(service)
    yield made
    made.close()
