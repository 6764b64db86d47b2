"""The tests' options and fixtures are in lts_fixtures.py."""

pytest_plugins = ["lts_fixtures"]
