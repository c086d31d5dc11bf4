"""No screen is needed here: Qt draws into memory. Set before anything imports Qt."""

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"
