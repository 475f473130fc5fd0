"""The calls of the protocol, one module a family; they read, ask the store, and answer."""
