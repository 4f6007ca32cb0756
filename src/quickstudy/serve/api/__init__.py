"""The HTTP API, a file for each group of verbs; every one is a thin layer over the library's own."""
