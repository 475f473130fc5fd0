"""Renders on other computers, by Dask: a server's child process plans a film, its workers encode the parts.

`tasks` is what a Dask worker calls, with `cupboard` for the files that it was sent; `hands` gives the work out and
takes it in; `conductor` is the child process that plans, has encoded what is missing, and joins. Importing this
package, or `tasks`, loads neither Dask nor the renderer: a scheduler needs no more than that.
"""
