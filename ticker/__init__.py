"""The service: everything after a normalised update, from the topic bus to the clients."""

from importlib.metadata import version

__version__ = version("ticker")
