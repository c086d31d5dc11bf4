"""Intuit's side: consent, tokens and the Accounting API v3, as strict as Intuit is."""
