"""The command line. Everything the window does to a company, a script can do too."""
