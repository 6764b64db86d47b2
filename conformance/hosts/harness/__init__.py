"""Tries the library in every kind of host that docs/hosts.md names."""
