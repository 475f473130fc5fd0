"""The embedded backend: the protocol of the cloud, served on this computer.

`local` starts it as a child process, `serve` runs it for a class, `app` is the HTTP face, `store` the database and the
files, `turns` runs chat turns through `agent`, `renders` runs exports through `render`. Importing this package loads
none of them: the client's process needs `local` alone, and the server loads pictures and video code when it meets some.
"""
