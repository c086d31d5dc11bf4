"""qbdesk: every paid invoice into QuickBooks Online."""

__version__ = "0.1.0"
