"""A QuickBooks company and an invoicing system to practise on: real HTTP, nothing leaves the machine."""
