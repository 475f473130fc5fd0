"""One file a schema change, numbered; a published one is never changed."""
