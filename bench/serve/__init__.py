"""The server under load: how many requests a second, how late the slowest, how long until it is ready."""
