"""`ticker watch`: prices in the terminal, through the Python client."""
