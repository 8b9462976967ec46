"""The terms of the objective, one file each, and the table that names them."""
