"""The invoicing system's side: the paid-invoice feed of docs/paid-invoice-feed.openapi.yaml."""
