"""A QuickBooks company and an invoicing system to practise on, over HTTP on this machine."""
