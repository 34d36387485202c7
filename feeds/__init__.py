"""Everything up to a normalised update: venues, their sockets, simulation and replay."""
