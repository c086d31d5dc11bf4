"""Intuit's sign-in in a window of its own, run as a child process.

QtWebEngine never gives memory back, so it lives in a process that ends with the sign-in. The
program itself imports only `launcher` and `messages`.
"""
