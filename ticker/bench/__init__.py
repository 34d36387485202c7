"""`ticker bench`: what this machine holds, measured on the real service by clients in other processes."""
