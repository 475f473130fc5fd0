"""Schema migrations, run by `store.database.migrate`; files are only ever added, never changed."""
